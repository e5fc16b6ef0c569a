import { type Beats, type Ledger, LedgerUnavailable, type OpenHold } from "./port.ts";
import { recoveredVoid } from "./recovery.ts";

/**
 * Which processes live, and which holds are forgotten (MONEY §6). Nobody's wall clock is compared with
 * anybody's: a counter that hasn't moved for a minute of our own monotonic clock belongs to the dead.
 */

/** Every process raises its counter so often. */
export const BEAT_MS = 5_000;
const DEAD_AFTER_MS = 60_000;

export type Watched = {
  readonly ledger: Pick<Ledger, "beats" | "openHolds" | "end">;
  readonly process: string;
  /** This process's own monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
  /** Ends the holds of a process that is gone. */
  readonly recoverHolds: (holds: readonly OpenHold[]) => Promise<void>;
};

/**
 * One beat: raises our own counter, looks at those of the others, and ends what the dead have left open.
 * Does nothing on a store with one owner. Quiet while the ledger is away: the next beat tries again.
 */
export function openBeat(of: Watched): () => Promise<void> {
  const { ledger, process, monotonicMs, recoverHolds } = of;
  const seen = new Map<string, { readonly beat: bigint; readonly atMs: number }>();

  /** Those whose counter has not moved for too long. */
  function deadAmong(all: ReadonlyMap<string, bigint>): readonly string[] {
    for (const gone of seen.keys()) if (!all.has(gone)) seen.delete(gone);
    return [...all].flatMap(([other, beat]) => {
      const last = seen.get(other);
      if (last?.beat === beat) return monotonicMs() - last.atMs >= DEAD_AFTER_MS ? [other] : [];
      seen.set(other, { beat, atMs: monotonicMs() });
      return [];
    });
  }

  async function beatOnce(beats: Beats): Promise<void> {
    await beats.raise(process);
    for (const dead of deadAmong(await beats.all())) {
      if (dead === process) continue;
      await recoverHolds(await ledger.openHolds({ process: dead }));
      await beats.forget(dead);
    }
  }
  return async () => {
    const { beats } = ledger;
    if (beats !== undefined) await unlessAway(() => beatOnce(beats));
  };
}

/** Says that we leave: nobody need wait for us, unless holds of ours are still open. */
export async function stopBeating(
  ledger: Pick<Ledger, "beats" | "openHolds">,
  process: string,
): Promise<void> {
  await unlessAway(async () => {
    if ((await ledger.openHolds({ process })).length === 0) await ledger.beats?.forget(process);
  });
}

/**
 * Ends our own holds that nobody is working on any more: a commit whose answer was lost, a call that hangs
 * for ever. Each is given the whole time that a call may take from the moment it is first seen open.
 */
export function openSweep(
  of: Pick<Watched, "ledger" | "process" | "monotonicMs"> & { readonly deadlineMs: number },
): () => Promise<readonly string[]> {
  const { ledger, process, monotonicMs, deadlineMs } = of;
  let firstSeen = new Map<string, number>();

  async function sweep(): Promise<readonly string[]> {
    const open = await ledger.openHolds({ process });
    const nowMs = monotonicMs();
    firstSeen = new Map(open.map(({ holdId }) => [holdId, firstSeen.get(holdId) ?? nowMs]));
    const forgotten = open.filter(
      (hold) => nowMs - (firstSeen.get(hold.holdId) ?? nowMs) >= deadlineMs,
    );
    for (const hold of forgotten) await ledger.end(recoveredVoid(hold));
    return forgotten.map((hold) => hold.holdId);
  }
  return async () => (await unlessAway(sweep)) ?? [];
}

/**
 * The processes whose counter is raised while one waits: they run. Where none has left a counter nobody
 * waits.
 */
export async function livingProcesses(
  beats: Pick<Beats, "all">,
  wait: (ms: number) => Promise<void>,
): Promise<readonly string[]> {
  const before = await beats.all();
  if (before.size === 0) return [];
  // Time enough for a beat that comes late.
  await wait(2 * BEAT_MS);
  const after = await beats.all();
  return [...after].flatMap(([process, beat]) => (before.get(process) === beat ? [] : [process]));
}

async function unlessAway<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LedgerUnavailable) return undefined;
    throw error;
  }
}
