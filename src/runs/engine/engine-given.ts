import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../gateway/deps.ts";
import { type LedgerCall, LedgerUnavailable } from "../../ledger/port.ts";
import type { RunFiles } from "../../results/run-files.ts";
import type { Pauses } from "./back-off.ts";

/** What every run's engine works with. */
export type EngineGiven = {
  readonly deps: Deps;
  readonly files: RunFiles;
  readonly pauses: Pauses;
  /** Said after every row that ended, and when the run stands. */
  readonly changed: () => void;
};

/** Between two tries at a ledger that is away, or at a call that hasn't ended. */
const AGAIN_MS = 500;

/**
 * Does it again until the ledger is there.
 *
 * @throws LedgerUnavailable once the signal is aborted; anything else at once.
 */
export async function durably<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof LedgerUnavailable) || signal.aborted) throw cause;
    }
    await pause(signal);
  }
}

/**
 * A call, once it has ended: its ending may still be in the spool, or it is another process's to recover. Undefined
 * when the signal is aborted first.
 */
export async function endedCall(
  receiptId: string,
  { ledger }: Pick<Deps, "ledger">,
  signal: AbortSignal,
): Promise<LedgerCall | undefined> {
  for (;;) {
    const call = await durably(() => ledger.call(receiptId), signal);
    if (call === undefined) throw new Error(`${receiptId}: there is no such call`);
    if (call.ending !== undefined) return call;
    if (signal.aborted) return undefined;
    await pause(signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
}
