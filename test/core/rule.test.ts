import { describe, expect, it } from "vitest";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { frontierSvg } from "../../src/advisor/plot/frontier-plot.ts";
import { among, chooseFamilies } from "../../src/advisor/rule/families.ts";
import { frontierOf } from "../../src/advisor/rule/frontier.ts";
import { readFrontier, readRule, type Sent } from "../../src/advisor/rule/query.ts";
import { allAtOnce, computeRule } from "../../src/advisor/rule/rule.ts";
import { frontierJson, ruleJson } from "../../src/advisor/rule/rule-json.ts";
import { loadCatalog, loadClaims, loadRatings } from "../../src/catalog/load.ts";
import type { Ratings } from "../../src/catalog/ratings.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const claims = loadClaims("catalog/claims.json", catalog);
const known = { catalog, claims, today: "2026-11-26" };

function rule(sent: Sent) {
  const asked = readRule(sent, known);
  const market = catalogMarket(catalog, { asOf: asked.asOf, ratings, estimateOf });
  return ruleJson(allAtOnce(computeRule(asked, { market, claims })));
}

/** The cells as `row references size n: winner total, then runner-up total`. */
function cells(sent: Sent): string[] {
  return rule(sent).cells.map(
    ({ band, references, size, n, model, quality, total, runner_up: next }) => {
      const name = [model, quality, total].filter((part) => part !== null).join(" ");
      return `${band} ${references} ${size} ${n}: ${name || "none"}, then ${next === null ? "none" : `${next.model} ${next.total}`}`;
    },
  );
}

const ONE = { sizes: "1024x1024", references: "0", n: "1" };

describe("the decision table", () => {
  it("by tier on the article's day, among its families, compares words with flat prices", () => {
    const article = { as_of: "2026-06-19", families: "article", by: "tier", ...ONE };
    expect(cells(article)).toEqual([
      // 21 x 0.000002 + 272 x 0.000008; gpt-image-2 at 21 x 0.000005 + 196 x 0.00003
      "low 0 1024x1024 1: gpt-image-1-mini low 0.002218, then gpt-image-2 0.005985",
      // 0.000042 + 1,056 x 0.000008: below every flat price of its list
      "medium 0 1024x1024 1: gpt-image-1-mini medium 0.00849, then seedream-4-0 0.03",
      // mini's 0.000042 + 4,160 x 0.000008 = 0.033322 is above 0.03
      "high 0 1024x1024 1: seedream-4-0 0.03, then wan2.7-image 0.03",
    ]);
  });

  it("by evidence, once 1-mini is gone: bands, of which the unrated win draft only", () => {
    expect(cells({ as_of: "2026-12-02", ...ONE })).toEqual([
      "draft 0 1024x1024 1: gpt-image-2 low 0.005985, then gpt-image-2.5-flare 0.005985",
      "standard 0 1024x1024 1: gemini-3.1-flash-lite-image 0.03401625, then qwen-image-3.0-pro 0.04",
      "fine 0 1024x1024 1: gemini-3.1-flash-lite-image 0.03401625, then qwen-image-3.0-pro 0.04",
      "finest 0 1024x1024 1: gpt-image-2 medium 0.052785, then none",
    ]);
  });

  it("tables of a later day aren't known: before them nothing earns fine", () => {
    const found = rule({ as_of: "2026-06-19", ...ONE });
    const fine = found.cells.find(({ band }) => band === "fine");
    expect([fine?.model, fine?.reason]).toEqual([
      null,
      expect.stringMatching(/^nothing can win: \d+ below_band, /),
    ]);
  });

  it("references cost what each model's law and price say; four images are as many calls where one makes one", () => {
    const sent = {
      as_of: "2026-12-02",
      by: "evidence",
      sizes: "1024x1024",
      references: "3",
      n: "1,4",
    };
    const fine = rule(sent).cells.filter(({ band }) => band === "fine");
    // 0.045 + 2 x 0.003 from the second reference on; four calls pay it four times
    expect(fine.map(({ model, total, calls }) => [model, total, calls])).toEqual([
      ["seedream-5-0-pro", "0.051", 1],
      ["seedream-5-0-pro", "0.204", 4],
    ]);
  });

  it("every winner is the cheapest of its row: nothing that may win costs less", () => {
    for (const by of ["tier", "evidence"]) {
      const found = rule({
        as_of: "2026-11-26",
        by,
        sizes: "1024x1024,2048x2048",
        references: "0,3",
        n: "1,4",
      });
      for (const { total, runner_up: next, passed_over: passed } of found.cells) {
        if (total === null) continue;
        expect(next === null || Number(next.total) >= Number(total)).toBe(true);
        for (const each of passed) expect(Number(each.total)).toBeLessThan(Number(total));
      }
    }
  });

  it("a guessed price wins only where weak prices are let in", () => {
    const sent = {
      as_of: "2026-11-26",
      by: "tier",
      families: "wan2.2-t2i-flash,seedream-4-0",
      ...ONE,
    };
    expect(cells(sent)).toEqual(["any 0 1024x1024 1: seedream-4-0 0.03, then none"]);
    const [cell] = rule(sent).cells;
    expect(cell?.passed_over).toEqual([
      {
        ...{ model: "wan2.2-t2i-flash", quality: null, total: "0.025" },
        ...{ code: "weak_price", why: "its price is a guess" },
      },
    ]);
    expect(cells({ ...sent, allow_weak_prices: "true" })).toEqual([
      "any 0 1024x1024 1: wan2.2-t2i-flash 0.025, then seedream-4-0 0.03",
    ]);
  });

  it("sentences are judged among the article's families and among all, not among models of one's own", () => {
    const day = { as_of: "2026-11-26", ...ONE };
    const verdict = (families: string) =>
      rule({ ...day, families }).claims.find(({ id }) => id === "rule-medium-high")?.arithmetic;
    expect(verdict("article")).toContain("high 1024x1024: seedream-5-0-flash 0.018");
    expect(verdict("all")).toContain("high 1024x1024: z-image-turbo 0.015");
    expect(verdict("byteplus,gpt-image-2")).toBeUndefined();
  });

  it("families are the article's, all, or names of models and vendors", () => {
    const ids = (asked: string) => {
      const market = catalogMarket(catalog, { asOf: "2026-11-26", ratings, estimateOf });
      return among(market, chooseFamilies(asked, catalog, claims)).models.map(
        ({ model }) => model.id,
      );
    };
    expect(ids("article")).not.toContain("z-image-turbo");
    expect(ids("google").every((id) => /^(gemini|imagen)/.test(id))).toBe(true);
    expect(ids("gpt-image-2, openai/dall-e-3")).toEqual(["dall-e-3", "gpt-image-2"]);
    expect(() => ids("gpt-image-2,nobody")).toThrow('"nobody" is no model and no vendor');
  });
});

