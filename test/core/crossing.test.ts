import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogMarket } from "../../src/advisor/catalog-market.ts";
import { type CellOrder, STANDARD_PROMPT } from "../../src/advisor/rule/cell-order.ts";
import {
  areaCurve,
  expectedItems,
  priceCell,
  referenceCurve,
  type Varied,
} from "../../src/advisor/rule/cost-curves.ts";
import { type Curve, costAt, crossings } from "../../src/advisor/rule/crossing.ts";
import { type Choice, type Crossover, crossovers } from "../../src/advisor/rule/crossovers.ts";
import { allAtOnce } from "../../src/advisor/rule/rule.ts";
import { billRequest } from "../../src/billing/quote.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import { formatUsd, type PicoUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { estimateOf } from "../../src/vendors/registry.ts";

const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);

const curve: fc.Arbitrary<Curve> = fc
  .array(
    fc.record({
      from: fc.bigInt(1n, 40n),
      cost: fc.bigInt(0n, 60n),
      each: fc.bigInt(-3n, 6n),
    }),
    { maxLength: 3 },
  )
  .chain((pieces) =>
    fc.record({ cost: fc.bigInt(0n, 60n), each: fc.bigInt(-3n, 6n) }).map((first) => {
      const starts = new Map([[0n, { ...first, from: 0n }]]);
      for (const piece of pieces) starts.set(piece.from, piece);
      const sorted = [...starts.values()].toSorted((left, right) =>
        left.from < right.from ? -1 : 1,
      );
      const [head, ...rest] = sorted.map(({ from, cost, each }) => ({
        ...{ from, cost: picoUsd(cost), each: picoUsd(each) },
      }));
      if (head === undefined) throw new Error("a curve begins at 0");
      return [head, ...rest] as const;
    }),
  );

