import { z } from "zod";
import { refused } from "./failures.ts";

/** Those fields of the API's answers that the command line prints; amounts stay the strings that they are. */

const line = z.looseObject({
  meter: z.string(),
  quantity: z.string(),
  unit_price: z.string(),
  amount: z.string(),
});
export type Line = z.infer<typeof line>;

const words = z.array(z.string());
const bill = z.looseObject({ total: z.string(), lines: z.array(line) });

const resolved = z
  .array(
    z.looseObject({
      param: z.string(),
      asked: z.string().nullable(),
      sent: z.string(),
      by: z.string(),
    }),
  )
  .default([]);
export type Resolved = z.infer<typeof resolved>;

/** How a model was chosen; null where it was named. */
const route = z
  .looseObject({
    requested: z.string(),
    chosen: z.string(),
    reasons: words,
    runner_up: z
      .looseObject({ model: z.string(), quality: z.string().nullable(), total: z.string() })
      .nullable(),
  })
  .nullable()
  .default(null);
export type Route = z.infer<typeof route>;

export const quoteAnswer = z.looseObject({
  model: z.string(),
  vendor: z.string(),
  price_version: z.string(),
  source: z.string().optional(),
  checked_on: z.string().optional(),
  expected: bill,
  ceiling: bill,
  exact: z.boolean(),
  resolved,
  sent: z.record(z.string(), z.unknown()),
  marks: words,
  warnings: words,
  levers: z.array(
    z.looseObject({
      param: z.string(),
      value: z.string(),
      expected: z.string(),
      ceiling: z.string(),
      saves: z.string().optional(),
      why: z.string().optional(),
    }),
  ),
  route,
  emulated: z.boolean(),
});
export type Quote = z.infer<typeof quoteAnswer>;

/** What counts of judged pictures. */
export const outcomesTold = z.array(
  z.looseObject({ image: z.number(), kept: z.boolean(), reason: z.string().nullable() }),
);

export const receiptAnswer = z.looseObject({
  id: z.string(),
  created: z.number(),
  status: z.string(),
  model: z.string(),
  served_model: z.string().nullable(),
  vendor: z.string(),
  price_version: z.string(),
  source: z.string(),
  checked_on: z.string(),
  emulated: z.boolean(),
  basis: z.string(),
  reason: z.string().nullable(),
  code: z.string().nullable().optional(),
  total: z.string(),
  expected: z.string(),
  ceiling: z.string(),
  released: z.string(),
  overrun: z.string(),
  corrected_total: z.string().nullable().default(null),
  outcomes: outcomesTold.default([]),
  resolved,
  route,
  lines: z.array(line),
  images: z.array(
    z.looseObject({
      width: z.number().nullable(),
      height: z.number().nullable(),
      format: z.string().nullable(),
      bytes: z.number(),
      flags: words,
    }),
  ),
  sent: z.record(z.string(), z.unknown()),
  marks: words,
  flags: words,
  warnings: words.default([]),
  chain: z.looseObject({ sequence: z.number(), hash: z.string() }).nullable(),
});
export type Receipt = z.infer<typeof receiptAnswer>;

export const imagesAnswer = z.looseObject({
  data: z.array(z.looseObject({ b64_json: z.string() })).min(1),
  usage: z.looseObject({
    cost_details: z.looseObject({ total: z.string(), receipt_id: z.string() }),
  }),
});

const term = z.looseObject({
  meter: z.string(),
  usd: z.string(),
  per: z.number(),
  when: z.looseObject({ service_tier: z.string().optional() }).optional(),
});
export const modelAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  owned_by: z.string(),
  aliases: words,
  available: z.boolean(),
  unavailable_because: z.string().nullable(),
  warnings: words,
  /** Null for names under which a model is chosen. */
  capabilities: z
    .looseObject({
      images_per_call_max: z.number(),
      quality: z.looseObject({ tiers: words }).optional(),
    })
    .nullable(),
  price: z
    .looseObject({
      price_version: z.string(),
      source: z.string(),
      checked_on: z.string(),
      mark: z.string(),
      terms: z.array(term),
    })
    .nullable(),
});
export type Model = z.infer<typeof modelAnswer>;
export const modelsAnswer = z.looseObject({ data: z.array(modelAnswer) });

/** What is known of judged pictures; null is not known. */
export const keptFigures = z.looseObject({
  outcomes: z.number().default(0),
  kept: z.number().default(0),
  kept_share: z.string().nullable().default(null),
  kept_share_low: z.string().nullable().default(null),
  kept_share_high: z.string().nullable().default(null),
  price_per_kept: z.string().nullable().default(null),
  price_per_kept_low: z.string().nullable().default(null),
  price_per_kept_high: z.string().nullable().default(null),
});
export type KeptTold = z.infer<typeof keptFigures>;

const usedFigures = keptFigures.extend({
  calls: z.number(),
  settled: z.number(),
  images: z.number(),
  charge: z.string(),
  held: z.string(),
  average_per_image: z.string().nullable(),
  vendor_cost: z.string().optional(),
  overrun: z.string().optional(),
  exposure: z.string().optional(),
});
export type UsedFigures = z.infer<typeof usedFigures>;
export const usageAnswer = z.looseObject({
  from: z.string(),
  to: z.string(),
  by: words,
  data: z.array(usedFigures),
  total: usedFigures,
  emulated: z.boolean(),
});
export type UsageTold = z.infer<typeof usageAnswer>;

const repricedFigure = z.looseObject({
  before: z.string(),
  after: z.string().nullable(),
  change: z.string(),
  because: z.string().nullable(),
});
export type RepricedFigure = z.infer<typeof repricedFigure>;
const repricedSums = z.looseObject({
  corrected: z.number(),
  before: z.string(),
  after: z.string(),
  difference: z.string(),
  unchanged: z.number(),
  kept: z.record(z.string(), z.number()),
});
export type RepricedSums = z.infer<typeof repricedSums>;
export const repriceAnswer = z.looseObject({
  from: z.string(),
  to: z.string(),
  applied: z.boolean(),
  calls: z.number(),
  charges: repricedSums,
  vendor_costs: repricedSums,
  data: z.array(
    z.looseObject({
      receipt_id: z.string(),
      charge: repricedFigure.nullable(),
      vendor_cost: repricedFigure.nullable(),
    }),
  ),
  data_left_out: z.number(),
  emulated: z.boolean(),
});
export type Repricing = z.infer<typeof repriceAnswer>;

/** Reads an answer. @throws Refused when the gateway speaks another version's language. */
export function readAnswer<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw refused(
    "unknown_answer",
    `the gateway's answer is not understood; is it another version?\n${z.prettifyError(parsed.error)}`,
  );
}
