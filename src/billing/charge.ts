import type { PriceVersion } from "../catalog/schema.ts";
import { minUsd, negateUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import { withMargin } from "./margin.ts";
import { billImages, type FrozenQuote } from "./quote.ts";
import { type Bill, type BillLine, rateItems } from "./rate.ts";
import { type MissingReason, splitAtDelivered, type Usage, type UsageItem } from "./usage.ts";

/** How a charge was found: from token usage, from a flat count, or from the ceiling because usage was missing. */
export type Basis = "usage" | "flat" | "ceiling";

/** What a successful call comes to. */
export type Charge = {
  readonly basis: Basis;
  readonly reason: MissingReason | null;
  /** What the account pays: at most the ceiling and its margin. Lines add up to it. */
  readonly amount: PicoUsd;
  readonly lines: readonly BillLine[];
  /** What the vendor is expected to bill the house for it. */
  readonly vendorCost: Bill;
  /** Rated above the ceiling: booked to the house and alarmed (P5). */
  readonly overrun: PicoUsd;
  /** What the vendor may bill beyond, for images it counted and we never got. */
  readonly exposure: PicoUsd;
};

/** What came back from the vendor, as far as money goes. */
export type Delivered = {
  readonly usage: Usage;
  /** Whole final images that arrived. At least 1. */
  readonly images: bigint;
  /** The price version of the model that the vendor says it ran, when that is another one. */
  readonly echoedPrice?: PriceVersion;
};

/**
 * Rates a successful call by MONEY §2: usage at the quote's frozen price version, at most the ceiling;
 * missing usage at the ceiling of the images that came; the lower of quoted and echoed price when the
 * vendor served another model, whose own price is then the vendor cost. The quote's margin comes on top of
 * what the account pays, once; cost, overrun and exposure are the vendor's and know nothing of it.
 */
export function chargeFor(delivered: Delivered, quote: FrozenQuote): Charge {
  const charge = chargeVendor(delivered, quote);
  const { amount, lines } = charge;
  const billed = withMargin({ total: amount, lines }, quote.margin ?? null);
  return { ...charge, amount: billed.total, lines: billed.lines };
}

/** The same before the margin, which is due once a request, however many calls it is spread over. */
export function chargeVendor(delivered: Delivered, quote: FrozenQuote): Charge {
  if (delivered.images < 1n) throw new Error("a call without an image is not charged");
  return delivered.usage.kind === "missing"
    ? chargeCeiling(delivered, quote, delivered.usage.reason)
    : chargeUsage(delivered, quote, delivered.usage.items);
}

function chargeCeiling(delivered: Delivered, quote: FrozenQuote, reason: MissingReason): Charge {
  const images = delivered.images < quote.n ? delivered.images : quote.n;
  const bill = billImages(quote.ceilingItems, { price: quote.price, facts: quote.facts, images });
  return {
    basis: "ceiling",
    reason,
    amount: bill.total,
    lines: bill.lines,
    vendorCost: bill,
    overrun: ZERO_USD,
    exposure: ZERO_USD,
  };
}

function chargeUsage(
  delivered: Delivered,
  quote: FrozenQuote,
  items: readonly UsageItem[],
): Charge {
  const { charged, exposed } = splitAtDelivered(items, delivered.images);
  const quoted = rateItems(charged, quote.price, quote.facts);
  const echoedPrice = delivered.echoedPrice;
  const echoed = echoedPrice === undefined ? quoted : rateItems(charged, echoedPrice, quote.facts);
  const rated = echoed.total < quoted.total ? echoed : quoted;
  const amount = minUsd(rated.total, quote.ceiling);
  const overrun = subtractUsd(rated.total, amount);
  return {
    basis: rated.lines.every(isFlat) ? "flat" : "usage",
    reason: null,
    amount,
    lines: overrun === ZERO_USD ? rated.lines : [...rated.lines, overrunLine(overrun)],
    vendorCost: echoed,
    overrun,
    exposure: rateItems(exposed, echoedPrice ?? quote.price, quote.facts).total,
  };
}

function isFlat(line: BillLine): boolean {
  return line.meter === "output_images" || line.meter === "reference_images";
}

/** The house takes over what is above the ceiling: a line of its own, so that the bill still adds up. */
function overrunLine(overrun: PicoUsd): BillLine {
  const amount = negateUsd(overrun);
  return { meter: "overrun", quantity: 1n, unitPrice: amount, amount, mark: "spec" };
}
