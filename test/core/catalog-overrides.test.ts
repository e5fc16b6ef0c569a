import { describe, expect, it } from "vitest";
import { type Catalog, findModel, priceAt } from "../../src/catalog/find.ts";
import { loadCatalog } from "../../src/catalog/load.ts";

const folder = "catalog/models";
const load = (text: string): Catalog =>
  loadCatalog({ folder, overrides: { text, file: "spotmeter.yaml" } });

function complaints(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    return String(error).split("\n").slice(1);
  }
  return [];
}

const newToday = `models:
  - id: gpt-image-2.7-flare
    extends: gpt-image-2.6-flare
    price:
      effective_from: 2026-12-01
      source: https://developers.openai.com/api/docs/pricing
      usd_per_million: { text_input_tokens: "6.00", image_input_tokens: "9.00", text_output_tokens: "0", image_output_tokens: "33.00" }
`;

describe("a model that is new today", () => {
  it("takes six lines", () => {
    const model = findModel(load(newToday), "openai/gpt-image-2.7-flare");
    const parent = findModel(load(newToday), "gpt-image-2.6-flare");
    expect(model).toEqual({
      ...parent,
      id: "gpt-image-2.7-flare",
      name: "gpt-image-2.7-flare",
      wireId: "gpt-image-2.7-flare",
      aliases: [],
      lifeCycle: {},
      rateCard: [
        {
          id: "gpt-image-2.7-flare@2026-12-01",
          effectiveFrom: "2026-12-01",
          source: "https://developers.openai.com/api/docs/pricing",
          checkedOn: "2026-12-01",
          mark: "third",
          alsoSources: [],
          terms: [
            ["text_input_tokens", "6.00"],
            ["image_input_tokens", "9.00"],
            ["text_output_tokens", "0"],
            ["image_output_tokens", "33.00"],
          ].map(([meter, usd]) => ({ meter, usd, per: 1_000_000, once: "image" })),
        },
      ],
    });
  });

  it("may name its wire id and its own name, and extend another new model", () => {
    const catalog = load(`models:
  - { id: seedream-6, extends: seedream-5-5, wire_id: dola-seedream-6-270101, name: Seedream 6 }
  - { id: seedream-6-fast, extends: seedream-6 }
`);
    expect(findModel(catalog, "seedream-6")).toMatchObject({
      wireId: "dola-seedream-6-270101",
      name: "Seedream 6",
    });
    expect(findModel(catalog, "seedream-6-fast")?.wireId).toBe("seedream-6-fast");
  });

  it("without a price takes its elder's, marked guess", () => {
    const catalog = load("models:\n  - { id: seedream-6, extends: seedream-5-5 }\n");
    const [price, ...others] = findModel(catalog, "seedream-6")?.rateCard ?? [];
    expect(others).toEqual([]);
    expect(price).toMatchObject({ id: "seedream-6@2026-11-12", mark: "guess" });
    expect(price?.terms).toEqual(findModel(catalog, "seedream-5-5")?.rateCard[0]?.terms);
  });

  it("loses its elder's aliases and snapshots", () => {
    const catalog = load("models:\n  - { id: gpt-image-9, extends: gpt-image-2 }\n");
    expect(findModel(catalog, "gpt-image-9")?.snapshots).toBeUndefined();
    expect(findModel(catalog, "gpt-image-2-2026-04-21")?.id).toBe("gpt-image-2");
  });
});

