import { idSpanOf } from "../ids.ts";

/**
 * A day, as long as an `Idempotency-Key` stands for its call, and two hours: a call may run for half an
 * hour, and its day begins at its end.
 */
export const KEPT_MS = 26 * 60 * 60_000;

/**
 * The span of time in which a receipt was made: what was kept in one span is collected together.
 *
 * @throws Error for what isn't a receipt's id: it becomes part of a path.
 */
export function spanOf(receiptId: string): string {
  const span = idSpanOf("rcpt", receiptId);
  if (span === undefined) throw new Error(`not a receipt's id: ${JSON.stringify(receiptId)}`);
  return span;
}

/** Whether a name could be that of a span. */
export function isSpan(name: string): boolean {
  return /^[0-9a-z]{5}$/.test(name);
}
