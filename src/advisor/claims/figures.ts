import { billRequest } from "../../billing/quote.ts";
import { canRate } from "../../billing/rate.ts";
import type { UsageItem } from "../../billing/usage.ts";
import {
  type ClaimedOrder,
  type Claims,
  isNamed,
  type Leaf,
  type Predicate,
} from "../../catalog/claims.ts";
import type { RatingMode } from "../../catalog/ratings.ts";
import type { Model } from "../../catalog/schema.ts";
import type { PromptMeasure } from "../../gates/order.ts";
import { parsePixels } from "../../gates/size.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { evidenceFor, resolutionClassOf, standing } from "../evidence.ts";
import type { Market, MarketModel } from "../market.ts";
import type { CellOrder } from "../rule/cell-order.ts";
import {
  areaBounds,
  expectedItems,
  priceCell,
  referenceCurve,
  referencesMax,
  tokenCurve,
  type Varied,
} from "../rule/cost-curves.ts";
import { crossings } from "../rule/crossing.ts";
import { exactCount, exactUsd } from "./exact.ts";
import type { FigureSource, Finding, Found, Unknown } from "./judge.ts";
import { winnersOf } from "./winners.ts";

/** Figures of claims as a catalog computes them on a day: quotes by the rating function of the bill. */

/** What the figures are computed from. */
export type FiguresFrom = {
  /** Every model, so that a figure of any of them can be had. */
  readonly market: Market;
  /** Those among which winners are sought. */
  readonly among: Market;
  readonly claims: Claims;
};

export function catalogFigures(from: FiguresFrom): FigureSource {
  return {
    figure: (leaf) => figure(leaf, from.market),
    members: (families, names) => members(from, families, names),
    fact: (of) => fact(of, from.market),
    notWorse: (left, right, mode) => notWorse({ left, right, mode }, from.market),
    winner: winnersOf(from),
  };
}

function members(
  { market, claims }: FiguresFrom,
  families: readonly string[],
  names: readonly string[] | undefined,
): readonly string[] {
  const wanted = claims.families.filter(({ name }) => families.includes(name));
  return market.models
    .filter(({ priceable }) => priceable !== undefined)
    .map(({ model }) => model.id)
    .filter((id) => wanted.some(({ models }) => isNamed(id, models)))
    .filter((id) => names === undefined || isNamed(id, names));
}

/** An entry that can be priced, or why it can't. */
function entryOf(id: string, market: Market): Varied["priceable"] | Unknown {
  const entry = market.models.find(({ model }) => model.id === id);
  if (entry?.priceable !== undefined) return entry.priceable;
  return { kind: "unknown", why: absence(id, entry, market.asOf), withdrawn: true };
}

function absence(id: string, entry: MarketModel | undefined, asOf: string): string {
  const later = entry?.model.rateCard.find(({ effectiveFrom }) => effectiveFrom > asOf);
  const unpriced = entry?.obstacles.some(({ code }) => code === "unpriced_model") === true;
  if (unpriced && later !== undefined) {
    return `${id} has no price on ${asOf}; its first here is ${later.id}, later, and isn't used`;
  }
  return entry?.obstacles[0]?.why ?? `${id} is not in the catalog`;
}

function variedOf(order: ClaimedOrder, priceable: Varied["priceable"]): Varied {
  const { quality, size, n, references, referenceSize, promptTokens } = order;
  // As many bytes and characters as tokens: only ceilings and limits look at them, and no claim does.
  const prompt: PromptMeasure = {
    ...{ characters: promptTokens, bytes: promptTokens, tokens: promptTokens },
  };
  const cell: CellOrder = {
    ...{ quality, size, n, references },
    referenceSize: parsePixels(referenceSize),
  };
  return { priceable, cell, prompt };
}

function figure(leaf: Leaf, market: Market): Found {
  switch (leaf.of) {
    case "total":
    case "amount":
    case "quantity":
      return billed(leaf, market);
    case "token_crossover":
    case "reference_crossover":
      return crossover(leaf, market);
    case "limit":
      return limit(leaf, market);
    case "measured":
      return { kind: "unknown", why: `${measuredWords[leaf.what]}: only an answer tells` };
    default:
      return leaf satisfies never;
  }
}

const measuredWords: Readonly<Record<Extract<Leaf, { readonly of: "measured" }>["what"], string>> =
  {
    cached_tokens: "whether a usage counts cached tokens",
    image_bytes: "how many bytes a picture has",
    http_status: "what the vendor answers",
    total_left_open: "what a parameter that is left open becomes",
    prompt_tokens: "how many tokens the vendor counts in a prompt",
  };

function isUnknown(value: object): value is Unknown {
  return "kind" in value && value.kind === "unknown";
}

type BilledLeaf = Extract<Leaf, { readonly of: "total" | "amount" | "quantity" }>;

