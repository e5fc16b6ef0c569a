import { z } from "zod";
import { cellSchema, sweepNames } from "./cell.ts";
import { descriptorSchema } from "./descriptor.ts";

/** `run.json`: everything that a run was asked to do, so that it can go on and be compared years later. */
export const runSchema = z.object({
  object: z.literal("measurement"),
  format: z.literal(1),
  /** Part of every idempotency key of the run. */
  run_id: z.string().regex(/^[a-z0-9-]{8,64}$/),
  /** UTC, when it was planned. */
  created: z.string(),
  /** Version of the program that planned it. */
  version: z.string(),
  /** Whether emulators answered. */
  emulated: z.boolean(),
  /** The catalog was read as of this day. */
  as_of: z.string(),
  prompts: z.strictObject({
    product: z.string(),
    edit: z.string(),
    count: z.string(),
    brand: z.string(),
  }),
  pictures: z.enum(["all", "proof", "none"]),
  cells: z.array(
    z.strictObject({
      sweep: z.enum([...sweepNames, "watch"]),
      cell: cellSchema,
      repeats: z.int().min(1),
    }),
  ),
  /** Every model of the gateway's list, as it was then. */
  models: z.array(descriptorSchema),
});
export type RunFile = z.infer<typeof runSchema>;
