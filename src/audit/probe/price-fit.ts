import { type PricedFacts, rateItems } from "../../billing/rate.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { Meter, PriceVersion } from "../../catalog/schema.ts";
import { type PicoUsd, picoUsd, sumUsd, timesUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { agrees, difference } from "./claims.ts";
import { madeSize } from "./diagnose.ts";
import { type CallRecord, type Claimed, isMade, type ModelEvidence } from "./evidence.ts";
import { makesText } from "./laws.ts";

/** At which rates a gateway may be charging image tokens. */
export type Rates = "published" | "image_in_as_text" | "image_out_as_text" | "image_as_text";

/** A rate of its own for one token of a picture, in or out; undefined: as published. */
type Hypothesis = {
  readonly rates: Rates;
  readonly imageIn?: PicoUsd | undefined;
  readonly imageOut?: PicoUsd | undefined;
};

/** What the prices of all made calls are explained by. */
export type PriceFit =
  | {
      readonly kind: "fits";
      readonly rates: Rates;
      /** What is charged on top of, or off, every price: parts in ten thousand, and a sum a call. */
      readonly factor: bigint;
      readonly fixed: PicoUsd;
      /** Calls that only fit with their text at the cached rate. */
      readonly cached: readonly string[];
    }
  | { readonly kind: "unexplained"; readonly calls: readonly PricedCall[] }
  /** Nothing to compare: no call has both a price and usage. */
  | { readonly kind: "unknown"; readonly why: string };

/** A made call with its price and what it comes to by the published rates. */
export type PricedCall = {
  readonly record: CallRecord;
  readonly paid: Claimed;
  readonly published: PicoUsd;
};

const PARTS = 10_000n;
const PUBLISHED: Hypothesis = { rates: "published" };

/** What was paid for a call: as the answer says, else by how much the balance moved. */
export function paidFor(record: CallRecord, evidence: ModelEvidence): Claimed | undefined {
  return record.answer.cost ?? movedBy(record, evidence);
}

/** By how much the balance moved over a call; undefined where readings can't be relied on. */
export function movedBy({ spent }: CallRecord, { balance }: ModelEvidence): Claimed | undefined {
  if (spent === undefined || !balance.usable) return undefined;
  return difference(spent.after, spent.before);
}

/** Explains all prices together: one rule must fit every call. */
export function fitPrices(evidence: ModelEvidence): PriceFit {
  const priced = pricedCalls(evidence);
  if (priced.length === 0) {
    const made = evidence.records.some(isMade);
    return {
      kind: "unknown",
      why: made ? "no answer says its price and its usage" : "no picture was made",
    };
  }
  const published = fitRates(priced, PUBLISHED, evidence);
  if (published !== undefined) return published;
  for (const hypothesis of wrongRates(evidence)) {
    const fit = fitRates(priced, hypothesis, evidence);
    // A rule with a free factor explains any two calls; wrong rates are only told from three on, or exactly.
    if (fit !== undefined && (fit.factor === PARTS || priced.length > 2)) return fit;
  }
  return { kind: "unexplained", calls: priced };
}

/** Replays and refusals are other checks' matter. */
export function pricedCalls(evidence: ModelEvidence): PricedCall[] {
  return evidence.records.flatMap((record) => {
    const paid = paidFor(record, evidence);
    const bill = billOf(record, evidence, PUBLISHED);
    if (!isMade(record) || record.call.id === "repeat" || paid === undefined) return [];
    return bill === undefined ? [] : [{ record, paid, published: bill }];
  });
}

/**
 * What others were seen to charge pictures by: input at the rate of text in; output at the rate of text out, their
 * own model's or that of another model of the vendor, or of text in. Sources: gateways' bug lists in docs/vendors.
 */
function wrongRates({ model, price, known }: ModelEvidence): readonly Hypothesis[] {
  const textIn = unitOf(price, "text_input_tokens");
  const others = known.filter(({ vendor }) => vendor === model.vendor);
  const prices = [price, ...others.flatMap(({ rateCard }) => rateCard)];
  const textOut = prices.flatMap((each) => unitOf(each, "text_output_tokens") ?? []);
  const outputs = [...new Set([...textOut, ...(textIn === undefined ? [] : [textIn])])];
  return [
    { rates: "image_in_as_text", imageIn: textIn },
    ...outputs.flatMap((imageOut): Hypothesis[] => [
      { rates: "image_out_as_text", imageOut },
      { rates: "image_as_text", imageIn: textIn, imageOut },
    ]),
  ];
}

function fitRates(
  priced: readonly PricedCall[],
  hypothesis: Hypothesis,
  evidence: ModelEvidence,
): Extract<PriceFit, { kind: "fits" }> | undefined {
  const calls = priced.flatMap(({ record, paid }) => {
    const plain = billOf(record, evidence, hypothesis);
    if (plain === undefined) return [];
    return [{ record, paid, plain, cached: billOf(record, evidence, hypothesis, true) ?? plain }];
  });
  if (calls.length < priced.length) return undefined;
  for (const rule of rulesFor(calls)) {
    const off = calls.filter((call) => !follows(call.paid, call.plain, rule));
    const explained = off.every((call) => follows(call.paid, call.cached, rule));
    // The first time that a prompt is sent nothing of it can be cached.
    if (explained && off.length < calls.length) {
      const cached = off.map(({ record }) => record.call.id);
      return { kind: "fits", rates: hypothesis.rates, ...rule, cached };
    }
  }
  return undefined;
}

type Rule = { readonly factor: bigint; readonly fixed: PicoUsd };
type Fitted = { readonly paid: Claimed; readonly plain: PicoUsd };

/** As published; the same factor on all; a factor and a sum, by the two calls that are furthest apart. */
function rulesFor(calls: readonly Fitted[]): readonly Rule[] {
  const byPrice = calls.toSorted((left, right) => (left.plain < right.plain ? -1 : 1));
  const [low, high] = [byPrice[0], byPrice.at(-1)];
  const rules: Rule[] = [{ factor: PARTS, fixed: picoUsd(0n) }];
  if (low === undefined || high === undefined || low.plain === 0n) return rules;
  rules.push({ factor: near(high.paid.amount * PARTS, high.plain), fixed: picoUsd(0n) });
  // With fewer than three calls two unknowns fit anything.
  if (calls.length > 2 && high.plain > low.plain) {
    const factor = near((high.paid.amount - low.paid.amount) * PARTS, high.plain - low.plain);
    const fixed = picoUsd(low.paid.amount - (low.plain * factor) / PARTS);
    if (factor > 0n && fixed >= 0n) rules.push({ factor, fixed });
  }
  return rules;
}

function follows(paid: Claimed, plain: PicoUsd, { factor, fixed }: Rule): boolean {
  // Factors are told to a hundredth of a percent; half of that is what a price may be off.
  const slack = factor === PARTS ? 0n : plain / (PARTS * 2n) + 1n;
  return agrees(paid, picoUsd((plain * factor) / PARTS + fixed), picoUsd(slack));
}

function near(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/** What a call comes to by the catalog's price, pictures at the rates given; `cached`: its text at the cached rate. */
function billOf(
  record: CallRecord,
  { model, price }: ModelEvidence,
  { imageIn, imageOut }: Hypothesis,
  cached = false,
): PicoUsd | undefined {
  const { usage, pictures } = record.answer;
  const facts = factsOf(record);
  if (model.outputLaw.kind === "flat") {
    return totalOf(flatItems(record, pictures.length), price, facts);
  }
  if (usage === undefined || (!usage.split && makesText(model))) return undefined;
  const text: Meter = cached ? "cached_text_input_tokens" : "text_input_tokens";
  const items: readonly UsageItem[] = [
    { meter: text, quantity: usage.textIn },
    { meter: "image_input_tokens", quantity: imageIn === undefined ? usage.imageIn : 0n },
    { meter: "image_output_tokens", quantity: imageOut === undefined ? usage.imageOut : 0n },
    { meter: "text_output_tokens", quantity: usage.textOut },
  ];
  const rest = totalOf(items, price, facts);
  if (rest === undefined) return undefined;
  const own = [
    timesUsd(imageIn ?? ZERO_USD, usage.imageIn),
    timesUsd(imageOut ?? ZERO_USD, usage.imageOut),
  ];
  return sumUsd([rest, ...own]);
}

function factsOf(record: CallRecord): PricedFacts {
  const size = madeSize(record);
  const { quality } = record.call.asked;
  return {
    ...(quality === undefined ? {} : { quality }),
    ...(size === undefined ? {} : { size: `${size.width}x${size.height}` }),
  };
}

function flatItems(record: CallRecord, images: number): readonly UsageItem[] {
  const size = madeSize(record);
  const area = size === undefined ? {} : { areaPixels: BigInt(size.width * size.height) };
  const references: UsageItem = { meter: "reference_images", quantity: 1n };
  return [
    { meter: "output_images", quantity: BigInt(images), ...area },
    ...(record.call.files === undefined ? [] : [references]),
  ];
}

/** Of one token; undefined where the price has none of that meter. */
function unitOf(price: PriceVersion, meter: Meter): PicoUsd | undefined {
  return totalOf([{ meter, quantity: 1n }], price, {});
}

function totalOf(
  items: readonly UsageItem[],
  price: PriceVersion,
  facts: PricedFacts,
): PicoUsd | undefined {
  try {
    return rateItems(items, price, facts).total;
  } catch {
    // The price has no term for it: a model without a text rate out, or without a cached one.
    return undefined;
  }
}
