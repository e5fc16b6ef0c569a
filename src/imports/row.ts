import { z } from "zod";
import { readDollars } from "./dollars.ts";

/** What of a row was not in its file but follows from its dollars or tokens. */
export const inferable = ["quality", "size", "images", "prompt_tokens"] as const;
export type Inferable = (typeof inferable)[number];

const count = z.int().nonnegative();

/** One row of an imported set, as a line of its file: pictures of one kind on one day, and what they cost. */
export const rowSchema = z.strictObject({
  /** UTC, YYYY-MM-DD. */
  day: z.iso.date(),
  /** An id of the catalog. */
  model: z.string(),
  /** Whose use it was, in the exporter's words. */
  key: z.string().nullable(),
  requests: count,
  images: count.min(1),
  /** Null where the model has no tiers. */
  quality: z.string().nullable(),
  /** `WxH` or a label; null where the price doesn't depend on it and the file doesn't say it. */
  size: z.string().nullable(),
  /** Of one picture's prompt. */
  prompt_tokens: count,
  /** US dollars for all of it, exact. */
  dollars: z.string().transform((text, context) => {
    const amount = readDollars(text);
    if (amount !== undefined) return amount;
    context.addIssue({ code: "custom", message: "not US dollars" });
    return z.NEVER;
  }),
  inferred: z.array(z.enum(inferable)),
  /** What the importer was told to take where the file says nothing. */
  assumed: z.array(z.enum(["quality", "size", "images"])),
});
export type ImportedRow = z.infer<typeof rowSchema>;
