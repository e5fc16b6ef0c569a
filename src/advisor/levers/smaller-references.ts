import type { Reference } from "../../gates/order.ts";
import { changed, type FindLever, type Lever, leverOf, type Situation } from "./lever.ts";

type Pixels = { readonly width: number; readonly height: number };

/**
 * References shrunk, their shapes kept: to just below the size at which they count for more tokens, and to
 * where they count for half. Only where a model counts patches: everywhere else pixels of references cost nothing.
 */
export const smallerReferences: FindLever = (at) => {
  const { references } = at.accepted.order;
  const law = at.priceable.model.referenceLaw;
  if (references === undefined || law?.kind !== "patches") return [];
  const count = counter(at);
  const by = { count, edge: law.edge };
  const shrink = (
    most: (tokens: bigint) => bigint,
    worthIt: (from: Pixels, to: Pixels) => boolean = () => true,
  ): readonly Lever[] => {
    const smaller = references.map((each) => {
      const to = largest(each, { ...by, most });
      return to !== undefined && worthIt(each, to) ? to : each;
    });
    return shrunk(at, smaller, count);
  };
  const half = shrink((tokens) => tokens / 2n);
  const just = shrink((tokens) => tokens - 1n, keepsHalf);
  return just[0]?.value === half[0]?.value ? just : [...just, ...half];
};

/** Pictures below a law's floor are enlarged again: losing more than half of the edges for a few tokens is no saving. */
function keepsHalf(from: Pixels, to: Pixels): boolean {
  return 2 * to.width >= from.width;
}

/** Tokens of one reference of some pixels by this model's law. */
type Count = (pixels: Pixels) => bigint;

function counter({ accepted, priceable }: Situation): Count {
  const known = new Map<string, bigint>();
  return ({ width, height }) => {
    const key = `${width}x${height}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const [first] = accepted.order.references ?? [];
    if (first === undefined) throw new Error("no reference to measure");
    const order = { ...accepted.order, references: [{ ...first, width, height }] as const };
    const tokens = priceable
      .estimate({ ...accepted, order })
      .expected.filter(({ meter }) => meter === "image_input_tokens")
      .reduce((sum, { quantity }) => sum + quantity, 0n);
    known.set(key, tokens);
    return tokens;
  };
}

/**
 * The largest smaller picture of the same shape that counts for at most so many tokens; undefined without one.
 * Tokens follow the size but for whole pixels and patches, so that a search by halves ends within two patches;
 * where a law enlarges a picture, only pixels that round the other way matter, and those are near.
 */
function largest(
  picture: Pixels,
  by: {
    readonly count: Count;
    readonly edge: number;
    readonly most: (tokens: bigint) => bigint;
  },
): Pixels | undefined {
  const long = picture.width > picture.height ? picture.width : picture.height;
  const most = by.most(by.count(picture));
  const fits = (edge: number): boolean => by.count(scaled(picture, edge)) <= most;
  if (long < 2 || !fits(1)) return undefined;
  const near = firstFit(long - 1, long - 2 * by.edge, fits);
  if (near !== undefined) return scaled(picture, near);
  let low = 1;
  let high = long;
  while (high - low > 1) {
    const middle = half(low + high);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return scaled(picture, firstFit(low + 2 * by.edge, low, fits) ?? low);
}

/** The largest of some edges that fits, from one down to another, which isn't looked at. */
function firstFit(
  from: number,
  downTo: number,
  fits: (edge: number) => boolean,
): number | undefined {
  for (let edge = from; edge > downTo && edge > 0; edge -= 1) if (fits(edge)) return edge;
  return undefined;
}

/** The same shape with another long edge; to the nearest pixel, and never none. */
function scaled({ width, height }: Pixels, to: number): Pixels {
  const long = width > height ? width : height;
  const edge = (of: number): number => {
    const doubled = 2 * of * to + long;
    const rounded = (doubled - (doubled % (2 * long))) / (2 * long);
    return rounded < 1 ? 1 : rounded;
  };
  return { width: edge(width), height: edge(height) };
}

function half(of: number): number {
  return (of - (of % 2)) / 2;
}

function shrunk(at: Situation, to: readonly Pixels[], count: Count): readonly Lever[] {
  const { references = [], mask } = at.accepted.order;
  const smaller = references.map((each, index): Reference => ({ ...each, ...pick(to[index]) }));
  const [first, ...others] = smaller;
  if (first === undefined) return [];
  const { width, height } = first;
  const quote = changed(at, {
    references: [first, ...others],
    ...(mask === undefined ? {} : { mask: { ...mask, width, height } }),
  });
  if (quote === undefined || quote.expected.total >= at.quote.expected.total) return [];
  const changes = references.flatMap((each, index) => {
    const now = smaller[index];
    if (now === undefined || text(now) === text(each)) return [];
    const name = references.length === 1 ? "" : `image[${index}] `;
    return {
      value: `${name}${text(now)}`,
      why: `${name}${text(each)} counts for ${count(each)} tokens, ${text(now)} for ${count(now)}`,
    };
  });
  const value = changes.map((each) => each.value).join(", ");
  const why = changes.map((each) => each.why).join("; ");
  return [leverOf(at, quote, { kind: "smaller_reference", param: "image", value, why })];
}

function pick(pixels: Pixels | undefined): Partial<Pixels> {
  return pixels === undefined ? {} : { width: pixels.width, height: pixels.height };
}

function text({ width, height }: Pixels): string {
  return `${width}x${height}`;
}
