import type { Model, PriceVersion } from "../catalog/schema.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import { type Bill, type PricedFacts, rateItems, termFor } from "./rate.ts";
import type { UsageItem } from "./usage.ts";

/**
 * What one output image is estimated to use up. Items priced once a request (reference fees) stand in it
 * once; everything else is taken n times.
 */
export type Estimate = {
  readonly expected: readonly UsageItem[];
  readonly ceiling: readonly UsageItem[];
};

/** The part of a quote that a hold freezes: enough to rate the answer without the catalog. */
export type FrozenQuote = {
  readonly price: PriceVersion;
  readonly facts: PricedFacts;
  readonly n: bigint;
  /** The worst case of one image. */
  readonly ceilingItems: readonly UsageItem[];
  /** The most that the request may be charged. */
  readonly ceiling: PicoUsd;
};

export type Quote = {
  readonly model: Model;
  readonly frozen: FrozenQuote;
  readonly expected: Bill;
  readonly ceiling: Bill;
  /** Expected and ceiling are one figure: nothing is left to estimate. */
  readonly exact: boolean;
};

/**
 * Prices an estimate: expected and ceiling come from the same rating function as the bill.
 *
 * @param n images asked for, at least 1.
 */
export function quoteEstimate(
  model: Model,
  price: PriceVersion,
  request: { readonly facts: PricedFacts; readonly n: bigint; readonly estimate: Estimate },
): Quote {
  const { facts, n, estimate } = request;
  const expected = billImages(estimate.expected, { price, facts, images: n });
  const ceiling = billImages(estimate.ceiling, { price, facts, images: n });
  if (ceiling.total < expected.total) {
    throw new Error(`${model.id}: expected ${expected.total} p$ above ceiling ${ceiling.total} p$`);
  }
  return {
    model,
    frozen: { price, facts, n, ceilingItems: estimate.ceiling, ceiling: ceiling.total },
    expected,
    ceiling,
    exact: expected.total === ceiling.total,
  };
}

/** The bill of so many images: per-image items that many times, per-request items once. */
export function billImages(
  items: readonly UsageItem[],
  of: { readonly price: PriceVersion; readonly facts: PricedFacts; readonly images: bigint },
): Bill {
  const scaled = items.map((item) =>
    termFor(item, of.price, of.facts)?.once === "request"
      ? item
      : { ...item, quantity: item.quantity * of.images },
  );
  return rateItems(scaled, of.price, of.facts);
}
