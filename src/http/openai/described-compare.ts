import { z } from "zod";
import { bands } from "../../catalog/ratings.ts";

/** What `POST /v1/images/compare` answers, as the OpenAPI description says it. */

const usd = z.string().describe("US dollars as a plain decimal string, exact");
const anything = z.looseObject({});
const amounts = z.object({ total: usd, per_image: usd }).nullable();
const cheapest = z
  .looseObject({ model: z.string(), quality: z.string().nullable(), total: usd })
  .nullable();

export const comparisonAnswer = z.looseObject({
  object: z.literal("image.comparison"),
  as_of: z.string(),
  ratings_are: z.string().describe("what a board's rating is and isn't"),
  models: z.array(
    z.looseObject({
      model: z.string(),
      quality: z.string().nullable().describe("the tier; null where the model has none"),
      rank: z.int().nullable().describe("from 1; null where something blocks it"),
      expected: amounts,
      ceiling: amounts,
      rating: anything.nullable().describe("null: unrated"),
      band: z.enum(bands),
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
