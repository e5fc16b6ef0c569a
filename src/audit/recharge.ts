import { type Charge, chargeFor } from "../billing/charge.ts";
import { canRate, rateItems } from "../billing/rate.ts";
import type { Usage } from "../billing/usage.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { Ending, HoldRequest } from "../ledger/port.ts";
import { minUsd, type PicoUsd } from "../money/pico-usd.ts";

/** Computes bills again from the facts that the journal keeps of a call, by whichever prices. Pure. */

/** What of a hold a bill depends on. */
type HeldFacts = Pick<HoldRequest, "facts" | "ceilingItems" | "amount" | "vendorAmount" | "margin">;

/** What of a settlement a bill depends on. */
type SettledFacts = Pick<Extract<Ending, { kind: "settle" }>, "reason" | "items" | "imagesMade">;

/** The price versions that a call is rated by. */
export type RatedBy = {
  readonly price: PriceVersion;
  /** Of the model that the vendor says it ran, when that is another one. */
  readonly echoedPrice: PriceVersion | undefined;
};

/** The charge of a settled call, with the margin that its hold froze. */
export function chargeAgain(hold: HeldFacts, ending: SettledFacts, by: RatedBy): Charge {
  const { price, echoedPrice } = by;
  const images = BigInt(ending.imagesMade);
  const usage: Usage =
    ending.reason === null
      ? { kind: "reported", items: ending.items }
      : { kind: "missing", reason: ending.reason };
  const delivered = echoedPrice === undefined ? { usage, images } : { usage, images, echoedPrice };
  return chargeFor(delivered, {
    price,
    facts: hold.facts.priced,
    n: BigInt(hold.facts.n),
    ceilingItems: hold.ceilingItems,
    ceiling: hold.vendorAmount ?? hold.amount,
    margin: hold.margin ?? null,
  });
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
  const used =
    ending.kind === "settle" && ending.reason !== null ? hold.ceilingItems : ending.items;
  const prices = echoedPrice === undefined ? [price] : [price, echoedPrice];
  if (!prices.every((each) => canRate(used, each, facts))) return undefined;
  if (ending.kind === "settle") {
    const { amount, vendorCost } = chargeAgain(hold, ending, by);
    // Billed at the ceiling by a dearer price it would be more than was held.
    const charge = minUsd(amount, hold.amount);
    return { charge, vendorCost: ending.vendorCost && vendorCost.total };
  }
  const cost = ending.vendorCost && rateItems(ending.items, echoedPrice ?? price, facts).total;
  return { charge: null, vendorCost: cost };
}
