import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ImportRequest } from "../../src/imports/import-usage.ts";
import { usageReaders } from "../../src/imports/readers.ts";
import { findImport, listImports, removeImport, rowsOfImport } from "../../src/imports/store.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { importInto } from "../../src/start/import-usage.ts";
import { testConfig } from "../gateway/sandbox.ts";

/**
 * Files of every kind that is read. Dollars by the catalog of November 2026: gpt-image-2 at 1024x1024 is 196,
 * 1,756 or 7,024 tokens of 30 USD a million: 0.00588, 0.05268 or 0.21072; a text token is 0.000005.
 */

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-import-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function file(name: string, content: string | object): string {
  const path = join(home, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function run(from: string, files: readonly string[], more: Partial<ImportRequest> = {}) {
  const reader = usageReaders.find(({ id }) => id === from);
  if (reader === undefined) throw new Error(`no reader ${from}`);
  return importInto(testConfig({ SPOTMETER_HOME: home }), {
    ...{ files, reader, name: "set", skipBad: false, assumed: {}, by: { map: new Map() } },
    progress: () => undefined,
    ...more,
  });
}

async function rows(name = "set"): Promise<string[]> {
  const found: string[] = [];
  for await (const row of rowsOfImport(home, name)) {
    const { day, model, key, requests, images, quality, size, prompt_tokens: tokens } = row;
    const marks = [...row.inferred, ...row.assumed.map((each) => `${each}!`)].join("+");
    found.push(
      [
        day,
        model,
        key,
        `${requests}/${images}`,
        quality,
        size,
        `${tokens}t`,
        formatUsd(row.dollars),
        marks,
      ].join(" "),
    );
  }
  return found;
}

/** 2026-11-01T00:00:00Z */
const NOV_1 = 1_793_491_200;

const bucket = (...results: object[]) => ({
  ...{ object: "bucket", start_time: NOV_1, end_time: NOV_1 + 86_400 },
  results,
});
const page = (bucketOf: object, more: object = {}) => ({
  ...{ object: "page", data: [bucketOf], has_more: false, next_page: null },
  ...more,
});
const use = (images: number, more: object = {}) => ({
  ...{ object: "organization.usage.images.result", images, num_model_requests: images },
  ...{ size: "1024x1024", source: "image.generation", project_id: "proj_1", user_id: null },
  ...{ api_key_id: "key_web", model: "gpt-image-2" },
  ...more,
});
const cost = (value: number, item: string, more: object = {}) => ({
  object: "organization.costs.result",
  ...{ amount: { value, currency: "usd" }, line_item: item, project_id: "proj_1", ...more },
});

describe("OpenAI's pages of usage and costs", () => {
  it("have no quality: the one tier a size that explains the dollars is inferred, and marked", async () => {
    // 10 x 0.21072 + 4 x 1,372 x 0.00003 (medium, 1536x1024: 0.04116) = 2.10720 + 0.16464; prompts of 14 tokens and the 6 that the model adds
    const result = await run("openai", [
      file(
        "usage.json",
        page(bucket(use(10), use(4, { size: "1536x1024", num_model_requests: 2 }))),
      ),
      file(
        "costs.json",
        page(
          bucket(
            cost(2.27184, "gpt-image-2 image, output"),
            cost(0.0014, "gpt-image-2 text, input"),
          ),
        ),
      ),
    ]);
    expect(result).toMatchObject({ kind: "imported", about: { dollars: "2.27324", images: 14 } });
    expect(await rows()).toEqual([
      "2026-11-01 gpt-image-2 key_web 10/10 high 1024x1024 14t 2.1082 quality+prompt_tokens",
      "2026-11-01 gpt-image-2 key_web 2/4 medium 1536x1024 14t 0.16504 quality+prompt_tokens",
    ]);
    expect(findImport(home, "set")?.inferred["quality"]).toEqual({
      ...{ rows: 2, images: 14, dollars: "2.27324" },
    });
  });

  it("leave out what no tier explains, edits, other models' costs and what has no dollars", async () => {
    const result = await run("openai", [
      file(
        "usage.json",
        page(bucket(use(10), use(3, { source: "image.edit" }), use(5, { model: "gpt-image-1.5" }))),
      ),
      // half of the pictures low, half medium: 0.2928, which is no tier's sum
      file(
        "costs.json",
        page(bucket(cost(0.2928, "gpt-image-2 image, output"), cost(9.5, "gpt-5.4-mini, output"))),
      ),
    ]);
    expect(result).toEqual({
      kind: "empty",
      leftOut: {
        edits: { rows: 1, images: 3, dollars: "0" },
        not_images: { rows: 1, images: 0, dollars: "9.5" },
        unexplained: { rows: 1, images: 10, dollars: "0.2928" },
        no_dollars: { rows: 1, images: 5, dollars: "0" },
      },
    });
    expect(listImports(home)).toEqual([]);
  });

  it("of which one is missing are refused, unless it stands in another file", async () => {
    const first = file("1.json", page(bucket(use(1)), { has_more: true, next_page: "p2" }));
    const costs = file("costs.json", page(bucket(cost(0.00588, "gpt-image-2 image, output"))));
    const refused = await run("openai", [first, costs]);
    expect(refused).toMatchObject({ kind: "refused", count: 1, bad: [{ column: "has_more" }] });
    const second = file("2.json", page(bucket()));
    expect((await run("openai", [first, second, costs])).kind).not.toBe("refused");
  });

  it("name every bad field with its line", async () => {
    const text = `{"object":"page","data":[\n${JSON.stringify(bucket(use(1, { images: -1 })))},\n${JSON.stringify(bucket(use(1, { size: "big" }), { object: 5 }))}]}`;
    const result = await run("openai", [file("bad.json", text)]);
    expect(result).toMatchObject({
      ...{ kind: "refused", count: 2 },
      bad: [
        { line: 2, column: "images", why: '"-1": must be a whole number from 0 on' },
        { line: 3, column: "size" },
      ],
    });
  });
});

describe("Google's billing export", () => {
  const sku = (description: string, amount: string, usd: string, more: object = {}) => ({
    ...{
      billing_account_id: "A",
      service: { description: "Gemini API" },
      sku: { id: "S", description },
    },
    ...{ usage_start_time: "2026-11-01 08:00:00 UTC", project: { id: "shop" }, cost: usd },
    ...{ currency: "USD", usage: { amount, unit: "count" }, cost_type: "regular", ...more },
  });
  const lines = (...of: object[]) => of.map((each) => JSON.stringify(each)).join("\n");

  it("counts pictures from output tokens; labels of one price are the vendor's default", async () => {
    // gemini-3-pro-image: 1,120 tokens at 1K and 2K; 3 pictures = 3,360 x 120 USD a million = 0.4032
    const out = "Generate_content image output token count for Gemini 3 Pro Image";
    const text = "Generate_content text input token count for Gemini 3 Pro Image";
    const result = await run("google", [
      file(
        "export.jsonl",
        lines(
          sku(out, "1120.0", "0.1344"),
          sku(out, "2240.0", "0.2688"),
          sku(text, "60.0", "0.00012"),
          sku("Generate content input token count gemini 3 flash text", "9", "0.01"),
          sku(out, "1120.0", "0.0672", { sku: { description: `${out} batch` } }),
        ),
      ),
    ]);
    expect(result).toMatchObject({
      about: {
        rows: 1,
        left_out: { not_images: { dollars: "0.01" }, batch: { dollars: "0.0672" } },
      },
    });
    expect(await rows()).toEqual([
      "2026-11-01 gemini-3-pro-image shop 3/3  1K 20t 0.40332 size+images+prompt_tokens",
    ]);
  });

  it("that two counts of pictures explain alike are left out: nothing is guessed", async () => {
    // 28,000 tokens: 25 pictures of 1,120 (1K, 2K) or 14 of 2,000 (4K), 3.36 USD either way
    const out = "Generate_content image output token count for Gemini 3 Pro Image";
    const result = await run("google", [file("export.jsonl", lines(sku(out, "28000.0", "3.36")))]);
    expect(result).toMatchObject({ kind: "empty", leftOut: { ambiguous: { dollars: "3.36" } } });
  });
});

describe("LiteLLM's spend logs", () => {
  const row = (more: object) => ({
    ...{ request_id: "r", call_type: "aimage_generation", api_key: "hash_web", prompt_tokens: 21 },
    ...{ startTime: "2026-11-01T08:00:00", model: "openai/gpt-image-2", ...more },
  });

  it("tell size, quality and n where requests are kept; the count of a flat model follows from its dollars", async () => {
    const asked = { n: 2, size: "1024x1024", quality: "low" };
    const result = await run("litellm", [
      file("logs.json", [
        row({ spend: 0.01197, proxy_server_request: asked }),
        row({ spend: 0.09, model: "byteplus/seedream-4-0", prompt_tokens: 0 }),
        row({ spend: 0.005985 }),
        row({ spend: 0.1, call_type: "acompletion" }),
        row({ spend: 0, status: "failure" }),
        row({ spend: 0.2, surprise: 1, proxy_server_request: asked, call_type: "aimage_edit" }),
      ]),
    ]);
    expect(await rows()).toEqual([
      "2026-11-01 gpt-image-2 hash_web 1/2 low 1024x1024 21t 0.01197 ",
      "2026-11-01 seedream-4-0 hash_web 1/3   0t 0.09 images",
    ]);
    const counts = { size_unknown: 1, not_images: 1, failed: 1, edits: 1 };
    for (const [reason, times] of Object.entries(counts)) {
      expect(result).toMatchObject({ about: { left_out: { [reason]: { rows: times } } } });
    }
    expect(result).toMatchObject({ about: { unknown_columns: ["surprise"] } });
  });

  it("may be told what to assume, which is marked too", async () => {
    const logs = file("logs.json", [row({ spend: 0.005985 })]);
    await run("litellm", [logs], { assumed: { size: "1024x1024", n: 1 } });
    expect(await rows()).toEqual([
      "2026-11-01 gpt-image-2 hash_web 1/1 low 1024x1024 21t 0.005985 quality+size!+images!",
    ]);
  });
});

describe("a CSV of anybody's", () => {
  const head = "Date,Model,Count,Cost,Shop,Note\n";
  const map = new Map([
    ...([
      ["day", "Date"],
      ["model", "Model"],
      ["images", "Count"],
    ] as const),
    ...([
      ["dollars", "Cost"],
      ["key", "Shop"],
    ] as const),
  ]);

  it("is read under the names that its owner gives; other columns are named", async () => {
    const table = file("t.csv", `${head}2026-11-01,seedream-4-0,3,0.09,mugs,"a, b"\n`);
    const result = await run("csv", [table], { by: { map } });
    expect(result).toMatchObject({ about: { unknown_columns: ["Note"] } });
    expect(await rows()).toEqual(["2026-11-01 seedream-4-0 mugs 3/3   0t 0.09 "]);
  });

  it("without a column that is needed is refused once, not a row at a time", async () => {
    const result = await run("csv", [file("t.csv", `${head}x,y,1,1,a,b\nx,y,1,1,a,b\n`)]);
    expect(result).toMatchObject({ kind: "refused", count: 4 });
    expect(result).toMatchObject({ bad: [{ line: 1, column: "day" }, {}, {}, {}] });
  });

  it("with bad rows imports nothing and names them all, or passes over them when told to", async () => {
    const good = "2026-11-01,seedream-4-0,1,0.03,mugs,\n";
    const bad = "2026-02-30,seedream-4-0,1,0.03,a,\n2026-11-01,seedream-4-0,1.5,0.03,a,\n1,2\n";
    const table = file("t.csv", `${head}${good}${bad}${good}`);
    const refused = await run("csv", [table], { by: { map } });
    expect(refused).toMatchObject({
      ...{ kind: "refused", count: 3 },
      bad: [{ line: 3, column: "day" }, { line: 4, column: "images" }, { line: 5 }],
    });
    expect(readdirSync(join(home, "imports"))).toEqual([]);
    const skipped = await run("csv", [table], { by: { map }, skipBad: true });
    expect(skipped).toMatchObject({ kind: "imported", about: { rows: 2, skipped: 3 } });
  });

  it("that is JSON, or no text, is refused", async () => {
    expect(await run("csv", [file("t.csv", "[]")])).toMatchObject({ kind: "refused", count: 1 });
    const bytes = join(home, "bytes.csv");
    writeFileSync(bytes, Buffer.from([0x61, 0xff, 0xfe, 0x0a]));
    expect(await run("csv", [bytes])).toMatchObject({ bad: [{ why: "not UTF-8 text" }] });
  });
});

describe("an imported set", () => {
  const table = () =>
    file(
      "t.csv",
      "day,model,images,dollars\n2026-11-01,seedream-4-0,1,0.03\n2026-11-03,seedream-4-0,2,0.06\n",
    );

  it("is made once of the same bytes, whatever the file is called", async () => {
    await run("csv", [table()]);
    const copy = file(
      "copy.csv",
      "day,model,images,dollars\n2026-11-01,seedream-4-0,1,0.03\n2026-11-03,seedream-4-0,2,0.06\n",
    );
    expect(await run("csv", [copy], { name: "other" })).toMatchObject({
      ...{ kind: "known", about: { name: "set", first_day: "2026-11-01", last_day: "2026-11-03" } },
    });
    expect(listImports(home)).toHaveLength(1);
  });

  it("never takes the place of another one; removed, its name is free", async () => {
    await run("csv", [table()]);
    const other = file("o.csv", "day,model,images,dollars\n2026-11-01,seedream-4-0,1,0.03\n");
    expect(await run("csv", [other])).toMatchObject({ kind: "name_taken" });
    expect(removeImport(home, "set")).toBe(true);
    expect(removeImport(home, "set")).toBe(false);
    expect(await run("csv", [other])).toMatchObject({ kind: "imported" });
    expect(readdirSync(join(home, "imports")).sort()).toEqual(["set.json", "set.jsonl"]);
  });

  it("isn't found under a name that leads out of its folder", () => {
    expect(findImport(home, "../master")).toBeUndefined();
  });
});
