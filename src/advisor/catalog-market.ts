import { type Catalog, isDoubtful } from "../catalog/find.ts";
import { listingOn } from "../catalog/listing.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { Model } from "../catalog/schema.ts";
import type { Market, MarketModel } from "./market.ts";
import type { Priceable } from "./price-order.ts";

/** The law by which a vendor's orders are estimated; undefined for a vendor that nothing here speaks to. */
export type EstimateOf = (vendor: string) => Priceable["estimate"] | undefined;

/**
 * The whole catalog as a market on a day, for nobody in particular: no key, no connection, no owner's defaults.
 * Proven life-cycle dates refuse on that day as they do against vendors, and what had no price yet has none.
 */
export function catalogMarket(
  { models }: Catalog,
  by: { readonly asOf: string; readonly ratings: Ratings; readonly estimateOf: EstimateOf },
): Market {
  const { asOf, ratings, estimateOf } = by;
  return { asOf, ratings, models: models.map((model) => entryOf(model, asOf, estimateOf)) };
}

function entryOf(model: Model, asOf: string, estimateOf: EstimateOf): MarketModel {
  const common = { model, doubtful: isDoubtful(model, asOf), regions: model.regions };
  const listing = listingOn(model, asOf, { endsRefuse: true });
  if (listing.kind === "obstacle") {
    const { code, why } = listing;
    return {
      ...common,
      priceable: undefined,
      warnings: [],
      obstacles: [blocked(model, code, why)],
    };
  }
  const { price, warnings } = listing;
  const estimate = estimateOf(model.vendor);
  if (estimate === undefined) {
    const why = `nothing here speaks to ${model.vendor}`;
    const obstacles = [blocked(model, "model_not_available", why)];
    return { ...common, priceable: undefined, warnings, obstacles };
  }
  return { ...common, priceable: { model, price, estimate }, obstacles: [], warnings };
}

function blocked(model: Model, code: string, why: string) {
  return { code, param: "model", sent: model.id, allowed: null, why };
}