function frontier(sent: Sent, tables: Ratings = ratings) {
  const asked = readFrontier(sent, known);
  const market = catalogMarket(catalog, { asOf: asked.asOf, ratings: tables, estimateOf });
  return frontierOf(asked, among(market, asked.chosen));
}

/** The shipped tables with other scores of August for some models. */
function rated(scores: Readonly<Record<string, number>>): Ratings {
  const own = Object.entries(scores).map(([model, score]) => ({
    ...{ board: "arena-text", snapshot: "2026-08-24", model, score },
    ...{ tier: null, resolution: null, ci: null, votes: null },
  }));
  return {
    ...ratings,
    ratings: [...own, ...ratings.ratings.filter(({ model }) => !(model in scores))],
  };
}

function points(sent: Sent, tables: Ratings = ratings): string[] {
  return frontierJson(frontier(sent, tables)).points.map(
    ({ model, quality, total, score, on_frontier: on, dominated_by: by }) =>
      `${on ? "*" : " "} ${quality === null ? model : `${model} ${quality}`} ${total} ${score}${by === null ? "" : ` < ${by.model}`}`,
  );
}

describe("the frontier", () => {
  it("of text, at 1024x1024: near ratings of two days stand side by side, a level one that costs more doesn't", () => {
    expect(points({ as_of: "2026-12-02" })).toEqual([
      "* z-image-turbo 0.015 1077",
      // 1250 of July and 1257 of August: too near to tell
      "* gemini-3.1-flash-lite-image 0.03401625 1250",
      "* qwen-image-3.0-pro 0.04 1257",
      // 1258 against 1257 on one table is noise
      "  seedream-5-0-pro 0.045 1258 < qwen-image-3.0-pro",
      "* gpt-image-2 medium 0.052785 1381",
      // told to be shut down by third parties
      "  gemini-3.1-flash-image 0.0680325 1264 < qwen-image-3.0-pro",
      "  gpt-image-2 high 0.210825 1381 < gpt-image-2",
    ]);
  });

  it("of edits stands on the board of edits, with its references in the price", () => {
    const sent = { as_of: "2026-12-02", mode: "edit", references: "3" };
    expect(frontierJson(frontier(sent)).board.id).toBe("arena-edit");
    expect(points(sent).filter((point) => point.startsWith("*"))).toEqual([
      "* seedream-5-0-pro 0.051 1394",
      "* gpt-image-2 medium 0.077376 1463",
    ]);
  });

  it("what is reported gone dominates nothing, however good and cheap", () => {
    const found = points(
      { as_of: "2026-12-02", allow_weak_prices: "true" },
      rated({ "gemini-3.1-flash-image": 1500, "qwen-image-2.0-pro": 1400 }),
    );
    expect(found).toContain("  gemini-3.1-flash-image 0.0680325 1500");
    // 1400 is above gpt-image-2 medium's 1381, and below 1500 at a higher price than that
    expect(found).toContain("* qwen-image-2.0-pro 0.075 1400");
  });

  it("of two that are level and cost the same neither dominates", () => {
    const found = points(
      { as_of: "2026-12-02", allow_weak_prices: "true" },
      rated({ "wan2.7-image-pro": 1495, "qwen-image-2.0-pro": 1500 }),
    );
    expect(found).toContain("* wan2.7-image-pro 0.075 1495");
    expect(found).toContain("* qwen-image-2.0-pro 0.075 1500");
  });

  it("what no rating counts for is listed with why, and never drawn", () => {
    const { unrated } = frontierJson(frontier({ as_of: "2026-12-02" }));
    const why = (model: string) => unrated.find((each) => each.model === model)?.why;
    expect(why("seedream-4-0")).toBe("rated at 2K only, which is larger");
    expect(why("gpt-image-2.5-flare")).toBe("no board has it");
    expect(frontierSvg(frontier({ as_of: "2026-12-02" }))).not.toContain("seedream-4-0");
  });

  it("a day without any table draws an empty frame, and says so", () => {
    const svg = frontierSvg(frontier({ as_of: "2026-01-01" }));
    expect(svg).toContain("nothing is rated");
    expect(svg).toContain("On the frontier: nothing.");
  });
});

