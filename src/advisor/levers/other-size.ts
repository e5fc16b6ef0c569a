import { parsePixels, sizesFor } from "../../gates/size.ts";
import { changed, type FindLever, leverOf, type Situation } from "./lever.ts";

type Pixels = { readonly width: number; readonly height: number };

/** Shapes that people use, long edge to short. */
const SHAPES = [
  [5, 4],
  [4, 3],
  [3, 2],
  [16, 9],
] as const;

/**
 * A longer picture that covers the one asked for and costs less: where a price follows the shape, more pixels
 * can be cheaper than fewer. The cheapest of the usual shapes, the smaller one where two cost the same.
 */
export const otherSize: FindLever = (at) => {
  const asked = at.accepted.size.pixels;
  if (asked === undefined || at.accepted.order.size?.kind !== "pixels") return [];
  const found = covering(asked, at).flatMap((pixels) => {
    const quote = changed(at, { size: { kind: "pixels", ...pixels } });
    if (quote === undefined || quote.expected.total >= at.quote.expected.total) return [];
    const value = `${pixels.width}x${pixels.height}`;
    const why = `it covers ${asked.width}x${asked.height} and costs less, because this model's price follows the shape: crop it, or compose for it`;
    return leverOf(at, quote, { kind: "other_size", param: "size", value, why });
  });
  return found.toSorted((left, right) => (left.expected < right.expected ? -1 : 1)).slice(0, 1);
};

/** The sizes to look at that hold the asked one, smallest first. */
function covering(asked: Pixels, { accepted }: Situation): readonly Pixels[] {
  const { exact } = sizesFor(accepted.order, accepted.model.capabilities);
  const sizes = exact.kind === "list" ? exact.values.map(parsePixels) : shaped(asked, exact);
  return sizes
    .filter(({ width, height }) => width >= asked.width && height >= asked.height)
    .filter(({ width, height }) => width > asked.width || height > asked.height)
    .toSorted((left, right) => left.width * left.height - right.width * right.height);
}

type Exact = ReturnType<typeof sizesFor>["exact"];

function shaped({ width, height }: Pixels, exact: Exact): readonly Pixels[] {
  if (exact.kind !== "rule") return [];
  const multiple = exact.rule.edgeMultiple ?? 1;
  return SHAPES.flatMap(([long, short]) => [
    { width: upTo(height * long, short, multiple), height },
    { width, height: upTo(width * long, short, multiple) },
  ]);
}

/** dividend / divisor, rounded up to a multiple. */
function upTo(dividend: number, divisor: number, multiple: number): number {
  const step = divisor * multiple;
  const rest = dividend % step;
  return ((rest === 0 ? dividend : dividend - rest + step) / step) * multiple;
}
