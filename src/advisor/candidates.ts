import type { Margin } from "../billing/margin.ts";
import type { Quote } from "../billing/quote.ts";
import { weakestMark } from "../billing/rate.ts";
import type { Band, RatingMode, ResolutionClass } from "../catalog/ratings.ts";
import type { Mark, Model } from "../catalog/schema.ts";
import { areaOf } from "../catalog/sizes.ts";
import { type AcceptedOrder, blockersOf } from "../gates/accept.ts";
import type { ImageOrder, PromptMeasure } from "../gates/order.ts";
import { sizesFor } from "../gates/size.ts";
import { byExpectedQuote } from "./cheapest.ts";
import { bandOf, type Evidence, evidenceFor, resolutionClassOf } from "./evidence.ts";
import { type Blocker, blockerOf, type Market, type MarketModel } from "./market.ts";
import { type PricedOrder, priceOrder } from "./price-order.ts";

/** One way to have an order made: a model at a tier, priced, or what stands in its way. */
export type Candidate = {
  readonly model: Model;
  /** What the market says of the model. */
  readonly entry: MarketModel;
  /** The tier that would go out; null where the model has none. */
  readonly quality: string | null;
  /** Undefined where it can't be called or a gate refuses. */
  readonly priced: PricedOrder | undefined;
  /** Everything that stands in the way; empty where it could be ordered as asked. */
  readonly blockedBy: readonly Blocker[];
  /** Which boards speak of it: by what the order brings. */
  readonly mode: RatingMode;
  readonly evidence: Evidence | undefined;
  /** The best band that its evidence earns. */
  readonly band: Band;
  /** The weakest mark among the prices that expected and ceiling rest on. */
  readonly mark: Mark | undefined;
  readonly warnings: readonly string[];
};

/** An order whose model is to be found. Its `model` is not looked at. */
export type Asked = {
  readonly order: ImageOrder;
  readonly prompt: PromptMeasure;
  readonly margin: Margin | null;
};

/** From text alone, or from pictures: which board speaks of an order. */
export function modeOf({ references }: Pick<ImageOrder, "references">): RatingMode {
  return references === undefined ? "generation" : "edit";
}

/**
 * Every way to have an order made, in the order of the catalog: a model without tiers once, one with tiers at
 * the tier asked for, or at each where none is. A tier left open is no candidate: nobody knows what it costs.
 */
export function candidatesFor(asked: Asked, market: Market): readonly Candidate[] {
  return market.models.flatMap((entry) => {
    const order = { ...asked.order, model: entry.model.id };
    const adapted = entry.adapt?.(order) ?? order;
    return tiersOf(adapted, entry.model).map((quality) =>
      candidate({ ...asked, order: atTier(adapted, quality) }, { entry, quality, market }),
    );
  });
}

function tiersOf({ quality }: ImageOrder, { capabilities }: Model): readonly (string | null)[] {
  const tiers = capabilities.quality?.tiers;
  if (tiers === undefined) return [null];
  return quality === undefined || quality === "auto" ? tiers : [quality];
}

function atTier(order: ImageOrder, quality: string | null): ImageOrder {
  return quality === null ? order : { ...order, quality };
}

function candidate(
  asked: Asked,
  of: {
    readonly entry: MarketModel;
    readonly quality: string | null;
    readonly market: Market;
  },
): Candidate {
  const { entry, quality, market } = of;
  const { model, priceable } = entry;
  const gates = blockersOf(asked.order, model, asked.prompt).map(blockerOf);
  const priced =
    priceable === undefined || gates.length > 0
      ? undefined
      : priceOrder(asked.order, priceable, asked);
  const mode = modeOf(asked.order);
  const evidence = evidenceFor(
    {
      ...{ model, mode, asOf: market.asOf },
      quality: quality ?? undefined,
      resolution: priced === undefined ? undefined : resolutionOf(priced.accepted),
    },
    market.ratings,
  );
  return {
    model,
    entry,
    quality,
    priced,
    blockedBy: [...entry.obstacles, ...gates],
    mode,
    evidence,
    band: bandOf(evidence, mode, market.ratings),
    mark: priced === undefined ? undefined : markOf(priced),
    warnings: entry.warnings,
  };
}

/** The size class that an order comes out in; undefined where an open size is the model's own choice. */
export function resolutionOf({ order, model, size }: AcceptedOrder): ResolutionClass | undefined {
  const sizes = sizesFor(order, model.capabilities);
  const label = size.label ?? (size.pixels === undefined ? sizes.omitted.label : undefined);
  const { omitted } = sizes;
  if (size.pixels !== undefined) return resolutionClassOf(size.pixels.width * size.pixels.height);
  const labelled = label === undefined ? undefined : sizes.labels[label];
  if (labelled !== undefined) return resolutionClassOf(labelled.areaPixels);
  if (omitted.pixels === undefined) return undefined;
  return resolutionClassOf(+areaOf(omitted.pixels).toString());
}

/** The weakest mark among the prices that both figures of a quote rest on. */
export function markOf({ quote }: PricedOrder): Mark | undefined {
  return weakestMark([
    quote.frozen.price.mark,
    ...quote.ceiling.lines.map((line) => line.mark),
    ...quote.expected.lines.map((line) => line.mark),
  ]);
}

/** Cheapest expected first, what has no price last; id and tier decide ties, so that one catalog gives one order. */
export function byExpectedPrice(left: Candidate, right: Candidate): number {
  const [one, other] = [left.priced?.quote, right.priced?.quote];
  if (one === undefined || other === undefined) {
    if (one !== other) return one === undefined ? 1 : -1;
    return left.model.id < right.model.id ? -1 : 1;
  }
  // Tiers of one model that cost the same stay in the order of the catalog, the lowest first.
  return one.model.id === other.model.id && isSamePrice(one, other)
    ? 0
    : byExpectedQuote(one, other);
}

function isSamePrice(one: Quote, other: Quote): boolean {
  return one.expected.total === other.expected.total && one.ceiling.total === other.ceiling.total;
}