describe("what can't be meant is refused by name", () => {
  it.each<[Sent, string]>([
    [{ by: "votes" }, "by=votes: must be tier or evidence"],
    [{ as_of: "today" }, "as_of=today: must be a day, YYYY-MM-DD"],
    [{ references: "1,17" }, "references=1,17: must be whole numbers from 0 to 16"],
    [{ n: "0" }, "n=0: must be whole numbers from 1 to 10"],
    [{ sizes: "big" }, 'sizes=big: "big" is no size that can be priced'],
    [{ sizes: "1K,1K" }, "sizes=1K,1K: 1K is named more than once"],
    [{ families: "gpt-imag-2" }, "is no model and no vendor; the nearest is gpt-image-2"],
    [{ reference_size: "1" }, "reference_size=1: must be WxH"],
    [{ allow_weak_prices: "yes" }, "allow_weak_prices=yes: must be true or false"],
  ])("rule %o", (sent, says) => {
    expect(() => readRule(sent, known)).toThrow(says);
  });

  it.each<[Sent, string]>([
    [{ mode: "both" }, "mode=both: must be generation or edit"],
    [{ references: "2" }, "references=2: goes with mode edit only"],
    [{ mode: "edit", references: "0" }, "references=0: must be whole numbers from 1 to 16"],
    [{ size: "1K,2K" }, "size=1K,2K: one size, please"],
  ])("frontier %o", (sent, says) => {
    expect(() => readFrontier(sent, known)).toThrow(says);
  });
});

describe("drawings", () => {
  it("are the same bytes each time, without scripts, with a title and a description", () => {
    const svg = frontierSvg(frontier({ as_of: "2026-11-26" }));
    expect(svg).toBe(frontierSvg(frontier({ as_of: "2026-11-26" })));
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description"/);
    expect(svg).toContain('<title id="title">Cost against rating on 2026-11-26');
    expect(svg).toContain("gpt-image-2 medium at 0.052785 USD rated 1381 ± 5 on 2026-08-24");
    expect(svg).not.toMatch(/<script|NaN|undefined|\de-\d/);
  });
});
