import { readFileSync } from "node:fs";
import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { cellKey } from "../../src/measure/cell.ts";
import { grouped, percentText, perImage, ratioText, spreadOf } from "../../src/measure/figures.ts";
import { measuredOf } from "../../src/measure/measured.ts";
import { referencePng } from "../../src/measure/reference-png.ts";
import { type Result, readResults } from "../../src/measure/result.ts";
import type { RunFile } from "../../src/measure/run-file.ts";
import { cacheFields } from "../../src/measure/sections/sharing.ts";
import { shapeChanges } from "../../src/measure/shape.ts";
import { parseStandard } from "../../src/measure/standard.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";

const standard = parseStandard(readFileSync("catalog/measure.json", "utf8"));

describe("the standard prompts", () => {
  it.each([
    ["product", 15, 10],
    ["edit", 12, 7],
    ["count", 22, 17],
    ["brand", 493, undefined],
  ] as const)("the %s prompt is exactly %i o200k tokens", (name, tokens, words) => {
    const text = standard.prompts[name];
    expect(countTokens(text)).toBe(tokens);
    if (words !== undefined) expect(text.split(/\s+/).length).toBe(words);
  });
});

describe("reference pictures", () => {
  it.each([
    [1024, 1024],
    [512, 1024],
    [256, 256],
    [1536, 1024],
  ])(
    "are %i x %i pixels of PNG, the same bytes each time, another picture for each index",
    (width, height) => {
      const png = referencePng({ width, height, index: 0 });
      expect(imageSize(png)).toMatchObject({ type: "png", width, height });
      expect(png.equals(referencePng({ width, height, index: 0 }))).toBe(true);
      expect(png.equals(referencePng({ width, height, index: 1 }))).toBe(false);
      expect(png.byteLength).toBeLessThan(30_000);
    },
  );
});

describe("figures", () => {
  it.each([
    [7_024n, 196n, 1, "35.8"],
    [1_756n, 196n, 1, "9.0"],
    [38_703n, 5_985n, 2, "6.47"],
    [1n, 3n, 0, "0"],
    [1n, 2n, 0, "1"],
    [5n, 0n, 1, "-"],
  ] as const)("%i / %i with %i decimals is %s", (left, right, decimals, text) => {
    expect(ratioText(left, right, decimals)).toBe(text);
  });

  it("say parts in percent, thousands with commas, shares of images to the picodollar", () => {
    expect(percentText(588n, 5_985n)).toBe("9.8 %");
    expect([grouped(14_272n), grouped(999n), grouped(-1_000n)]).toEqual([
      "14,272",
      "999",
      "-1,000",
    ]);
    expect(perImage(parseUsd("0.02408"), 4)).toBe(parseUsd("0.00602"));
  });

  it("a rounded ratio is never further from the true one than half of its last digit", () => {
    const amount = fc.bigInt(1n, 10n ** 15n);
    fc.assert(
      fc.property(amount, amount, (left, right) => {
        const tenths = BigInt(ratioText(left, right, 1).replace(".", ""));
        const off = tenths * right - left * 10n;
        expect(2n * (off < 0n ? -off : off) <= right).toBe(true);
      }),
    );
  });

  it("the median of a spread is one of its values, the lower of two", () => {
    expect(spreadOf([4n, 1n, 3n, 2n])).toEqual({ min: 1n, median: 2n, max: 4n });
    expect(spreadOf([])).toBeUndefined();
  });
});

/** A call as it is recorded. */
function call(
  of: Partial<Result> & { readonly reported?: unknown; readonly total?: string },
): Result {
  const { reported = null, total = "0.01", ...rest } = of;
  return {
    sweep: "quality",
    cell: {
      model: "m",
      size: "1024x1024",
      quality: "low",
      n: 1,
      references: 0,
      reference_size: null,
      prompt: "product",
    },
    repeat: 1,
    status: "ok",
    at: "2026-11-26T00:00:00Z",
    receipt_id: "rcpt_1",
    vendor_request_id: null,
    predicted: null,
    measured: {
      usage: {},
      total,
      basis: "usage",
      reason: null,
      lines: [],
      price_version: null,
      quality: null,
      reported,
      flags: [],
    },
    delivered: [],
    ms: 1,
    emulated: true,
    error: null,
    ...rest,
  };
}

function runOf(repeats: number): RunFile {
  return {
    object: "measurement",
    format: 1,
    run_id: "20261126-000000-abcdef",
    created: "2026-11-26T00:00:00Z",
    version: "0",
    emulated: true,
    as_of: "2026-11-26",
    prompts: standard.prompts,
    pictures: "none",
    cells: [{ sweep: "quality", cell: call({}).cell, repeats }],
    models: [],
  };
}

describe("results.jsonl", () => {
  it("is read line by line; half a line at its end is left out, every other bad one is named", () => {
    const line = JSON.stringify(call({}));
    const read = readResults(`${line}\n\n{"sweep":"quality"}\nno\n${line}\n${line.slice(0, 40)}`);
    expect(read.records).toHaveLength(2);
    expect(read.bad.map(({ line: number }) => number)).toEqual([3, 4]);
    expect(read.whole).toBe(2 * line.length + 2 + 1 + 20 + 3);
  });

  it("the last record of a repeat counts, all of them stay; what has none is missing", () => {
    const failed = call({ status: "failed", total: "0" });
    const measured = measuredOf(runOf(3), [failed, call({}), call({ repeat: 2, total: "0.03" })]);
    expect(measured.cells[0]?.ok).toHaveLength(2);
    expect(measured.cells[0]?.total).toEqual({
      min: parseUsd("0.01"),
      median: parseUsd("0.01"),
      max: parseUsd("0.03"),
    });
    expect([measured.missing, measured.spent, measured.results.length]).toEqual([
      1,
      parseUsd("0.04"),
      3,
    ]);
  });

  it("one refusal stands for all repeats of its cell", () => {
    const refused = call({ status: "refused", total: "0", receipt_id: null });
    expect(measuredOf(runOf(3), [refused])).toMatchObject({ missing: 0, spent: 0n });
  });
});

describe("the form of an answer", () => {
  it("that changes between two calls alike is found, with the fields before and after", () => {
    const before = { total_tokens: 1, details: [{ modality: "TEXT" }] };
    const calls = [before, before, { total_tokens: 1 }].map((reported) => call({ reported }));
    expect(shapeChanges(calls)).toEqual([
      {
        model: "m",
        before: "details[].modality, total_tokens",
        after: "total_tokens",
        at: "2026-11-26T00:00:00Z",
      },
    ]);
    expect(shapeChanges(calls.slice(0, 2))).toEqual([]);
  });

  it("speaks of a cache where any field does, however deep", () => {
    expect(cacheFields({ input: { cached_tokens: 0 }, list: [{ cacheRead: 1 }] })).toEqual([
      "cached_tokens",
      "cacheRead",
    ]);
  });
});

describe("the key of a cell", () => {
  it("tells two cells apart that differ in any parameter", () => {
    const { cell } = call({});
    const others = [
      { ...cell, size: "2048x2048" },
      { ...cell, quality: "high" },
      { ...cell, n: 2 },
      { ...cell, prompt: "brand" as const },
      { ...cell, references: 1, reference_size: "256x256" },
      { ...cell, references: 1, reference_size: "512x512" },
      { ...cell, size: null },
    ];
    const keys = [cell, ...others].map((each) => cellKey("quality", each));
    expect(new Set([...keys, cellKey("model", cell)]).size).toBe(9);
  });
});
