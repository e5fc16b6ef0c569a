import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadCatalog } from "../../src/catalog/load.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "catalog-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const shipped = (id: string) => readFileSync(`catalog/models/${id}.json`, "utf8");

/** Plants one change into a shipped row; the text to replace must be there exactly once or more. */
function plant(id: string, from: string, to: string, file = `${id}.json`): void {
  const text = shipped(id);
  if (!text.includes(from)) throw new Error(`${id}.json holds no ${from}`);
  // Replacements that exist only in the whole catalog would be a second complaint.
  const alone = text.replace(/,\s*"replacement": "[^"]*"/, "");
  writeFileSync(join(folder, file), alone.replace(from, to));
}

/** The complaints of a load, without the temporary folder. */
function complaints(): string[] {
  try {
    loadCatalog({ folder });
  } catch (error) {
    const [, ...lines] = String(error).split("\n");
    return lines.map((line) => line.replace(`${folder}/`, ""));
  }
  return [];
}

/** The line in the planted file in which a text stands, counted from 1. */
function lineOf(file: string, text: string): number {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

describe("a bad row", () => {
  it.each([
    ["imagesPerCallMax", `"imagesPerCallMax": 1`, `"imagesPerCallMax": 0`, "Too small"],
    ["vendor", `"vendor": "byteplus"`, `"vendor": 7`, "expected string"],
    ["usd", `"usd": "0.03"`, `"usd": 0.03`, "expected string"],
    ["usd", `"usd": "0.03"`, `"usd": "3e-2"`, "must be a decimal string such as 30.00"],
    ["quantity", `"per": 1`, `"per": 1, "quantity": 1`, "unknown field"],
    ["areaMin", `"areaMin": 921600`, `"areaMin": 0.5`, "expected int"],
    ["effectiveFrom", `"effectiveFrom": "2025-08-28"`, `"effectiveFrom": "28.8.2025"`, "ISO date"],
  ])("%s: names file, line and field", (field, from, to, message) => {
    plant("seedream-4-0", from, to);
    const [first, ...others] = complaints();
    expect(others).toEqual([]);
    expect(first).toMatch(new RegExp(`^seedream-4-0\\.json:${lineOf("seedream-4-0.json", to)} `));
    expect(first).toContain(field);
    expect(first).toContain(message);
  });

  it("a missing field is named with the line of the object around it", () => {
    plant("seedream-4-0", `"id": "seedream-4-0",`, "");
    expect(complaints()).toEqual([expect.stringMatching(/^seedream-4-0\.json:1 id: .*string/)]);
  });

  it("broken JSON is named with its line", () => {
    plant("seedream-4-0", `"vendor": "byteplus",`, `"vendor": "byteplus" "x",`);
    const line = lineOf("seedream-4-0.json", `"x"`);
    expect(complaints()[0]).toMatch(new RegExp(`^seedream-4-0\\.json:${line}: `));
  });

  it("all problems of all files come in one message", () => {
    plant("seedream-4-0", `"imagesPerCallMax": 1`, `"imagesPerCallMax": 0`);
    plant("gpt-image-2", `"vendor": "openai"`, `"vendor": ""`);
    plant("z-image-turbo", `"served": true`, `"served": false`);
    expect(complaints()).toHaveLength(3);
    expect(() => loadCatalog({ folder })).toThrow("bad catalog, 3 problems");
  });

  it("an empty folder is no catalog", () => {
    mkdirSync(join(folder, "empty"));
    expect(() => loadCatalog({ folder: join(folder, "empty") })).toThrow("holds no .json file");
  });
});

describe("a row that contradicts itself", () => {
  it.each([
    ["seedream-4-0", `"id": "seedream-4-0"`, `"id": "seedream-4-1"`, "must be seedream-4-1.json"],
    ["seedream-4-0", `seedream-4-0@2025-08-28`, `seedream-4-5@2025-08-28`, "another model"],
    ["seedream-4-0", `seedream-4-0@2025-08-28`, `seedream-4-0@2025-08-29`, "carry its date"],
    ["seedream-5-0-pro", `"seedream-5-0-pro@2026-07-08"`, `"seedream-5-0-pro@2026-08-31"`, "twice"],
    ["seedream-5-0-pro", `"effectiveFrom": "2026-07-08"`, `"effectiveFrom": "2026-09-08"`, "after"],
    ["seedream-4-0", `"pixels": "2048x2048"`, `"pixels": "900x900"`, "900x900 is not a legal size"],
    ["seedream-4-0", `"1024x1024"`, `"800x800"`, "800x800 is not a legal size"],
    ["wan2.7-image", `"label": "2K"`, `"label": "3K"`, `"3K" is not one of its labels`],
    ["qwen-image-max", `"pixels": "1664x928"`, `"pixels": "1664x929"`, "not a legal size"],
    ["gemini-3-pro-image", `"4K": 2000`, `"8K": 2000`, "expected 1K, 2K, 4K"],
    ["gpt-image-2", `"medium": 48,`, "", "expected low, medium, high"],
    ["gpt-image-2", `"autoExpected": "low"`, `"autoExpected": "max"`, `"max" is not a tier`],
    ["gpt-image-2.6-flare", `"ceilingTier": "max"`, `"ceilingTier": "most"`, "is not a tier"],
    ["gpt-image-1", `"autoSizeExpected": "1024x1024"`, `"autoSizeExpected": "1x1"`, "in the table"],
    ["gpt-image-2", `"omitted": "png"`, `"omitted": "gif"`, `"gif" is not one of its values`],
    ["seedream-4-0", `"values": ["jpeg"]`, `"values": ["jpeg", "png"]`, "not selectable"],
    ["seededit-3-0", `"min": 1,\n      "max": 1`, `"min": 0,\n      "max": 1`, "needs min 1"],
    ["gpt-image-2", `"snapshots": [`, `"snapshots": ["gpt-image-2.1", `, "is not an alias"],
    ["gpt-image-2", `"aliases": [`, `"aliases": ["openai/gpt-2", `, "without being listed"],
    ["dall-e-3", `"max": 0`, `"max": 1`, "references without a law"],
    ["seedream-4-0", `"max": 10,`, `"max": 0,`, "the model takes no references"],
    [
      "seedream-4-0",
      `"kind": "free"`,
      `"kind": "constant", "expected": 1, "ceiling": 1`,
      "on a flat",
    ],
    ["gpt-image-2", `"further": 1,`, `"further": 2,`, "first or further is above the ceiling"],
    ["gemini-3-pro-image", `"expected": 560`, `"expected": 561`, "expected is above the ceiling"],
    ["wan2.7-image", `"opaqueFormats": ["png"]`, `"opaqueFormats": ["gif"]`, "one of its formats"],
  ])("%s: %s becomes %s", (id, from, to, message) => {
    plant(id, from, to);
    expect(complaints().join("\n")).toContain(message);
    expect(complaints()[0]).toMatch(new RegExp(`^${id}\\.json:\\d+ `));
  });
});

describe("a unit without exactly one price", () => {
  it.each([
    [
      "qwen-image-3.0-pro",
      `"areaAbove": 2250000`,
      `"areaAbove": 2250001`,
      "output_images: 0 prices for area 2250001, standard tier, not 1",
    ],
    [
      "qwen-image-3.0-pro",
      `"areaUpTo": 2250000`,
      `"areaUpTo": 2250002`,
      "output_images: 2 prices for area 2250001, standard tier, not 1",
    ],
    [
      "z-image-turbo",
      `"promptExtend": true\n          }`,
      `"promptExtend": false\n          }`,
      "output_images: 0 prices for area 1, prompt_extend true, standard tier, not 1",
    ],
    [
      "dall-e-3",
      `"quality": ["hd"]`,
      `"quality": ["hd", "standard"]`,
      "output_images: 2 prices for quality standard, 1024x1024, standard tier, not 1",
    ],
    [
      "gpt-image-2",
      `"meter": "text_output_tokens"`,
      `"meter": "search_queries"`,
      "text_output_tokens: 0 prices for quality low, area 1, standard tier, not 1",
    ],
    [
      "gpt-image-2",
      `"meter": "image_output_tokens"`,
      `"meter": "output_images"`,
      "factor_grid models have no output_images",
    ],
    ["seedream-4-0", `"meter": "output_images"`, `"meter": "reference_images"`, "0 prices"],
    [
      "seedream-4-0",
      `"kind": "free"`,
      `"kind": "counted"`,
      "reference_images: 0 prices for area 1, standard tier, not 1",
    ],
    [
      "gpt-image-2",
      `"meter": "image_input_tokens"`,
      `"meter": "search_queries"`,
      "image_input_tokens: 0 prices for quality low, area 1, standard tier, not 1",
    ],
    ["gpt-image-2", `"usd": "30.00"`, `"usd": "30.0000001"`, "does not divide exactly"],
    ["dall-e-3", `"quality": ["hd"]`, `"quality": ["ultra"]`, `"ultra" is not a tier`],
  ])("%s: %s becomes %s", (id, from, to, message) => {
    plant(id, from, to);
    expect(complaints().join("\n")).toContain(message);
  });

  it("references without a price are no problem where the row's law says that they are free", () => {
    plant("seedream-4-0", `"alsoSources"`, `"alsoSources"`);
    expect(complaints()).toEqual([]);
  });
});

describe("names", () => {
  it("an alias that another row holds is named where it stands", () => {
    plant("seedream-4-0", `"seedream-4.0"`, `"seedream-4.5"`);
    plant("seedream-4-5", `"id"`, `"id"`);
    expect(complaints()).toEqual([
      `seedream-4-5.json:${lineOf("seedream-4-5.json", '"aliases"')} aliases.1: "seedream-4.5" is taken by seedream-4-0`,
    ]);
  });

  it("a replacement that doesn't exist is named", () => {
    writeFileSync(join(folder, "gpt-image-1.json"), shipped("gpt-image-1"));
    expect(complaints()).toEqual([
      `gpt-image-1.json:${lineOf("gpt-image-1.json", '"replacement"')} lifeCycle.replacement: there is no model "gpt-image-2.6-flare"`,
    ]);
  });
});
