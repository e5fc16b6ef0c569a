import { describe, expect, it } from "vitest";
import { picoOf, writtenDecimal } from "../../src/bills/amount.ts";
import { beginOfDay, dayAt, spanIn } from "../../src/bills/day.ts";
import type { BillFormat } from "../../src/bills/format.ts";
import { readColumnMap } from "../../src/bills/generic.ts";
import type { BillLine } from "../../src/bills/line.ts";
import { type BillRead, readBills } from "../../src/bills/read-bill.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { registrations } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });

type How = { readonly map?: string; readonly encoding?: string; readonly format?: string };

function read(vendor: string, text: string | Uint8Array, how: How = {}): BillRead {
  const formats: readonly BillFormat[] =
    registrations.find((each) => each.vendor.id === vendor)?.bills ?? [];
  const models = catalog.models.filter((model) => model.vendor === vendor);
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const { map, ...rest } = how;
  const reading = {
    formats,
    models,
    ...rest,
    map: map === undefined ? undefined : readColumnMap(map),
  };
  return readBills([{ name: "bill", bytes }], reading)[0];
}

/** A line as a reader compares it. */
function told(line: BillLine): string {
  const { kind, from, model, meter, quantity, billed, list, itemised } = line;
  const at = itemised ? ` of ${formatUsd(list)}` : "";
  return [
    kind,
    from,
    model ?? "-",
    meter ?? "-",
    quantity ?? "-",
    `${formatUsd(billed)}${at}`,
  ].join(" ");
}

describe("amounts of bills", () => {
  it.each([
    ["0.8958740000000000", "0.895874"],
    ["5.88e-05", "0.0000588"],
    ["1.2E3", "1200"],
    ["1,234.5", "1234.5"],
    ["-$3.10", "-3.1"],
    ["$-3.10", "-3.1"],
    ["(0.25)", "-0.25"],
    ["US$7", "7"],
    ["−4", "-4"],
    [".5", "0.5"],
    ["-", "0"],
    // Beyond twelve decimals: the nearest, halves away from zero.
    ["0.0000000000005", "0.000000000001"],
    ["-0.00000000000049", "0"],
  ])("%s is %s USD", (text, usd) => {
    const written = writtenDecimal(text);
    expect(written === undefined ? undefined : formatUsd(picoOf(written))).toBe(usd);
  });

  it.each(["", "1.234,5", "1,23", "--1", "NaN", "1e999", "1 2", "."])("%s is none", (text) => {
    expect(writtenDecimal(text)).toBeUndefined();
  });
});

describe("days of bills", () => {
  it("are those of the vendor's zone, summer time and its ends included", () => {
    const zone = "America/Los_Angeles";
    expect(dayAt(Date.parse("2026-06-02T06:59:59Z"), zone)).toBe("2026-06-01");
    expect(dayAt(Date.parse("2026-06-02T07:00:00Z"), zone)).toBe("2026-06-02");
    // Clocks went forward on 2026-03-08 and back on 2026-11-01, at two in the morning.
    for (const [day, begins] of [
      ["2026-03-08", "2026-03-08T08:00:00Z"],
      ["2026-03-09", "2026-03-09T07:00:00Z"],
      ["2026-11-01", "2026-11-01T07:00:00Z"],
      ["2026-11-02", "2026-11-02T08:00:00Z"],
    ] as const) {
      expect(new Date(beginOfDay(day, zone)).toISOString()).toBe(begins.replace("Z", ".000Z"));
    }
    // Clocks go forward two hours after this midnight, which is before that of UTC.
    const auckland = beginOfDay("2026-09-27", "Pacific/Auckland");
    expect(new Date(auckland).toISOString()).toBe("2026-09-26T12:00:00.000Z");
    expect(new Date(beginOfDay("2026-01-01", "Asia/Shanghai")).toISOString()).toBe(
      "2025-12-31T16:00:00.000Z",
    );
  });

  it.each([
    ["2026-06-02", "2026-06-02", "2026-06-02"],
    ["20260602", "2026-06-02", "2026-06-02"],
    ["2026/06/02", "2026-06-02", "2026-06-02"],
    ["2026-02", "2026-02-01", "2026-02-28"],
    ["2026-06-02 06:30:00 UTC", "2026-06-01", "2026-06-01"],
    ["2026-06-02T06:30:00.123Z", "2026-06-01", "2026-06-01"],
    ["2026-06-02T00:30:00+0200", "2026-06-01", "2026-06-01"],
    ["2026-06-02 23:59", "2026-06-02", "2026-06-02"],
  ])("%s is from %s to %s in California", (text, from, to) => {
    expect(spanIn(text, "America/Los_Angeles")).toEqual({ from, to });
  });

  it.each(["", "02.06.2026", "2026-13-01", "2026-02-30", "2026-06-02 noon"])(
    "%s is no day",
    (text) => {
      expect(spanIn(text, "UTC")).toBeUndefined();
    },
  );
});