describe("crossings", () => {
  it("are exactly the counts that trying every count finds", () => {
    fc.assert(
      fc.property(curve, curve, (a, b) => {
        const tried: bigint[] = [];
        for (let at = 1n; at <= 50n; at += 1n) {
          const lead = (count: bigint) => costAt(a, count) - costAt(b, count);
          if (lead(at - 1n) <= 0n && lead(at) > 0n) tried.push(at);
        }
        expect(crossings(a, b, 50n).map(({ at }) => at)).toEqual(tried);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Rates an order anew, the way a quote is: nothing here looks at curves. */
function rated({ model, quality }: Choice, of: Crossover, count: bigint, asOf: string): PicoUsd {
  const entry = markets.get(asOf)?.models.find((each) => each.model.id === model.id);
  if (entry?.priceable === undefined) throw new Error(`${model.id} can't be priced`);
  const [size = "1024x1024"] = of.sizes;
  const [tier] = model.capabilities.quality?.tiers ?? [];
  const cell: CellOrder = {
    ...{ quality: quality ?? tier, size },
    n: of.kind === "n" ? Number(count) : of.n,
    references: of.kind === "references" ? Number(count) : of.references,
    referenceSize: REFERENCE,
  };
  const varied: Varied = { priceable: entry.priceable, cell, prompt: STANDARD_PROMPT };
  const placed =
    of.kind === "area" && priceCell(varied) === undefined
      ? { ...varied, cell: { ...cell, size: "2048x2048" } }
      : varied;
  const priced = priceCell(placed);
  if (priced === undefined) throw new Error(`${model.id} refuses ${JSON.stringify(cell)}`);
  if (of.kind === "references" || of.kind === "n") return priced.quote.expected.total;
  const { price, facts } = priced.quote.frozen;
  const items = expectedItems(placed, priced).map((item) => {
    if (of.kind === "area") {
      return item.meter === "output_images" ? { ...item, areaPixels: count } : item;
    }
    return item.meter === "image_output_tokens" ? { ...item, quantity: count } : item;
  });
  return billRequest(items, { price, facts, images: 1n }).total;
}

const REFERENCE = { width: 1024, height: 1024 };
const days = ["2026-06-19", "2026-11-26", "2026-12-02"];
const markets = new Map(
  days.map((asOf) => [asOf, catalogMarket(catalog, { asOf, ratings, estimateOf })]),
);

describe("crossovers of the catalog", () => {
  it.each(days)("on %s the order flips exactly there: rated on both sides, one apart", (asOf) => {
    const market = markets.get(asOf);
    if (market === undefined) throw new Error(asOf);
    const sizes = ["1024x1024", "1536x1024", "2048x2048"];
    const found = allAtOnce(
      crossovers({
        ...{ market, prompt: STANDARD_PROMPT, referenceSize: REFERENCE, sizes },
        ...{ references: [1, 3], allowWeakPrices: true },
      }),
    );
    expect(new Set(found.map(({ kind }) => kind)).size).toBe(asOf === "2026-06-19" ? 2 : 4);
    for (const each of found) {
      const below = each.at - 1n;
      const rate = (choice: Choice, count: bigint) => rated(choice, each, count, asOf);
      const name = `${each.kind} ${each.a.model.id} ${each.b.model.id} ${each.at}`;
      expect([name, rate(each.a, each.at), rate(each.b, each.at)]).toEqual([
        ...[name, each.costA, each.costB],
      ]);
      expect([name, rate(each.a, below), rate(each.b, below)]).toEqual([
        ...[name, each.before.costA, each.before.costB],
      ]);
      expect(each.before.costA <= each.before.costB && each.costA > each.costB).toBe(true);
    }
  });

  it("references are counted by their real patches", () => {
    const at = (width: number, height: number) => {
      const market = markets.get("2026-06-19");
      if (market === undefined) throw new Error("no market");
      const found = allAtOnce(
        crossovers({
          ...{ market, prompt: STANDARD_PROMPT, referenceSize: { width, height } },
          ...{ sizes: ["1024x1024"], references: [], allowWeakPrices: false },
        }),
      ).find(
        ({ kind, a, b }) =>
          kind === "references" && a.model.id === "gpt-image-2" && b.model.id === "seedream-4-0",
      );
      return found === undefined
        ? undefined
        : [Number(found.at), formatUsd(found.before.costA), formatUsd(found.costA)];
    };
    // 0.005985 + k x (p x 0.000008 + 0.000005) with p = 1,024, 512 and 39 x 39 = 1,521 patches
    expect(at(1024, 1024)).toEqual([3, "0.022379", "0.030576"]);
    expect(at(512, 1024)).toEqual([6, "0.02649", "0.030591"]);
    expect(at(4096, 4096)).toEqual([2, "0.018158", "0.030331"]);
  });

  it("references of which the first few are free cost what the bill says, at every count", () => {
    const entry = markets
      .get("2026-11-26")
      ?.models.find(({ model }) => model.id === "seedream-5-0-pro");
    if (entry?.priceable === undefined) throw new Error("no seedream-5-0-pro");
    const { price } = entry.priceable;
    const terms = price.terms.map((term) =>
      term.meter === "reference_images" ? { ...term, free: 4 } : term,
    );
    const priceable = { ...entry.priceable, price: { ...price, terms } };
    const cell = { size: "1024x1024", n: 1, references: 0, referenceSize: REFERENCE };
    const of: Varied = { priceable, cell, prompt: STANDARD_PROMPT };
    const found = referenceCurve(of);
    if (found === undefined) throw new Error("no curve");
    for (let references = 0; references <= 10; references += 1) {
      const total = priceCell({ ...of, cell: { ...cell, references } })?.quote.expected.total;
      expect([references, costAt(found, BigInt(references))]).toEqual([references, total]);
    }
  });

  it("an area above the last tier is priced as that tier's", () => {
    const entry = markets
      .get("2026-11-26")
      ?.models.find(({ model }) => model.id === "seedream-5-5");
    if (entry?.priceable === undefined) throw new Error("no seedream-5-5");
    const cell = { size: "1024x1024", n: 1, references: 0, referenceSize: REFERENCE };
    const found = areaCurve({ priceable: entry.priceable, cell, prompt: STANDARD_PROMPT });
    expect(found?.map(({ from, cost }) => [from, formatUsd(cost)])).toEqual([
      [921_600n, "0.02"],
      [2_601_124n, "0.035"],
    ]);
  });
});
