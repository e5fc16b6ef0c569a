import { day, dollars, fieldAt, reading, text, textOrNull } from "../../imports/fields.ts";
import { isFields } from "../../imports/json-records.ts";
import type { PastUsage, SourceRecord, UsageFound, UsageReader } from "../../imports/port.ts";
import { addUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";

/**
 * Google Cloud Billing's standard export, table `gcp_billing_export_v1_…`, as JSON rows (`bq query
 * --format=json`, or lines of JSON): cost and usage by SKU and hour. A day's SKUs of one model belong together;
 * how many pictures they were follows from the image output tokens.
 *
 * Fields: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage [spec], read
 * 2026-11-26. Names of SKUs ("Generate_content image output token count for Gemini 3 Pro Image") from other
 * people's invoices and tests [third], 2026: the vendor lists them on no page that was found, so that a SKU of
 * another wording is left out and counted. Amounts are tokens where the unit says `count` [third].
 */
export const googleUsageReader: UsageReader = {
  id: "google",
  forms: ["rows"],
  known: [
    ...["billing_account_id", "service.id", "service.description", "sku.id", "sku.description"],
    ...["usage_start_time", "usage_end_time", "project", "labels", "system_labels", "location"],
    ...["tags", "price", "subscription", "transaction_type", "seller_name", "export_time"],
    ...["cost", "currency", "currency_conversion_rate", "usage.amount", "usage.unit"],
    ...["usage.amount_in_pricing_units", "usage.pricing_unit", "credits", "invoice"],
    ...["cost_type", "adjustment_info", "cost_at_list", "cost_at_effective_price_default"],
    ...["consumption_model", "resource"],
  ],
  required: ["sku", "usage_start_time", "cost"],
  read: readRows,
};

/** A day's SKUs of one model in one project. */
type Group = {
  readonly day: string;
  readonly model: string;
  readonly project: string | null;
  dollars: PicoUsd;
  outputDollars: PicoUsd;
  outputTokens: bigint;
};

type Sku = {
  readonly join: readonly [day: string, model: string, project: string | null];
  readonly dollars: PicoUsd;
  /** Tokens of pictures that came out; undefined for SKUs of anything else. */
  readonly outputTokens: bigint | undefined;
};

async function* readRows(records: AsyncIterable<SourceRecord>): AsyncGenerator<UsageFound> {
  const groups = new Map<string, Group>();
  for await (const record of records) {
    const found = reading(record, () => skuOf(record));
    if ("kind" in found) {
      yield found;
      continue;
    }
    const [on, model, project] = found.join;
    const name = JSON.stringify(found.join);
    const group = groups.get(name) ?? {
      ...{ day: on, model, project },
      ...{ dollars: ZERO_USD, outputDollars: ZERO_USD, outputTokens: 0n },
    };
    group.dollars = addUsd(group.dollars, found.dollars);
    if (found.outputTokens !== undefined) {
      group.outputDollars = addUsd(group.outputDollars, found.dollars);
      group.outputTokens += found.outputTokens;
    }
    groups.set(name, group);
  }
  for (const group of groups.values()) yield together(group);
}

function together(group: Group): UsageFound {
  const { dollars: cost, outputDollars, outputTokens } = group;
  // Thinking and prompts of a model whose pictures are on no row: nothing says what they were for.
  if (outputTokens === 0n) {
    return { kind: "left_out", reason: "not_images", images: null, dollars: cost };
  }
  const part: PastUsage = {
    ...{ day: group.day, model: group.model, key: group.project, outputTokens },
    ...{ requests: null, images: null, size: null, quality: null, promptTokens: null },
  };
  return { kind: "usage", parts: [part], dollars: cost, outputDollars };
}

/** The model's name ends a SKU's: "… token count for Gemini 3 Pro Image", "… gemini 2.5 flash image". */
const MODEL_IN_SKU = /\b(gemini[\s_-][\w.\s-]*?image)\b/i;

function skuOf({ fields }: SourceRecord): Sku | UsageFound {
  const on = day(fields, "usage_start_time");
  const cost = dollars(fields, "cost");
  const leftOut = (reason: "not_images" | "other_currency" | "batch"): UsageFound => ({
    ...{ kind: "left_out", reason, images: null, dollars: cost },
  });
  if ((textOrNull(fields, "currency") ?? "USD") !== "USD") {
    return { kind: "left_out", reason: "other_currency", images: null, dollars: null };
  }
  const sku = text(fields, "sku.description").replaceAll("_", " ");
  const named = MODEL_IN_SKU.exec(sku)?.[1];
  const costType = textOrNull(fields, "cost_type") ?? "regular";
  if (named === undefined || costType !== "regular") return leftOut("not_images");
  if (/\b(batch|flex|priority)\b/i.test(sku)) return leftOut("batch");
  const project = fieldAt(fields, "project");
  return {
    join: [
      on,
      named.toLowerCase().replace(/\s+/g, "-"),
      isFields(project) ? textOrNull(project, "id") : null,
    ],
    dollars: cost,
    outputTokens: /image output token/i.test(sku) ? tokensOf(fields) : undefined,
  };
}

function tokensOf(fields: SourceRecord["fields"]): bigint {
  const amount = text(fields, "usage.amount");
  // BigQuery prints a float: 1120.0, and 1.12E7 for large ones.
  const value = Number(amount);
  return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : 0n;
}
