import { type Priceable, priceOrder } from "../advisor/price-order.ts";
import type { Model } from "../catalog/schema.ts";
import type { ImageOrder } from "../gates/order.ts";
import { readSize } from "../gates/size.ts";
import {
  addUsd,
  divideExact,
  type PicoUsd,
  parseUsd,
  picoUsd,
  subtractUsd,
  sumUsd,
  timesUsd,
  ZERO_USD,
} from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { LeftOutReason, PastUsage, UsageFound } from "./port.ts";
import type { ImportedRow, Inferable } from "./row.ts";

/**
 * Fills in what a file doesn't say. A tier, a label or a count is inferred only where exactly one explains what
 * was paid, by the prices of that day; where none or several do, the use is left out with its reason.
 */

/** The model of a name on a day, priced; undefined where the catalog can't. */
export type PriceOn = (
  name: string,
  day: string,
) =>
  | { readonly kind: "priced"; readonly priceable: Priceable }
  | { readonly kind: "none"; readonly reason: LeftOutReason };

/** What the importer was told to take where the file says nothing. */
export type Assumed = {
  readonly size?: string;
  readonly quality?: string;
  /** Pictures of a request. */
  readonly n?: number;
};

export type Inferred =
  | { readonly kind: "rows"; readonly rows: readonly ImportedRow[] }
  | { readonly kind: "left_out"; readonly reason: LeftOutReason };

type Found = Extract<UsageFound, { kind: "usage" }>;

/**
 * Dollars of the pictures themselves may be off by so much: exports print floats. Ours [guess]: a thousandth of
 * the cheapest picture of the catalog.
 */
const EXACT = parseUsd("0.000001");
/**
 * Where dollars of prompts aren't told apart, so many text tokens a picture may explain what is left. Ours: long
 * enough for most prompts, and at most a third of the step from any tier to the next.
 */
const PROMPT_TOKENS_MAX = 400n;
/** Kinds of pictures billed together whose tiers are found at once: beyond it many sums come near any total. */
const PARTS_MAX = 4;
/** Pictures of one request that are looked for where neither file nor tokens say how many. */
const IMAGES_MAX = 10;

/** Infers what is missing of one find. Pure but for what it is handed. */
export function infer(found: Found, priceOn: PriceOn, assumed: Assumed): Inferred {
  const parts: Part[] = [];
  for (const usage of found.parts) {
    const priced = priceOn(usage.model, usage.day);
    if (priced.kind === "none") return { kind: "left_out", reason: priced.reason };
    const part = partOf(usage, priced.priceable, assumed);
    if ("reason" in part) return { kind: "left_out", reason: part.reason };
    parts.push(part);
  }
  if (found.dollars <= ZERO_USD) return { kind: "left_out", reason: "not_charged" };
  const known = parts.every(({ readings }) => readings.length === 1);
  if (!known && parts.length > PARTS_MAX) return { kind: "left_out", reason: "ambiguous" };
  const fitting = combinations(parts).filter((each) => (known ? true : explains(each, found)));
  const [first] = fitting;
  if (first === undefined) return { kind: "left_out", reason: "unexplained" };
  const chosen = fitting.length === 1 ? first : alikeOf(fitting);
  if (chosen === undefined) return { kind: "left_out", reason: "ambiguous" };
  return { kind: "rows", rows: rowsOf(chosen, found) };
}

/** One way to read a part: at this tier and size it was so many pictures. */
type Reading = {
  readonly usage: PastUsage;
  readonly priceable: Priceable;
  readonly quality: string | null;
  readonly size: string | null;
  readonly images: bigint;
  /** What all its pictures cost without their prompts. */
  readonly output: PicoUsd;
  readonly inferred: readonly Inferable[];
  readonly assumed: ImportedRow["assumed"];
  /** The size that the vendor takes when none is named. */
  readonly isDefault: boolean;
};

type Part = { readonly readings: readonly Reading[] };

function partOf(
  usage: PastUsage,
  priceable: Priceable,
  assumed: Assumed,
): Part | { readonly reason: LeftOutReason } {
  const { model } = priceable;
  const sizes = sizesOf(usage, model, assumed);
  if (sizes === undefined) return { reason: "size_unknown" };
  const readings = tiersOf(usage, model, assumed).flatMap((tier) =>
    sizes.flatMap((size) => readingsAt(usage, priceable, { tier, size, assumed })),
  );
  return readings.length === 0 ? { reason: "not_made" } : { readings };
}

