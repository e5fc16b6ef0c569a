import { z } from "zod";
import { parseUsd } from "../../money/pico-usd.ts";
import { runSettings, startSettings } from "../../runs/engine/settings.ts";

/** What the routes of runs take. */

/** Part of a path in stores of files and objects. */
export const RUN_ID = /^run_[A-Za-z0-9_-]{1,64}$/;
/** What a row may be called: no control characters, so that every list of rows can show it. */
export const rowId = z
  .string()
  .min(1)
  .max(200)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\x00-\x1f\x7f]*$/, "must hold no control characters");

const cap = z
  .string()
  .refine(isUsd, "must be a decimal string of US dollars above 0, such as 12.50")
  .nullish()
  .describe("settled + held + exposure never pass it");

function isUsd(text: string): boolean {
  try {
    return parseUsd(text) > 0n;
  } catch {
    return false;
  }
}

/** Rows that come with the run itself; more of them as lines of their own. */
const INLINE_ROWS_MAX = 1_000;

export const newRunBody = z.strictObject({
  id: z
    .string()
    .regex(RUN_ID, "must be run_ and 1 to 64 letters, digits, _ or -")
    .nullish()
    .describe("one that is there, and doesn't run, is opened to be revised"),
  name: z.string().max(200).nullish(),
  file: z.string().max(500).nullish().describe("where the rows came from, for people"),
  settings: z.strictObject({ max_cost: cap, ...runSettings }).nullish(),
  rows: z.array(z.unknown()).max(INLINE_ROWS_MAX).nullish(),
  start: z.boolean().nullish().describe("with rows: price them and start at once"),
});

export const startBody = z.strictObject({ max_cost: cap, ...startSettings });

export const rowsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe("the seq behind which to begin"),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  wait: z.coerce.number().int().min(0).max(30).default(0).describe("seconds"),
});

export const runsQuery = z.object({
  before: z.string().max(200).optional().describe("the next of the page before"),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
