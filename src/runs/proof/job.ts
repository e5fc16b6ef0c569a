import { z } from "zod";

/** `job.json`: all that a proof was asked to make, so that it can go on and be read years later. */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex");
const usd = z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, "must be an amount in USD");

/** A picture that a row brings: its bytes stay where they are and must be the same ones when they are sent. */
const pictureSchema = z.object({ path: z.string(), sha256 });
export type JobPicture = z.infer<typeof pictureSchema>;

const rowSchema = z.object({
  id: z.string(),
  line: z.int(),
  prompt: z.string(),
  /** The order by names of the API, without prompt, pictures, model, quality and n. */
  parameters: z.record(z.string(), z.unknown()),
  references: z.array(pictureSchema),
  mask: pictureSchema.nullable(),
});
export type JobRow = z.infer<typeof rowSchema>;

const candidateSchema = z.object({
  /** `model` or `model:tier`. */
  name: z.string(),
  model: z.string(),
  quality: z.string().nullable(),
  price_version: z.string(),
  /** Of what the catalog said of the model (`model-digest.ts`). */
  model_sha256: sha256,
  /** Of all its pictures of one try, as quoted before anything was made. */
  expected: usd,
  ceiling: usd,
});
export type JobCandidate = z.infer<typeof candidateSchema>;

export const jobSchema = z.object({
  object: z.literal("proof.job"),
  format: z.literal(1),
  /** Part of every idempotency key of the proof. */
  id: z.string().regex(/^proof_[0-9a-z]{26}$/),
  created: z.iso.datetime(),
  /** Version of the program that drew it. */
  version: z.string(),
  /** Whether emulators of the sandbox answered: then nobody votes. */
  emulated: z.boolean(),
  as_of: z.iso.date(),
  /** The file of rows as it was named, and how many rows it had. */
  file: z.string(),
  file_rows: z.int(),
  /** What decided whatever is left to chance. */
  seed: z.string(),
  /** How the rows were found. */
  drawn: z.enum(["by_seed", "by_id"]),
  /** Random: without it nobody tells by a pair's name what it is of. */
  secret: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the template of rows without a prompt of their own; null where there was none. */
  template: z.object({ sha256, file: z.string().nullable() }).nullable(),
  /** Rows that were drawn and left out, since a candidate can't do them. */
  left_out: z.array(
    z.object({ row: z.string(), candidate: z.string(), code: z.string(), message: z.string() }),
  ),
  /** Pictures of each row at each candidate; the second is held against the first by its pixels alone. */
  tries: z.union([z.literal(1), z.literal(2)]),
  candidates: z.array(candidateSchema).min(2),
  rows: z.array(rowSchema).min(1),
});
export type Job = z.infer<typeof jobSchema>;

/** The price of one more picture. */
export type Priced = { readonly expected: string; readonly ceiling: string };
