import { z } from "zod";
import { books, type entryKinds } from "../ledger/journal.ts";
import { recordedEndingSchema, recordedHoldSchema } from "../ledger/recorded.ts";
import { picoUsd } from "../money/pico-usd.ts";

/** The texts of entries, strictly: a field that verification doesn't know is a discrepancy. */

const digits = z.string().regex(/^(0|-?[1-9]\d*)$/);
const usd = digits.transform((text) => picoUsd(BigInt(text)));
const limits = z.strictObject({
  day: usd.optional(),
  month: usd.optional(),
  total: usd.optional(),
});

const common = {
  id: z.string(),
  root: z.string(),
  account: z.string(),
  createdMs: digits.transform((text) => Number(text)),
  emulated: z.boolean(),
  postings: z.array(z.strictObject({ book: z.enum(books), amount: usd })),
};

const ending = { hold: z.string(), amount: usd, ending: recordedEndingSchema };

export const entryTextSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("account"),
    name: z.string(),
    prepaid: z.boolean(),
    limits,
    actor: z.string(),
  }),
  z.strictObject({ ...common, kind: z.literal("limit"), limits, actor: z.string() }),
  z.strictObject({
    ...common,
    kind: z.literal("key"),
    key: z.string(),
    event: z.enum(["created", "revoked"]),
    name: z.string().optional(),
    sha256: z.string().optional(),
    actor: z.string(),
  }),
  z.strictObject({ ...common, kind: z.literal("fund"), amount: usd, actor: z.string() }),
  z.strictObject({
    ...common,
    kind: z.literal("hold"),
    path: z.array(z.string()),
    windows: z.strictObject({ day: z.string(), month: z.string() }),
    request: recordedHoldSchema,
  }),
  z.strictObject({ ...common, kind: z.literal("settle"), ...ending }),
  z.strictObject({ ...common, kind: z.literal("void"), ...ending }),
  z.strictObject({
    ...common,
    kind: z.literal("cost"),
    hold: z.string(),
    amount: usd,
    flags: z.tuple([z.literal("late")]).optional(),
    ending: recordedEndingSchema.optional(),
  }),
  z.strictObject({ ...common, kind: z.literal("overrun"), hold: z.string(), amount: usd }),
  z.strictObject({
    ...common,
    kind: z.literal("exposure"),
    hold: z.string(),
    amount: usd,
    reason: z.string(),
  }),
  z.strictObject({ ...common, kind: z.literal("task"), hold: z.string(), task: z.string() }),
]);
export type EntryText = z.infer<typeof entryTextSchema>;

/** The text of an entry of one kind. */
export type EntryOf<Kind extends (typeof entryKinds)[number]> = Extract<EntryText, { kind: Kind }>;
