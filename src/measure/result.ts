import { z } from "zod";
import { type JsonLines, readJsonLines } from "../text/json-lines.ts";
import { cellSchema, sweepNames } from "./cell.ts";

/** One line of `results.jsonl`: a call that was made, failed or was refused before it cost anything. */

const line = z.object({
  meter: z.string(),
  quantity: z.string().regex(/^\d+$/),
  unit_price: z.string(),
  amount: z.string(),
});
export type MeasuredLine = z.infer<typeof line>;

/** Meter -> quantity, as a decimal string of a whole number. */
const usage = z.record(z.string(), z.string().regex(/^\d+$/));
const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be an amount in USD");

const predictedSchema = z.object({
  usage,
  total: usd,
  ceiling: usd,
  price_version: z.string(),
  marks: z.array(z.string()),
});
export type Predicted = z.infer<typeof predictedSchema>;

const resultSchema = z.object({
  sweep: z.enum([...sweepNames, "watch"]),
  cell: cellSchema,
  /** From 1. */
  repeat: z.int().min(1),
  status: z.enum(["ok", "failed", "refused"]),
  /** When it was recorded, UTC. */
  at: z.string(),
  receipt_id: z.string().nullable(),
  /** Only the house sees it: null where the run had only an API key. */
  vendor_request_id: z.string().nullable(),
  /** The quote taken before anything was spent; null where the gate refused it. */
  predicted: predictedSchema.nullable(),
  measured: z.object({
    usage,
    total: usd,
    basis: z.enum(["usage", "flat", "ceiling", "none"]),
    /** Why the usage could not be used; null where it could. */
    reason: z.string().nullable(),
    lines: z.array(line),
    price_version: z.string().nullable(),
    /** The tier that the vendor says it made; null where it says none. */
    quality: z.string().nullable(),
    /** The vendor's own usage, unread. */
    reported: z.unknown(),
    flags: z.array(z.string()),
  }),
  delivered: z.array(
    z.object({
      width: z.number().nullable(),
      height: z.number().nullable(),
      format: z.string().nullable(),
      bytes: z.number(),
      /** In the run's folder; null where it was not kept. */
      file: z.string().nullable(),
    }),
  ),
  /** From the order's first byte to the answer's last, as this machine saw it. */
  ms: z.number(),
  emulated: z.boolean(),
  error: z
    .looseObject({ code: z.string().nullable(), message: z.string(), param: z.string().nullable() })
    .nullable(),
});
export type Result = z.infer<typeof resultSchema>;

/** Reads `results.jsonl`: a call whose line was cut off is asked again under the same key. */
export function readResults(text: string): JsonLines<Result> {
  return readJsonLines(text, resultSchema, "a result");
}