function billed(leaf: BilledLeaf, market: Market): Found {
  const priceable = entryOf(leaf.order.model, market);
  if (isUnknown(priceable)) return priceable;
  const varied = variedOf(leaf.order, priceable);
  const priced = priceCell(varied);
  const name = orderName(leaf.order);
  if (priced === undefined) return { kind: "unknown", why: `${name} can't be ordered` };
  const { price, facts, n, legs } = priced.quote.frozen;
  const { serviceTier } = leaf.order;
  const asked = serviceTier === undefined ? facts : { ...facts, serviceTier };
  const items = expectedItems(varied, priced).filter(({ quantity }) => quantity > 0n);
  if (!canRate(items, price, asked)) {
    return { kind: "unknown", why: `${price.id} has no ${serviceTier} price` };
  }
  const of = { price, facts: asked, images: n, ...(legs === undefined ? {} : { legs }) };
  const bill = billRequest(items, of);
  const basis = [`${price.id} (${price.mark}, checked ${price.checkedOn})`];
  const wanted = leaf.of === "total" ? undefined : leaf.meters;
  const lines = bill.lines.filter(({ meter }) => wanted?.some((each) => each === meter) ?? true);
  if (leaf.of === "quantity") {
    const working = lines.length < 2 ? "" : lines.map(({ quantity }) => quantity).join(" + ");
    const count = lines.reduce((sum, { quantity }) => sum + quantity, 0n);
    return { kind: "known", name, value: exactCount(count), working, basis };
  }
  const terms = lines.map(({ quantity, unitPrice }) => `${quantity} x ${formatUsd(unitPrice)}`);
  const total = lines.reduce((sum, { amount }) => sum + amount, 0n);
  const value = exactUsd(total as typeof bill.total);
  return { kind: "known", name, value, working: terms.join(" + "), basis };
}

