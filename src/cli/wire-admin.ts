import { z } from "zod";

/** Those fields of the administration's answers that the command line prints; amounts stay strings. */

const amounts = z.record(z.string(), z.string());
const autoAs = z.record(z.string(), z.string()).nullable();

export const accountAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  parent_id: z.string().nullable(),
  root_id: z.string(),
  level: z.number(),
  prepaid: z.boolean(),
  limits: amounts,
  auto_as: autoAs,
  margin: z.object({ basis_points: z.number(), fixed: z.string() }).nullable(),
  house_limits: amounts.nullable(),
  retain: z.string().nullable(),
  settled: z.string(),
  held: z.string(),
  available: z.string().nullable(),
});
export type Account = z.infer<typeof accountAnswer>;
export const accountsAnswer = z.looseObject({ data: z.array(accountAnswer) });

export const fundAnswer = z.looseObject({
  account_id: z.string(),
  entry_id: z.string(),
  amount: z.string(),
  available: z.string().nullable(),
});

export const keyAnswer = z.looseObject({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  created: z.number(),
  revoked: z.boolean(),
  expires_at: z.string().nullable(),
  expired: z.boolean(),
  limits: amounts,
  allowed_models: z.array(z.string()).nullable(),
  auto_as: autoAs,
  tags: z.record(z.string(), z.string()),
  rate_limit: z
    .object({
      requests_per_minute: z.number().optional(),
      images_per_minute: z.number().optional(),
    })
    .nullable(),
});
export type Key = z.infer<typeof keyAnswer>;
export const newKeyAnswer = keyAnswer.extend({ key: z.string() });
export const keysAnswer = z.looseObject({ data: z.array(keyAnswer) });

function pageOf<Item extends z.ZodType>(item: Item) {
  return z.looseObject({ data: z.array(item), next: z.string().nullable() });
}

export const holdsAnswer = pageOf(
  z.looseObject({
    id: z.string(),
    account_id: z.string(),
    vendor: z.string(),
    amount: z.string(),
    created: z.number(),
  }),
);

export const exposuresAnswer = pageOf(
  z.looseObject({
    receipt_id: z.string(),
    account_id: z.string(),
    model: z.string(),
    amount: z.string(),
    reason: z.string(),
    opened: z.number(),
    billed: z.string().nullable(),
  }),
);

export const overrunsAnswer = pageOf(
  z.looseObject({
    receipt_id: z.string(),
    account_id: z.string(),
    model: z.string(),
    ceiling: z.string(),
    amount: z.string(),
    created: z.number(),
  }),
);

export const correctionAnswer = z.looseObject({
  entry_id: z.string(),
  corrects: z.string(),
  of: z.string(),
  before: z.string(),
  after: z.string(),
  reason: z.string(),
});
export const correctionsAnswer = pageOf(
  correctionAnswer.extend({ actor: z.string(), created: z.number() }),
);

export const alertsAnswer = pageOf(
  z.looseObject({
    node_id: z.string(),
    limit: z.string(),
    window: z.string().nullable(),
    threshold: z.number(),
    used: z.string(),
    of: z.string(),
    created: z.number(),
  }),
);

export const statementsAnswer = pageOf(
  z.looseObject({
    number: z.string(),
    month: z.string(),
    total: z.string(),
    issued_at: z.string(),
    sha256: z.string(),
    entry: z.looseObject({ sequence: z.number() }),
  }),
);
