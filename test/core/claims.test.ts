import { describe, expect, it } from "vitest";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { catalogFigures } from "../../src/advisor/claims/figures.ts";
import { type Judged, judge } from "../../src/advisor/claims/judge.ts";
import { among, chooseFamilies } from "../../src/advisor/rule/families.ts";
import { claimProblems, claimsSchema } from "../../src/catalog/claims.ts";
import type { Catalog } from "../../src/catalog/find.ts";
import { loadCatalog, loadClaims, loadRatings } from "../../src/catalog/load.ts";
import type { Meter } from "../../src/catalog/schema.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const shipped = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", shipped);
const claims = loadClaims("catalog/claims.json", shipped);
const ARTICLE = "2026-06-19";

function judged(id: string, { asOf = ARTICLE, catalog = shipped as Catalog } = {}): Judged {
  const claim = claims.claims.find((each) => each.id === id);
  if (claim === undefined) throw new Error(`no claim ${id}`);
  const market = catalogMarket(catalog, { asOf, ratings, estimateOf });
  const chosen = among(market, chooseFamilies("article", catalog, claims));
  return judge(claim, catalogFigures({ market, among: chosen, claims }));
}

/** The catalog with another price of one meter of a model. */
function repriced(model: string, meter: Meter, usd: string): Catalog {
  const models = shipped.models.map((row) =>
    row.id !== model
      ? row
      : {
          ...row,
          rateCard: row.rateCard.map((version) => ({
            ...version,
            terms: version.terms.map((term) =>
              term.meter === meter && term.when === undefined ? { ...term, usd } : term,
            ),
          })),
        },
  );
  return { models };
}

describe("the article's sentences on its own day", () => {
  it.each<[string, Judged["verdict"], string]>([
    // (0.03 - 21 x 0.000005) / 0.00003 = 996.5
    ["crossover-1000", "holds", "(0.030015 > 0.03): 997, within 5 % of 1000"],
    // 0.005985 + k x (1,024 x 0.000008 + 0.000005): 0.022379 for two, 0.030576 for three
    ["about-5-references", "fails", "(0.030576 > 0.03): 3, not within 10 % of 5"],
    // 0.005985 + k x 1,025 x 0.000005: 0.026485 for four, 0.03161 for five
    [
      "about-5-references",
      "fails",
      "image tokens priced as text, references of 1024x1024 from which on it is dearer (0.03161 > 0.03): 5",
    ],
    ["about-5-references-0-035", "fails", "4096 x 0.000008 + 196 x 0.00003 = 0.038773, not below"],
    ["spread-6-4", "fails", "0.0387045 / 0.002218 = 17.45 times"],
    ["knob-36-times", "fails", "gpt-image-1-mini: 0.033322 / 0.002218 = 15.02 times"],
    ["tokens-9-and-36-times", "holds", "7024 / 196 = 35.84 times, within 5 % of 36"],
    ["caption", "fails", "= 0.210825, which rounds to 0.211, not 0.215"],
    ["low-2048", "fails", "= 0.012015, which rounds to 0.0120, not 0.0121"],
    // 499 x 0.000005 = 0.002495 of 0.008375
    ["prompt-never", "fails", "0.002495 / 0.008375 = 29.79 %"],
    ["output-share", "fails", "98.25 %, from 97 to 100; 0.0387 / 0.0387045 = 99.99 %"],
    ["entirely-output-tokens", "fails", "4.56 times / 1.22 times = 3.73 times"],
    ["flat-by-definition", "holds", "seedream-4-0 2048x2048: 1 x 0.03 = 0.03, the same as"],
    ["seedream-floor", "holds", "seedream-4-5, seedream-5-0-lite: pixels at least: 3686400"],
    ["nothing-shared", "fails", "1756 x 0.000015 = 0.0263925, not the same as"],
    ["resolution-2-times", "fails", "0.711675 / 0.210825 = 3.38 times, not within 5 % of 2"],
    ["gemini-3-doubles", "fails", "gemini-3-pro-image: 0.24333 / 0.13773 = 1.77 times"],
    ["reference-limits", "holds", "gemini-2.5-flash-image: references at most: 3"],
    ["edit-flat-free", "holds", "seedream-4-0 2048x2048 3 of 1024x1024: 1 x 0.03 = 0.03"],
    ["rule-medium-high", "fails", "medium 1024x1024: gpt-image-1-mini medium 0.00849"],
    ["rule-low", "holds", "low 2048x2048: gpt-image-2 low 0.012015"],
    ["n-rebills-the-prompt", "holds", "n=4 prompt 493: 1996"],
    ["no-cache-fields", "not_testable", "only an answer tells"],
    ["flat-is-quality-independent", "not_testable", "no table up to 2026-06-19 rates it"],
  ])("%s %s", (id, verdict, arithmetic) => {
    const found = judged(id);
    expect([found.verdict, found.arithmetic]).toEqual([
      verdict,
      expect.stringContaining(arithmetic),
    ]);
  });

  it("every sentence is judged, and what only an answer tells names its sweep", () => {
    const market = catalogMarket(shipped, { asOf: ARTICLE, ratings, estimateOf });
    const source = catalogFigures({ market, among: market, claims });
    const untold = claims.claims
      .map((claim) => judge(claim, source))
      .filter(({ verdict }) => verdict === "not_testable");
    expect(untold.map(({ claim }) => [claim.id, claim.sweep])).toEqual([
      ["n-2-is-a-400", "count"],
      ["same-bytes", "quality"],
      ["no-cache-fields", "cache"],
      ["gemini-takes-10", "model"],
      ["default-quality", "model"],
      ["no-sharing", "cache"],
      ["flat-is-quality-independent", undefined],
      ["trust-2xx", undefined],
      ["faq-caching", "cache"],
    ]);
  });

  it("what it took back itself says so, with its day", () => {
    expect(judged("per-token-always-cheapest").claim.withdrawn?.on).toBe(ARTICLE);
  });
});

