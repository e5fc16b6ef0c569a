import { type Charge, chargeFor } from "../billing/charge.ts";
import type { FrozenQuote } from "../billing/quote.ts";
import { type Bill, canRate, rateItems } from "../billing/rate.ts";
import type { UsageItem } from "../billing/usage.ts";
import { type Catalog, findModel, priceAt } from "../catalog/find.ts";
import type { Model, PriceVersion } from "../catalog/schema.ts";
import type { Attempt, Ending, ImageFacts, PostedLine } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import { ZERO_USD } from "../money/pico-usd.ts";
import type { Outcome } from "../vendors/port.ts";

export type MadeOutcome = Extract<Outcome, { kind: "made" }>;
export type LostOutcome = Exclude<Outcome, { kind: "made" }>;
export type Settlement = Extract<Ending, { kind: "settle" }>;
export type Voiding = Extract<Ending, { kind: "void" }>;

/** What ending a hold needs beside the outcome itself. */
export type Held = {
  readonly holdId: string;
  readonly model: Model;
  readonly quote: FrozenQuote;
  readonly attempts: readonly Attempt[];
};

/** What reached the client's answer. */
export type DeliveredImages = {
  readonly images: readonly ImageFacts[];
  /** Flags of the delivery: client gone, sizes that differ. */
  readonly flags: readonly string[];
};

/** A hold whose call has come back: how it ends, and what its caller is told. */
export type Judged =
  | {
      readonly kind: "made";
      readonly outcome: MadeOutcome;
      /** Calls of a fan-out that made nothing beside others that did. */
      readonly failures: readonly LegFailure[];
      readonly settlement: (delivered: DeliveredImages) => Settlement;
    }
  | {
      readonly kind: "lost";
      readonly outcome: LostOutcome;
      /** @param code of the refusal that the caller is answered. */
      readonly voiding: (code: string) => Voiding;
    };

/** A leg that failed beside others that didn't, as the caller is told. */
export type LegFailure = {
  readonly index: number;
  readonly code: string;
  readonly message: string;
};

/** A hold of one vendor call. */
export function judgeCall(outcome: Outcome, held: Held, read: ReadAsOf): Judged {
  if (outcome.kind !== "made") {
    return { kind: "lost", outcome, voiding: (code) => voidOf(outcome, held, code) };
  }
  const settlement = (delivered: DeliveredImages) =>
    settlementOf(outcome, held, { ...delivered, ...read });
  return { kind: "made", outcome, failures: [], settlement };
}

/** The catalog, and the day as which it is read: what another model's price is taken from. */
export type ReadAsOf = { readonly catalog: Catalog; readonly asOf: string };

/** A successful call as the ledger posts it: charged by MONEY §2. Pure. */
export function settlementOf(
  outcome: MadeOutcome,
  held: Held,
  given: DeliveredImages & ReadAsOf,
): Settlement {
  const echo = echoedPrice(outcome, held, given);
  const charge = chargeFor(
    {
      usage: outcome.usage,
      images: BigInt(outcome.images),
      ...(echo.price === undefined ? {} : { echoedPrice: echo.price }),
    },
    held.quote,
  );
  return {
    kind: "settle",
    holdId: held.holdId,
    attempts: held.attempts,
    usage: outcome.usageText,
    servedModel: outcome.servedModel,
    echoedPrice: echo.price === undefined ? null : storedPrice(echo.price),
    vendorCost: { total: charge.vendorCost.total, lines: postedLines(charge.vendorCost) },
    exposure:
      charge.exposure === ZERO_USD
        ? null
        : { amount: charge.exposure, reason: "counted_not_delivered" },
    imagesMade: outcome.images,
    imagesDelivered: given.images.length,
    qualityBilled: qualityOf(outcome, held),
    flags: [...outcome.flags, ...echo.flags, ...given.flags, ...chargeFlags(charge)],
    basis: charge.basis,
    reason: charge.reason,
    charge: charge.amount,
    overrun: charge.overrun,
    lines: postedLines(charge),
    items: outcome.usage.kind === "reported" ? outcome.usage.items : [],
    images: given.images,
  };
}

