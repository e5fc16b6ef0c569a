import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whatFits } from "../../src/advisor/budget.ts";
import { candidatesFor } from "../../src/advisor/candidates.ts";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { capable } from "../../src/advisor/constraints.ts";
import { priceOrder } from "../../src/advisor/price-order.ts";
import { findModel } from "../../src/catalog/find.ts";
import { readSize } from "../../src/gates/size.ts";
import { readConstraints } from "../../src/gateway/constraints.ts";
import { measurePrompt } from "../../src/gateway/prompt.ts";
import { formatUsd, type PicoUsd, parseUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { Refusal } from "../../src/refusals.ts";
import type { PlanSums } from "../../src/runs/plan.ts";
import { diffPlans } from "../../src/runs/plan-diff.ts";
import { comparedRow, planJson, savedRows } from "../../src/runs/plan-json.ts";
import { estimateOf } from "../../src/vendors/registry.ts";
import { asOf, market, planText, ratings, words } from "./plan-world.ts";

/** The standard prompt of DESIGN §9: 79 bytes, 15 o200k tokens. */
const MUG = "E-commerce product photo, matte ceramic mug, white background, softbox lighting";
const HEADER = "id,prompt,model,size,quality,n,references,band";

function sums({ rows, images, expected, ceiling }: PlanSums): string {
  return `${rows} rows, ${images} images, ${formatUsd(expected)}, ${formatUsd(ceiling)}`;
}

function models({ byModel }: PlanSums): readonly string[] {
  return byModel.map(({ model, quality, rows, expected }) =>
    [model, quality ?? "-", rows, formatUsd(expected)].join(" "),
  );
}

describe("the total of a plan", () => {
  it("is that of its rows, by model, worked out by hand", async () => {
    const { asked } = await planText(
      [
        HEADER,
        `a,"${MUG}",gpt-image-2,1024x1024,low,,,`,
        `b,"${MUG}",gpt-image-2,1024x1024,low,3,,`,
        `c,"${MUG}",gpt-image-2,1024x1024,medium,,1024x1024,`,
        `d,"${MUG}",seedream-4-0,2048x2048,,,,`,
        `e,"${MUG}",auto,1024x1024,,,,finest`,
      ].join("\n"),
    );
    // low 21 x 0.000005 + 196 x 0.00003 = 0.005985, at most 85 x 0.000005 + 0.00588 = 0.006305; four of them.
    // medium with a reference: 22 x 0.000005 + 1,024 x 0.000008 + 1,756 x 0.00003 = 0.060982, at most
    // 86 x 0.000005 + 1,536 x 0.000008 + 0.05268 = 0.065398. finest: gpt-image-2 medium, 0.052785, 0.053105.
    expect(models(asked)).toEqual([
      "gpt-image-2 medium 2 0.113767",
      "seedream-4-0 - 1 0.03",
      "gpt-image-2 low 2 0.02394",
    ]);
    // Ceilings: 0.065398 + 0.053105 + 0.03 + 4 x 0.006305
    expect(sums(asked)).toBe("5 rows, 7 images, 0.167707, 0.173723");
    expect(asked.mark).toBe("third");
  });

  it("leaves blocked rows out and says everything that stands in their way", async () => {
    const { asked } = await planText(
      [
        HEADER,
        `a,"${MUG}",seedream-4-0,2048x2048,,,,`,
        `b,"${MUG}",seedream-4-0,64x64,high,2,,`,
        `c,"${MUG}",seedream-4-0,32x32,high,2,,`,
        `d,"${MUG}",dall-e-3,1024x1024,,,,`,
      ].join("\n"),
    );
    expect(sums(asked)).toBe("1 rows, 1 images, 0.03, 0.03");
    expect(asked.blockedRows).toBe(3);
    expect(asked.blocked.map(({ rows, code, ids }) => [rows, code, ids.join(" ")])).toEqual([
      [2, "unsupported_n", "b c"],
      [2, "unsupported_parameter", "b c"],
      [2, "unsupported_size", "b c"],
      [1, "model_not_served", "d"],
    ]);
  });

  it("looks at every row's own seed, though seeds cost nothing and are priced once", async () => {
    const seeded = (id: string, seed: number): string =>
      `${id},"${MUG}",qwen-image-3.0,1024x1024,${seed},shop-${id}`;
    const { asked, planned } = await planText(
      [
        "id,prompt,model,size,seed,tag:shop",
        ...[seeded("a", 1), seeded("b", 2_147_483_647), seeded("c", 2_147_483_648)],
        ...[seeded("d", 2_147_483_649), seeded("e", 2)],
      ].join("\n"),
    );
    // 3 x 0.03
    expect([asked.rows, formatUsd(asked.expected)]).toEqual([3, "0.09"]);
    const sent = planned.flatMap(({ price }) =>
      price.kind === "blocked" ? price.blockedBy.map((blocker) => blocker.sent) : [],
    );
    expect(sent).toEqual([2_147_483_648, 2_147_483_649]);
    expect(new Set(planned.map(({ digest }) => digest)).size).toBe(5);
  });

  it("by the catalog of another day has that day's prices", async () => {
    const row = `${HEADER}\na,"${MUG}",gpt-image-1-mini,1024x1024,low,,,`;
    // Shut down by its vendor on 2026-12-01; before: 21 x 0.000002 + 272 x 0.000008.
    expect((await planText(row)).asked.blocked[0]?.code).toBe("model_retired");
    const day = catalogMarket(words.catalog, { asOf: "2026-11-26", ratings, estimateOf });
    expect(formatUsd((await planText(row, { market: day })).asked.expected)).toBe("0.002218");
  });
});

/** Rows of every kind, many of which some gate refuses. */
const rows = fc.array(
  fc.record({
    model: fc.constantFrom("gpt-image-2", "seedream-4-0", "qwen-image-3.0", "gemini-3-pro-image"),
    size: fc.constantFrom("1024x1024", "2048x2048", "1536x1024", "2K", "auto"),
    quality: fc.constantFrom(undefined, "low", "medium", "high"),
    n: fc.integer({ min: 1, max: 4 }),
    words: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 1, maxLength: 12 },
);
type Row = {
  readonly model: string;
  readonly size: string;
  readonly quality: string | undefined;
  readonly n: number;
  readonly words: number;
};

function fileOf(each: readonly Row[]): string {
  const lines = each.map(({ words: count, ...row }, index) =>
    JSON.stringify({ id: `r${index}`, prompt: "soft light ".repeat(count), ...row }),
  );
  return lines.join("\n");
}

/** The price of a row by itself, as a request for it is quoted; undefined where it is refused. */
async function single(row: Row): Promise<PicoUsd | undefined> {
  const entry = market.models.find(({ model }) => model.id === row.model);
  if (entry?.priceable === undefined) return undefined;
  const { model, quality, n } = row;
  const size = readSize(row.size);
  const text = "soft light ".repeat(row.words);
  const order = { model, prompt: text, n, ...(size === undefined ? {} : { size }) };
  try {
    const asked = quality === undefined ? order : { ...order, quality };
    const by = { prompt: await measurePrompt(text), margin: null };
    return priceOrder(asked, entry.priceable, by).quote.expected.total;
  } catch (cause) {
    if (cause instanceof Refusal) return undefined;
    throw cause;
  }
}

const add = (amounts: readonly PicoUsd[]): bigint =>
  amounts.reduce((sum, amount) => sum + amount, 0n);

describe("a plan of any rows", () => {
  it("comes to the sum of their single quotes", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (each) => {
        const { asked } = await planText(fileOf(each), { name: "plan.jsonl" });
        const quotes = (await Promise.all(each.map(single))).flatMap((quote) => quote ?? []);
        expect(asked.expected).toBe(add(quotes));
        expect(asked.rows).toBe(quotes.length);
        expect(asked.blockedRows).toBe(each.length - quotes.length);
      }),
      { numRuns: 25 },
    );
  });

  it("is assigned to the cheapest of all models that are capable, found by trying each", async () => {
    const names = [
      "gpt-image-2",
      "seedream-4-0",
      "seedream-5-0-pro",
      "qwen-image-3.0-pro",
      "gemini-3.1-flash-image",
    ];
    const choice = fc.record({
      band: fc.constantFrom("draft" as const, "standard" as const, "fine" as const),
      allow: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(rows, choice, async (each, assign) => {
        const { assignment, planned } = await planText(fileOf(each), {
          name: "plan.jsonl",
          assign,
        });
        const constraints = readConstraints(assign, words);
        const best = await Promise.all(each.map((row) => cheapestByTrying(row, constraints)));
        const found = planned.map(({ assigned }) =>
          assigned?.kind === "priced" ? assigned.expected : undefined,
        );
        expect(found).toEqual(best);
        expect(assignment?.expected).toBe(add(best.flatMap((price) => price ?? [])));
      }),
      { numRuns: 12 },
    );
  });
});

