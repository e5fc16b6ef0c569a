import { type Candidate, candidatesFor, markOf } from "../advisor/candidates.ts";
import { blockersFor, type Constraints, capable } from "../advisor/constraints.ts";
import { VOTES } from "../advisor/evidence.ts";
import { type Blocker, blockerOf, type Market, type MarketModel } from "../advisor/market.ts";
import { priceOrder } from "../advisor/price-order.ts";
import { findModel } from "../catalog/find.ts";
import type { Mark } from "../catalog/schema.ts";
import { blockersOf } from "../gates/accept.ts";
import type { ImageOrder, Reference } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";
import { staleWarnings } from "../gateway/proven.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import type { GateBounds } from "./gate-bounds.ts";
import type { RunRow } from "./read-rows.ts";
import type { RowPicture } from "./row-pictures.ts";

/** What a row is expected to cost and the most that it can, or all that stands in its way. */
export type RowPrice = PricedRow | BlockedRow;

export type PricedRow = {
  readonly kind: "priced";
  readonly model: string;
  /** The tier that goes out; null where the model has none, `auto` where it is left open. */
  readonly quality: string | null;
  readonly priceVersion: string;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
  /** The weakest mark of its prices. */
  readonly mark: Mark | undefined;
  readonly warnings: readonly string[];
  readonly facts: PricedFacts;
};

export type BlockedRow = {
  readonly kind: "blocked";
  /** The model that was named, or that came nearest; null where none could be called at all. */
  readonly model: string | null;
  readonly blockedBy: readonly Blocker[];
  readonly facts: PricedFacts;
};

/** What a price rests on beside model, tier and price version: what a diff looks for causes in. */
export type PricedFacts = {
  readonly n: number;
  readonly size: string;
  readonly references: string;
  readonly promptTokens: number;
  readonly promptBytes: number;
};

/** Prices are remembered by everything that they depend on; so many of them. */
const PRICES_MAX = 200_000;

/**
 * Prices rows on a market: a named model as a request for it would be priced, a chosen one by the same choice that
 * the gateway makes. Equal orders are priced once.
 */
export class RowPricer {
  readonly #market: Market;
  readonly #callable: Market;
  readonly #bounds: GateBounds;
  readonly #assign: Constraints | undefined;
  readonly #entries = new Map<string, MarketModel>();
  #prices = new Map<string, Map<string, RowPrice>>();
  #count = 0;

  /** @param of.assign finds the cheapest model under these for every row, whatever model it names. */
  constructor(of: {
    readonly market: Market;
    readonly bounds: GateBounds;
    readonly assign?: Constraints | undefined;
  }) {
    const { market } = of;
    this.#market = market;
    this.#bounds = of.bounds;
    this.#assign = of.assign;
    const models = market.models.filter(({ obstacles }) => obstacles.length === 0);
    this.#callable = { ...market, models };
  }

  price(row: RunRow): RowPrice {
    const { priceKey } = row.shape;
    const key = this.#keyOf(row);
    const known = this.#prices.get(priceKey)?.get(key);
    if (known !== undefined) return known;
    const price = this.#priceNew(row);
    // What stands in a row's way is told with the row's own values; only a choice among all models is too dear to repeat.
    if (price.kind === "priced" || this.#choosing(row)) this.#keep(priceKey, key, price);
    return price;
  }

  #keep(priceKey: string, key: string, price: RowPrice): void {
    if (this.#count >= PRICES_MAX) {
      this.#prices = new Map();
      this.#count = 0;
    }
    const shape = this.#prices.get(priceKey) ?? new Map<string, RowPrice>();
    this.#prices.set(priceKey, shape.set(key, price));
    this.#count += 1;
  }

