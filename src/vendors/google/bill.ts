import { picoOf, slackOf, wholeUnits, writtenDecimal } from "../../bills/amount.ts";
import { BillComposer, kindOf, type RowFacts } from "../../bills/compose.ts";
import type { DaySpan } from "../../bills/day.ts";
import type { BillContext, BillFormat, ReadBill } from "../../bills/format.ts";
import { modelIn, tokenMeterIn } from "../../bills/labels.ts";
import type { BillLineKind } from "../../bills/line.ts";
import { hasColumns, readTable, type Table, type TableRow } from "../../bills/table.ts";
import type { Meter } from "../../catalog/schema.ts";
import { addUsd, negateUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { parseExactJson } from "../../text/exact-json.ts";

/**
 * Google Cloud's bills as CSV, in the three forms in which people have them:
 *
 * - the Reports page grouped by date and SKU: `Date, Service description, SKU description, Usage amount, List
 *   cost ($), Negotiated savings ($), Savings programs ($), Other savings ($), Unrounded subtotal ($)` [seen,
 *   an export of 2026-08];
 * - the Cost table of an invoice: eight lines about the invoice, then `Credit type, Cost type, Usage start
 *   date, Usage end date, Usage amount, Unrounded Cost ($), Cost ($)`, and rows `Rounding error`, `Tax` and
 *   `Total` at its end [seen, exports of 2026-06 and 2026-08];
 * - the standard or detailed export to BigQuery, saved as CSV with dots or underscores in its headings:
 *   `service.description, sku.description, usage_start_time, cost, currency, usage.amount, credits, cost_type`
 *   [spec, https://docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage].
 *
 * SKUs such as "Generate_content image output token count for Gemini 3 Pro Image" and "Gemini 3.1 Flash Image
 * Text Input - Predictions" are [seen]; that a SKU without "image" or "text" before "output" counts text is
 * [guess]. The usage unit of token SKUs is "count" [seen]. All read on 2026-11-26 through public mirrors.
 */

const headings = {
  day: ["date", "usage_start_time", "usage start time", "usage start date"],
  until: ["usage end date"],
  service: ["service.description", "service_description", "service description"],
  sku: ["sku.description", "sku_description", "sku description"],
  quantity: ["usage.amount", "usage_amount", "usage amount"],
  net: ["unrounded subtotal ($)", "unrounded cost ($)", "cost", "subtotal ($)", "cost ($)"],
  list: ["cost_at_list", "list cost ($)"],
  other: ["other savings ($)"],
  credits: ["credits"],
  costType: ["cost_type", "cost type"],
  creditType: ["credit type"],
  currency: ["currency"],
  project: ["project.id", "project_id", "project id"],
} as const;
type Column = keyof typeof headings;
const needed: readonly Column[] = ["day", "sku", "net"];

export const googleBill: BillFormat = {
  id: "google-cloud-billing",
  name: "Google Cloud billing, CSV: Reports by date and SKU, Cost table, or the BigQuery export",
  zone: {
    name: "America/Los_Angeles",
    source:
      "https://github.com/GoogleCloudPlatform/bigquery-utils, billing scripts: usage_date is Los Angeles time",
    checkedOn: "2026-11-26",
    mark: "third",
  },
  encodings: [],
  recognises: (text) => hasColumns(text, headings, needed),
  read: readGoogleBill,
};

/** A SKU that the catalog's id doesn't spell: seen on an export of 2026-08-15. */
const SKU_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["gemini-2.5-flash-image", ["gemini 2.5 flash native image generation"]],
]);

function readGoogleBill(text: string, context: BillContext): ReadBill {
  const table = readTable<Column>(text, headings, needed);
  const compose = new BillComposer(context.file);
  const currency = table.preamble.get("currency");
  if (currency === undefined && !table.has("currency") && table.rows.length > 0) {
    compose.notes.push("no currency is named: $ is taken for US dollars");
  }
  if (currency !== undefined) compose.dollars("line 1 and following", currency);
  for (const row of table.rows) readRow(row, { table, context, compose });
  return {
    lines: compose.lines(),
    counts: [],
    notes: compose.notes,
    problems: [...table.problems, ...compose.problems],
  };
}

type Reading = {
  readonly table: Table<Column>;
  readonly context: BillContext;
  readonly compose: BillComposer;
};

/** Rows that add up others: they would count everything twice. */
const SUMMARY = /^(filtered |sub)?total$/i;

