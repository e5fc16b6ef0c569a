import { type BilledLeg, chargeLegs, type LegsCharge } from "../billing/legs.ts";
import type { PriceVersion } from "../catalog/schema.ts";
import type { Attempt, LegFacts } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import { ZERO_USD } from "../money/pico-usd.ts";
import type { Dispatched } from "./dispatch.ts";
import {
  chargeFlags,
  type DeliveredImages,
  echoedPrice,
  type Held,
  type Judged,
  knownCost,
  type LegFailure,
  type LostOutcome,
  type MadeOutcome,
  postedLines,
  qualityOf,
  type ReadAsOf,
  type Settlement,
  type Voiding,
} from "./judge.ts";
import { refusalOf } from "./refuse.ts";

/** Several vendor calls under one hold, as the ledger posts them: one ending with the facts of each (MONEY §2). Pure. */

/** What the ledger takes of what vendors say of their usage (`EndingFacts.usage`), in characters. */
const USAGE_LENGTH_MAX = 65_536;

/** What the legs came to: an answer when any made an image, else what became of the first. */
export function judgeLegs(legs: readonly Dispatched[], held: Held, read: ReadAsOf): Judged {
  const made = legs.flatMap(({ outcome }) => (outcome.kind === "made" ? [outcome] : []));
  const [first] = made;
  if (first === undefined) {
    const outcome = firstLost(legs);
    return {
      kind: "lost",
      outcome,
      voiding: (code) => voidOfLegs(outcome, { legs, held }, { code, read }),
    };
  }
  const items = made.flatMap(({ usage }) => (usage.kind === "reported" ? usage.items : []));
  const outcome: MadeOutcome = {
    ...first,
    images: made.reduce((sum, { images }) => sum + images, 0),
    usage: { kind: "reported", items },
    usageText: usageText(legs),
    answer: { ...first.answer, perImage: made.flatMap(lastImageFields) },
    flags: [...new Set(made.flatMap(({ flags }) => flags))],
  };
  return {
    kind: "made",
    outcome,
    failures: failuresOf(legs, held.holdId),
    settlement: (delivered) => settlementOfLegs(outcome, { legs, held }, { ...delivered, ...read }),
  };
}

/** Each leg delivers its last image only. */
function lastImageFields({ answer }: MadeOutcome): MadeOutcome["answer"]["perImage"] {
  return [answer.perImage.at(-1) ?? {}];
}

function firstLost(legs: readonly Dispatched[]): LostOutcome {
  const [first] = legs;
  if (first === undefined || first.outcome.kind === "made") throw new Error("no leg was lost");
  return first.outcome;
}

function failuresOf(legs: readonly Dispatched[], holdId: string): readonly LegFailure[] {
  return legs.flatMap(({ outcome }, index) => {
    if (outcome.kind === "made") return [];
    const { code, message } = refusalOf(outcome, holdId);
    return [{ index, code, message }];
  });
}

/** A JSON array with each leg's usage as its vendor wrote it; null where there is none, or far too much. */
function usageText(legs: readonly Dispatched[]): string | null {
  const text = `[${legs.map(({ outcome }) => outcome.usageText ?? "null").join(",")}]`;
  return text.length > USAGE_LENGTH_MAX ? null : text;
}

/** Legs of which at least one made an image, charged together. */
function settlementOfLegs(
  outcome: MadeOutcome,
  { legs, held }: LegsHeld,
  given: DeliveredImages & ReadAsOf,
): Settlement {
  const { facts, price, flags } = legFacts(legs, held, given);
  const charge = chargeLegs(facts, held.quote, price);
  if (charge.basis === null) throw new Error(`hold ${held.holdId}: no leg made an image`);
  const fewer = facts.some(({ outcome: kind }) => kind !== "made");
  return {
    ...sharedFacts({ legs, held }, { facts, price, charge }),
    kind: "settle",
    usage: outcome.usageText,
    servedModel: outcome.servedModel,
    imagesMade: outcome.images,
    imagesDelivered: given.images.length,
    qualityBilled: qualityOf(outcome, held),
    flags: [
      ...outcome.flags,
      ...(fewer ? ["images_fewer_than_asked"] : []),
      ...flags,
      ...given.flags,
      ...chargeFlags({ ...charge, basis: charge.basis }),
    ],
    basis: charge.basis,
    reason: charge.reason,
    charge: charge.amount,
    overrun: charge.overrun,
    lines: postedLines(charge),
    items: outcome.usage.kind === "reported" ? outcome.usage.items : [],
    images: given.images,
  };
}

