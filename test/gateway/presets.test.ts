import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { StartError } from "../../src/start/errors.ts";
import { ownerDefaults } from "../../src/start/owner-defaults.ts";
import { readCatalog } from "../../src/start/read-catalog.ts";

/** What `spotmeter.yaml` says of choices is checked at start: file, line and field. */

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const folder = mkdtempSync(join(tmpdir(), "spotmeter-presets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function presets(text: string) {
  const given = { catalog, ratings, asOf: "2026-12-02", connections: [{ region: "eu" }] };
  return ownerDefaults({ file: "spotmeter.yaml", text }, given).presets;
}

function complaint(run: () => unknown): string {
  try {
    run();
  } catch (cause) {
    if (cause instanceof StartError) return cause.message.replace(/^bad \w+(, \d problems)?\n/, "");
    throw cause;
  }
  return "accepted";
}

describe("routes in spotmeter.yaml", () => {
  it("are read with models by their ids", () => {
    const text = `routes:
  product-photo:
    band: fine
    max_cost: "0.06"
    allow: [openai/gpt-image-2, seedream-4.0]
    regions: [eu]
`;
    expect(presets(text).get("product-photo")).toEqual({
      band: "fine",
      maxCost: parseUsd("0.06"),
      allow: ["gpt-image-2", "seedream-4-0"],
      regions: ["eu"],
    });
  });

  it.each<[string, string]>([
    ["band: best", "spotmeter.yaml:3 routes.photo.band: Invalid option"],
    ["bands: fine", "spotmeter.yaml:3 routes.photo.bands: unknown field"],
    ["max_cost: 0.06", "spotmeter.yaml:3 routes.photo.max_cost: Invalid input"],
    ["max_cost: '0'", "spotmeter.yaml:3 routes.photo.max_cost: must be above 0"],
    [
      "allow: [gpt-imgae-2]",
      "spotmeter.yaml:3 routes.photo.allow: routes.photo.allow=gpt-imgae-2: no such model; the nearest is gpt-image-2",
    ],
    ["deny: []", "spotmeter.yaml:3 routes.photo.deny: Too small"],
    [
      "regions: [mars]",
      "spotmeter.yaml:3 routes.photo.regions: routes.photo.regions: nothing is called in mars",
    ],
    [
      "at_least: qwen-image-2.0",
      "spotmeter.yaml:3 routes.photo.at_least: routes.photo.at_least=qwen-image-2.0: no board rates it",
    ],
    [
      "at_least: gpt-image-2",
      "spotmeter.yaml:3 routes.photo.at_least: routes.photo.at_least=gpt-image-2: gpt-image-2 has tiers",
    ],
    [
      "{ allow: [gpt-image-2], deny: [gpt-image-2] }",
      "spotmeter.yaml:3 routes.photo.deny: routes.photo.allow and routes.photo.deny leave no model",
    ],
  ])("%s", (line, expected) => {
    const text = `routes:\n  photo:\n    ${line}\n`;
    expect(complaint(() => presets(text))).toContain(expected);
  });

  it("a name that no model could have is refused", () => {
    const found = complaint(() => presets("routes:\n  Photo/1: { band: fine }\n"));
    expect(found).toContain("spotmeter.yaml:2 routes.Photo/1");
  });
});

describe("ratings in spotmeter.yaml", () => {
  const file = join(folder, "spotmeter.yaml");
  const settings = (text: string) => readCatalog({ settings: { file, text } });
  const table = JSON.parse(readFileSync("catalog/ratings.json", "utf8"));

  it("an owner's table stands in place of the shipped one", () => {
    const own = { ...table, noiseGap: 7 };
    writeFileSync(join(folder, "own.json"), JSON.stringify(own));
    expect(settings("ratings: own.json\n").ratings.noiseGap).toBe(7);
    expect(settings("auto_as: {}\n").ratings.noiseGap).toBe(15);
  });

  it("what is wrong in it is named with its line", () => {
    const [first] = table.ratings;
    const own = { ...table, ratings: [{ ...first, model: "gpt-image-99" }, first, first] };
    writeFileSync(join(folder, "wrong.json"), JSON.stringify(own, null, 1));
    const text = readFileSync(join(folder, "wrong.json"), "utf8").split("\n");
    const line = text.findIndex((each) => each.includes("gpt-image-99")) + 1;
    const found = complaint(() => settings("ratings: wrong.json\n"));
    expect(found).toContain(`wrong.json:${line} ratings.0.model: no model "gpt-image-99"`);
    expect(found).toContain("ratings.2.score: this key is rated twice");
  });

  it.each<[string, string]>([
    ["\nratings: none.json\n", `${file}:2 ratings: there is no file ${join(folder, "none.json")}`],
    ["ratings: [1]\n", `${file}:1 ratings: must be the path of a file, such as ratings.json`],
  ])("%j", (text, expected) => {
    expect(complaint(() => settings(text))).toContain(expected);
  });
});
