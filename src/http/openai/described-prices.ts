import { z } from "zod";
import { bands } from "../../catalog/ratings.ts";
import { rankings } from "../../gateway/compare.ts";
import { keptAnswer } from "../outcomes/described.ts";

/** Prices before the call, as the OpenAPI description tells of them: quotes and comparisons. */

export const usd = z.string().describe("US dollars as a plain decimal string, exact");
export const line = z.object({
  meter: z.string(),
  quantity: z.string(),
  unit_price: usd,
  amount: usd,
});
const bill = z.object({ total: usd, lines: z.array(line) });

export const quoteAnswer = z.looseObject({
  object: z.literal("image.quote"),
  model: z.string(),
  vendor: z.string(),
  price_version: z.string(),
  currency: z.literal("USD"),
  expected: bill,
  ceiling: bill,
  exact: z.boolean(),
  levers: z
    .array(
      z.looseObject({
        kind: z.string(),
        param: z.string(),
        value: z.string(),
        expected: usd,
        ceiling: usd,
        saves: usd.describe("Of the expected price; 0 where only the ceiling becomes less"),
        why: z.string(),
      }),
    )
    .describe("Changes that cost less, each alone; never applied"),
  emulated: z.boolean(),
});

const anything = z.looseObject({});
const amounts = z.object({ total: usd, per_image: usd }).nullable();
const cheapest = z
  .looseObject({ model: z.string(), quality: z.string().nullable(), total: usd })
  .nullable();

export const comparisonQuery = z.object({
  by: z
    .enum(rankings)
    .optional()
    .describe(
      "kept: by the price per kept picture where your own outcomes tell it; default: price",
    ),
});

export const comparisonAnswer = z.looseObject({
  object: z.literal("image.comparison"),
  as_of: z.string(),
  ratings_are: z.string().describe("what a board's rating is and isn't"),
  warnings: z.array(z.string()).describe("that the proof behind the preset named is stale"),
  ranked_by: z.enum(rankings),
  own_outcomes_are: z.string().describe("what figures of own outcomes are and aren't"),
  models: z.array(
    z.looseObject({
      model: z.string(),
      quality: z.string().nullable().describe("the tier; null where the model has none"),
      rank: z.int().nullable().describe("from 1; null where something blocks it"),
      expected: amounts,
      ceiling: amounts,
      rating: anything.nullable().describe("null: unrated"),
      band: z.enum(bands),
      own_outcomes: z
        .looseObject(keptAnswer)
        .nullable()
        .describe("of this model and quality, over all days; null: nobody judged one"),
      blocked_by: z.array(anything).describe("gates and constraints: code, param, sent, allowed"),
      marks: z.array(z.string()),
      warnings: z.array(z.string()),
    }),
  ),
  requirements: z
    .array(
      z.looseObject({
        param: z.string(),
        with: cheapest,
        without: cheapest,
        costs: usd.nullable(),
      }),
    )
    .describe("the cheapest that keeps each requirement, minus the cheapest without it"),
});
