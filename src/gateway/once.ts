import { setTimeout as sleep } from "node:timers/promises";
import { type Ending, type LedgerCall, LedgerUnavailable } from "../ledger/port.ts";
import { isRefusalCode, Refusal } from "../refusals.ts";
import type { StoredResult } from "../results/port.ts";
import type { Deps } from "./deps.ts";
import { offer } from "./offer.ts";
import type { Earlier } from "./reserve.ts";
import { NOT_RETAINED, type Retain } from "./retain.ts";

/** Requests that are answered by an earlier call: they make no hold and call no vendor (MONEY §7). */

/** How often the ledger is asked what became of a call that another process runs. */
const ASK_FIRST_MS = 250;
const ASK_LONGEST_MS = 2_000;
/** So long after a vendor's deadline a call has ended for certain: another process has recovered it by then. */
const RECOVERED_MS = 180_000;

const REPLAYED = { "idempotent-replayed": "true" };
const ADOPTED = { "x-spotmeter-adopted": "true" };

/** Who waits for an earlier call's answer. */
export type Waiting = {
  /** Aborted when the client hangs up: nobody waits any longer. */
  readonly left: AbortSignal;
  /** Sends an answer as it was sent before, with these headers added. */
  readonly sendAgain: (
    stored: StoredResult,
    headers: Readonly<Record<string, string>>,
  ) => Promise<void>;
};

/**
 * Waits until the running call of the same `Idempotency-Key` has ended.
 *
 * @throws Refusal `idempotency_in_progress` when it takes too long.
 */
export async function waitForSame(
  holdId: string,
  { left }: Pick<Waiting, "left">,
  deps: Deps,
): Promise<void> {
  const msMax = deps.waitForSameMs;
  if ((await endingOf(holdId, { left, msMax }, deps)) !== undefined) return;
  const message = "the first request with this Idempotency-Key is still running: ask again";
  throw new Refusal("idempotency_in_progress", message, {
    param: "Idempotency-Key",
    receiptId: holdId,
    retryAfterSeconds: 5,
  });
}

/**
 * Answers with what the earlier call came to. False when a call was adopted whose pictures can't be had:
 * who asked without a key gets new ones. An adopted call whose new client leaves too, before it is sent
 * anything, is offered again: some clients give up and ask three times.
 *
 * @throws Refusal what the earlier call was refused with, or `result_unavailable`.
 */
export async function giveAgain(
  earlier: Earlier,
  to: Waiting & { readonly retain: Retain },
  deps: Deps,
): Promise<boolean> {
  const { kind, holdId } = earlier;
  // Nobody but this client can have its answer any more, so that it waits as long as the call runs.
  const msMax = deps.vendorTimeoutMs + RECOVERED_MS;
  const ending = await endingOf(holdId, { left: to.left, msMax }, deps);
  if (to.left.aborted) return await leaveTo(earlier, deps);
  if (ending === undefined) throw new Refusal("outcome_unknown", notEnded, { receiptId: holdId });
  const mark = kind === "adopted" ? ADOPTED : REPLAYED;
  if (to.retain === "none") {
    throw againRefused(ending, { ...mark, ...NOT_RETAINED, "x-receipt-id": holdId });
  }
  const stored = await deps.results.read(holdId, ending.kind === "settle" ? "made" : "error");
  if (stored !== undefined) {
    await to.sendAgain(stored, mark);
    return true;
  }
  if (ending.kind === "settle" && kind === "adopted") return false;
  throw againRefused(ending, { ...mark, "x-receipt-id": holdId });
}

/** Nobody waits for the answer any more: the next one that asks the same may have it. */
async function leaveTo(earlier: Earlier, deps: Deps): Promise<true> {
  if (earlier.kind === "adopted" && earlier.body !== null) {
    const { holdId, body } = earlier;
    await offer({ holdId, body, again: true }, deps);
  }
  return true;
}

const notEnded = "the call that this request took over has not ended in time; ask for its receipt";

/** How a call ended; undefined when it didn't in time, or nobody waits for it any more. */
async function endingOf(
  holdId: string,
  until: { readonly left: AbortSignal; readonly msMax: number },
  { ledger, running }: Pick<Deps, "ledger" | "running">,
): Promise<LedgerCall["ending"]> {
  const over = AbortSignal.any([until.left, AbortSignal.timeout(until.msMax)]);
  let pauseMs = ASK_FIRST_MS;
  for (;;) {
    const ending = await endingNow(holdId, ledger);
    if (ending !== undefined || over.aborted) return ending;
    // Asked anew at once when the call ends in this process.
    const here = running.end(holdId);
    const signal = here === undefined ? over : AbortSignal.any([over, here]);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(2 * pauseMs, ASK_LONGEST_MS);
  }
}

/** Undefined also while the ledger is away: who waits anyway waits for it too. */
async function endingNow(holdId: string, ledger: Deps["ledger"]): Promise<LedgerCall["ending"]> {
  try {
    return (await ledger.call(holdId))?.ending;
  } catch (cause) {
    if (cause instanceof LedgerUnavailable) return undefined;
    throw cause;
  }
}

/** The answer of a call whose own isn't kept: a crash came before it, or its time is over. */
function againRefused(ending: Ending, headers: Readonly<Record<string, string>>): Refusal {
  const details = { receiptId: ending.holdId, headers };
  if (ending.kind === "settle") {
    const message =
      "this request was answered before, and charged; its pictures are no longer kept. Nothing was charged again: take a new Idempotency-Key to have new ones made";
    return new Refusal("result_unavailable", message, details);
  }
  const code = isRefusalCode(ending.code) ? ending.code : "outcome_unknown";
  const message = `${againText(code)} Nothing was charged; repeat the request, with a new Idempotency-Key if it has one, if you still want the picture`;
  return new Refusal(code, message, details);
}

function againText(code: string): string {
  return code === "outcome_unknown"
    ? "this request was sent to the vendor before, and what became of it is not known."
    : `this request was sent to the vendor before, and ended as ${code}.`;
}