/** Without `capable`'s own order: every candidate that it lets through, the least price of them. */
async function cheapestByTrying(
  { size: asked, n, words: count }: Row,
  constraints: Parameters<typeof capable>[1],
): Promise<PicoUsd | undefined> {
  const prompt = await measurePrompt("soft light ".repeat(count));
  const size = readSize(asked);
  const order = { model: "", prompt: "", n, ...(size === undefined ? {} : { size }) };
  const prices = candidatesFor({ order, prompt, margin: null }, market)
    .filter((candidate) => capable([candidate], constraints, market).length === 1)
    .flatMap(({ priced }) => priced?.quote.expected.total ?? []);
  return prices.reduce<PicoUsd | undefined>(
    (least, price) => (least === undefined || price < least ? price : least),
    undefined,
  );
}

describe("a budget", () => {
  it("keeps the most rows that any choice of rows could keep, for no more than it is", () => {
    const amounts = fc.array(fc.bigInt(1n, 30n).map(picoUsd), { maxLength: 9 });
    fc.assert(
      fc.property(amounts, fc.bigInt(0n, 120n).map(picoUsd), (prices, budget) => {
        const { fits, drop, left, least } = whatFits(prices, budget);
        const kept = prices.filter((_, place) => !drop.includes(place));
        expect(least).toBe(add(prices));
        expect(fits).toBe(drop.length === 0);
        expect(add(kept) + left).toBe(budget);
        expect(left >= 0n).toBe(true);
        let most = 0;
        for (let choice = 0; choice < 2 ** prices.length; choice += 1) {
          const chosen = prices.filter((_, place) => (choice >> place) % 2 === 1);
          if (add(chosen) <= budget && chosen.length > most) most = chosen.length;
        }
        expect(kept).toHaveLength(most);
      }),
      { numRuns: 60 },
    );
  });

  it("below a plan says what would be enough and which rows would have to go", async () => {
    const text = [
      HEADER,
      `a,"${MUG}",gpt-image-2,1024x1024,high,,,`,
      `b,"${MUG}",gpt-image-2,1024x1024,low,,,`,
      `c,"${MUG}",gpt-image-2,1024x1024,medium,,,`,
    ].join("\n");
    const { budget } = await planText(text, { budget: parseUsd("0.1") });
    // 0.210825 + 0.005985 + 0.052785
    expect(formatUsd(budget?.least ?? picoUsd(0n))).toBe("0.269595");
    expect(budget).toMatchObject({ fits: false, of: "plan", dropIds: ["a"] });
    // 0.1 - 0.05877
    expect(formatUsd(budget?.left ?? picoUsd(0n))).toBe("0.04123");
    const none = await planText(text, { budget: parseUsd("0.001") });
    expect(none.budget?.dropIds).toEqual(["a", "b", "c"]);
  });

  it("is held against the cheapest assignment where one is looked for", async () => {
    const text = `${HEADER}\na,"${MUG}",gpt-image-2,1024x1024,high,,,`;
    const { budget } = await planText(text, {
      budget: parseUsd("0.01"),
      assign: { band: "draft" },
    });
    // gpt-image-2 low, 0.005985
    expect(budget).toMatchObject({ fits: true, of: "assignment", left: parseUsd("0.004015") });
  });
});

