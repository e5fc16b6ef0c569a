import type { ReferenceLaw } from "../../catalog/schema.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";

/**
 * What reference pictures add to an order's input, once an output image, by the law of the catalog row.
 * Integer arithmetic only: a picture's edges stand here as fractions of whole numbers until a law rounds.
 */

type Pixels = { readonly width: number; readonly height: number };
export type PatchLaw = Extract<ReferenceLaw, { kind: "patches" }>;
export type TileLaw = Extract<ReferenceLaw, { kind: "tiles" }>;

export type ReferenceTokens = {
  readonly image: { readonly expected: bigint; readonly ceiling: bigint };
  readonly text: { readonly expected: bigint; readonly ceiling: bigint };
};

/** Undefined for an order without references. */
export function referenceTokens({ order, model }: AcceptedOrder): ReferenceTokens | undefined {
  const { references, inputFidelity } = order;
  const law = model.referenceLaw;
  if (references === undefined) return undefined;
  if (law?.kind !== "patches" && law?.kind !== "tiles") {
    throw new Error(`${model.id}: no ${law?.kind} law of references is known to this vendor`);
  }
  const count = BigInt(references.length);
  const isFaithful = inputFidelity === "high";
  const expected = references.map((reference, index) =>
    law.kind === "patches"
      ? patchTokens(law, reference)
      : tileTokens(law, reference) + (isFaithful ? fidelityTokens(law, reference, index) : 0n),
  );
  const { first, further, ceiling } = law.text;
  return {
    image: {
      expected: expected.reduce((sum, tokens) => sum + tokens, 0n),
      ceiling: count * referenceCap(law, isFaithful),
    },
    text: {
      expected: BigInt(first) + (count - 1n) * BigInt(further),
      ceiling: count * BigInt(ceiling),
    },
  };
}

/** The most image tokens of one reference. */
function referenceCap(law: PatchLaw | TileLaw, isFaithful: boolean): bigint {
  if (law.kind === "patches") return BigInt(law.patchesMax);
  const { square = 0, other = 0 } = isFaithful ? (law.highFidelity ?? {}) : {};
  return BigInt(law.base + law.perTile * law.tilesMax + Math.max(square, other));
}

/**
 * ceil(w / edge) * ceil(h / edge) patches of one reference: a small picture enlarged, a long one on a canvas
 * of the capped shape, a large one shrunk until its patches fit the cap. Whichever way it is turned.
 *
 * Where a step leaves an edge between two pixels the nearest whole pixel counts, a tie upwards: a picture
 * has whole pixels, but no page says which way they round [guess].
 *
 * The shrink step is OpenAI's published patch-fit: scale to sqrt(cap * edge^2 / (w * h)), then down again
 * until one edge is whole patches. At that scale the edges are sqrt(cap * w / h) and sqrt(cap * h / w)
 * patches long; which is cut to whole patches first is known from a comparison of products, so that neither
 * a root nor a quotient is ever rounded before its time.
 *
 * Source: developers.openai.com images and vision guide, patch-based tokens [spec], as told in 13 recorded
 * points (2026-07-28) and a study of 100 requests (2026-06-12) [seen]; checked 2026-11-22.
 */
export function patchTokens(law: PatchLaw, picture: Pixels): bigint {
  const edge = BigInt(law.edge);
  const cap = BigInt(law.patchesMax);
  const canvas = canvasOf(law, picture);
  const rows = ceilDivide(roundHalfUp(canvas.short, canvas.unit), edge);
  const patches = rows * ceilDivide(roundHalfUp(canvas.long, canvas.unit), edge);
  if (patches <= cap) return patches;
  const { long, short } = canvas;
  const across = squareRoot((cap * long) / short);
  const down = squareRoot((cap * short) / long);
  // The edge that loses more by becoming whole decides: across / sqrt(cap*l/s) against down / sqrt(cap*s/l).
  const [kept, ratio] =
    across * short <= down * long
      ? [across, { of: short, to: long }]
      : [down, { of: long, to: short }];
  return kept * ceilDivide(roundHalfUp(kept * edge * ratio.of, ratio.to), edge);
}

/** Both edges, enlarged and capped, as numerators over one unit. */
function canvasOf(
  law: PatchLaw,
  { width, height }: Pixels,
): { readonly long: bigint; readonly short: bigint; readonly unit: bigint } {
  const [short, long] = sortedEdges({ width, height });
  const ratioMax = BigInt(law.ratioMax);
  const wide = short * ratioMax < long ? long : short * ratioMax; // ratioMax times the capped short edge
  const enlargeTo = BigInt(law.enlargeTo);
  const enlargeMax = BigInt(law.enlargeMax);
  if (long >= enlargeTo) return { long: long * ratioMax, short: wide, unit: ratioMax };
  if (long * enlargeMax <= enlargeTo) {
    return { long: long * ratioMax * enlargeMax, short: wide * enlargeMax, unit: ratioMax };
  }
  return {
    long: long * ratioMax * enlargeTo,
    short: wide * enlargeTo,
    unit: long * ratioMax,
  };
}

/**
 * base + perTile for each tile of one reference, its short edge scaled to one tile. A part of a pixel is
 * dropped: 1024x1025 is one tile, as was seen.
 * Source: community.openai.com/t/1281361 [third], checked 2026-11-22.
 */
export function tileTokens(law: TileLaw, picture: Pixels): bigint {
  const [short, long] = sortedEdges(picture);
  const edge = BigInt(law.edge);
  const tiles = ceilDivide((long * edge) / short, edge);
  const most = BigInt(law.tilesMax);
  return BigInt(law.base) + BigInt(law.perTile) * (tiles < most ? tiles : most);
}

function fidelityTokens(law: TileLaw, { width, height }: Pixels, index: number): bigint {
  const { highFidelity } = law;
  if (highFidelity === undefined || index >= highFidelity.references) return 0n;
  return BigInt(width === height ? highFidelity.square : highFidelity.other);
}

function sortedEdges({ width, height }: Pixels): readonly [bigint, bigint] {
  return width < height ? [BigInt(width), BigInt(height)] : [BigInt(height), BigInt(width)];
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function roundHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/** The largest whole number whose square isn't above `value`. */
function squareRoot(value: bigint): bigint {
  let root = 0n;
  for (let step = 1n << BigInt(value.toString(2).length); step > 0n; step >>= 1n) {
    if ((root + step) * (root + step) <= value) root += step;
  }
  return root;
}
