import type { Quote } from "../billing/quote.ts";

/**
 * The quote with the lowest expected price; the lower ceiling, then the id, decides ties, so that the
 * same catalog always gives the same answer.
 */
export function cheapest(quotes: readonly Quote[]): Quote | undefined {
  return quotes.toSorted(byExpectedQuote)[0];
}

/** Cheapest expected first, then the lower ceiling, then the id. */
export function byExpectedQuote(left: Quote, right: Quote): number {
  if (left.expected.total !== right.expected.total) {
    return left.expected.total < right.expected.total ? -1 : 1;
  }
  if (left.ceiling.total !== right.ceiling.total) {
    return left.ceiling.total < right.ceiling.total ? -1 : 1;
  }
  return left.model.id < right.model.id ? -1 : 1;
}
