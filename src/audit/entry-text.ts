import { z } from "zod";
import { books, type entryKinds } from "../ledger/journal.ts";
import { recordedEndingSchema, recordedHoldSchema } from "../ledger/recorded.ts";
import { recordedSettingsSchema } from "../ledger/settings-text.ts";
import { picoUsd } from "../money/pico-usd.ts";

/**
 * The texts of entries, strictly: a field that verification doesn't know is a discrepancy. What is optional
 * stands in no entry from before it was recorded.
 */

const digits = z.string().regex(/^(0|-?[1-9]\d*)$/);
const count = digits.transform((text) => Number(text));
const usd = digits.transform((text) => picoUsd(BigInt(text)));
const anchor = z.strictObject({ sequence: count, hash: z.string() });
const limits = z.strictObject({
  day: usd.optional(),
  month: usd.optional(),
  total: usd.optional(),
});
const facts = z.strictObject({ name: z.string(), settings: recordedSettingsSchema });

const common = {
  id: z.string(),
  root: z.string(),
  account: z.string(),
  createdMs: count,
  emulated: z.boolean(),
  postings: z.array(z.strictObject({ book: z.enum(books), amount: usd })),
};
const byActor = { ...common, actor: z.string() };

const accountEntry = z.discriminatedUnion("event", [
  z.strictObject({
    ...byActor,
    kind: z.literal("account"),
    event: z.undefined().optional(),
    name: z.string(),
    prepaid: z.boolean(),
    parent: z.string().optional(),
    limits,
    settings: recordedSettingsSchema.optional(),
  }),
  z.strictObject({
    ...byActor,
    kind: z.literal("account"),
    event: z.literal("changed"),
    before: facts,
    after: facts,
  }),
]);

const keyEntry = z.discriminatedUnion("event", [
  z.strictObject({
    ...byActor,
    kind: z.literal("key"),
    event: z.literal("created"),
    key: z.string(),
    name: z.string(),
    sha256: z.string(),
    limits: limits.optional(),
    settings: recordedSettingsSchema.optional(),
  }),
  z.strictObject({
    ...byActor,
    kind: z.literal("key"),
    event: z.literal("revoked"),
    key: z.string(),
  }),
  z.strictObject({
    ...byActor,
    kind: z.literal("key"),
    event: z.literal("changed"),
    key: z.string(),
    before: facts,
    after: facts,
  }),
]);

const ending = { hold: z.string(), amount: usd, ending: recordedEndingSchema };

export const entryTextSchema = z.discriminatedUnion("kind", [
  accountEntry,
  keyEntry,
  z.strictObject({
    ...byActor,
    kind: z.literal("limit"),
    /** The node, where it is a key and not the account of the entry. */
    key: z.string().optional(),
    before: limits.optional(),
    limits,
  }),
  z.strictObject({ ...byActor, kind: z.literal("move"), before: z.string(), after: z.string() }),
  z.strictObject({ ...byActor, kind: z.literal("restore"), note: z.string() }),
  z.strictObject({ ...byActor, kind: z.literal("fund"), amount: usd }),
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
  z.strictObject({
    ...byActor,
    kind: z.literal("correction"),
    corrects: z.string(),
    of: z.enum(["charge", "cost", "exposure", "fund"]),
    hold: z.string().optional(),
    before: usd,
    after: usd,
    reason: z.string(),
  }),
  z.strictObject({
    ...byActor,
    kind: z.literal("outcome"),
    hold: z.string(),
    image: count,
    images: count,
    kept: z.boolean(),
    reason: z.string().optional(),
    revision: count,
  }),
  z.strictObject({
    ...byActor,
    kind: z.literal("statement"),
    number: z.string(),
    month: z.string(),
    opening: anchor,
    closing: anchor,
    sha256: z.string(),
    calls: count,
    images: count,
    settled: usd,
    corrected: usd,
    credited: usd,
    total: usd,
    balance: z
      .strictObject({ opening: usd, funded: usd, fundsCorrected: usd, closing: usd })
      .optional(),
  }),
]);
export type EntryText = z.infer<typeof entryTextSchema>;

/** The text of an entry of one kind. */
export type EntryOf<Kind extends (typeof entryKinds)[number]> = Extract<EntryText, { kind: Kind }>;

/** The entry that ends a hold. */
export type EndingEntry = EntryOf<"settle"> | EntryOf<"void">;
