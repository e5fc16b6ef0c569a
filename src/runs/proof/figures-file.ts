import { z } from "zod";
import type { Job } from "./job.ts";
import { median, type TwoTries, twoTriesOf, twoTriesText } from "./two-tries.ts";

/** `figures.json`: what was measured of a proof's pictures; it says of nothing whether it is good. */

const part = z.number().nullable();

const pictureFigures = z.object({
  row: z.string(),
  candidate: z.string(),
  width: z.int(),
  height: z.int(),
  whiteness: part,
  fill: part,
  border: part,
  sharpness: z.number(),
  /** To the first reference, outside the mask; null without a mask, or where their shapes differ. */
  similarity: part,
});
export type PictureFigures = z.infer<typeof pictureFigures>;

export const figuresFileSchema = z.object({
  object: z.literal("proof.figures"),
  proof: z.string(),
  /** Why nothing was measured; null where it was. */
  nothing_because: z.string().nullable(),
  /** First tries that could be decoded. */
  pictures: z.array(pictureFigures),
  differences: z.array(
    z.object({
      candidates: z.tuple([z.string(), z.string()]),
      rows: z.array(
        z.object({
          row: z.string(),
          between: z.number(),
          within: z.tuple([z.number(), z.number()]),
        }),
      ),
    }),
  ),
});
export type FiguresFile = z.infer<typeof figuresFileSchema>;

/** Medians of a candidate's pictures; a figure that fewer than half of them have is null. */
export function candidateFigures({ pictures }: FiguresFile, name: string) {
  const own = pictures.filter(({ candidate }) => candidate === name);
  const middle = (of: (each: PictureFigures) => number | null): number | null => {
    const values = own.flatMap((each) => of(each) ?? []);
    return values.length === 0 || values.length * 2 < own.length ? null : rounded(median(values));
  };
  return {
    measured: own.length,
    pixels: [...new Set(own.map(({ width, height }) => `${width}x${height}`))],
    whiteness: middle(({ whiteness }) => whiteness),
    fill: middle(({ fill }) => fill),
    border: middle(({ border }) => border),
    sharpness: middle(({ sharpness }) => sharpness),
    similarity: middle(({ similarity }) => similarity),
  };
}

/** What is said of the candidates by their pixels. */
export function differencesOf(file: FiguresFile): readonly (TwoTries & {
  readonly candidates: readonly [string, string];
  readonly text: string;
})[] {
  return file.differences.flatMap(({ candidates, rows }) => {
    const found = twoTriesOf(rows);
    if (found === undefined) return [];
    return [{ candidates, ...found, text: twoTriesText(candidates, found) }];
  });
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** No figures, and why. */
export function noFigures({ id }: Pick<Job, "id">, because: string): FiguresFile {
  return {
    object: "proof.figures",
    proof: id,
    nothing_because: because,
    pictures: [],
    differences: [],
  };
}
