import { z } from "zod";

/** Those fields of a reconciliation that the command line prints; amounts stay strings. */

const period = z.object({ from: z.string(), to: z.string() });

const finding = z.looseObject({
  kind: z.string(),
  model: z.string(),
  from: z.string(),
  to: z.string(),
  meter: z.string().nullable(),
  quantity: z.object({ expected: z.string(), billed: z.string() }).nullable(),
  amount: z.string(),
  text: z.string(),
  lines: z.array(z.string()),
  receipts: z.array(z.string()),
  drift: z.boolean(),
});

const proposal = z.looseObject({
  receipt_id: z.string(),
  account_id: z.string(),
  model: z.string(),
  of: z.string(),
  action: z.string(),
  reason: z.string(),
  at_most: z.string(),
  billed: z.string().nullable(),
  postings: z.array(
    z.object({ corrects: z.string(), of: z.string(), before: z.string(), after: z.string() }),
  ),
  done: z.boolean(),
  posted: z.boolean(),
  refused: z.string().nullable(),
  lines: z.array(z.string()),
});
export type ToldProposal = z.infer<typeof proposal>;

export const reconciliationAnswer = z.looseObject({
  id: z.string(),
  created: z.number(),
  connection: z.string(),
  vendor: z.string(),
  period,
  time_zone: z.object({
    name: z.string(),
    source: z.string(),
    checked_on: z.string(),
    mark: z.string(),
  }),
  bills: z.array(
    z.looseObject({
      file: z.string(),
      sha256: z.string(),
      encoding: z.string(),
      format: z.string(),
      lines: z.number(),
      image_counts: z.number(),
      notes: z.array(z.string()),
    }),
  ),
  billed: z.string(),
  explained_percent: z.string(),
  matched: z.string(),
  settled: z.string(),
  ours_only: z.string(),
  theirs_only: z.string(),
  price_differs: z.string(),
  rounding: z.string(),
  tax: z.string(),
  credits: z.string(),
  discount: z.string(),
  discount_accepted: z.string().nullable(),
  outside: z.string(),
  outside_lines: z.array(
    z.object({ label: z.string(), why: z.string(), amount: z.string(), lines: z.number() }),
  ),
  findings: z.array(finding),
  findings_left_out: z.number(),
  proposals: z.array(proposal),
  proposals_left_out: z.number(),
  to_give_back: z.string(),
  applied: z
    .object({ posted: z.number(), given_back: z.string(), cost_changed: z.string() })
    .nullable(),
  confirmations: z.array(
    z.looseObject({
      price_version: z.string(),
      meter: z.string(),
      unit_price: z.string(),
      quantity: z.string(),
      from: z.string(),
      to: z.string(),
    }),
  ),
  counts: z.object({
    lines: z.number(),
    calls: z.number(),
    lines_left_out: z.number(),
    left_out: z.string(),
  }),
  drift: z.boolean(),
  emulated: z.boolean(),
});
export type Reconciliation = z.infer<typeof reconciliationAnswer>;

export const reconciliationsAnswer = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      created: z.number(),
      connection: z.string(),
      period,
      billed: z.string(),
      explained_percent: z.string(),
      drift: z.boolean(),
      applied: z.object({ posted: z.number() }).loose().nullable(),
    }),
  ),
});
