import { setTimeout } from "node:timers/promises";
import {
  type Chain,
  type Ending,
  type Ledger,
  LedgerUnavailable,
  type PostedEnding,
} from "./port.ts";
import type { Spool } from "./spool.ts";

/** Where an ending came to rest. */
export type DurableEnding =
  | { readonly kind: "posted" | "late"; readonly chain: Chain }
  /** On disk, to be posted before anything else: the receipt's status is `posting`. */
  | { readonly kind: "spooled" }
  /** Nowhere: break the answer off, charge nobody, leave the hold to recovery. */
  | { readonly kind: "lost" };

/** Waiting, injected so that tests need no time. Resolves early, never rejects, when the signal aborts. */
export type Clock = {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

const systemClock: Clock = {
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
};

export type DurablyOptions = {
  readonly spoolAfterMs?: number;
  readonly giveUpAfterMs?: number;
  readonly clock?: Clock;
};

/** A ledger that can't take an ending is asked again after this long, until the spool has it. */
const RETRY_MS = 100;

/**
 * Commits an ending before the last byte of its answer leaves (MONEY §6): in the ledger; after 2 s in
 * the spool; when neither takes it within 5 s, nowhere.
 *
 * A commit that was under way when its time was up can still succeed: the ledger then shows a charge for
 * an answer that was broken off, and only a correction takes it back.
 *
 * @throws Error when the ending itself is refused as a bug: its hold is left to recovery.
 */
export async function endDurably(
  ledger: Pick<Ledger, "end">,
  spool: Pick<Spool, "append" | "withdraw">,
  ending: Ending,
  options: DurablyOptions = {},
): Promise<DurableEnding> {
  const { spoolAfterMs = 2_000, giveUpAfterMs = 5_000, clock = systemClock } = options;
  const over = new AbortController();
  const posting = post(ledger, ending, { clock, signal: over.signal });
  try {
    const posted = await Promise.race([posting, clock.sleep(spoolAfterMs, over.signal)]);
    if (posted !== undefined) return posted;
    const result = await Promise.race([
      posting,
      appended(spool, ending, over.signal),
      clock.sleep(giveUpAfterMs - spoolAfterMs, over.signal),
    ]);
    if (result !== undefined) return result;
    // Nobody was told that it is spooled, so that an append that still succeeds must not charge later.
    spool.withdraw(ending.holdId).catch(() => undefined);
    return { kind: "lost" };
  } finally {
    over.abort();
  }
}

async function post(
  ledger: Pick<Ledger, "end">,
  ending: Ending,
  of: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<PostedEnding | undefined> {
  while (!of.signal.aborted) {
    try {
      return await ledger.end(ending);
    } catch (error) {
      if (!(error instanceof LedgerUnavailable)) throw error;
      await of.clock.sleep(RETRY_MS, of.signal);
    }
  }
  return undefined;
}

/** A spool that can't take the ending leaves the ledger the rest of the time. */
async function appended(
  spool: Pick<Spool, "append">,
  ending: Ending,
  signal: AbortSignal,
): Promise<DurableEnding> {
  try {
    await spool.append(ending);
    return { kind: "spooled" };
  } catch {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("over")), { once: true });
    });
  }
}
