import { z } from "zod";
import type { Described } from "../described.ts";
import { outcomeBody, outcomesBatchBody, outcomesBody } from "./bodies.ts";

/** The part of the OpenAPI description that is about outcomes. */

/** What a receipt says of a judged picture. */
export const outcomeAnswer = z.looseObject({
  image: z.int(),
  kept: z.boolean(),
  reason: z.string().nullable(),
  created: z.int().describe("Unix seconds"),
});

const share = z.string().nullable().describe("a decimal of at most six places; null: not known");
const price = z.string().nullable().describe("US dollars as a decimal string; null: not known");

/** Figures of judged pictures: in every row of a usage report, and of comparisons. */
export const keptAnswer = {
  outcomes: z.int().describe("pictures of which an outcome is known"),
  kept: z.int().describe("of these, kept"),
  kept_share: share.describe("kept / outcomes; null below 30 outcomes"),
  kept_share_low: share.describe("the lower end of its exact 95 % interval"),
  kept_share_high: share,
  price_per_kept: price.describe("what was charged for the judged pictures / those kept"),
  price_per_kept_low: price.describe("at the upper end of the kept share"),
  price_per_kept_high: price.describe("at its lower end; null where that is nothing"),
};

const noted = {
  posted: z.int().describe("entries that were appended"),
  unchanged: z.int().describe("outcomes that stood already"),
};
const outcomes = z.looseObject({
  object: z.literal("outcomes"),
  receipt_id: z.string(),
  ...noted,
  outcomes: z.array(outcomeAnswer).describe("all that counts of the receipt's pictures"),
});
const batch = z.looseObject({
  object: z.literal("outcomes.batch"),
  dry_run: z.boolean(),
  outcomes: z.int(),
  ...noted,
  problems: z
    .array(
      z.looseObject({
        index: z.int(),
        receipt_id: z.string(),
        image: z.int(),
        code: z.string(),
        message: z.string(),
      }),
    )
    .describe("of a dry run: everything that would be refused"),
});

const of = (path: string, whose: string): readonly Described[] => [
  {
    method: "post",
    path: `${path}/receipts/{id}/outcome`,
    summary: `Say whether pictures of a receipt were kept, ${whose}; no money moves, the last one counts`,
    body: z.union([outcomeBody, outcomesBody]),
    answer: outcomes,
  },
  {
    method: "post",
    path: `${path}/outcomes`,
    summary: "The same of many receipts: all are checked before any is noted",
    body: outcomesBatchBody,
    answer: batch,
  },
];

export const describedOutcomeRoutes: readonly Described[] = [
  ...of("/v1", "of the key's account or one below it"),
  ...of("/admin/v1", "of any account"),
];