/** Legs that made nothing at all: nothing is charged. */
function voidOfLegs(
  outcome: LostOutcome,
  { legs, held }: LegsHeld,
  of: { readonly code: string; readonly read: ReadAsOf },
): Voiding {
  const { facts, price } = legFacts(legs, held, of.read);
  return {
    ...sharedFacts({ legs, held }, { facts, price, charge: chargeLegs(facts, held.quote, price) }),
    kind: "void",
    usage: usageText(legs),
    servedModel: null,
    imagesMade: 0,
    imagesDelivered: 0,
    qualityBilled: null,
    flags: [],
    outcome: outcome.kind,
    code: of.code,
    items: [],
  };
}

/** The legs of one hold. */
type LegsHeld = { readonly legs: readonly Dispatched[]; readonly held: Held };

function sharedFacts(
  { legs, held }: LegsHeld,
  by: {
    readonly facts: readonly LegFacts[];
    readonly price: PriceVersion | undefined;
    readonly charge: LegsCharge;
  },
) {
  const { vendorCost, exposure } = by.charge;
  return {
    holdId: held.holdId,
    attempts: legs.flatMap(({ attempts }): readonly Attempt[] => attempts),
    echoedPrice: by.price === undefined ? null : storedPrice(by.price),
    vendorCost: { total: vendorCost.total, lines: postedLines(vendorCost) },
    exposure: exposure === ZERO_USD ? null : { amount: exposure, reason: exposureReason(legs) },
    legs: by.facts,
  };
}

/** Of several reasons the least known. */
function exposureReason(legs: readonly Dispatched[]): string {
  const unknown = legs.find(({ outcome }) => outcome.kind === "unknown")?.outcome;
  if (unknown?.kind === "unknown") return unknown.why;
  return legs.every(({ outcome }) => outcome.kind === "made")
    ? "counted_not_delivered"
    : "unpriced_cost";
}

/** What the journal keeps of each leg, and the one other price that legs may be rated by. */
function legFacts(
  legs: readonly Dispatched[],
  held: Held,
  read: ReadAsOf,
): {
  readonly facts: readonly LegFacts[];
  readonly price: PriceVersion | undefined;
  readonly flags: readonly string[];
} {
  let price: PriceVersion | undefined;
  const flags = new Set<string>();
  const facts = legs.map(({ outcome }): LegFacts => {
    if (outcome.kind !== "made") {
      const { code } = refusalOf(outcome, held.holdId);
      return { ...lost, outcome: outcome.kind, code, items: knownCost(outcome) ?? [] };
    }
    const echo = echoedPrice(outcome, held, read);
    // There is room for one other price: a leg that names a third model is rated by the quote.
    const known = echo.price === undefined || price === undefined || price.id === echo.price.id;
    if (known) price ??= echo.price;
    for (const flag of known ? echo.flags : ["unknown_served_model"]) flags.add(flag);
    return { ...madeFacts(outcome), echoed: known && echo.price !== undefined };
  });
  return { facts, price, flags: [...flags] };
}

const lost = { imagesMade: 0, reason: null, echoed: false } as const;

function madeFacts({ usage, images }: MadeOutcome): Omit<BilledLeg, "echoed"> & { code: null } {
  return {
    outcome: "made",
    code: null,
    imagesMade: images,
    reason: usage.kind === "missing" ? usage.reason : null,
    items: usage.kind === "reported" ? usage.items : [],
  };
}
