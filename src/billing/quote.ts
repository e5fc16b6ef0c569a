import type { Model, PriceVersion } from "../catalog/schema.ts";
import { type PicoUsd, sumUsd, timesUsd } from "../money/pico-usd.ts";
import { type Margin, withMargin } from "./margin.ts";
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
  /** Over how many vendor calls of one image each they are spread (`fan_out`). Absent: one call for all. */
  readonly legs?: bigint;
  /** The worst case of one image. */
  readonly ceilingItems: readonly UsageItem[];
  /** The most that the vendor's price may come to: what bounds a charge before its margin. */
  readonly ceiling: PicoUsd;
  /** The account's own, applied once to the charge. Absent or null: none. */
  readonly margin?: Margin | null;
};

export type Quote = {
  readonly model: Model;
  readonly frozen: FrozenQuote;
  /** Margin included, as a line of its own. */
  readonly expected: Bill;
  /** The most that the request may be charged, margin included. */
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
  request: {
    readonly facts: PricedFacts;
    readonly n: bigint;
    /** See `FrozenQuote`. */
    readonly legs?: bigint;
    readonly estimate: Estimate;
    readonly margin?: Margin | null;
  },
): Quote {
  const { facts, n, legs, estimate, margin = null } = request;
  const of = { price, facts, images: n, ...(legs === undefined ? {} : { legs }) };
  const vendorCeiling = billRequest(estimate.ceiling, of);
  const expected = withMargin(billRequest(estimate.expected, of), margin);
  const ceiling = withMargin(vendorCeiling, margin);
  if (ceiling.total < expected.total) {
    throw new Error(`${model.id}: expected ${expected.total} p$ above ceiling ${ceiling.total} p$`);
  }
  return {
    model,
    frozen: {
      price,
      facts,
      n,
      ...(legs === undefined ? {} : { legs }),
      ceilingItems: estimate.ceiling,
      ceiling: vendorCeiling.total,
      margin,
    },
    expected,
    ceiling,
    exact: expected.total === ceiling.total,
  };
}

/** The bill of a whole request: of one call, or of as many as it is spread over. */
export function billRequest(
  items: readonly UsageItem[],
  of: Parameters<typeof billImages>[1] & { readonly legs?: bigint },
): Bill {
  const { legs, ...call } = of;
  if (legs === undefined) return billImages(items, call);
  return timesLegs(billImages(items, { ...call, images: 1n }), legs);
}

/** A bill that many times: one line for each of its own. */
function timesLegs(bill: Bill, legs: bigint): Bill {
  const lines = bill.lines.map((line) => {
    const quantity = line.quantity * legs;
    return { ...line, quantity, amount: timesUsd(line.unitPrice, quantity) };
  });
  return { lines, total: sumUsd(lines.map((line) => line.amount)) };
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