type Filled = {
  readonly value: string | null;
  readonly from: "file" | "inferred" | "assumed" | "none";
};

function tiersOf({ quality }: PastUsage, model: Model, assumed: Assumed): readonly Filled[] {
  const { tiers } = model.capabilities.quality ?? {};
  if (tiers === undefined) return [{ value: null, from: "none" }];
  if (quality !== null) return [{ value: quality, from: "file" }];
  if (assumed.quality !== undefined) return [{ value: assumed.quality, from: "assumed" }];
  return tiers.map((tier) => ({ value: tier, from: "inferred" }));
}

/** Undefined where any number of sizes would have to be tried: what fits one of a few then proves nothing. */
function sizesOf(usage: PastUsage, model: Model, assumed: Assumed): readonly Filled[] | undefined {
  if (usage.size !== null) return [{ value: usage.size, from: "file" }];
  if (assumed.size !== undefined) return [{ value: assumed.size, from: "assumed" }];
  const { outputLaw, capabilities, rateCard } = model;
  if (outputLaw.kind === "label_constant") {
    return Object.keys(capabilities.sizes.labels).map((label) => ({
      value: label,
      from: "inferred",
    }));
  }
  const bySize = rateCard.some(({ terms }) =>
    terms.some(({ when }) => when?.areaUpTo ?? when?.areaAbove ?? when?.sizes),
  );
  return outputLaw.kind === "flat" && !bySize ? [{ value: null, from: "none" }] : undefined;
}

function readingsAt(
  usage: PastUsage,
  priceable: Priceable,
  at: { readonly tier: Filled; readonly size: Filled; readonly assumed: Assumed },
): readonly Reading[] {
  const one = outputOf(priceable, { quality: at.tier.value, size: at.size.value });
  if (one === undefined) return [];
  const filled = (from: Filled["from"]) =>
    (["quality", "size"] as const).filter(
      (name) => (name === "quality" ? at.tier : at.size).from === from,
    );
  return imagesOf(usage, one.tokens, at.assumed).map(({ images, from }) => ({
    ...{ usage, priceable, quality: at.tier.value, size: at.size.value, images },
    output: timesUsd(one.dollars, images),
    inferred: [...filled("inferred"), ...(from === "inferred" ? (["images"] as const) : [])],
    assumed: [...filled("assumed"), ...(from === "assumed" ? (["images"] as const) : [])],
    isDefault: at.size.value === (priceable.model.capabilities.sizes.omitted.label ?? null),
  }));
}

/** How many pictures it may have been. */
function imagesOf(
  { images, requests, outputTokens }: PastUsage,
  tokens: bigint,
  { n }: Assumed,
): readonly { readonly images: bigint; readonly from: "file" | "inferred" | "assumed" }[] {
  if (images !== null) return [{ images: BigInt(images), from: "file" }];
  if (outputTokens !== null) {
    const whole = tokens > 0n && outputTokens > 0n && outputTokens % tokens === 0n;
    return whole ? [{ images: outputTokens / tokens, from: "inferred" }] : [];
  }
  if (n !== undefined) return [{ images: BigInt(n * (requests ?? 1)), from: "assumed" }];
  return Array.from({ length: IMAGES_MAX }, (_, index) => ({
    images: BigInt(index + 1),
    from: "inferred",
  }));
}

type Output = { readonly dollars: PicoUsd; readonly tokens: bigint };
type Shape = { readonly quality: string | null; readonly size: string | null };

/** By model and day, as they were handed in: a million rows ask for the same few pictures. */
const outputs = new WeakMap<Priceable, Map<string, Output | undefined>>();

/** What one picture costs without its prompt, and its output tokens; undefined where the model doesn't make it. */
function outputOf(priceable: Priceable, asked: Shape): Output | undefined {
  const known = outputs.get(priceable) ?? new Map<string, Output | undefined>();
  outputs.set(priceable, known);
  const name = `${asked.quality} ${asked.size}`;
  if (known.has(name)) return known.get(name);
  const output = priceOutput(priceable, asked);
  known.set(name, output);
  return output;
}

