import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findModel, priceAt } from "../../src/catalog/find.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import type { Meter, Model } from "../../src/catalog/schema.ts";
import { readSourceText } from "../../src/catalog/source-text.ts";

const folder = "catalog/models";
const catalog = loadCatalog({ folder });
const today = "2026-11-22";

function model(name: string): Model {
  const found = findModel(catalog, name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
}

/** The standard prices of one meter, as they stand in the file: `usd/per` and what each depends on. */
function prices(name: string, meter: Meter, date = today): string[] {
  const terms = priceAt(model(name), date)?.terms ?? [];
  return terms
    .filter((term) => term.meter === meter && term.when?.serviceTier === undefined)
    .map(({ usd, per, when }) =>
      [
        usd,
        ...(per === 1 ? [] : [per]),
        ...(when === undefined ? [] : [JSON.stringify(when)]),
      ].join("/"),
    );
}

describe("shipped rows", () => {
  it("every model that the vendor files name has a row", () => {
    expect(catalog.models.map(({ id }) => id)).toEqual([
      "chatgpt-image-latest",
      "dall-e-2",
      "dall-e-3",
      "doubao-seededit-3-0-i2i-250628",
      "doubao-seedream-3-0-t2i-250415",
      "doubao-seedream-4-0-250828",
      "doubao-seedream-4-5-251128",
      "doubao-seedream-5-0-260128",
      "doubao-seedream-5-0-flash-260915",
      "doubao-seedream-5-0-pro-260628",
      "doubao-seedream-5-5-261028",
      "gemini-2.5-flash-image",
      "gemini-2.5-flash-image-preview",
      "gemini-3-pro-image",
      "gemini-3-pro-image-preview",
      "gemini-3.1-flash-image",
      "gemini-3.1-flash-image-preview",
      "gemini-3.1-flash-lite-image",
      "gemini-nano-banana-2.1",
      "gpt-image-1",
      "gpt-image-1-mini",
      "gpt-image-1.5",
      "gpt-image-2",
      "gpt-image-2.5-flare",
      "gpt-image-2.5-sunburst",
      "gpt-image-2.6-flare",
      "gpt-image-2.6-sunburst",
      "imagen-4.0-fast-generate-001",
      "imagen-4.0-generate-001",
      "imagen-4.0-ultra-generate-001",
      "qwen-image",
      "qwen-image-2.0",
      "qwen-image-2.0-pro",
      "qwen-image-2.1-pro",
      "qwen-image-3.0",
      "qwen-image-3.0-pro",
      "qwen-image-edit",
      "qwen-image-edit-max",
      "qwen-image-edit-plus",
      "qwen-image-max",
      "qwen-image-plus",
      "seededit-3-0",
      "seedream-3-0",
      "seedream-4-0",
      "seedream-4-5",
      "seedream-5-0-flash",
      "seedream-5-0-lite",
      "seedream-5-0-pro",
      "seedream-5-5",
      "wan2.2-t2i-flash",
      "wan2.2-t2i-plus",
      "wan2.5-i2i-preview",
      "wan2.5-t2i-preview",
      "wan2.6-image",
      "wan2.6-t2i",
      "wan2.7-image",
      "wan2.7-image-pro",
      "z-image-turbo",
    ]);
  });

  it.each(readdirSync(folder))("%s is JSON in which no key stands twice", (name) => {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    expect(readSourceText(text).problems).toEqual([]);
    expect(JSON.parse(text)).toEqual(readSourceText(text).value);
  });

  it("history rows and unpriced rows are exactly these", () => {
    expect(catalog.models.filter(({ served }) => !served).map(({ id }) => id)).toEqual([
      "dall-e-2",
      "dall-e-3",
      "gemini-2.5-flash-image-preview",
      "gemini-3-pro-image-preview",
      "gemini-3.1-flash-image-preview",
      "imagen-4.0-fast-generate-001",
      "imagen-4.0-generate-001",
      "imagen-4.0-ultra-generate-001",
    ]);
    const unpriced = catalog.models.filter(({ rateCard }) => rateCard.length === 0);
    expect(unpriced.map(({ id }) => id).filter((id) => !id.startsWith("doubao-"))).toEqual([
      "gemini-2.5-flash-image-preview",
      "qwen-image-2.1-pro",
    ]);
    expect(unpriced).toHaveLength(10);
  });

  it("edit-only models are exactly these", () => {
    const editOnly = catalog.models.filter(({ surfaces }) => !surfaces.includes("generations"));
    expect(editOnly.map(({ id }) => id)).toEqual([
      "doubao-seededit-3-0-i2i-250628",
      "qwen-image-edit",
      "qwen-image-edit-max",
      "qwen-image-edit-plus",
      "seededit-3-0",
      "wan2.5-i2i-preview",
      "wan2.6-image",
    ]);
  });
});

describe("prices, digit by digit", () => {
  it.each([
    ["gpt-image-1", ["5.00", "10.00", "40.00", "40.00"]],
    ["gpt-image-1-mini", ["2.00", "2.50", "8.00", "8.00"]],
    ["gpt-image-1.5", ["5.00", "8.00", "32.00", "10.00"]],
    ["chatgpt-image-latest", ["5.00", "8.00", "32.00", "10.00"]],
    ["gpt-image-2", ["5.00", "8.00", "30.00", "10.00"]],
    ["gpt-image-2.5-flare", ["5.00", "8.00", "30.00", "0"]],
    ["gpt-image-2.5-sunburst", ["5.00", "8.00", "30.00", "0"]],
    ["gpt-image-2.6-flare", ["5.00", "8.00", "30.00", "0"]],
    ["gpt-image-2.6-sunburst", ["5.00", "8.00", "30.00", "0"]],
    ["gemini-nano-banana-2.1", ["1.50", "1.50", "30", "7.50"]],
    ["gemini-3-pro-image", ["2.00", "2.00", "120", "12"]],
    ["gemini-3.1-flash-lite-image", ["0.25", "0.25", "30", "1.50"]],
    ["gemini-3.1-flash-image", ["0.50", "0.50", "60", "3"]],
    ["gemini-2.5-flash-image", ["0.30", "0.30", "30", "2.50"]],
  ])("%s: text in, image in, image out, text out per million tokens", (name, rates) => {
    const meters = [
      "text_input_tokens",
      "image_input_tokens",
      "image_output_tokens",
      "text_output_tokens",
    ] as const;
    expect(meters.flatMap((meter) => prices(name, meter))).toEqual(
      rates.map((usd) => `${usd}/1000000`),
    );
  });

  it.each([
    ["qwen-image-3.0-pro", ['0.04/{"areaUpTo":2250000}', '0.075/{"areaAbove":2250000}'], ["0.003"]],
    ["qwen-image-3.0", ["0.03"], ["0.003"]],
    ["qwen-image-2.0-pro", ["0.075"], []],
    ["qwen-image-2.0", ["0.035"], []],
    ["qwen-image-max", ["0.075"], []],
    ["qwen-image-plus", ["0.03"], []],
    ["qwen-image", ["0.035"], []],
    ["qwen-image-edit-max", ["0.075"], []],
    ["qwen-image-edit-plus", ["0.03"], []],
    ["qwen-image-edit", ["0.045"], []],
    ["wan2.7-image-pro", ["0.075"], []],
    ["wan2.7-image", ["0.03"], []],
    ["wan2.6-t2i", ["0.03"], []],
    ["wan2.6-image", ["0.03"], []],
    ["wan2.5-t2i-preview", ["0.03"], []],
    ["wan2.5-i2i-preview", ["0.03"], []],
    ["wan2.2-t2i-flash", ["0.025"], []],
    ["wan2.2-t2i-plus", ["0.05"], []],
    ["z-image-turbo", ['0.015/{"promptExtend":false}', '0.03/{"promptExtend":true}'], []],
    ["seedream-3-0", ["0.03"], []],
    ["seededit-3-0", ["0.03"], []],
    ["seedream-4-0", ["0.03"], []],
    ["seedream-4-5", ["0.04"], []],
    ["seedream-5-0-lite", ["0.035"], []],
    ["seedream-5-0-pro", ['0.045/{"areaUpTo":2601123}', '0.09/{"areaAbove":2601123}'], ["0.003"]],
    ["seedream-5-0-flash", ["0.018"], []],
    ["seedream-5-5", ['0.020/{"areaUpTo":2601123}', '0.035/{"areaAbove":2601123}'], ["0.008"]],
    ["imagen-4.0-fast-generate-001", ["0.02"], []],
    ["imagen-4.0-generate-001", ["0.04"], []],
    ["imagen-4.0-ultra-generate-001", ["0.06"], []],
    [
      "dall-e-2",
      [
        '0.016/{"sizes":["256x256"]}',
        '0.018/{"sizes":["512x512"]}',
        '0.020/{"sizes":["1024x1024"]}',
      ],
      [],
    ],
  ])("%s: an image, a reference", (name, image, reference) => {
    expect(prices(name, "output_images")).toEqual(image);
    expect(prices(name, "reference_images")).toEqual(reference);
  });

  it("5.0 pro gives the first reference away, 5.5 charges from the first; both once a request", () => {
    const reference = (name: string) =>
      priceAt(model(name), today)?.terms.find(({ meter }) => meter === "reference_images");
    expect(reference("seedream-5-0-pro")).toMatchObject({ free: 1, once: "request" });
    expect(reference("seedream-5-5")).toMatchObject({ once: "request" });
    expect(reference("seedream-5-5")?.free).toBeUndefined();
    expect(reference("qwen-image-3.0")).toMatchObject({ once: "request" });
  });

  it("5.0 pro's boundary was 1536 x 1536 at launch", () => {
    expect(prices("seedream-5-0-pro", "output_images", "2026-07-08")).toEqual([
      '0.045/{"areaUpTo":2359296}',
      '0.09/{"areaAbove":2359296}',
    ]);
  });

  it("what the founding article priced on 2026-06-19 is priced on that day", () => {
    expect(prices("gpt-image-2", "image_output_tokens", "2026-06-19")).toEqual(["30.00/1000000"]);
    expect(prices("gemini-2.5-flash-image", "image_output_tokens", "2026-06-19")).toEqual([
      "30/1000000",
    ]);
    expect(prices("qwen-image-2.0", "output_images", "2026-06-19")).toEqual(["0.035"]);
    expect(prices("wan2.7-image", "output_images", "2026-06-19")).toEqual(["0.03"]);
    expect(prices("seedream-4-0", "output_images", "2026-06-19")).toEqual(["0.03"]);
  });
});

describe("limits", () => {
  it.each([
    ["gemini-2.5-flash-image", "1K", "21:9", "1536x672"],
    ["gemini-2.5-flash-image", "1K", "3:4", "864x1184"],
    ["gemini-3-pro-image", "4K", "9:16", "3072x5504"],
    ["gemini-3.1-flash-image", "512", "21:9", "792x168"],
    ["gemini-nano-banana-2.1", "2K", "1:8", "768x6144"],
    ["seedream-4-0", "1K", "16:9", "1312x736"],
    ["seedream-4-5", "4K", "21:9", "6240x2656"],
    ["seedream-5-0-lite", "3K", "4:3", "3456x2592"],
    ["seedream-5-5", "2K", "9:16", "1600x2848"],
  ])("%s: %s at %s is %s", (name, label, ratio, pixels) => {
    expect(model(name).capabilities.sizes.labels[label]?.byRatio[ratio]).toBe(pixels);
  });

  it.each([
    ["gpt-image-2", 10],
    ["gemini-3-pro-image", 1],
    ["qwen-image-2.0", 6],
    ["qwen-image-max", 1],
    ["wan2.7-image", 4],
    ["z-image-turbo", 1],
    ["seedream-4-0", 1],
    ["dall-e-3", 1],
  ])("%s makes at most %i images a call", (name, most) => {
    expect(model(name).capabilities.imagesPerCallMax).toBe(most);
  });

  it.each([
    ["gpt-image-2", 16],
    ["gemini-2.5-flash-image", 3],
    ["gemini-3-pro-image", 14],
    ["qwen-image-3.0-pro", 3],
    ["qwen-image-2.1-pro", 10],
    ["wan2.7-image-pro", 9],
    ["seedream-4-0", 10],
    ["seedream-4-5", 14],
    ["seedream-5-5", 10],
  ])("%s takes at most %i references", (name, most) => {
    expect(model(name).capabilities.references.max).toBe(most);
  });

  it.each([
    ["seedream-4-0", 921_600, 16_777_216],
    ["seedream-4-5", 3_686_400, 16_777_216],
    ["seedream-5-0-lite", 3_686_400, 16_777_216],
    ["seedream-5-0-pro", 921_600, 4_624_220],
    ["gpt-image-2", 655_360, 8_294_400],
    ["qwen-image-2.0", 262_144, 4_194_304],
    ["wan2.7-image-pro", 589_824, 16_777_216],
    ["wan2.6-t2i", 1_638_400, 2_073_600],
  ])("%s: area %i to %i", (name, areaMin, areaMax) => {
    expect(model(name).capabilities.sizes.exact).toMatchObject({ rule: { areaMin, areaMax } });
  });

  it("wan2.7 pro gives 4K without references only", () => {
    const { sizes, sizesWithReferences } = model("wan2.7-image-pro").capabilities;
    expect(Object.keys(sizes.labels)).toEqual(["1K", "2K", "4K"]);
    expect(Object.keys(sizesWithReferences?.labels ?? {})).toEqual(["1K", "2K"]);
  });

  it("input_fidelity is for gpt-image-1 and 1.5 alone", () => {
    const able = catalog.models.filter(({ capabilities }) => capabilities.inputFidelity);
    expect(able.map(({ id }) => id)).toEqual(["gpt-image-1", "gpt-image-1.5"]);
  });

  it("prompt_extend and negative_prompt are not wan2.7's", () => {
    expect(model("wan2.7-image").capabilities).toMatchObject({ promptExtend: false });
    expect(model("wan2.7-image").capabilities.negativePrompt).toBeUndefined();
    expect(model("wan2.6-t2i").capabilities).toMatchObject({
      promptExtend: true,
      negativePrompt: { charactersMax: 500 },
    });
  });
});

describe("output laws", () => {
  it.each([
    ["gpt-image-2", { factors: { low: 16, medium: 48, high: 96 } }],
    ["gpt-image-2.5-flare", { factors: { low: 16, medium: 24, high: 48, xhigh: 64, max: 96 } }],
    ["gpt-image-2.6-flare", { ceilingTier: "max" }],
    ["gpt-image-1.5", { ceilingTextTokens: 2000 }],
    ["gpt-image-1-mini", { ceilingTextTokens: 0 }],
    ["gemini-2.5-flash-image", { imageTokens: { "1K": 1290 }, expectedTextTokens: 0 }],
    [
      "gemini-3-pro-image",
      { imageTokens: { "1K": 1120, "2K": 1120, "4K": 2000 }, ceilingImages: 3 },
    ],
    ["gemini-3-pro-image", { ceilingTextTokens: 1500, expectedTextTokens: 275 }],
    ["gemini-nano-banana-2.1", { ceilingImageTokens: { "4K": 3780 }, ceilingTextTokens: 2500 }],
    ["seedream-4-0", { kind: "flat" }],
  ])("%s", (name, law) => {
    expect(model(name).outputLaw).toMatchObject(law);
  });

  it("the 1 family's table", () => {
    expect(model("gpt-image-1").outputLaw).toMatchObject({
      tokens: {
        "1024x1024": { low: 272, medium: 1056, high: 4160 },
        "1024x1536": { low: 408, medium: 1584, high: 6240 },
        "1536x1024": { low: 400, medium: 1568, high: 6208 },
      },
    });
  });
});

describe("reference laws", () => {
  it("stand where a model takes references, and only there", () => {
    for (const { id, capabilities, referenceLaw } of catalog.models) {
      expect([id, referenceLaw !== undefined]).toEqual([id, capabilities.references.max > 0]);
    }
  });

  it.each([
    [
      "gpt-image-2",
      { kind: "patches", edge: 32, patchesMax: 1536, text: { first: 1, further: 1 } },
    ],
    ["gpt-image-2.5-flare", { kind: "patches", enlargeTo: 1024, enlargeMax: 2, mark: "guess" }],
    ["gpt-image-2.6-sunburst", { kind: "patches", ratioMax: 3, mark: "guess" }],
    [
      "gpt-image-1.5",
      { kind: "tiles", base: 65, perTile: 129, tilesMax: 4, highFidelity: { references: 5 } },
    ],
    ["gpt-image-1", { kind: "tiles", highFidelity: { references: 1, square: 4160, other: 6240 } }],
    ["gemini-2.5-flash-image", { kind: "constant", expected: 1290, ceiling: 1290 }],
    ["gemini-3-pro-image", { kind: "constant", expected: 560, ceiling: 560, mark: "spec" }],
    ["gemini-3.1-flash-image", { kind: "constant", expected: 1120, ceiling: 1120 }],
    ["gemini-3.1-flash-lite-image", { kind: "constant", ceiling: 1120 }],
    ["gemini-nano-banana-2.1", { kind: "constant", ceiling: 1120, mark: "third" }],
    ["qwen-image-3.0", { kind: "counted" }],
    ["qwen-image-3.0-pro", { kind: "counted" }],
    ["qwen-image-2.0", { kind: "free", mark: "spec" }],
    ["wan2.7-image", { kind: "free", mark: "spec" }],
    ["seedream-4-0", { kind: "free", mark: "spec" }],
    ["seedream-5-0-pro", { kind: "counted" }],
    ["seedream-5-0-flash", { kind: "free", mark: "third" }],
    ["seedream-5-5", { kind: "counted" }],
  ])("%s", (name, law) => {
    expect(model(name).referenceLaw).toMatchObject(law);
  });

  it("mini and chatgpt-image-latest take no input_fidelity, so high fidelity costs nothing there", () => {
    expect(model("gpt-image-1-mini").referenceLaw).not.toHaveProperty("highFidelity");
    expect(model("chatgpt-image-latest").referenceLaw).not.toHaveProperty("highFidelity");
  });

  it("wan2.7 reads png without alpha only; pro makes a see-through picture of exactly one with alpha", () => {
    expect(model("wan2.7-image").capabilities.references.opaqueFormats).toEqual(["png"]);
    expect(model("seedream-5-0-pro").capabilities.background).toEqual({
      values: ["opaque", "transparent"],
      transparentFormats: ["png"],
      transparentOfAlphaReferences: 1,
    });
  });
});
