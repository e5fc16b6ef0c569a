import { describe, expect, it } from "vitest";
import { bandOf, evidenceFor, resolutionClassOf, standing } from "../../src/advisor/evidence.ts";
import { findModel } from "../../src/catalog/find.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { Rating, RatingMode, ResolutionClass } from "../../src/catalog/ratings.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);

type Case = {
  readonly model: string;
  readonly quality?: string;
  readonly mode?: RatingMode;
  readonly resolution?: ResolutionClass | undefined;
  readonly asOf?: string;
};

function evidence({ model: name, quality, mode = "generation", ...rest }: Case) {
  const model = findModel(catalog, name);
  if (model === undefined) throw new Error(`no model ${name}`);
  const { asOf = "2026-11-26" } = rest;
  const resolution = "resolution" in rest ? rest.resolution : "1K";
  return evidenceFor({ model, quality, mode, resolution, asOf }, ratings);
}

function told(of: Case): string {
  const found = evidence(of);
  if (found === undefined) return "unrated";
  const { rating, atLeast, uncounted } = found;
  const band = bandOf(found, of.mode ?? "generation", ratings);
  return `${band} ${atLeast ? ">= " : ""}${rating.score}${uncounted === undefined ? "" : `, not counted: ${uncounted}`}`;
}

describe("evidence", () => {
  it.each<[string, Case, string]>([
    ["its own tier's", { model: "gpt-image-2", quality: "medium" }, "finest 1381"],
    [
      "at least that of a cheaper tier",
      { model: "gpt-image-2", quality: "high" },
      "finest >= 1381",
    ],
    [
      "never that of a dearer tier",
      { model: "gpt-image-2", quality: "low" },
      "draft 1381, not counted: rated at quality medium only, which is dearer",
    ],
    [
      "none while the tier is open",
      { model: "gpt-image-2" },
      "draft 1381, not counted: rated at quality medium only; quality is left open",
    ],
    [
      "none where the board states no tier",
      { model: "gpt-image-1-mini", quality: "high" },
      "draft 1104, not counted: the board doesn't say which quality tier was voted on",
    ],
    [
      "none of a larger size",
      { model: "seedream-4-0" },
      "draft 1141, not counted: rated at 2K only, which is larger",
    ],
    ["its own size's", { model: "seedream-4-0", resolution: "2K" }, "standard 1141"],
    [
      "at least that of a smaller size",
      { model: "seedream-4-0", resolution: "4K" },
      "standard >= 1141",
    ],
    ["of a model without tiers", { model: "gemini-3.1-flash-lite-image" }, "fine 1250"],
    ["of edits on the board of edits", { model: "seedream-5-0-pro", mode: "edit" }, "fine 1394"],
    [
      "too near to a threshold of another day: the band below it",
      { model: "gemini-3.1-flash-image", mode: "edit" },
      "standard 1387",
    ],
    ["unrated where no board has it", { model: "qwen-image-2.0" }, "unrated"],
    [
      "what a day knows: later tables are not there yet",
      { model: "gpt-image-2", quality: "medium", asOf: "2026-06-19" },
      "unrated",
    ],
  ])("%s", (_law, of, expected) => {
    expect(told(of)).toBe(expected);
  });
});

describe("standing", () => {
  const rating = (score: number, more: Partial<Rating> = {}): Rating => ({
    board: "arena-text",
    snapshot: "2026-08-24",
    model: "gpt-image-2",
    tier: "medium",
    resolution: null,
    score,
    ci: 5,
    votes: null,
    ...more,
  });

  it.each<[string, Rating, Rating, string]>([
    ["beyond noise", rating(1300), rating(1284), "better"],
    ["the other way round", rating(1284), rating(1300), "worse"],
    ["within noise", rating(1300), rating(1286), "level"],
    ["within both intervals", rating(1300, { ci: 12 }), rating(1280, { ci: 9 }), "level"],
    ["two days, a gap apart", rating(1300), rating(1285, { snapshot: "2026-03-27" }), "better"],
    ["two days, nearer", rating(1300), rating(1286, { snapshot: "2026-03-27" }), "incomparable"],
    ["two boards", rating(1300), rating(900, { board: "arena-edit" }), "incomparable"],
  ])("%s", (_law, left, right, expected) => {
    expect(standing(left, right, ratings)).toBe(expected);
  });
});

describe("resolutionClassOf", () => {
  it.each<[number, string]>([
    [1024 * 1024, "1K"],
    [2_097_152, "1K"],
    [2_097_153, "2K"],
    [2048 * 2048, "2K"],
    [8_388_608, "2K"],
    [4096 * 4096, "4K"],
  ])("%d pixels are %s", (area, expected) => {
    expect(resolutionClassOf(area)).toBe(expected);
  });
});