/** A tier's name; anything else in its place is no quality. */
const QUALITY_NAME = /^[\w.-]{1,32}$/;

/** What the vendor says that it made, where it says so; else what was ordered and priced. */
export function qualityOf(outcome: MadeOutcome, held: Held): string | null {
  const { quality } = outcome.answer.top;
  if (typeof quality === "string" && QUALITY_NAME.test(quality)) return quality;
  return held.quote.facts.quality ?? null;
}

/** A call without an image as the ledger posts it: nothing charged, the house bears what is known or feared. Pure. */
export function voidOf(outcome: LostOutcome, held: Held, code: string): Voiding {
  const items = knownCost(outcome);
  const { price, facts } = held.quote;
  const rated = items !== undefined && canRate(items, price, facts);
  const cost = rated ? rateItems(items, price, facts) : undefined;
  const feared = outcome.kind === "unknown" || (items !== undefined && !rated);
  return {
    kind: "void",
    holdId: held.holdId,
    attempts: held.attempts,
    usage: outcome.usageText,
    servedModel: null,
    echoedPrice: null,
    vendorCost: cost === undefined ? null : { total: cost.total, lines: postedLines(cost) },
    exposure: feared
      ? {
          amount: held.quote.ceiling,
          reason: outcome.kind === "unknown" ? outcome.why : "unpriced_cost",
        }
      : null,
    imagesMade: 0,
    imagesDelivered: 0,
    qualityBilled: null,
    flags: [],
    outcome: outcome.kind,
    code,
    items: items ?? [],
  };
}

/** Whether the house pays for a void, or may have to. */
export function leavesCost({ vendorCost, exposure }: Voiding): boolean {
  return (vendorCost?.total ?? ZERO_USD) > ZERO_USD || (exposure?.amount ?? ZERO_USD) > ZERO_USD;
}

export function knownCost(outcome: LostOutcome): readonly UsageItem[] | undefined {
  if (outcome.kind === "refused" || outcome.kind === "failed") return outcome.cost;
  return undefined;
}

/**
 * The quote binds. When the vendor names another model of the catalog, that model's price decides what the
 * vendor will bill, and the lower of both what the account pays; an unknown name is flagged.
 */
export function echoedPrice(
  outcome: MadeOutcome,
  held: Held,
  of: ReadAsOf,
): { readonly price?: PriceVersion; readonly flags: readonly string[] } {
  const echo = outcome.servedModel;
  if (echo === null || echo === held.model.wireId) return { flags: [] };
  const echoed = findModel(of.catalog, `${held.model.vendor}/${echo}`);
  if (echoed?.id === held.model.id) return { flags: [] };
  const price = echoed === undefined ? undefined : priceAt(echoed, of.asOf);
  const items = outcome.usage.kind === "reported" ? outcome.usage.items : [];
  if (price === undefined || !canRate(items, price, held.quote.facts)) {
    return { flags: ["unknown_served_model"] };
  }
  return { price, flags: ["model_substituted"] };
}

export function chargeFlags(charge: Pick<Charge, "basis" | "overrun" | "exposure">): string[] {
  return [
    ...(charge.basis === "ceiling" ? ["charged_at_ceiling"] : []),
    ...(charge.overrun > 0n ? ["overrun"] : []),
    ...(charge.exposure > 0n ? ["counted_not_delivered"] : []),
  ];
}

/** Lines of a bill without their marks, as the journal keeps them. */
export function postedLines(bill: Pick<Bill, "lines">): PostedLine[] {
  return bill.lines.map(({ meter, quantity, unitPrice, amount }) => ({
    meter,
    quantity,
    unitPrice,
    amount,
  }));
}
