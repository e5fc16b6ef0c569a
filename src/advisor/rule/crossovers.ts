import type { Model } from "../../catalog/schema.ts";
import type { PromptMeasure } from "../../gates/order.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import { isWeak } from "../constraints.ts";
import type { Market } from "../market.ts";
import type { CellOrder } from "./cell-order.ts";
import {
  areaBounds,
  areaCurve,
  countCurve,
  priceCell,
  referenceCurve,
  referencesMax,
  tokenCurve,
  type Varied,
} from "./cost-curves.ts";
import { type Crossing, type Curve, costAt, crossings } from "./crossing.ts";

/** Where the cheaper of two choices changes, and what both cost on either side. */
export type Crossover = {
  /** What is counted: output tokens of an image, references, pixels of the picture, images of a request. */
  readonly kind: "output_tokens" | "references" | "area" | "n";
  /** Costs at most as much as b while the count is below `at`. */
  readonly a: Choice;
  /** Is strictly cheaper from `at` on. */
  readonly b: Choice;
  /** Others that cost the same as a, or b, all the way. */
  readonly alsoA: readonly string[];
  readonly alsoB: readonly string[];
  readonly at: bigint;
  readonly costA: PicoUsd;
  readonly costB: PicoUsd;
  /** One below `at`. */
  readonly before: { readonly costA: PicoUsd; readonly costB: PicoUsd };
  /** What stays the same. Of an area there is no size, and it is empty. */
  readonly sizes: readonly string[];
  readonly references: number;
  readonly n: number;
};

export type Choice = { readonly model: Model; readonly quality: string | null };

/** What crossovers are asked of. */
export type CrossoversAsked = {
  readonly market: Market;
  readonly prompt: PromptMeasure;
  readonly referenceSize: CellOrder["referenceSize"];
  /** WxH or labels. */
  readonly sizes: readonly string[];
  /** Counts of references at which fees once a request are looked at. */
  readonly references: readonly number[];
  /** Guessed prices, and those told by one third party alone, are looked at too. */
  readonly allowWeakPrices: boolean;
};

/** The most images of one request, over however many calls. */
const N_LAST = 10n;
/** Beyond this many output tokens of one image no model here goes. */
const TOKENS_LAST = 1_000_000n;

/** Everything that flips: by output tokens, by references, by area, by n; a step each. */
export function* crossovers(asked: CrossoversAsked): Generator<undefined, readonly Crossover[]> {
  const found: Crossover[] = [];
  for (const size of asked.sizes) {
    const choices = choicesAt(asked, { size });
    found.push(...tokenCrossovers(choices));
    yield;
    found.push(...referenceCrossovers(choices));
    yield;
    for (const references of asked.references.filter((count) => count > 0)) {
      found.push(...countCrossovers(choicesAt(asked, { size, references })));
      yield;
    }
  }
  found.push(...areaCrossovers(asked));
  yield;
  return sameBySize(found);
}

/** What is the same at several sizes is told once. */
function sameBySize(found: readonly Crossover[]): readonly Crossover[] {
  const merged = new Map<string, Crossover>();
  for (const each of found) {
    const { kind, a, b, at, costA, costB, references } = each;
    const names = [nameOf(a), ...each.alsoA, nameOf(b), ...each.alsoB];
    const key = [kind, ...names, at, costA, costB, references].join(" ");
    const sizes = [...(merged.get(key)?.sizes ?? []), ...each.sizes];
    merged.set(key, { ...each, sizes });
  }
  return [...merged.values()];
}

/** A choice with the order that is varied on it. */
type Placed = Choice & { readonly varied: Varied };

/** Every model at every tier that can be ordered so, in the order of the catalog. */
function choicesAt(
  { market, prompt, referenceSize, allowWeakPrices }: CrossoversAsked,
  { size, references = 0 }: { readonly size: string; readonly references?: number },
): readonly Placed[] {
  return market.models.flatMap(({ model, priceable, doubtful }) => {
    if (priceable === undefined || doubtful) return [];
    if (!allowWeakPrices && isWeak(priceable.price.mark, priceable.price)) return [];
    const tiers: readonly (string | null)[] = model.capabilities.quality?.tiers ?? [null];
    return tiers.map((quality) => {
      const cell = { quality: quality ?? undefined, size, n: 1, references, referenceSize };
      return { model, quality, varied: { priceable, cell, prompt } };
    });
  });
}

type Drawn = Placed & { readonly curve: Curve; readonly last: bigint };

function draw(
  choices: readonly Placed[],
  curveOf: (of: Varied) => Curve | undefined,
  lastOf: (of: Varied) => bigint,
): readonly Drawn[] {
  return choices.flatMap((each) => {
    const curve = curveOf(each.varied);
    return curve === undefined ? [] : [{ ...each, curve, last: lastOf(each.varied) }];
  });
}

function isFlat({ model }: Choice): boolean {
  return model.outputLaw.kind === "flat";
}