function priceOutput(priceable: Priceable, asked: Shape): Output | undefined {
  const size = asked.size === null ? undefined : readSize(asked.size);
  if (asked.size !== null && size === undefined) return undefined;
  const order: ImageOrder = {
    ...{ model: priceable.model.id, prompt: "", n: 1 },
    ...(asked.quality === null ? {} : { quality: asked.quality }),
    ...(size === undefined ? {} : { size }),
  };
  try {
    const prompt = { characters: 0, bytes: 0, tokens: 0 };
    const { quote } = priceOrder(order, priceable, { prompt, margin: null });
    const lines = quote.expected.lines.filter(
      ({ meter }) => meter === "image_output_tokens" || meter === "output_images",
    );
    return {
      dollars: sumUsd(lines.map(({ amount }) => amount)),
      tokens: lines.reduce((sum, { quantity }) => sum + quantity, 0n),
    };
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

function combinations(parts: readonly Part[]): readonly (readonly Reading[])[] {
  return parts.reduce<readonly (readonly Reading[])[]>(
    (before, { readings }) =>
      before.flatMap((each) => readings.map((reading) => [...each, reading])),
    [[]],
  );
}

function outputOfAll(readings: readonly Reading[]): PicoUsd {
  return sumUsd(readings.map(({ output }) => output));
}

/** Whether the pictures cost what was paid: to the microdollar, or up to a prompt each where that is unknown. */
function explains(readings: readonly Reading[], { dollars, outputDollars }: Found): boolean {
  const output = outputOfAll(readings);
  if (outputDollars !== null) {
    const off = subtractUsd(outputDollars, output);
    return off <= EXACT && -off <= EXACT;
  }
  const rest = subtractUsd(dollars, output);
  const prompts = readings.map(({ usage, priceable, images }) => {
    const { promptTokens } = usage;
    const tokens = promptTokens === null ? PROMPT_TOKENS_MAX : BigInt(promptTokens);
    return timesUsd(textPrice(priceable), tokens * images);
  });
  return -rest <= EXACT && rest <= addUsd(sumUsd(prompts), EXACT);
}

/** What one text token of a prompt costs; nothing where prompts are free. */
function textPrice({ price }: Priceable): PicoUsd {
  const term = price.terms.find(
    ({ meter, when }) => meter === "text_input_tokens" && when?.serviceTier === undefined,
  );
  return term === undefined ? ZERO_USD : divideExact(parseUsd(term.usd), BigInt(term.per));
}

/** Readings that differ in nothing but labels of one price are one: the vendor's own default stands for them. */
function alikeOf(fitting: readonly (readonly Reading[])[]): readonly Reading[] | undefined {
  const faces = fitting.map((each) =>
    JSON.stringify(each.map(({ quality, images }) => [quality, String(images)])),
  );
  if (new Set(faces).size > 1) return undefined;
  return fitting.find((each) => each.every(({ isDefault }) => isDefault));
}

/** Rows whose dollars add up to the find's: each its pictures', the rest by the number of pictures. */
function rowsOf(readings: readonly Reading[], { dollars }: Found): readonly ImportedRow[] {
  const rest = subtractUsd(dollars, outputOfAll(readings));
  const images = readings.reduce((sum, reading) => sum + reading.images, 0n);
  let left = rest;
  return readings.map((reading, index) => {
    const isLast = index === readings.length - 1;
    const share = isLast ? left : picoUsd((rest * reading.images) / images);
    left = subtractUsd(left, share);
    return rowOf(reading, addUsd(reading.output, share), share);
  });
}

function rowOf(reading: Reading, dollars: PicoUsd, rest: PicoUsd): ImportedRow {
  const { usage, images, quality, size, inferred, assumed } = reading;
  const told = usage.promptTokens;
  const tokens = told ?? promptTokens(reading, rest);
  return {
    ...{ day: usage.day, model: reading.priceable.model.id, key: usage.key },
    requests: usage.requests ?? +images.toString(),
    images: +images.toString(),
    ...{ quality, size, dollars },
    prompt_tokens: tokens ?? 0,
    inferred: told === null && tokens !== null ? [...inferred, "prompt_tokens"] : inferred.slice(),
    assumed: assumed.slice(),
  };
}

/** The prompt that explains what the pictures leave of the dollars; null where prompts are free or it was less. */
function promptTokens({ priceable, images }: Reading, rest: PicoUsd): number | null {
  const price = textPrice(priceable);
  if (price === ZERO_USD || rest <= ZERO_USD) return null;
  const tokens = rest / images / price - BigInt(priceable.model.textConstant);
  return tokens < 0n ? 0 : +tokens.toString();
}
