import { catalogMarket } from "../advisor/catalog-market.ts";
import type { Market, MarketModel } from "../advisor/market.ts";
import type { Priceable } from "../advisor/price-order.ts";
import type { Estimate } from "../billing/quote.ts";
import { type Catalog, findModel, priceAt } from "../catalog/find.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { Model } from "../catalog/schema.ts";
import type { AcceptedOrder } from "../gates/accept.ts";
import type { PriceOn } from "../imports/infer.ts";
import { estimateOf } from "../vendors/registry.ts";

/** What a market is read from. */
export type MarketSource = { readonly catalog: Catalog; readonly ratings: Ratings };

/** The whole catalog as a market on a day, asked for one model at a time too. */
export type WholeMarket = Market & {
  readonly find: (modelId: string) => MarketModel | undefined;
  /** How to price a model that a request ran on, whatever its life cycle says of that day. */
  readonly own: (modelId: string) => Priceable | undefined;
};

/** Days of markets that are remembered: a long range has one a day. */
const DAYS_MAX = 400;

/** The market of any day; each is put together once. */
export function marketsOf({ catalog, ratings }: MarketSource): (day: string) => WholeMarket {
  const days = new Map<string, WholeMarket>();
  return (day) => {
    const known = days.get(day);
    if (known !== undefined) return known;
    const market = catalogMarket(catalog, { asOf: day, ratings, estimateOf });
    const byId = new Map(market.models.map((entry) => [entry.model.id, entry]));
    const whole: WholeMarket = {
      ...market,
      find: (id) => byId.get(id),
      own: (id) => {
        const entry = byId.get(id);
        return entry === undefined ? undefined : priceableOn(entry.model, day);
      },
    };
    if (days.size >= DAYS_MAX) days.clear();
    days.set(day, whole);
    return whole;
  };
}

/** Also of models that are listed for their history: what was paid for them can still be read. */
function priceableOn(model: Model, day: string): Priceable | undefined {
  const price = priceAt(model, day);
  const isHistory = !model.served && model.outputLaw.kind === "flat";
  const estimate = isHistory ? onePicture : estimateOf(model.vendor);
  return price === undefined || estimate === undefined ? undefined : { model, price, estimate };
}

/** One picture, at whatever price its size has. */
function onePicture({ size: { pixels } }: AcceptedOrder): Estimate {
  const area = pixels === undefined ? {} : { areaPixels: BigInt(pixels.width * pixels.height) };
  const items = [{ meter: "output_images", quantity: 1n, ...area }] as const;
  return { expected: items, ceiling: items };
}

/** Names and days that are remembered: a file of a million rows has few. */
const PRICED_MAX = 10_000;

/** How an importer prices a model of a file: under its id, an alias, or either behind a vendor's name. */
export function priceOnIn(catalog: Catalog): PriceOn {
  const known = new Map<string, ReturnType<PriceOn>>();
  return (name, day) => {
    const at = `${day} ${name}`;
    const found = known.get(at) ?? pricedOn(catalog, name, day);
    if (known.size >= PRICED_MAX) known.clear();
    known.set(at, found);
    return found;
  };
}

function pricedOn(catalog: Catalog, name: string, day: string): ReturnType<PriceOn> {
  const model = findModel(catalog, name) ?? findModel(catalog, name.replace(/^[^/]*\//, ""));
  if (model === undefined) return { kind: "none", reason: "unknown_model" };
  const priceable = priceableOn(model, day);
  return priceable === undefined
    ? { kind: "none", reason: "unpriced" }
    : { kind: "priced", priceable };
}
