import { z } from "zod";
import { type Model, markSchema } from "./schema.ts";
import type { Problem } from "./source-text.ts";

/**
 * The shape of `catalog/ratings.json`: what people preferred on public boards, and the bands that are cut
 * from it. Votes of strangers on general prompts: evidence of a kind, never a measure of anybody's own pictures.
 */

/** Dearest last. `draft` takes anything. */
export const bands = ["draft", "standard", "fine", "finest"] as const;
export type Band = (typeof bands)[number];
/** The bands that have to be earned. */
export const ratedBands = ["standard", "fine", "finest"] as const;

/** Pictures from text alone, or from other pictures. */
export const ratingModes = ["generation", "edit"] as const;
export type RatingMode = (typeof ratingModes)[number];

/** Output sizes as boards tell them apart, smallest first. */
export const resolutionClasses = ["1K", "2K", "4K"] as const;
export type ResolutionClass = (typeof resolutionClasses)[number];

const date = z.iso.date();
const score = z.int().positive();

const boardSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  mode: z.enum(ratingModes),
  source: z.string().min(1),
  checkedOn: date,
  mark: markSchema,
});

const ratingSchema = z.strictObject({
  board: z.string(),
  /** The day of the board's table. Scores drift: two tables are compared across a gap only. */
  snapshot: date,
  /** An id of the catalog. */
  model: z.string(),
  /**
   * The quality tier that was voted on; `unstated` where the model has tiers and the board names none (it then
   * counts for no band); null where the model has no tiers.
   */
  tier: z.string().nullable(),
  /** Where the board's entry names an output size; null: any. */
  resolution: z.enum(resolutionClasses).nullable(),
  score,
  /** Half of the board's 95 % interval; null where it wasn't copied. */
  ci: z.int().nonnegative().nullable(),
  votes: z.int().positive().nullable(),
  /** The entry's name on the board, where it isn't plainly the model's. */
  listedAs: z.string().optional(),
});
export type Rating = z.infer<typeof ratingSchema>;

const thresholdSchema = z.strictObject({ score, snapshot: date, note: z.string().min(1) });

const bandsOfSchema = z.strictObject({
  board: z.string(),
  standard: thresholdSchema,
  fine: thresholdSchema,
  finest: thresholdSchema,
});

export const ratingsSchema = z.strictObject({
  boards: z.array(boardSchema).min(1),
  /** Score gaps on one table below this are noise, whatever the intervals say. */
  noiseGap: z.int().positive(),
  /** Scores of two tables of one board are compared only across at least this gap. */
  snapshotGap: z.int().positive(),
  bands: z.strictObject({ generation: bandsOfSchema, edit: bandsOfSchema }),
  ratings: z.array(ratingSchema),
});
export type Ratings = z.infer<typeof ratingsSchema>;

/** What the shape alone can't say: names that lead somewhere, tiers that exist, one rating a key. */
export function ratingProblems(ratings: Ratings, models: readonly Model[]): Problem[] {
  const problems: Problem[] = [];
  const complain = (path: Problem["path"], message: string) => problems.push({ path, message });
  for (const mode of ratingModes) {
    const { board } = ratings.bands[mode];
    if (!ratings.boards.some((each) => each.id === board && each.mode === mode)) {
      complain(["bands", mode, "board"], `no board "${board}" of ${mode}`);
    }
  }
  const seen = new Set<string>();
  for (const [index, rating] of ratings.ratings.entries()) {
    const at = (field: string) => ["ratings", index, field];
    if (!ratings.boards.some(({ id }) => id === rating.board)) {
      complain(at("board"), `no board "${rating.board}"`);
    }
    const model = models.find(({ id }) => id === rating.model);
    if (model === undefined) complain(at("model"), `no model "${rating.model}"`);
    else if (!tierExists(rating, model)) {
      complain(at("tier"), `${model.id} has no tier ${String(rating.tier)}`);
    }
    const { board, snapshot, tier, resolution } = rating;
    const key = [board, snapshot, rating.model, tier, resolution].join(" ");
    if (seen.has(key)) complain(at("score"), "this key is rated twice");
    seen.add(key);
  }
  return problems;
}

function tierExists({ tier }: Rating, { capabilities: { quality } }: Model): boolean {
  if (quality === undefined) return tier === null;
  return tier === UNSTATED || (tier !== null && quality.tiers.includes(tier));
}

/** The tier of a rating whose board names none though the model has some. */
export const UNSTATED = "unstated";