function readRow(row: TableRow<Column>, { table, context, compose }: Reading): void {
  const { place } = row;
  const net = compose.cell(row, "net");
  const type = row.cell("costType") || row.cell("sku") || row.cell("service") || row.cell("day");
  if (SUMMARY.test(type) || SUMMARY.test(row.cell("sku"))) return;
  const kind = kindOfRow(row);
  const span = spanOf(row, { kind, table, context, compose });
  if (net === undefined && row.cell("net") === "") compose.problem(place, "no cost");
  if (net === undefined || span === undefined) return;
  if (!compose.dollars(place, row.cell("currency"))) return;
  const sku = row.cell("sku");
  const written = writtenDecimal(row.cell("quantity"));
  const project = row.cell("project");
  const facts: RowFacts = {
    ...span,
    place,
    model: modelIn(sku, context.models, ({ id }) => SKU_NAMES.get(id) ?? []),
    label: sku === "" ? type : sku,
    meter: meterOf(sku),
    quantity: written === undefined ? null : (wholeUnits(written) ?? null),
    projects: project === "" ? [] : [project],
    elsewhere: tierOf(sku),
  };
  const other = compose.cell(row, "other") ?? ZERO_USD;
  const coupon = other < ZERO_USD ? negateUsd(other) : other;
  const list = listOf(row, addUsd(net, coupon), compose);
  compose.add(facts, { kind, net, coupon, list });
  for (const credit of creditsIn(row, compose)) compose.add(facts, credit);
}

/** Days of rows that bear none, such as taxes, are those of the whole table. */
function spanOf(
  row: TableRow<Column>,
  { kind, table, context, compose }: Reading & { readonly kind: BillLineKind },
): DaySpan | undefined {
  const day = row.cell("day");
  if (day === "" && kind !== "usage") {
    const days = table.rows
      .flatMap((each) => [each.cell("day"), each.cell("until")])
      .filter((each) => /^\d{4}-\d{2}-\d{2}/.test(each))
      .map((each) => each.slice(0, 10))
      .toSorted();
    const [from, to] = [days[0], days.at(-1)];
    return from === undefined || to === undefined ? undefined : { from, to };
  }
  const first = compose.span(row.place, row.heading("day"), day, context.zone);
  if (first === undefined || row.cell("until") === "") return first;
  const last = compose.span(row.place, row.heading("until"), row.cell("until"), context.zone);
  return last === undefined ? undefined : { from: first.from, to: last.to };
}

function kindOfRow(row: TableRow<Column>): BillLineKind {
  const credit = row.cell("creditType");
  if (credit !== "") return /discount/i.test(credit) ? "discount" : "credit";
  const type = row.cell("costType").replace(/^(regular|usage)$/i, "");
  return kindOf(
    row.cell("sku") === "" ? `${type} ${row.cell("service")} ${row.cell("day")}` : type,
  );
}

/** The list price, unless it is only the same amount written with fewer decimals. */
function listOf(
  row: TableRow<Column>,
  billed: PicoUsd,
  compose: BillComposer,
): PicoUsd | undefined {
  const written = writtenDecimal(row.cell("list"));
  if (written === undefined) {
    compose.cell(row, "list"); // names what is no amount
    return undefined;
  }
  const list = picoOf(written);
  const off = subtractUsd(list, billed);
  const size = off < ZERO_USD ? negateUsd(off) : off;
  return size < slackOf(written.decimals) ? undefined : list;
}

/** The credits of an exported row: JSON in its cell, each with a type of its own. */
function creditsIn(
  row: TableRow<Column>,
  compose: BillComposer,
): { readonly kind: BillLineKind; readonly net: PicoUsd }[] {
  const text = row.cell("credits");
  if (text === "" || text === "[]") return [];
  let credits: unknown;
  try {
    credits = parseExactJson(text);
  } catch {
    compose.problem(row.place, `${row.heading("credits")}: not a list of credits in JSON`);
    return [];
  }
  return (Array.isArray(credits) ? credits : [credits]).flatMap((credit) => {
    const { amount, type } = Object(credit);
    const written: unknown = amount?.digits ?? amount;
    const net = compose.amount(row.place, "credits.amount", String(written ?? "none"));
    const kind = /DISCOUNT/.test(String(type)) ? "discount" : "credit";
    return net === undefined ? [] : [{ kind, net } as const];
  });
}

function meterOf(sku: string): Meter | null {
  // The name of the model has "image" in it: what is counted stands before it, or before the dash.
  const counted = /^(.*?)\s+(?:token count|for)\b/i.exec(sku.replaceAll("_", " "))?.[1];
  const predicted = /image\s+(\w+ (?:input|output))\s*-/i.exec(sku)?.[1];
  return tokenMeterIn(predicted ?? counted ?? sku, "text_output_tokens");
}

/** This gateway asks for the standard tier only. */
function tierOf(sku: string): string | null {
  const tier = /\b(batch|flex|priority)\b/i.exec(sku)?.[1];
  return tier === undefined
    ? null
    : `the ${tier.toLowerCase()} tier, which this gateway never asks for`;
}