const bucket = (results: object[], more: object = {}) =>
  JSON.stringify({
    object: "page",
    data: [{ object: "bucket", start_time: 1_780_358_400, end_time: 1_780_444_800, results }],
    has_more: false,
    ...more,
  });
const cost = (value: unknown, line_item: string | null, currency = "usd") => ({
  object: "organization.costs.result",
  amount: { value, currency },
  line_item,
  project_id: "proj_a",
});

describe("OpenAI's costs", () => {
  it("are lines of models and meters, to the last digit; other products have no model", () => {
    const bill = read(
      "openai",
      bucket([
        cost(0.000105, "gpt-image-2, text input"),
        cost("0.0058800000000000", "gpt-image-2-2026-04-21, image output"),
        cost(0.5, "gpt-image-2, batch, image output"),
        cost(1.25, "gpt-4o-mini-2024-07-18, input"),
        cost(0.1, "tax"),
      ]),
    );
    expect(bill.zone).toMatchObject({ name: "UTC", mark: "seen" });
    expect(bill.lines.map(told)).toEqual([
      "usage 2026-06-02 gpt-image-2 text_input_tokens - 0.000105",
      "usage 2026-06-02 gpt-image-2 image_output_tokens - 0.00588",
      "usage 2026-06-02 gpt-image-2 image_output_tokens - 0.5",
      "usage 2026-06-02 - text_input_tokens - 1.25",
      "tax 2026-06-02 - - - 0.1",
    ]);
    expect(bill.lines[2]?.elsewhere).toContain("batch");
  });

  it("come with counts of images, which are evidence and no money", () => {
    const images = {
      object: "organization.usage.images.result",
      ...{ images: 4, num_model_requests: 1, model: "gpt-image-2" },
    };
    const bill = read("openai", bucket([images]));
    expect(bill.counts).toMatchObject([{ model: "gpt-image-2", images: 4n, requests: 1n }]);
  });

  it.each([
    ["pages that are missing", bucket([], { has_more: true }), "has_more: true"],
    [
      "costs that aren't told apart",
      bucket([cost(1, null)]),
      "data[0].results[0]: line_item: null",
    ],
    ["another currency", bucket([cost(1, "gpt-image-2, input", "eur")]), "currency eur: only USD"],
    ["half a file", bucket([cost(1, "a")]).slice(0, -9), "no JSON"],
  ])("refuses %s, naming the place", (_law, text, why) => {
    expect(() => read("openai", text, { format: "openai-usage" })).toThrow(why);
  });
});