describe("two plans", () => {
  const before = [
    HEADER,
    `a,"${MUG}",gpt-image-2,1024x1024,medium,,,`,
    `b,"${MUG}",gpt-image-2,1024x1024,low,,,`,
    `c,"${MUG}",seedream-4-0,2048x2048,,,,`,
    `d,"${MUG}",gpt-image-2,1024x1024,low,,,`,
    `e,"${MUG}",gpt-image-2,1024x1024,low,,,`,
  ].join("\n");
  const after = [
    HEADER,
    `a,"${MUG}",gpt-image-2,1024x1024,low,,,`,
    `b,"${MUG}",gpt-image-2,1024x1024,low,4,,`,
    `d,"${MUG}",gpt-image-2,10x10,low,,,`,
    `e,"${MUG.replace("mug", "cup")}",gpt-image-2,1024x1024,low,,,`,
    `f,"${MUG}",seedream-4-0,2048x2048,,,,`,
  ].join("\n");

  it("differ by causes that add up to the whole difference", async () => {
    const [old, now] = [await planText(before), await planText(after)];
    const diff = diffPlans(old.planned.map(comparedRow), now.planned.map(comparedRow));
    const told = diff.byCause.map(({ cause, rows: count, difference }) => [
      ...[cause, count, formatUsd(difference)],
    ]);
    expect(told).toEqual([
      // 0.005985 - 0.052785
      ["quality", 1, "-0.0468"],
      ["rows added", 1, "0.03"],
      ["rows removed", 1, "-0.03"],
      // 3 x 0.005985
      ["n", 1, "0.017955"],
      ["blocked now", 1, "-0.005985"],
      ["words or other parameters", 1, "0"],
    ]);
    expect(formatUsd(diff.difference)).toBe("-0.03483");
    expect(add(diff.byCause.map(({ difference }) => difference))).toBe(diff.difference);
    expect(diff.difference).toBe(now.asked.expected - old.asked.expected);
    expect([diff.added.length, diff.removed.length, diff.unchanged]).toEqual([1, 1, 0]);
  });

  it("compare the same whether the earlier one was saved as JSON or is planned again", async () => {
    const [old, now] = [await planText(before), await planText(after)];
    const told = { file: "plan.csv", asOf, constraints: undefined };
    const saved = savedRows(JSON.parse(JSON.stringify(planJson(old, told, undefined))));
    const rowsNow = now.planned.map(comparedRow);
    expect(diffPlans(saved ?? [], rowsNow)).toEqual(
      diffPlans(old.planned.map(comparedRow), rowsNow),
    );
  });

  it("of the same file differ in nothing", async () => {
    const compared = (await planText(before)).planned.map(comparedRow);
    expect(diffPlans(compared, compared)).toMatchObject({
      ...{ difference: 0n, added: [], removed: [], changed: [], byCause: [], unchanged: 5 },
    });
  });
});

describe("a choice in a plan", () => {
  it("is the gateway's own: words of a row and of the plan both bind", async () => {
    const text = `${HEADER},deny\na,"${MUG}",auto,1024x1024,,,,fine,gemini-3.1-flash-lite-image`;
    const { planned } = await planText(text);
    const price = planned[0]?.price;
    expect(price?.model).not.toBe("gemini-3.1-flash-lite-image");
    expect(findModel(words.catalog, price?.model ?? "")).toBeDefined();
    const narrower = await planText(text, { assign: { allow: ["seedream-5-0-pro"] } });
    expect(narrower.planned[0]?.assigned?.model).toBe("seedream-5-0-pro");
  });

  it("that nothing satisfies is blocked, with the nearest and what stands in its way", async () => {
    const { asked, assignment } = await planText(`${HEADER}\na,"${MUG}",auto,1024x1024,,,,finest`, {
      assign: { allow: ["seedream-4-0"] },
    });
    expect([asked.blockedRows, assignment?.rows]).toEqual([0, 0]);
    expect(assignment?.blocked[0]?.code).toBe("no_capable_model");
  });
});
