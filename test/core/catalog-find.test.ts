import { describe, expect, it } from "vitest";
import { findModel, lifeCycleAt, nearestName, priceAt } from "../../src/catalog/find.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import type { Model } from "../../src/catalog/schema.ts";

const catalog = loadCatalog({ folder: "catalog/models" });

function model(name: string): Model {
  const found = findModel(catalog, name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
}

describe("findModel", () => {
  it.each([
    ["gpt-image-2", "gpt-image-2", "gpt-image-2"],
    ["openai/gpt-image-2", "gpt-image-2", "gpt-image-2"],
    ["seedream-4-0", "seedream-4-0", "seedream-4-0-250828"],
    ["seedream-4.5", "seedream-4-5", "seedream-4-5-251128"],
    ["byteplus/seedream-5.0-lite", "seedream-5-0-lite", "seedream-5-0-lite-260128"],
    ["seedream-5-0-260128", "seedream-5-0-lite", "seedream-5-0-lite-260128"],
    ["seedream-5-5-261028", "seedream-5-5", "dola-seedream-5-5-261028"],
    ["doubao-seedream-5-0-lite-260128", "doubao-seedream-5-0-260128", "doubao-seedream-5-0-260128"],
    ["nano-banana-pro-preview", "gemini-3-pro-image-preview", "gemini-3-pro-image-preview"],
  ])("%s is %s, called %s on the wire", (name, id, wireId) => {
    expect(findModel(catalog, name)).toMatchObject({ id, wireId });
  });

  it.each([
    ["gpt-image-2-2026-04-21", "gpt-image-2"],
    ["alibaba/qwen-image-2.0-pro-2026-06-22", "qwen-image-2.0-pro"],
  ])("a caller who pins the snapshot %s gets that snapshot of %s", (name, id) => {
    const found = findModel(catalog, name);
    expect(found).toMatchObject({ id, wireId: name.replace("alibaba/", "") });
    expect(found?.rateCard).toEqual(model(id).rateCard);
  });

  it.each(["GPT-Image-2", "gpt-image-2.5", "google/gpt-image-2", "openai/", "", "auto"])(
    "%j is no model",
    (name) => {
      expect(findModel(catalog, name)).toBeUndefined();
    },
  );

  it("every alias leads to its row", () => {
    for (const { id, vendor, aliases } of catalog.models) {
      for (const name of [id, ...aliases]) {
        expect(findModel(catalog, name)?.id).toBe(id);
        expect(findModel(catalog, `${vendor}/${name}`)?.id).toBe(id);
      }
    }
  });
});

describe("nearestName", () => {
  it.each([
    ["gpt-image2", "gpt-image-2"],
    ["GPT-IMAGE-2", "gpt-image-2"],
    ["openai/gpt-image-1-mni", "gpt-image-1-mini"],
    ["gemini-3-pro-images", "gemini-3-pro-image"],
    ["seedream-4", "seedream-4-0"],
    ["qwen-image-20", "qwen-image-2.0"],
  ])("%s: did you mean %s", (name, nearest) => {
    expect(nearestName(catalog, name)).toBe(nearest);
  });

  it("says nothing when nothing comes close", () => {
    expect(nearestName(catalog, "stable-diffusion-xl")).toBeUndefined();
    expect(nearestName(catalog, "")).toBeUndefined();
  });
});

describe("priceAt", () => {
  it.each([
    ["gpt-image-2", "2026-04-20", undefined],
    ["gpt-image-2", "2026-04-21", "gpt-image-2@2026-04-21"],
    ["seedream-5-0-pro", "2026-08-30", "seedream-5-0-pro@2026-07-08"],
    ["seedream-5-0-pro", "2026-08-31", "seedream-5-0-pro@2026-08-31"],
    ["doubao-seedream-4-0-250828", "2026-11-22", undefined],
  ])("%s on %s: %s", (name, date, id) => {
    expect(priceAt(model(name), date)?.id).toBe(id);
  });
});

describe("lifeCycleAt", () => {
  it.each([
    ["gpt-image-2", "2026-11-22", "available", []],
    ["gpt-image-2", "2026-04-20", "not_yet", ["gpt-image-2 is available from 2026-04-21"]],
    [
      "gpt-image-1-mini",
      "2026-11-30",
      "available",
      [
        "gpt-image-1-mini is deprecated since 2026-06-02 and shuts down on 2026-12-01; use gpt-image-2.6-flare",
      ],
    ],
    [
      "gpt-image-1-mini",
      "2026-12-01",
      "retired",
      ["gpt-image-1-mini was shut down on 2026-12-01; use gpt-image-2.6-flare"],
    ],
    [
      "gemini-2.5-flash-image",
      "2026-10-01",
      "available",
      ["gemini-2.5-flash-image shuts down on 2026-10-02; use gemini-nano-banana-2.1"],
    ],
    [
      "gemini-2.5-flash-image",
      "2026-10-02",
      "retired",
      ["gemini-2.5-flash-image was shut down on 2026-10-02; use gemini-nano-banana-2.1"],
    ],
    [
      "gpt-image-1",
      "2026-11-22",
      "available",
      ["gpt-image-1 is reported shut down since 2026-10-23 (third); use gpt-image-2.6-flare"],
    ],
    [
      "gemini-3.1-flash-image",
      "2026-10-10",
      "available",
      [
        "gemini-3.1-flash-image is deprecated since 2026-10-06 and shuts down on 2026-10-29 (third); use gemini-nano-banana-2.1",
      ],
    ],
    [
      "seedream-5-5",
      "2026-11-11",
      "available",
      ["seedream-5-5 may not be available before 2026-11-12 (third)"],
    ],
  ] as const)("%s on %s is %s", (name, date, state, warnings) => {
    expect(lifeCycleAt(model(name), date)).toEqual({ state, warnings });
  });

  it.each([
    ["gpt-image-1.5", "2026-12-01"],
    ["chatgpt-image-latest", "2026-12-01"],
    ["dall-e-3", "2026-05-12"],
    ["imagen-4.0-generate-001", "2026-08-17"],
    ["gemini-3-pro-image-preview", "2026-06-25"],
    ["gemini-2.5-flash-image-preview", "2026-01-15"],
  ])("%s is retired on %s and not a day before", (name, date) => {
    expect(lifeCycleAt(model(name), date).state).toBe("retired");
    const eve = new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);
    expect(lifeCycleAt(model(name), eve).state).toBe("available");
  });

  it("every replacement can be called today without a warning", () => {
    for (const { id, lifeCycle } of catalog.models) {
      if (lifeCycle.replacement === undefined) continue;
      const replacement = model(lifeCycle.replacement);
      expect({ id, served: replacement.served, ...lifeCycleAt(replacement, "2026-11-22") }).toEqual(
        {
          id,
          served: true,
          state: "available",
          warnings: [],
        },
      );
    }
  });
});