  #keyOf({ prompt, references, mask }: RunRow): string {
    const characters = this.#bounds.promptCharacters(prompt.characters);
    const measure = `${characters} ${prompt.bytes} ${prompt.tokens}`;
    if (references.length === 0 && mask === undefined) return measure;
    const pictures = mask === undefined ? references : [...references, mask];
    const weighs = !this.#bounds.areLight(pictures);
    const told = (each: RowPicture): string =>
      `${each.format}${each.alpha ? " alpha" : ""}${each.animated ? " animated" : ""} ${each.width}x${each.height}${weighs ? ` ${each.bytes}` : ""}`;
    return [measure, mask === undefined ? "" : "mask", ...pictures.map(told)].join("|");
  }

  #choosing({ shape }: RunRow): boolean {
    return shape.constraints !== undefined || this.#assign !== undefined;
  }

  #priceNew(row: RunRow): RowPrice {
    const order = orderOf(row);
    const facts = factsOf(row, order);
    const own = row.shape.constraints;
    if (own === undefined && this.#assign === undefined) return this.#named(row, order, facts);
    if (this.#assign === undefined) return this.#chosen({ row, order, facts }, [own ?? {}]);
    // A tier's name is a word of the model that the row named: another one's tiers are its own.
    const { quality: _, ...open } = order;
    return own === undefined
      ? this.#chosen({ row, order: open, facts }, [this.#assign])
      : this.#chosen({ row, order, facts }, [own, this.#assign]);
  }

  #named({ prompt }: RunRow, asked: ImageOrder, facts: PricedFacts): RowPrice {
    const entry = this.#entryOf(asked.model);
    const { model, priceable, obstacles } = entry;
    const order = entry.adapt?.(asked) ?? asked;
    const gates = blockersOf(order, model, prompt).map(blockerOf);
    const blockedBy = [...obstacles, ...gates];
    if (priceable === undefined || blockedBy.length > 0) {
      return { kind: "blocked", model: model.id, blockedBy, facts };
    }
    const priced = priceOrder(order, priceable, { prompt, margin: null });
    const { expected, ceiling, frozen } = priced.quote;
    const hasTiers = model.capabilities.quality !== undefined;
    return {
      kind: "priced",
      model: model.id,
      quality: hasTiers ? (priced.accepted.quality ?? "auto") : null,
      priceVersion: frozen.price.id,
      expected: expected.total,
      ceiling: ceiling.total,
      mark: markOf(priced),
      warnings: entry.warnings,
      facts,
    };
  }

  #entryOf(name: string): MarketModel {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const { models } = this.#market;
    const id = findModel({ models: models.map(({ model }) => model) }, name)?.id;
    const entry = models.find(({ model }) => model.id === id);
    if (entry === undefined) throw new Error(`${name} is not in the catalog`);
    this.#entries.set(name, entry);
    return entry;
  }

  /** The first that is capable under every one of some constraints. */
  #chosen(
    of: { readonly row: RunRow; readonly order: ImageOrder; readonly facts: PricedFacts },
    constraints: readonly Constraints[],
  ): RowPrice {
    const { row, order, facts } = of;
    const { prompt } = row;
    const candidates = candidatesFor({ order, prompt, margin: null }, this.#callable);
    const [best] = constraints.reduce(
      (left, each) => capable(left, each, this.#callable),
      candidates,
    );
    if (best?.priced === undefined) {
      return { ...this.#nearest(candidates, constraints), facts };
    }
    const { expected, ceiling, frozen } = best.priced.quote;
    return {
      kind: "priced",
      model: best.model.id,
      quality: best.quality,
      priceVersion: frozen.price.id,
      expected: expected.total,
      ceiling: ceiling.total,
      mark: best.mark,
      warnings: [
        ...best.warnings,
        ...(constraints.some(byRating) ? [BY_RATING] : []),
        ...constraints.flatMap(staleWarnings),
      ],
      facts,
    };
  }

  /** The candidate with the least against it, and what that is. */
  #nearest(
    candidates: readonly Candidate[],
    constraints: readonly Constraints[],
  ): Omit<BlockedRow, "facts"> {
    const against = (candidate: Candidate): readonly Blocker[] => {
      const all = constraints.flatMap((each) => blockersFor(candidate, each, this.#callable));
      return all.filter((each, place) => all.findIndex(({ why }) => why === each.why) === place);
    };
    const [nearest] = candidates
      .map((candidate) => ({ candidate, blockedBy: against(candidate) }))
      .toSorted((left, right) => left.blockedBy.length - right.blockedBy.length);
    if (nearest === undefined) {
      const why = "no model can be called";
      const none = { code: "no_capable_model", param: "model", sent: null, allowed: null, why };
      return { kind: "blocked", model: null, blockedBy: [none] };
    }
    const { model, quality } = nearest.candidate;
    const name = quality === null ? model.id : `${model.id}:${quality}`;
    const why = `no model can do this as it is asked; ${name} comes nearest`;
    const none = { code: "no_capable_model", param: "model", sent: null, allowed: null, why };
    return { kind: "blocked", model: model.id, blockedBy: [none, ...nearest.blockedBy] };
  }
}

/** Said wherever a rating has decided. */
const BY_RATING = `models were chosen by ratings: ${VOTES}`;

function byRating({ band, atLeast }: Constraints): boolean {
  return (band !== undefined && band !== "draft") || atLeast !== undefined;
}

/** The order of a row as its price is asked for: nothing of it is ever sent. */
function orderOf({ shape, references, mask }: RunRow): ImageOrder {
  const [first, ...others] = references.map(toReference);
  return {
    ...shape.order,
    ...(first === undefined ? {} : { references: [first, ...others] as const }),
    ...(mask === undefined ? {} : { mask: toReference(mask) }),
  };
}

function toReference({ path: _, ...measures }: RowPicture): Reference {
  return {
    ...measures,
    sha256: "",
    // biome-ignore lint/correctness/useYield: there is nothing to give
    read: async function* () {
      throw new Error("the pictures of a plan are measured, not sent");
    },
  };
}

function factsOf({ references, prompt }: RunRow, order: ImageOrder): PricedFacts {
  const ratio = [order.resolution, order.aspectRatio].filter((each) => each !== undefined);
  return {
    n: order.n,
    size: sizeText(order) ?? (ratio.length === 0 ? "auto" : ratio.join(" ")),
    references: references.map(({ width, height }) => `${width}x${height}`).join(" "),
    promptTokens: prompt.tokens,
    promptBytes: prompt.bytes,
  };
}
