import type { BillContext, BillFormat } from "../../bills/format.ts";
import { modelIn, plainLabel } from "../../bills/labels.ts";
import {
  type Counted,
  type PricedColumn,
  pricedNeeded,
  readPricedTable,
} from "../../bills/priced-table.ts";
import { hasColumns, type TableRow } from "../../bills/table.ts";

/**
 * BytePlus' bill details as CSV, by billing item and day, under the headings of its console [spec,
 * https://docs.byteplus.com/en/docs/byteplus-platform/docs-bill-details] or with the field names of the API that
 * its sister platform documents (ListBillDetail 2022-01-01) [spec for that platform, guess here]. Amounts have up
 * to six decimals, the total is cut off at two, usage periods are UTC+0 [spec,
 * https://docs.byteplus.com/byteplus-platform/docs/bill-concept-description]. How a Seedream model is worded in
 * instance, configuration and billing item is not published: its id or name is looked for in all of them, and
 * everything but "input" is taken for output pictures [guess]. All read on 2026-11-26.
 */

const headings = {
  day: ["ExpenseDate", "Expense date", "Consumption date", "ExpenseBeginTime", "Consumption time"],
  product: ["Product", "Product name"],
  instance: ["InstanceNo", "Instance ID"],
  name: ["InstanceName", "Instance name"],
  config: ["ConfigName", "Configuration", "Specs"],
  item: ["Element", "Billing item", "Billing unit"],
  kind: ["BillCategory", "Billing type", "Bill type"],
  quantity: ["Count", "Usage"],
  unit: ["Unit"],
  gross: ["OriginalBillAmount", "Gross amount"],
  net: ["PayableAmount", "Amount (pre-tax)"],
  coupon: ["CouponAmount", "Coupon used"],
  truncated: ["RoundAmount", "Amount(truncated)", "Amount (truncated)"],
  tax: ["Tax", "TaxAmount"],
  currency: ["Currency"],
  project: ["Project", "Project name"],
} as const;
type More = "instance" | "name" | "config" | "item" | "project";
const needed: readonly (PricedColumn | More)[] = [...pricedNeeded, "product", "item"];

export const byteplusBill: BillFormat = {
  id: "byteplus-bill-details",
  name: "BytePlus: bill details by billing item and day, CSV",
  zone: {
    name: "UTC",
    source:
      "https://docs.byteplus.com/byteplus-platform/docs/bill-concept-description: Usage Period (UTC+0)",
    checkedOn: "2026-11-26",
    mark: "spec",
  },
  encodings: ["gb18030"],
  recognises: (text) => hasColumns<PricedColumn | More>(text, headings, needed),
  read: (text, context) =>
    readPricedTable<More>(
      text,
      { headings, needed, counted: (row) => counted(row, context) },
      context,
    ),
};

function counted(row: TableRow<PricedColumn | More>, { models }: BillContext): Counted {
  const words = (["instance", "name", "config", "item"] as const)
    .map((name) => row.cell(name))
    .filter((word) => word !== "");
  const model = words.map((word) => modelIn(word, models)).find((each) => each !== null) ?? null;
  const project = row.cell("project");
  const input = words.some((word) => /(^|-)(input|reference)(-|$)/.test(plainLabel(word)));
  return {
    model,
    label: [row.cell("product"), ...words].join(" / "),
    meter: model === null ? null : input ? "reference_images" : "output_images",
    projects: project === "" ? [] : [project],
    elsewhere: null,
  };
}
