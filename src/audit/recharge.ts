import { chargeFor } from "../billing/charge.ts";
import { type BilledLeg, chargeLegs, type LegsCharge } from "../billing/legs.ts";
import type { FrozenQuote } from "../billing/quote.ts";
import { type Bill, canRate, rateItems } from "../billing/rate.ts";
import type { Usage, UsageItem } from "../billing/usage.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { Ending, HoldRequest } from "../ledger/port.ts";
import { minUsd, type PicoUsd } from "../money/pico-usd.ts";

/** Computes bills again from the facts that the journal keeps of a call, by whichever prices. Pure. */

/** What of a hold a bill depends on. */
type HeldFacts = Pick<HoldRequest, "facts" | "ceilingItems" | "amount" | "vendorAmount" | "margin">;

/** What of a settlement a bill depends on. */
type SettledFacts = Pick<
  Extract<Ending, { kind: "settle" }>,
  "reason" | "items" | "imagesMade" | "legs"
>;

/** The price versions that a call is rated by. */
export type RatedBy = {
  readonly price: PriceVersion;
  /** Of the model that the vendor says it ran, when that is another one. */
  readonly echoedPrice: PriceVersion | undefined;
};

/** The charge of a settled call, with the margin that its hold froze. */
export function chargeAgain(hold: HeldFacts, ending: SettledFacts, by: RatedBy): LegsCharge {
  const { price, echoedPrice } = by;
  if (ending.legs !== undefined) return legsAgain(hold, ending.legs, by);
  const images = BigInt(ending.imagesMade);
  const usage: Usage =
    ending.reason === null
      ? { kind: "reported", items: ending.items }
      : { kind: "missing", reason: ending.reason };
  const delivered = echoedPrice === undefined ? { usage, images } : { usage, images, echoedPrice };
  return chargeFor(delivered, quoteAgain(hold, price));
}

/** What all legs of a call come to, charged or not. */
export function legsAgain(
  hold: HeldFacts,
  legs: readonly BilledLeg[],
  { price, echoedPrice }: RatedBy,
): LegsCharge {
  return chargeLegs(legs, quoteAgain(hold, price), echoedPrice);
}

function quoteAgain(hold: HeldFacts, price: PriceVersion): FrozenQuote {
  const { legs } = hold.facts;
  return {
    price,
    facts: hold.facts.priced,
    n: BigInt(hold.facts.n),
    ...(legs === undefined ? {} : { legs: BigInt(legs) }),
    ceilingItems: hold.ceilingItems,
    ceiling: hold.vendorAmount ?? hold.amount,
    margin: hold.margin ?? null,
  };
}

/** What a call comes to; null where it has no such figure. */
export type Recharged = {
  readonly charge: PicoUsd | null;
  readonly vendorCost: PicoUsd | null;
};

/** What an ended call comes to by given prices, never charged above its hold; undefined when they don't price all that it used. */
export function recharge(hold: HeldFacts, ending: Ending, by: RatedBy): Recharged | undefined {
  const { price, echoedPrice } = by;
  const facts = hold.facts.priced;
  const used = usedBy(hold, ending);
  const prices = echoedPrice === undefined ? [price] : [price, echoedPrice];
  if (!prices.every((each) => canRate(used, each, facts))) return undefined;
  if (ending.kind === "settle") {
    const { amount, vendorCost } = chargeAgain(hold, ending, by);
    // Billed at the ceiling by a dearer price it would be more than was held.
    const charge = minUsd(amount, hold.amount);
    return { charge, vendorCost: ending.vendorCost && vendorCost.total };
  }
  const cost = ending.vendorCost && voidCost(hold, ending, by).total;
  return { charge: null, vendorCost: cost };
}

/** Everything that has to have a price. */
function usedBy(hold: HeldFacts, ending: Ending): readonly UsageItem[] {
  const parts = ending.legs ?? [ending];
  const unbilled = parts.some((part) => "reason" in part && part.reason !== null);
  return [...(unbilled ? hold.ceilingItems : []), ...parts.flatMap((part) => part.items)];
}

/** What a call that nobody is charged for is known to cost the house. */
export function voidCost(
  hold: HeldFacts,
  ending: Pick<Ending, "items" | "legs">,
  by: RatedBy,
): Bill {
  if (ending.legs !== undefined) return legsAgain(hold, ending.legs, by).vendorCost;
  return rateItems(ending.items, by.echoedPrice ?? by.price, hold.facts.priced);
}
