import type { PriceVersion } from "../catalog/schema.ts";
import { sumUsd, ZERO_USD } from "../money/pico-usd.ts";
import { type Basis, type Charge, chargeVendor } from "./charge.ts";
import { withMargin } from "./margin.ts";
import { billImages, type FrozenQuote } from "./quote.ts";
import { type Bill, canRate, rateItems } from "./rate.ts";
import type { MissingReason, UsageItem } from "./usage.ts";

/**
 * Fan-out: one hold, several vendor calls ("legs") of one image each, every one judged, rated or exposed
 * by itself, and one charge for all (MONEY §2).
 */

/** What one leg came to, as far as money goes. */
export type BilledLeg = {
  /** `made` with an image; `unknown` when nobody can say what it cost; anything else made nothing. */
  readonly outcome: string;
  /** Whole final images that arrived: at least 1 where it was made, else 0. */
  readonly imagesMade: number;
  /** Why its usage can't be billed as reported; null where it can, and where nothing was made. */
  readonly reason: MissingReason | null;
  /** What it is known to have used up, made or not. */
  readonly items: readonly UsageItem[];
  /** The vendor named another model for this leg: its price is the echoed one. */
  readonly echoed: boolean;
};

/** A charge for all legs together; nothing is charged, and there is no basis, when none made an image. */
export type LegsCharge = Omit<Charge, "basis"> & { readonly basis: Basis | null };

/** Rates each leg at its share of the quote and adds up; the margin comes on top of the sum, once. */
export function chargeLegs(
  legs: readonly BilledLeg[],
  quote: FrozenQuote,
  echoedPrice: PriceVersion | undefined,
): LegsCharge {
  const one = legQuote(quote);
  const parts = legs.map((leg) => chargeLeg(leg, one, echoedPrice));
  const amount = sumUsd(parts.map((part) => part.amount));
  const lines = parts.flatMap((part) => part.lines);
  const billed = withMargin({ total: amount, lines }, quote.margin ?? null);
  return {
    basis: basisOf(parts),
    reason: parts.find((part) => part.reason !== null)?.reason ?? null,
    amount: billed.total,
    lines: billed.lines,
    vendorCost: {
      total: sumUsd(parts.map((part) => part.vendorCost.total)),
      lines: parts.flatMap((part) => part.vendorCost.lines),
    },
    overrun: sumUsd(parts.map((part) => part.overrun)),
    exposure: sumUsd(parts.map((part) => part.exposure)),
  };
}

/** The quote of one leg: one image, with whatever is due once a request due for each of them. */
function legQuote(quote: FrozenQuote): FrozenQuote {
  const { price, facts, ceilingItems } = quote;
  const { total: ceiling } = billImages(ceilingItems, { price, facts, images: 1n });
  return { price, facts, n: 1n, ceilingItems, ceiling };
}

function chargeLeg(
  leg: BilledLeg,
  quote: FrozenQuote,
  echoedPrice: PriceVersion | undefined,
): LegsCharge {
  const { imagesMade, reason, items, echoed } = leg;
  if (leg.outcome !== "made") return lostLeg(leg, quote);
  return chargeVendor(
    {
      usage: reason === null ? { kind: "reported", items } : { kind: "missing", reason },
      images: BigInt(imagesMade),
      ...(echoed && echoedPrice !== undefined ? { echoedPrice } : {}),
    },
    quote,
  );
}

/** Nobody is charged for it; the house bears what is known, and fears the worst where nothing is. */
function lostLeg({ outcome, items }: BilledLeg, quote: FrozenQuote): LegsCharge {
  const { price, facts, ceiling } = quote;
  const rated = canRate(items, price, facts);
  const nothing: Bill = { total: ZERO_USD, lines: [] };
  return {
    ...{ basis: null, reason: null, amount: ZERO_USD, lines: [], overrun: ZERO_USD },
    vendorCost: rated ? rateItems(items, price, facts) : nothing,
    exposure: outcome === "unknown" || !rated ? ceiling : ZERO_USD,
  };
}

/** The least certain of all legs that made an image. */
function basisOf(parts: readonly LegsCharge[]): Basis | null {
  const found = parts.map((part) => part.basis);
  const order: readonly Basis[] = ["ceiling", "usage", "flat"];
  return order.find((basis) => found.includes(basis)) ?? null;
}
