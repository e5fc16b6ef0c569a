import { billRequest } from "../../billing/quote.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { Model } from "../../catalog/schema.ts";
import { blockersOf } from "../../gates/accept.ts";
import type { PromptMeasure } from "../../gates/order.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import { type Priceable, type PricedOrder, priceOrder } from "../price-order.ts";
import { type CellOrder, imageOrder, spread } from "./cell-order.ts";
import type { Curve, Piece } from "./crossing.ts";

/** What the cost of an order is as a function of one whole number of it, from the rating function of the bill. */

/** A model with the order that is varied on it. */
export type Varied = {
  readonly priceable: Priceable;
  readonly cell: CellOrder;
  readonly prompt: PromptMeasure;
};

/** The order priced; undefined where a gate of the model refuses it. */
export function priceCell({ priceable, cell, prompt }: Varied): PricedOrder | undefined {
  const { model } = priceable;
  const order = spread(imageOrder(cell, model.id), model);
  if (blockersOf(order, model, prompt).length > 0) return undefined;
  return priceOrder(order, priceable, { prompt, margin: null });
}

/** What an image is expected to use, and what rates it. */
export function expectedItems(of: Varied, priced: PricedOrder): readonly UsageItem[] {
  return of.priceable.estimate(priced.accepted).expected;
}

/** By output tokens of one image, from none; undefined where the model's pictures aren't billed by them. */
export function tokenCurve(of: Varied): Curve | undefined {
  const single = { ...of, cell: { ...of.cell, n: 1 } };
  const priced = priceCell(single);
  if (priced === undefined || of.priceable.model.outputLaw.kind === "flat") return undefined;
  const { price, facts } = priced.quote.frozen;
  const bill = (items: readonly UsageItem[]): PicoUsd =>
    billRequest(items, { price, facts, images: 1n }).total;
  const rest = expectedItems(single, priced).filter(({ meter }) => meter !== "image_output_tokens");
  const each = bill([{ meter: "image_output_tokens", quantity: 1n }]);
  return [{ from: 0n, cost: bill(rest), each }];
}

/** By references of one size, from none or from the fewest that the model takes; undefined where it takes no order at all. */
export function referenceCurve(of: Varied): Curve | undefined {
  const cost = (references: number) => totalOf({ ...of, cell: { ...of.cell, references } });
  const free = freeReferences(of);
  const starts = [...new Set([1, free > 1 ? free : 1])];
  const none = cost(0);
  const pieces = starts.flatMap((start) => pieceFrom(start, cost) ?? []);
  const all: readonly Piece[] =
    none === undefined ? pieces : [{ from: 0n, cost: none, each: 0n as PicoUsd }, ...pieces];
  return asCurve(all);
}

/** The most references that it takes. */
export function referencesMax({ priceable }: Varied): bigint {
  return BigInt(priceable.model.capabilities.references.max);
}

/** By images of one request, from one: in one call as far as it goes, then by a call each. */
export function countCurve(of: Varied): Curve | undefined {
  const cost = (n: number) => totalOf({ ...of, cell: { ...of.cell, n } });
  const most = of.priceable.model.capabilities.imagesPerCallMax;
  const pieces = [1, most + 1].flatMap((start) => pieceFrom(start, cost) ?? []);
  return asCurve(pieces);
}

/** By the pixels of the picture, where its price depends on them and on nothing else of the size. */
export function areaCurve(of: Varied): Curve | undefined {
  const priced = priceCell(of);
  const { areaMin } = areaBounds(of.priceable.model);
  if (priced === undefined || of.priceable.model.outputLaw.kind !== "flat") return undefined;
  const { price, facts } = priced.quote.frozen;
  const items = expectedItems(of, priced);
  const cost = (areaPixels: bigint): PicoUsd =>
    billRequest(
      items.map((item) => (item.meter === "output_images" ? { ...item, areaPixels } : item)),
      { price, facts, images: 1n },
    ).total;
  const starts = price.terms.flatMap(({ when }) =>
    when?.areaAbove === undefined ? [] : [BigInt(when.areaAbove) + 1n],
  );
  const each = 0n as PicoUsd;
  return asCurve(
    [areaMin, ...starts.filter((start) => start > areaMin)].map((from) => ({
      ...{ from, cost: cost(from), each },
    })),
  );
}

/** The areas that a model makes, in pixels; 1 and none where its row names no bound. */
export function areaBounds({ capabilities }: Model): {
  readonly areaMin: bigint;
  readonly areaMax: bigint | undefined;
} {
  const { exact } = capabilities.sizes;
  const { edgeMin = 1, edgeMax, areaMin = 1, areaMax } = exact.kind === "rule" ? exact.rule : {};
  const [smallest, least] = [BigInt(edgeMin) ** 2n, BigInt(areaMin)];
  const largest = edgeMax === undefined ? undefined : BigInt(edgeMax) ** 2n;
  const most = areaMax === undefined ? largest : BigInt(areaMax);
  return {
    areaMin: smallest > least ? smallest : least,
    areaMax: most !== undefined && largest !== undefined && largest < most ? largest : most,
  };
}

function totalOf(of: Varied): PicoUsd | undefined {
  return priceCell(of)?.quote.expected.total;
}

/** A straight piece through two costs that lie next to each other; level where there is no second. */
function pieceFrom(start: number, cost: (count: number) => PicoUsd | undefined): Piece | undefined {
  const [first, second] = [cost(start), cost(start + 1)];
  if (first === undefined) return undefined;
  const each = (second === undefined ? 0n : second - first) as PicoUsd;
  return { from: BigInt(start), cost: first, each };
}

function asCurve([first, ...more]: readonly Piece[]): Curve | undefined {
  return first === undefined ? undefined : [first, ...more];
}

function freeReferences({ priceable }: Varied): number {
  return priceable.price.terms.reduce(
    (most, { meter, free = 0 }) => (meter === "reference_images" && free > most ? free : most),
    0,
  );
}