describe("Google's billing", () => {
  const IMAGE_SKU = "Generate_content image output token count for Gemini 3 Pro Image";

  it("is read as the Reports page exports it: list, discounts, other savings as credits", () => {
    const text = `Date,Service description,SKU description,Usage amount,Usage unit,List cost ($),Negotiated savings ($),Other savings ($),Unrounded subtotal ($),Subtotal ($)
2026-08-15,Gemini API,${IMAGE_SKU},"1,120",count,0.134400,-0.013440,-0.020960,0.100000,0.10
2026-08-15,Gemini API,Generate content output token count gemini 2.5 flash short input text,"622,403",count,1.56,0.00,0.00,1.555990,1.56
2026-08-15,Gemini API,Generate_content image output token count for Gemini 2.5 Flash Native Image Generation batch,10,count,0,0,0,0.000300,0.00
,,Total,,,,,,1.656290,1.66`;
    const bill = read("google", text);
    expect(bill.lines.map(told)).toEqual([
      // 0.1 to pay and 0.02096 of savings: 0.12096 after the discount.
      "usage 2026-08-15 gemini-3-pro-image image_output_tokens 1120 0.12096 of 0.1344",
      "credit 2026-08-15 gemini-3-pro-image image_output_tokens - -0.02096",
      "usage 2026-08-15 - text_output_tokens 622403 1.55599",
      "usage 2026-08-15 gemini-2.5-flash-image image_output_tokens 10 0.0003",
    ]);
    expect(bill.lines[3]?.elsewhere).toContain("batch");
    expect(bill.notes).toEqual(["no currency is named: $ is taken for US dollars"]);
  });

  it("is read as the Cost table of an invoice: its preamble, spans of days, tax and rounding", () => {
    const text = `Invoice number,1,
Currency,USD,
Project ID,SKU description,Credit type,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,Unrounded Cost ($),Cost ($)
shop,Gemini 3.1 Flash Image Text Input - Predictions,,Usage,2026-06-01,2026-06-30,"2,000",count,0.001,0.00
shop,Gemini 3.1 Flash Image Text Input - Predictions,Promotional credit,Usage,2026-06-01,2026-06-30,,,-0.001,0.00
,,,Tax,,,,,0.5,0.50
,,,Rounding error,,,,,-0.003,-0.00
,,,Total,,,,,0.497,0.50`;
    const bill = read("google", text);
    expect(bill.lines.map(told)).toEqual([
      "usage 2026-06-01 gemini-3.1-flash-image text_input_tokens 2000 0.001",
      "credit 2026-06-01 gemini-3.1-flash-image text_input_tokens - -0.001",
      "tax 2026-06-01 - - - 0.5",
      "rounding 2026-06-01 - - - -0.003",
    ]);
    expect(bill.lines[0]).toMatchObject({ to: "2026-06-30", projects: ["shop"] });
    expect(() => read("google", text.replace("Currency,USD", "Currency,AUD"))).toThrow(
      "currency AUD",
    );
  });

  it("is read as the export to BigQuery: instants become days of California, credits have types", () => {
    const text = `service.description,sku.description,usage_start_time,cost,currency,usage.amount,credits,cost_type
Gemini API,${IMAGE_SKU},2026-06-02 06:00:00 UTC,0.1344,USD,1120.0,"[{""name"":""a"",""amount"":-0.01,""type"":""SUSTAINED_USAGE_DISCOUNT""},{""amount"":-0.02,""type"":""PROMOTION""}]",regular`;
    expect(read("google", text).lines.map(told)).toEqual([
      "usage 2026-06-01 gemini-3-pro-image image_output_tokens 1120 0.1344",
      "discount 2026-06-01 gemini-3-pro-image image_output_tokens - -0.01",
      "credit 2026-06-01 gemini-3-pro-image image_output_tokens - -0.02",
    ]);
  });

  it("names every cell that can't be understood, by line", () => {
    const text = `Date,SKU description,Cost ($)
yesterday,${IMAGE_SKU},1.00
2026-06-02,${IMAGE_SKU},1.2.3
2026-06-02,${IMAGE_SKU}`;
    const all = /line 2: Date: not a day.*\n.*line 3: Cost \(\$\): not an amount.*/;
    expect(() => read("google", text)).toThrow(all);
    expect(() => read("google", text)).toThrow("line 4: 2 cells, the header has 3");
  });
});

describe("Alibaba's bill", () => {
  const rows = `账单日期,产品名称,实例ID,计费项,用量,用量单位,原价,应付金额,抹零金额,币种
20260602,大模型服务平台,12;llm-x;qwen-image-2.0;image_number;app,图片张数,3,张,0.105,0.09,0.015,USD
20260602,大模型服务平台,12;llm-x;qwen-max;output_token;app,tokens,1.5,千tokens,0.01,0.01,0,USD
`;
  const encoded = (text: string): Uint8Array => {
    // Node writes no GB18030: the few characters of the header by hand, the rest is ASCII.
    const table: Readonly<Record<string, string>> = JSON.parse(
      '{"账":"d5cb","单":"b5a5","日":"c8d5","期":"c6da","产":"b2fa","品":"c6b7","名":"c3fb","称":"b3c6","实":"cab5","例":"c0fd","计":"bcc6","费":"b7d1","项":"cfee","用":"d3c3","量":"c1bf","位":"cebb","原":"d4ad","价":"bcdb","应":"d3a6","付":"b8b6","金":"bdf0","额":"b6ee","抹":"c4a8","零":"c1e3","币":"b1d2","种":"d6d6","大":"b4f3","模":"c4a3","型":"d0cd","服":"b7fe","务":"cef1","平":"c6bd","台":"cca8","图":"cdbc","片":"c6ac","张":"d5c5","数":"cafd","千":"c7a7"}',
    );
    return Buffer.concat(
      [...text].map((each) =>
        each < "\x80" ? Buffer.from(each) : Buffer.from(table[each] ?? "3f", "hex"),
      ),
    );
  };

  it.each([
    ["UTF-8", Buffer.from(rows), "utf-8"],
    ["GB18030", encoded(rows), "gb18030"],
    ["UTF-16", Buffer.from(`\uFEFF${rows}`, "utf16le"), "utf-16le"],
  ])("is read in %s, and says so", (_law, bytes, encoding) => {
    const bill = read("alibaba", bytes);
    expect(bill.encoding).toBe(encoding);
    expect(bill.lines.map(told)).toEqual([
      // 0.09 to pay and 0.015 cut off: nothing was taken off the list.
      "usage 2026-06-02 qwen-image-2.0 output_images 3 0.105 of 0.105",
      "rounding 2026-06-02 qwen-image-2.0 output_images - -0.015",
      "usage 2026-06-02 - - 1500 0.01 of 0.01",
    ]);
    expect(bill.lines[0]?.projects).toEqual(["12", "llm-x"]);
  });

  it("knows the field names of the API, refunds and inputs", () => {
    const text = `BillingDate,ProductCode,InstanceID,BillingItem,Item,Usage,UsageUnit,PretaxGrossAmount,PretaxAmount,Currency
2026-06-02,sfm,llm-x;qwen-image-3.0;image_input;app,input,PayAsYouGoBill,2,piece,0.006,0.006,USD
2026-06-02,sfm,llm-x;qwen-image-3.0;image;app,output,Refund,,,-0.04,-0.04,USD
2026-06-02,sfm,llm-x;qwen-image-3.0;image;app,output,PayAsYouGoBill,1,piece,0.3,0.3,CNY
`;
    expect(() => read("alibaba", text)).toThrow(
      "bill: line 4: currency CNY: only USD can be matched",
    );
    expect(read("alibaba", text.split("\n").slice(0, 3).join("\n")).lines.map(told)).toEqual([
      "usage 2026-06-02 qwen-image-3.0 reference_images 2 0.006 of 0.006",
      "credit 2026-06-02 qwen-image-3.0 output_images - -0.04",
    ]);
  });
});