describe("an owner's price", () => {
  const price = `prices:
  doubao-seedream-4-0-250828:
    - effective_from: 2026-06-01
      source: our contract
      mark: billed
      usd_each: { output_images: "0.028" }
  qwen-image-3.0-pro:
    - id: qwen-image-3.0-pro@2026-12-01
      effectiveFrom: "2026-12-01"
      source: our contract
      checkedOn: "2026-11-20"
      mark: billed
      terms:
        - { meter: output_images, usd: "0.03", per: 1, when: { areaUpTo: 2250000 } }
        - { meter: output_images, usd: "0.06", per: 1, when: { area_above: 2250000 } }
        - { meter: reference_images, usd: "0.002", per: 1, once: request }
`;

  it("prices a model that had none", () => {
    const model = findModel(load(price), "doubao-seedream-4-0-250828");
    expect(model?.rateCard).toMatchObject([
      {
        id: "doubao-seedream-4-0-250828@2026-06-01",
        mark: "billed",
        checkedOn: "2026-06-01",
        terms: [{ meter: "output_images", usd: "0.028", per: 1, once: "image" }],
      },
    ]);
  });

  it("that says nothing of references which the vendor counts is refused: they would be free", () => {
    const silent = price.replace(/ +- \{ meter: reference_images.*\n/, "");
    expect(() => load(silent)).toThrow(
      "prices.qwen-image-3.0-pro.0.terms: reference_images: 0 prices for area 1, standard tier, not 1",
    );
  });

  it("is a later version beside the shipped one", () => {
    const model = findModel(load(price), "qwen-image-3.0-pro");
    if (model === undefined) throw new Error("no model");
    expect(priceAt(model, "2026-11-30")?.id).toBe("qwen-image-3.0-pro@2026-08-06");
    expect(priceAt(model, "2026-12-01")?.id).toBe("qwen-image-3.0-pro@2026-12-01");
  });

  it("of the shipped one's day is in force when it has an id of its own", () => {
    const catalog = load(`prices:
  seedream-4-5:
    - { id: seedream-4-5@2025-11-28.1, effective_from: 2025-11-28, source: our contract, usd_each: { output_images: "0.039" } }
`);
    const model = findModel(catalog, "seedream-4-5");
    if (model === undefined) throw new Error("no model");
    expect(priceAt(model, "2026-11-22")?.id).toBe("seedream-4-5@2025-11-28.1");
  });

  it("a reference priced in short is charged once a request", () => {
    const catalog = load(`prices:
  seedream-4-5:
    - { effective_from: 2026-12-01, source: s, usd_each: { output_images: "0.04", reference_images: "0.001" } }
`);
    expect(findModel(catalog, "seedream-4-5")?.rateCard[1]?.terms[1]).toMatchObject({
      meter: "reference_images",
      once: "request",
    });
  });
});

describe("spotmeter.yaml", () => {
  it("empty keys and an empty file add nothing", () => {
    const plain = loadCatalog({ folder });
    expect(load("models:\nprices:\n")).toEqual(plain);
    expect(load("")).toEqual(plain);
  });

  it.each([
    ["models:\nlimits: { day: 3 }\n", "spotmeter.yaml:2 limits: unknown field"],
    ["- models\n", "spotmeter.yaml:1: Invalid input: expected object, received array"],
    [
      "models:\n  - id: x-1\n    extend: gpt-image-2\n",
      "spotmeter.yaml:3 models.0.extend: unknown field",
    ],
    [
      "models:\n  - id: x-1\n    extends: gpt-image-22\n",
      'spotmeter.yaml:3 models.0.extends: there is no model "gpt-image-22" to extend',
    ],
    [
      "# ours\nmodels:\n  - id: gpt-image-2\n    extends: gpt-image-1\n",
      'spotmeter.yaml:3 models.0.id: "gpt-image-2" exists already: a new model needs a new id',
    ],
    [
      "models:\n  - id: seedream-4.5\n    extends: seedream-4-0\n",
      'spotmeter.yaml:2 models.0.id: "seedream-4.5" exists already: a new model needs a new id',
    ],
    [
      'prices:\n  seedream-9:\n    - { effective_from: 2026-12-01, source: s, usd_each: { output_images: "1" } }\n',
      'spotmeter.yaml:2 prices.seedream-9: there is no model "seedream-9" to price',
    ],
    [
      'prices:\n  seedream-4-0:\n    - effective_from: 2025-08-28\n      source: s\n      usd_each: { output_images: "0.01" }\n',
      'spotmeter.yaml:3 prices.seedream-4-0.0: "seedream-4-0@2025-08-28" is shipped: a corrected price is a new version, such as "seedream-4-0@2025-08-28.1"',
    ],
    [
      "prices:\n  seedream-4-0:\n    - effective_from: 2026-12-01\n      source: s\n      usd_each: { output_images: 0.01 }\n",
      "spotmeter.yaml:5 prices.seedream-4-0.0.usdEach.output_images: Invalid input: expected string, received number",
    ],
    [
      "prices:\n  seedream-4-0:\n    - effective_from: 2026-12-01\n      source: s\n",
      "spotmeter.yaml:3 prices.seedream-4-0.0: needs usd_per_million, usd_each or terms",
    ],
    [
      'prices:\n  gpt-image-2:\n    - effective_from: 2026-12-01\n      source: s\n      usd_each: { output_images: "0.01" }\n',
      "spotmeter.yaml:3 prices.gpt-image-2.0.terms.0: factor_grid models have no output_images",
    ],
    ["models: [\n", "spotmeter.yaml:2: "],
  ])("%j is refused with its line", (text, complaint) => {
    expect(complaints(text).join("\n")).toContain(complaint);
  });
});
