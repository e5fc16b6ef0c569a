import { addUsd, divideUp, type PicoUsd, timesUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Bill } from "./rate.ts";

/** What an account pays on top of the vendor's price: a part of it, rounded up, and a fixed sum a request. */
export type Margin = {
  /** Hundredths of a percent, 0 to 100,000. */
  readonly basisPoints: number;
  readonly fixed: PicoUsd;
};

const BASIS_POINTS_IN_ALL = 10_000n;

/**
 * The margin on an amount that the vendor's price comes to: its part, rounded up to one picodollar, and the
 * fixed sum. Nothing is added to nothing. It never falls while the amount rises, so that a charge with its
 * margin fits below a ceiling with its own.
 *
 * @param amount of one request as a whole, at least 0: the fixed sum is due once, however many calls to
 *   vendors a request is spread over.
 */
export function marginOn(amount: PicoUsd, margin: Margin | null): PicoUsd {
  if (margin === null || amount === ZERO_USD) return ZERO_USD;
  const part = divideUp(timesUsd(amount, BigInt(margin.basisPoints)), BASIS_POINTS_IN_ALL);
  return addUsd(part, margin.fixed);
}

/** A bill with the margin on its total as one more line; the same bill where there is none. */
export function withMargin(bill: Bill, margin: Margin | null): Bill {
  const amount = marginOn(bill.total, margin);
  if (amount === ZERO_USD) return bill;
  // The owner's own sum: it makes no bill less certain.
  const line = { meter: "margin", quantity: 1n, unitPrice: amount, amount, mark: "spec" } as const;
  return { lines: [...bill.lines, line], total: addUsd(bill.total, amount) };
}