it("BytePlus' bill tells coupon, truncation and tax apart", () => {
  const text = `Billing cycle,Consumption time,Product,Instance ID,Billing item,Usage,Unit,Gross amount,Amount(truncated),Coupon used,Amount (pre-tax),Tax,Currency,Billing type
2026-06,2026-06-02 03:00:00,ModelArk,ep-1,Seedream-4.0 image,10,image,0.300000,0.005,0.1,0.195,0.02,USD,Consumption
2026-06,2026-06-02 03:00:00,Object storage,b-1,Traffic,10,GB,1,0,0,1,0,USD,Consumption`;
  expect(read("byteplus", text).lines.map(told)).toEqual([
    "usage 2026-06-02 seedream-4-0 output_images 10 0.3 of 0.3",
    "credit 2026-06-02 seedream-4-0 output_images - -0.1",
    "rounding 2026-06-02 seedream-4-0 output_images - -0.005",
    "tax 2026-06-02 seedream-4-0 output_images - 0.02",
    "usage 2026-06-02 - - 10 1 of 1",
  ]);
});

describe("any table, by a map", () => {
  it("takes columns, and values for all rows", () => {
    const text = "When;What;Paid\n2026-06-02;gpt-image-2;0,1\n";
    expect(() => read("openai", text, { map: "day=When,amount=Paid" })).toThrow(
      'not an amount: "0,1"',
    );
    const bill = read("openai", text.replace("0,1", "0.10"), {
      map: "day=When,amount=Paid,model=What,meter==image output",
    });
    expect(bill.lines.map(told)).toEqual([
      "usage 2026-06-02 gpt-image-2 image_output_tokens - 0.1",
    ]);
  });

  it("names the columns that are missing, and those that are there", () => {
    const why = 'missing: amount ("Cost"); there is: Date, Price';
    expect(() => read("openai", "Date,Price\n", { map: "day=Date,amount=Cost" })).toThrow(why);
  });

  it.each([
    ["day=Date", "amount must be among the fields"],
    ["day=Date,amount=C,colour=Blue", '"colour=Blue": must be FIELD=HEADING'],
    ["day=A,day=B,amount=C", "day stands there twice"],
  ])("refuses the map %s", (map, why) => {
    expect(() => readColumnMap(map)).toThrow(why);
  });
});

describe("files of bills", () => {
  const file = (name: string, text: string) => ({ name, bytes: Buffer.from(text) });
  const reading = { formats: [], models: [], map: readColumnMap("day=D,amount=A") };

  it("are all read or none: every problem of every file is named", () => {
    const files = [
      file("a.csv", "D,A\nx,1\n"),
      file("b.csv", ""),
      file("c.csv", "D,A\n2026-06-02,1\n"),
    ];
    expect(() => readBills(files, reading)).toThrow(
      /a\.csv: line 2: D: not a day.*\nb\.csv: empty/,
    );
  });

  it("are not read twice", () => {
    const twice = [file("a.csv", "D,A\n2026-06-02,1\n"), file("copy.csv", "D,A\n2026-06-02,1\n")];
    expect(() => readBills(twice, reading)).toThrow("copy.csv: the same bytes as a.csv");
  });

  it("that nobody knows are named with what is known and how they begin", () => {
    const why = /not recognised; known of this vendor: google-cloud-billing .* begins with "Hello"/;
    expect(() => read("google", "Hello\nworld")).toThrow(why);
  });
});
