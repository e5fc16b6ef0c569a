import { z } from "zod";

/** A statement's JSON, strictly: what is stored, handed out, printed and verified. */

const usd = z.string().regex(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
const count = z.int();
const sums = { calls: count, images: count, charge: usd };
const anchor = z.strictObject({
  sequence: z.int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
const correction = {
  entry_id: z.string(),
  corrects: z.string(),
  at: z.string(),
  before: usd,
  after: usd,
  amount: usd,
  reason: z.string(),
};

export const statementSchema = z.strictObject({
  object: z.literal("statement"),
  /** Null for a draft. */
  number: z.string().nullable(),
  draft: z.boolean(),
  issued_at: z.string().nullable(),
  month: z.string().regex(/^\d{4}-\d{2}$/),
  period: z.strictObject({ from: z.string(), to: z.string() }),
  account: z.strictObject({
    id: z.string(),
    name: z.string(),
    root_id: z.string(),
    prepaid: z.boolean(),
    path: z.array(z.strictObject({ id: z.string(), name: z.string() })),
  }),
  world: z.enum(["sandbox", "live"]),
  emulated: z.boolean(),
  currency: z.literal("USD"),
  journal: z.strictObject({ root: z.string(), opening: anchor, closing: anchor }),
  totals: z.strictObject({
    calls: count,
    calls_not_charged: count,
    images: count,
    settled: usd,
    corrected: usd,
    charged: usd,
    credited: usd,
    total: usd,
  }),
  balance: z
    .strictObject({ opening: usd, funded: usd, funds_corrected: usd, total: usd, closing: usd })
    .nullable(),
  by_model: z.array(z.strictObject({ model: z.string(), quality: z.string().nullable(), ...sums })),
  by_account: z.array(
    z.strictObject({ account_id: z.string(), name: z.string().nullable(), ...sums }),
  ),
  by_tag: z.array(
    z.strictObject({ tag: z.string(), value: z.string().nullable(), values: count, ...sums }),
  ),
  tags_left_out: count,
  /** Null: calls by themselves. */
  by_run: z.array(z.strictObject({ run: z.string().nullable(), ...sums })),
  by_hold_month: z.array(z.strictObject({ month: z.string(), ...sums })),
  corrections: z.array(z.strictObject({ ...correction, receipt_id: z.string() })),
  credit_notes: z.array(
    z.strictObject({
      number: z.string(),
      ...correction,
      receipt_id: z.string(),
      account_id: z.string(),
      model: z.string(),
      /** The one that told the charge; null where none was issued. */
      statement: z.string().nullable(),
      settled_at: z.string(),
      settled_month: z.string(),
      /** In whose limits the call counts. */
      ordered_month: z.string(),
    }),
  ),
  fundings: z.array(z.strictObject({ entry_id: z.string(), at: z.string(), amount: usd })),
  fund_corrections: z.array(z.strictObject(correction)),
});
export type Statement = z.infer<typeof statementSchema>;
