import { z } from "zod";
import { ownWhatIfBody, whatIfBody } from "../../what-if/asked.ts";
import type { Described } from "../described.ts";
import { keptAnswer } from "../outcomes/described.ts";

/** The part of the OpenAPI description that is about what-ifs. */

const usd = z.string().describe("US dollars as a plain decimal string, exact");
const change = {
  what_if: usd.nullable().describe("null without a choice: each lever is a change alone"),
  difference: usd.nullable(),
  percent: z.string().nullable().describe("of actual; half away from zero, two decimals"),
  kept_ratio_break_even: z
    .string()
    .nullable()
    .describe("the part of the pictures that has to be kept; null where nothing is saved"),
};

const keptFigures = z.looseObject(keptAnswer);

const whatIf = z.looseObject({
  object: z.literal("what_if"),
  from: z.iso.date(),
  to: z.iso.date(),
  choice: z.looseObject({}).nullable(),
  imported: z.string().nullable(),
  account_id: z.string().nullable(),
  key_id: z.string().nullable(),
  currency: z.literal("USD"),
  requests: z.int().describe("that could have run that way"),
  images: z.int(),
  actual: usd.describe("what was charged for them, corrections included"),
  ...change,
  rounding: z.record(z.string(), z.string()),
  found: z.looseObject({}).describe("requests by how their figures were found"),
  blocked: z.array(
    z.looseObject({ code: z.string(), count: z.int(), images: z.int(), actual: usd }),
  ),
  left_out: z.record(z.string(), z.int()),
  levers: z.array(
    z.looseObject({
      change: z.string(),
      kind: z.enum(["asked", "tier", "size", "model"]),
      key: z.string().nullable(),
      key_name: z.string().nullable(),
      model: z.string(),
      quality: z.string().nullable(),
      because: z.string().nullable(),
      requests: z.int(),
      images: z.int(),
      actual: usd,
      ...change,
      own_outcomes: z
        .looseObject({ before: keptFigures, after: keptFigures })
        .nullable()
        .describe("of another model or quality: what your own outcomes say of both"),
      text: z.string(),
    }),
  ),
  levers_left_out: z.int(),
  notes: z.array(z.string()),
  emulated: z.boolean(),
});

export const describedWhatIfRoutes: readonly Described[] = [
  {
    method: "post",
    path: "/v1/what-if",
    summary: "What the requests of the key's account would have cost under another choice",
    body: ownWhatIfBody,
    answer: whatIf,
  },
  {
    method: "post",
    path: "/admin/v1/what-if",
    summary: "The same of one account or of all",
    body: whatIfBody,
    answer: whatIf,
  },
];
