import type { BillContext, BillFormat } from "../../bills/format.ts";
import { modelIn, modelNamed, plainLabel, tokenMeterIn } from "../../bills/labels.ts";
import {
  type Counted,
  type PricedColumn,
  pricedNeeded,
  readPricedTable,
} from "../../bills/priced-table.ts";
import { hasColumns, type TableRow } from "../../bills/table.ts";
import type { Meter } from "../../catalog/schema.ts";

/**
 * Alibaba Cloud's bill details as CSV, by billable item and day: from the Expenses and Costs console, or with the
 * field names of its API (QueryInstanceBill, and `instance_bill` in the Log Service) [spec, field names in
 * https://github.com/aliyun/alibabacloud-csharp-sdk, bssopenapi-20171214]. English headings of the console are
 * [spec, https://www.alibabacloud.com/help/en/user-center/user-guide/billing-details-1]; the Chinese ones are
 * [guess]. Chinese exports may be GB18030 [guess].
 *
 * The instance id of Model Studio tells what was used: `ApiKeyID;WorkspaceID;ModelName;Input/Output
 * Type;Channel` for calls since 2025-12-16 [spec, https://www.alibabacloud.com/en/notice/
 * model_studio_changes_of_the_bill_details_page_624], before that `text_token;llm-xxx;qwen-max;output_token;app`
 * [spec, https://www.alibabacloud.com/help/en/model-studio/bill-query-and-cost-management]. Which word stands for
 * pictures is not published: everything but tokens and inputs is taken for output pictures [guess]. All read on
 * 2026-11-26 through public mirrors.
 */

const headings = {
  day: ["BillingDate", "Billing Date", "账单日期", "消费日期", "Usage Start Time", "消费时间"],
  product: ["ProductCode", "Product Name", "ProductName", "Product", "产品名称", "产品"],
  instance: ["InstanceID", "Instance ID", "实例ID"],
  item: ["BillingItem", "Billing Item", "Billable Item", "计费项名称", "计费项"],
  kind: ["Item", "LineItemType", "Fee Type", "账单类型", "费用类型"],
  quantity: ["Usage", "用量"],
  unit: ["UsageUnit", "Usage Unit", "用量单位"],
  gross: ["PretaxGrossAmount", "Pretax Gross Amount", "Catalogue Gross Amount", "目录总价", "原价"],
  net: ["PretaxAmount", "Pretax Amount", "应付金额"],
  coupon: ["DeductedByCoupons", "Deducted by Coupons", "优惠券抵扣"],
  truncated: ["RoundDownDiscount", "Round Down Discount", "抹零优惠", "抹零金额"],
  tax: ["Tax", "税额"],
  currency: ["Currency", "币种"],
} as const;
type Column = PricedColumn | "instance" | "item";
const needed: readonly Column[] = [...pricedNeeded, "instance"];

export const alibabaBill: BillFormat = {
  id: "alibaba-bill-details",
  name: "Alibaba Cloud: bill details by billable item and day, CSV",
  zone: {
    name: "Asia/Shanghai",
    source:
      "https://www.alibabacloud.com/en/notice/billing0110: billing changes are dated in UTC+8; the zone of a bill's days isn't said",
    checkedOn: "2026-11-26",
    mark: "guess",
  },
  encodings: ["gb18030"],
  recognises: (text) => hasColumns<Column>(text, headings, needed),
  read: (text, context) =>
    readPricedTable<"instance" | "item">(
      text,
      { headings, needed, counted: (row) => counted(row, context) },
      context,
    ),
};

function counted(row: TableRow<Column>, { models }: BillContext): Counted {
  const instance = row.cell("instance");
  const parts = instance.split(";").map((part) => part.trim());
  const at = parts.findIndex((part) => modelNamed(part, models) !== null);
  const model = at === -1 ? modelIn(row.cell("item"), models) : modelNamed(parts[at] ?? "", models);
  const label = instance === "" ? `${row.cell("product")} ${row.cell("item")}`.trim() : instance;
  const channel = plainLabel(parts.at(-1) ?? "");
  return {
    model,
    label,
    meter: model === null ? null : meterOf([parts[at + 1] ?? "", row.cell("item")].join(" ")),
    // The key's id and the workspace stand before the model.
    projects: parts.slice(0, Math.max(0, at)).filter((part) => part !== ""),
    elsewhere: channel === "batch" ? "a batch, which this gateway never sends" : null,
  };
}

function meterOf(words: string): Meter {
  const plain = plainLabel(words);
  if (/token/.test(plain)) return tokenMeterIn(words, "text_output_tokens") ?? "text_output_tokens";
  return /input|输入|reference/.test(plain) ? "reference_images" : "output_images";
}