/** By tokens a model is one line whatever its tier: tiers are points on it. */
function tokenCrossovers(choices: readonly Placed[]): readonly Crossover[] {
  const models = choices.filter(
    ({ model }, index) => choices.findIndex((each) => each.model.id === model.id) === index,
  );
  const byTokens = models.filter((each) => !isFlat(each)).map(withoutTier);
  const flat = draw(models.filter(isFlat), levelCurve, () => TOKENS_LAST);
  return pairs(
    draw(byTokens, anyTierTokens, () => TOKENS_LAST),
    flat,
    "output_tokens",
  );
}

/** The tier doesn't matter for the line, but a quote needs one. */
function anyTierTokens(of: Varied): Curve | undefined {
  const [tier] = of.priceable.model.capabilities.quality?.tiers ?? [];
  return tokenCurve({ ...of, cell: { ...of.cell, quality: tier } });
}

function withoutTier(choice: Placed): Placed {
  return { ...choice, quality: null };
}

/** The same at any count of tokens. */
function levelCurve(of: Varied): Curve | undefined {
  const total = priceCell(of)?.quote.expected.total;
  return total === undefined ? undefined : [{ from: 0n, cost: total, each: 0n as PicoUsd }];
}

/** Between what bills by tokens and what doesn't, either way: some flat models charge for references. */
function referenceCrossovers(choices: readonly Placed[]): readonly Crossover[] {
  const drawn = draw(choices, referenceCurve, referencesMax);
  const [flat, byTokens] = [drawn.filter(isFlat), drawn.filter((each) => !isFlat(each))];
  return [...pairs(byTokens, flat, "references"), ...pairs(flat, byTokens, "references")];
}

/** Only what charges something once a request grows less than by its price an image. */
function countCrossovers(choices: readonly Placed[]): readonly Crossover[] {
  const drawn = draw(choices, countCurve, () => N_LAST);
  const sharing = drawn.filter(({ varied }) =>
    varied.priceable.price.terms.some(({ once }) => once === "request"),
  );
  const rest = drawn.filter((each) => !sharing.includes(each));
  return [...pairs(rest, sharing, "n"), ...pairs(sharing, rest, "n")];
}

/** Where a price by area jumps over another flat price. */
function areaCrossovers(asked: CrossoversAsked): readonly Crossover[] {
  const seen = new Set<string>();
  const flat = asked.sizes
    .flatMap((size) => choicesAt(asked, { size }))
    .filter(isFlat)
    .filter(({ model, varied }) => {
      const isNew = !seen.has(model.id) && priceCell(varied) !== undefined;
      if (isNew) seen.add(model.id);
      return isNew;
    });
  const unbounded = 10n ** 12n;
  const drawn = draw(flat, areaCurve, (of) => areaBounds(of.priceable.model).areaMax ?? unbounded);
  const tiered = drawn.filter(({ curve }) => curve.length > 1);
  return pairs(tiered, drawn, "area").map((each) => ({ ...each, sizes: [] }));
}

/** Every flip from one of the first to one of the second; what costs the same as another is named beside it. */
function pairs(
  first: readonly Drawn[],
  second: readonly Drawn[],
  kind: Crossover["kind"],
): readonly Crossover[] {
  return distinct(first).flatMap((a) =>
    distinct(second).flatMap((b) => {
      const [one, other] = [a[0], b[0]];
      const last = one.last < other.last ? one.last : other.last;
      return crossings(one.curve, other.curve, last).map((found) =>
        crossover(kind, { a, b, found }),
      );
    }),
  );
}

/** Choices that cost the same all the way. */
type Same = readonly [Drawn, ...Drawn[]];

function crossover(
  kind: Crossover["kind"],
  of: { readonly a: Same; readonly b: Same; readonly found: Crossing },
): Crossover {
  const { found } = of;
  const [[a, ...alsoA], [b, ...alsoB]] = [of.a, of.b];
  const below = found.at - 1n;
  const { size, references, n } = a.varied.cell;
  return {
    ...{ kind, a: choiceOf(a), b: choiceOf(b), ...found, references, n, sizes: [size] },
    alsoA: alsoA.map(nameOf),
    alsoB: alsoB.map(nameOf),
    before: { costA: costAt(a.curve, below), costB: costAt(b.curve, below) },
  };
}

function choiceOf({ model, quality }: Choice): Choice {
  return { model, quality };
}

function nameOf({ model, quality }: Choice): string {
  return quality === null ? model.id : `${model.id}:${quality}`;
}

function distinct(drawn: readonly Drawn[]): readonly Same[] {
  const groups = new Map<string, [Drawn, ...Drawn[]]>();
  for (const each of drawn) {
    const key = curveKey(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

function curveKey({ curve, last }: Drawn): string {
  const pieces = curve.map(({ from, cost, each }) => `${from}:${cost}:${each}`);
  return [last, ...pieces].join(" ");
}
