import { setTimeout as pause } from "node:timers/promises";
import { Refused } from "../failures.ts";

/** Refusals that pass by themselves: nothing was spent, and the answer says how long to wait. */
const PASSING = new Set([
  "rate_limited",
  "connection_busy",
  "vendor_busy",
  "idempotency_in_progress",
  "ledger_unavailable",
  "no_room",
]);
const SECONDS_DEFAULT = 5;
const SECONDS_MAX = 900;
const WAITS_MAX = 20;

/** How waiting is shown and cut short. */
export type Patience = {
  readonly onWait: (seconds: number, code: string) => void;
  /** Aborted when the run is to stop: waiting ends at once. */
  readonly signal: AbortSignal;
};

/**
 * Works, and where the gateway says "later" waits as long as it says and works again, at most 20 times.
 *
 * @throws Refused: the last one, when it does not pass, or the run is to stop.
 */
export async function patiently<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof Refused) || waits === WAITS_MAX) throw cause;
      const { code } = cause.said;
      const seconds = cause.retryAfterSeconds ?? SECONDS_DEFAULT;
      if (!passes(cause) || seconds > SECONDS_MAX || patience.signal.aborted) throw cause;
      patience.onWait(seconds, code ?? "");
      await waitFor(seconds, patience.signal);
    }
  }
}

/** Whether a refusal passes by itself. */
export function passes({ said }: Refused): boolean {
  return said.code !== null && PASSING.has(said.code);
}

async function waitFor(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(seconds * 1_000, undefined, { signal });
  } catch (cause) {
    // Told to stop: the call is tried once more, or not, as the caller decides.
    if (!signal.aborted) throw cause;
  }
}
