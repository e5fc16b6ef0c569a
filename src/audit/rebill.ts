import { withMargin } from "../billing/margin.ts";
import { billRequest } from "../billing/quote.ts";
import { type Bill, type BillLine, RATING_VERSION } from "../billing/rate.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import { canonicalText } from "../ledger/canonical-text.ts";
import type { PostedLine } from "../ledger/port.ts";
import type { RecordedEnding, RecordedHold } from "../ledger/recorded.ts";
import { type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import { chargeAgain, legsAgain, voidCost } from "./recharge.ts";

/**
 * Computes every bill a second time from what the journal stores: facts, items and price version (P6).
 * Amounts are compared in picodollars, lines as text.
 */

/** A hold reserves what the ceiling items of its images come to, and the margin on it. */
export function rebillHold(hold: RecordedHold, price: PriceVersion, compare: Compare): void {
  compare("version of the rating code", hold.ratingVersion, RATING_VERSION);
  const { priced: facts, n, legs } = hold.facts;
  const spread = legs === undefined ? {} : { legs: BigInt(legs) };
  const ceiling = billRequest(hold.ceilingItems, { price, facts, images: BigInt(n), ...spread });
  compare("vendor's ceiling", vendorAmountOf(hold), ceiling.total);
  compare("ceiling", hold.amount, withMargin(ceiling, hold.margin ?? null).total);
}

/** The most that the vendor is expected to bill for a call: its ceiling without the margin. */
export function vendorAmountOf({ vendorAmount, amount }: RecordedHold): PicoUsd {
  return vendorAmount ?? amount;
}

/** What an ending is billed by: its hold, the frozen price and, where the vendor named one, the echoed. */
export type BilledBy = {
  readonly hold: RecordedHold;
  readonly price: PriceVersion;
  readonly echoedPrice: PriceVersion | undefined;
};

/** A settlement charges what the rating says of the items; a void may still cost the house. */
export function rebillEnding(ending: RecordedEnding, by: BilledBy, compare: Compare): void {
  if (ending.kind === "void") {
    rebillVoid(ending, by, compare);
    return;
  }
  const charge = chargeAgain(by.hold, ending, by);
  compare("basis", ending.basis, charge.basis);
  compare("reason", ending.reason, charge.reason);
  compare("charge", ending.charge, charge.amount);
  compare("lines", linesText(ending.lines), linesText(charge.lines));
  compare("overrun", ending.overrun, charge.overrun);
  if (ending.legs !== undefined) {
    compareCost(ending, charge.vendorCost, compare);
    compare("exposure", ending.exposure?.amount ?? ZERO_USD, charge.exposure);
    return;
  }
  // Of a call whose usage is missing nobody knows the vendor's cost, so that it may be left open.
  if (ending.vendorCost !== null || ending.basis !== "ceiling") {
    compareCost(ending, charge.vendorCost, compare);
  }
  if (ending.basis !== "ceiling") {
    compare("exposure", ending.exposure?.amount ?? ZERO_USD, charge.exposure);
  }
}

function rebillVoid(
  ending: RecordedEnding & { kind: "void" },
  by: BilledBy,
  compare: Compare,
): void {
  if (ending.legs !== undefined) {
    const { exposure } = legsAgain(by.hold, ending.legs, by);
    compare("exposure", ending.exposure?.amount ?? ZERO_USD, exposure);
  } else if (ending.outcome === "recovered" || ending.outcome === "unknown") {
    // Nobody knows what it cost: the house fears the worst. A task that was asked for has told its cost.
    const feared = ending.vendorCost === null ? vendorAmountOf(by.hold) : ZERO_USD;
    compare("exposure", ending.exposure?.amount ?? ZERO_USD, feared);
  }
  if (ending.vendorCost === null) return;
  compareCost(ending, voidCost(by.hold, ending, by), compare);
}

/** The cost of a result that came after recovery: what its ending would have cost the house. */
export function rebillLateCost(ending: RecordedEnding, by: BilledBy, compare: Compare): void {
  if (ending.kind === "void") rebillVoid(ending, by, compare);
  else compareCost(ending, chargeAgain(by.hold, ending, by).vendorCost, compare);
}

function compareCost(ending: RecordedEnding, cost: Bill, compare: Compare): void {
  compare("vendor cost", ending.vendorCost?.total, cost.total);
  compare("vendor cost lines", linesText(ending.vendorCost?.lines ?? []), linesText(cost.lines));
}

function linesText(lines: readonly (PostedLine | BillLine)[]): string {
  return canonicalText(
    lines.map(({ meter, quantity, unitPrice, amount }) => ({ meter, quantity, unitPrice, amount })),
  );
}