/** What is ordered, as short as it can be told. */
function orderName(order: ClaimedOrder): string {
  const { model, quality, size, n, references, referenceSize, promptTokens, serviceTier } = order;
  return [
    ...[model, quality, size],
    n === 1 ? undefined : `n=${n}`,
    references === 0 ? undefined : `${references} of ${referenceSize}`,
    promptTokens === 15 ? undefined : `prompt ${promptTokens}`,
    serviceTier,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

type CrossoverLeaf = Extract<Leaf, { readonly of: "token_crossover" | "reference_crossover" }>;

function crossover(leaf: CrossoverLeaf, market: Market): Found {
  const [mine, flat] = [entryOf(leaf.order.model, market), entryOf(leaf.flat.model, market)];
  if (isUnknown(mine)) return mine;
  if (isUnknown(flat)) return flat;
  const asText = leaf.of === "reference_crossover" && leaf.imageTokensAsText === true;
  const a = variedOf(leaf.order, asText ? withImageAsText(mine) : mine);
  const b = variedOf(leaf.flat, flat);
  const byTokens = leaf.of === "token_crossover";
  const curves = byTokens
    ? { a: tokenCurve(a), b: levelOf(b) }
    : { a: referenceCurve(a), b: referenceCurve(b) };
  const [one, other] = [referencesMax(a), referencesMax(b)];
  const last = byTokens ? TOKENS_LAST : one < other ? one : other;
  const what = byTokens ? "output tokens" : `references of ${leaf.order.referenceSize}`;
  const names = `${orderName(leaf.order)} against ${leaf.flat.model}${asText ? ", image tokens priced as text" : ""}`;
  if (curves.a === undefined || curves.b === undefined) {
    return { kind: "unknown", why: `${names}: one of them can't be ordered` };
  }
  const [found] = crossings(curves.a, curves.b, last);
  if (found === undefined) {
    return { kind: "unknown", why: `${names}: the order never changes up to ${last} ${what}` };
  }
  const costs = `${formatUsd(found.costA)} > ${formatUsd(found.costB)}`;
  const name = `${names}, ${what} from which on it is dearer (${costs})`;
  const basis = [mine, flat].map(
    ({ price }) => `${price.id} (${price.mark}, checked ${price.checkedOn})`,
  );
  return { kind: "known", name, value: exactCount(found.at), working: "", basis };
}

/** More output tokens than any picture has. */
const TOKENS_LAST = 1_000_000n;

function levelOf(of: Varied): ReturnType<typeof tokenCurve> {
  const total = priceCell(of)?.quote.expected.total;
  return total === undefined ? undefined : [{ from: 0n, cost: total, each: 0n as typeof total }];
}

/** The mistake that a bill can make: one rate for all input. */
function withImageAsText(priceable: Varied["priceable"]): Varied["priceable"] {
  const asText = (items: readonly UsageItem[]): readonly UsageItem[] =>
    items.map((item) =>
      item.meter === "image_input_tokens" ? { ...item, meter: "text_input_tokens" } : item,
    );
  return {
    ...priceable,
    estimate: (accepted) => {
      const { expected, ceiling } = priceable.estimate(accepted);
      return { expected: asText(expected), ceiling };
    },
  };
}

function limit(
  { model: id, which }: Extract<Leaf, { readonly of: "limit" }>,
  market: Market,
): Found {
  const priceable = entryOf(id, market);
  if (isUnknown(priceable)) return priceable;
  const { capabilities: can } = priceable.model;
  const basis = [`${id}'s row (${checkedOn(priceable.model)})`];
  const known = (count: bigint, what: string): Found => ({
    ...{ kind: "known", name: `${id}: ${what}`, value: exactCount(count), working: "", basis },
  });
  switch (which) {
    case "images_per_call":
      return known(BigInt(can.imagesPerCallMax), "images a call at most");
    case "references":
      return known(BigInt(can.references.max), "references at most");
    case "area_least":
    case "area_most": {
      const area = areasOf(priceable.model)[which];
      if (area !== undefined) return known(area, `pixels at ${which.slice("area_".length)}`);
      return { kind: "unknown", why: `${id}: its row names no such bound` };
    }
    default:
      return which satisfies never;
  }
}

function checkedOn({ sources }: Model): string {
  const days = sources.map((each) => each.checkedOn).toSorted();
  return days.length === 0 ? "undated" : `checked up to ${days.at(-1)}`;
}

function areasOf(model: Model): {
  readonly area_least: bigint | undefined;
  readonly area_most: bigint | undefined;
} {
  const { exact, labels } = model.capabilities.sizes;
  if (exact.kind === "rule") {
    const { areaMin, areaMax } = areaBounds(model);
    return { area_least: areaMin, area_most: areaMax };
  }
  const sizes =
    exact.kind === "list"
      ? exact.values
      : Object.values(labels).flatMap(({ byRatio }) =>
          Object.values(byRatio).flatMap((pixels) => pixels ?? []),
        );
  const areas = sizes.map((size) => {
    const { width, height } = parsePixels(size);
    return BigInt(width) * BigInt(height);
  });
  const ordered = areas.toSorted((left, right) => (left < right ? -1 : 1));
  return { area_least: ordered[0], area_most: ordered.at(-1) };
}

function fact(
  of: Extract<Predicate, { readonly kind: "billing" | "tiers" | "label" }>,
  market: Market,
): Finding | Unknown {
  const priceable = entryOf(of.model, market);
  if (isUnknown(priceable)) return priceable;
  const { capabilities: can, outputLaw } = priceable.model;
  switch (of.kind) {
    case "billing": {
      const is = outputLaw.kind === "flat" ? "flat" : "tokens";
      return { kind: "found", is: is === of.is, said: `${of.model}: billed ${billingWords[is]}` };
    }
    case "tiers": {
      const tiers = can.quality?.tiers ?? [];
      const said = `${of.model}: ${tiers.length === 0 ? "no quality tiers" : tiers.join("/")}`;
      return { kind: "found", is: tiers.join() === of.are.join(), said };
    }
    case "label": {
      const labels = Object.keys(can.sizes.labels);
      const said = `${of.model}: makes ${labels.length === 0 ? "no labelled size" : labels.join(", ")}`;
      return { kind: "found", is: labels.includes(of.label), said };
    }
    default:
      return of satisfies never;
  }
}

const billingWords = { flat: "by the picture", tokens: "by the token" } as const;

function notWorse(
  of: {
    readonly left: ClaimedOrder;
    readonly right: ClaimedOrder;
    readonly mode: RatingMode;
  },
  market: Market,
): Finding | Unknown {
  const [left, right] = [of.left, of.right].map((order) => ratingOf(order, of.mode, market));
  if (left === undefined || right === undefined) throw new Error("two orders, two ratings");
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  const stands = standing(left, right, market.ratings);
  const said = `${left.model} ${left.score} (${left.snapshot}), ${right.model} ${right.tier ?? ""} ${right.score} (${right.snapshot}): ${stands}`;
  if (stands === "incomparable") return { kind: "unknown", why: said };
  return { kind: "found", is: stands !== "worse", said };
}

function ratingOf(order: ClaimedOrder, mode: RatingMode, market: Market) {
  const priceable = entryOf(order.model, market);
  if (isUnknown(priceable)) return priceable;
  const { width, height } = parsePixels(order.size);
  const evidence = evidenceFor(
    {
      ...{ model: priceable.model, quality: order.quality, mode, asOf: market.asOf },
      resolution: resolutionClassOf(width * height),
    },
    market.ratings,
  );
  if (evidence !== undefined && evidence.uncounted === undefined) return evidence.rating;
  const why = evidence?.uncounted ?? `no table up to ${market.asOf} rates it`;
  return { kind: "unknown", why: `${orderName(order)}: ${why}` } satisfies Unknown;
}
