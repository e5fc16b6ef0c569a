import type { Catalog } from "../catalog/find.ts";
import type { RowPicture } from "./row-pictures.ts";

/**
 * Facts of a row that cost nothing but that gates look at, reduced to which bounds of the whole catalog they
 * pass: two rows with one class are refused and let through alike, so that only one of them has to be priced.
 */
export type GateBounds = {
  readonly seed: (seed: number) => number;
  readonly negativePrompt: (text: string) => number;
  readonly promptCharacters: (characters: number) => number;
  /** Whether no model's limit on bytes could matter to these pictures. */
  readonly areLight: (pictures: readonly RowPicture[]) => boolean;
};

export function gateBoundsOf({ models }: Catalog): GateBounds {
  const can = models.map(({ capabilities }) => capabilities);
  const seeds = can.flatMap(({ seed }) => (seed === undefined ? [] : [seed.min - 1, seed.max]));
  const negatives = can.flatMap(({ negativePrompt }) => negativePrompt?.charactersMax ?? []);
  const prompts = can.flatMap(({ prompt }) => prompt.charactersMax ?? []);
  const bytes = can.flatMap(({ references, mask }) => [
    references.bytesMax ?? Number.POSITIVE_INFINITY,
    references.bytesTotalMax ?? Number.POSITIVE_INFINITY,
    // A data URL is a third longer than its file, and has a head.
    ((references.moderatedUrlCharactersMax ?? Number.POSITIVE_INFINITY) - 100) * 0.75,
    mask?.bytesMax ?? Number.POSITIVE_INFINITY,
  ]);
  const light = Math.min(...bytes);
  return {
    seed: classes(seeds),
    negativePrompt: (text) => classes(negatives)([...text].length),
    promptCharacters: classes(prompts),
    areLight: (pictures) => pictures.reduce((sum, each) => sum + each.bytes, 0) <= light,
  };
}

/** How many bounds a value is above. */
function classes(bounds: readonly number[]): (value: number) => number {
  const distinct = [...new Set(bounds)];
  return (value) => distinct.filter((bound) => value > bound).length;
}