describe("verdicts are computed", () => {
  it.each<[string, Catalog, Judged["verdict"]]>([
    // 0.005985 + 5 x (1,024 x 0.000005 + 0.000005) = 0.03161
    ["about-5-references", repriced("gpt-image-2", "image_input_tokens", "5.00"), "holds"],
    // (0.05 - 0.000105) / 0.00003 = 1,663.2
    ["crossover-1000", repriced("seedream-4-0", "output_images", "0.05"), "fails"],
    // mini at medium: 0.000042 + 1,056 x 0.00004 = 0.042282
    ["rule-medium-high", repriced("gpt-image-1-mini", "image_output_tokens", "40.00"), "holds"],
  ])("%s under another price: %#", (id, catalog, verdict) => {
    expect(judged(id, { catalog }).verdict).toBe(verdict);
    expect(judged(id).verdict).not.toBe(verdict);
  });

  it("another day brings other models, prices and tables", () => {
    const asOf = "2026-11-26";
    const day = (id: string) => judged(id, { asOf });
    expect(day("seedream-floor").arithmetic).toContain("pixels at least: 921600, not 3686400");
    expect(day("edit-flat-free").verdict).toBe("fails");
    expect(day("flat-is-quality-independent").arithmetic).toContain("1141 (2026-03-27)");
    expect(day("spread-6-4").withdrawn).toEqual([
      "gemini-2.5-flash-image was shut down on 2026-10-02; use gemini-nano-banana-2.1",
    ]);
  });

  it("a price dated later is named and not used", () => {
    expect(judged("price-of-qwen-image-2-0", { asOf: "2026-03-02" })).toMatchObject({
      verdict: "not_testable",
      arithmetic:
        "qwen-image-2.0 has no price on 2026-03-02; its first here is qwen-image-2.0@2026-03-03, later, and isn't used",
    });
  });

  it("every figure names the price version that it rests on", () => {
    expect(judged("crossover-1000").basis).toEqual([
      "gpt-image-2@2026-04-21 (third, checked 2026-04-21)",
      "seedream-4-0@2025-08-28 (spec, checked 2026-11-22)",
    ]);
  });
});

describe("what the data can't mean is refused", () => {
  it("models, tiers, families and bands that don't exist; an id given twice", () => {
    const total = (model: string, quality?: string) => ({
      of: "total",
      order: { model, ...(quality === undefined ? {} : { quality }) },
    });
    const winner = { kind: "winner", by: "evidence", rows: ["good"], sizes: ["1024x1024"] };
    const claim = (id: string, holdsIf: object) => ({ id, section: "s", text: "t", holdsIf });
    const bad = claimsSchema.parse({
      ...{ title: "t", source: "s", saidOn: ARTICLE, families: [{ name: "f", models: ["no-*"] }] },
      claims: [
        claim("a", { kind: "rounds_to", figure: total("gpt-image-9"), value: "1" }),
        claim("a", { kind: "rounds_to", figure: total("gpt-image-2", "max"), value: "1" }),
        claim("b", { ...winner, families: ["g"], is: "always" }),
      ],
    });
    expect(claimProblems(bad, shipped.models).map(({ message }) => message)).toEqual([
      'no model is "f"',
      'no model "gpt-image-9"',
      "this id is taken",
      "gpt-image-2 has no tier max",
      'no family "g"',
      'no band "good"',
    ]);
  });
});
