import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canRate,
  type PricedFacts,
  rateItems,
  termFor,
  weakestMark,
} from "../../src/billing/rate.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { type Meter, type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import { formatUsd, sumUsd } from "../../src/money/pico-usd.ts";

function priceOf(...terms: unknown[]): PriceVersion {
  return priceVersionSchema.parse({
    id: "m@2026-01-01",
    effectiveFrom: "2026-01-01",
    terms,
    source: "made for this test",
    checkedOn: "2026-11-22",
    mark: "spec",
  });
}

const some = (meter: Meter, quantity = 1n): UsageItem => ({ meter, quantity });
const picture = (usd: string, when?: unknown) => ({ meter: "output_images", usd, per: 1, when });
const reference = (usd: string, more: object = {}) => ({
  meter: "reference_images",
  usd,
  per: 1,
  ...more,
});

/** What a bill says of each line that a customer checks. */
function linesOf(items: readonly UsageItem[], price: PriceVersion) {
  return rateItems(items, price, {}).lines.map((line) => [
    line.meter,
    line.quantity,
    formatUsd(line.unitPrice),
    formatUsd(line.amount),
  ]);
}

describe("the price of a picture", () => {
  const byQuality = priceOf(
    picture("0.01", { quality: ["low"] }),
    picture("0.04", { quality: ["medium", "high"] }),
  );
  const bySize = priceOf(
    picture("0.02", { sizes: ["512x512", "1024x1024"] }),
    picture("0.03", { sizes: ["1024x1536"] }),
  );
  const byExtension = priceOf(
    picture("0.05", { promptExtend: false }),
    picture("0.06", { promptExtend: true }),
  );
  const byTier = priceOf(picture("0.08"), picture("0.07", { serviceTier: "batch" }));
  const byArea = priceOf(
    picture("0.1", { areaUpTo: 100 }),
    picture("0.2", { areaAbove: 100, areaUpTo: 200 }),
    picture("0.3", { areaAbove: 200 }),
  );

  it.each<{ price: PriceVersion; facts: PricedFacts; usd: string }>([
    { price: byQuality, facts: { quality: "low" }, usd: "0.01" },
    { price: byQuality, facts: { quality: "medium" }, usd: "0.04" },
    { price: byQuality, facts: { quality: "high" }, usd: "0.04" },
    { price: bySize, facts: { size: "512x512" }, usd: "0.02" },
    { price: bySize, facts: { size: "1024x1024" }, usd: "0.02" },
    { price: bySize, facts: { size: "1024x1536" }, usd: "0.03" },
    { price: byExtension, facts: { promptExtend: true }, usd: "0.06" },
    { price: byExtension, facts: { promptExtend: false }, usd: "0.05" },
    { price: byExtension, facts: {}, usd: "0.05" },
    { price: byTier, facts: { serviceTier: "batch" }, usd: "0.07" },
    { price: byTier, facts: {}, usd: "0.08" },
  ])("of $facts is $usd USD", ({ price, facts, usd }) => {
    expect(formatUsd(rateItems([some("output_images")], price, facts).total)).toBe(usd);
  });

  it.each([
    [1n, "0.1"],
    [100n, "0.1"],
    [101n, "0.2"],
    [200n, "0.2"],
    [201n, "0.3"],
  ])("of %d pixels is %s USD: a bound belongs to the tier below it", (areaPixels, usd) => {
    const item = { ...some("output_images"), areaPixels };
    expect(formatUsd(rateItems([item], byArea, {}).total)).toBe(usd);
  });

  it("of an unknown area is the dearest tier's", () => {
    expect(formatUsd(rateItems([some("output_images")], byArea, {}).total)).toBe("0.3");
  });

  it.each<{ price: PriceVersion; facts: PricedFacts }>([
    { price: byQuality, facts: {} },
    { price: byQuality, facts: { quality: "" } },
    { price: bySize, facts: { size: "512x513" } },
    { price: bySize, facts: { quality: "low" } },
    { price: byTier, facts: { serviceTier: "flex" } },
  ])("of $facts is on no list: it is refused, not guessed", ({ price, facts }) => {
    expect(() => rateItems([some("output_images")], price, facts)).toThrow(
      "m@2026-01-01: 0 terms price output_images (area unknown)",
    );
    expect(canRate([some("output_images")], price, facts)).toBe(false);
  });
});

describe("the term of an item", () => {
  const twice = priceOf(picture("0.01"), picture("0.02"), reference("0.1"), reference("0.2"));

  it("is one, or the error names price, meter and area", () => {
    const item = { ...some("output_images"), areaPixels: 1_048_576n };
    expect(() => termFor(item, twice, {})).toThrow(
      "m@2026-01-01: 2 terms price output_images (area 1048576)",
    );
    expect(() => termFor(some("search_queries"), twice, {})).toThrow(
      "m@2026-01-01: 0 terms price search_queries (area unknown)",
    );
  });

  it("of references may be none, never two", () => {
    expect(termFor(some("reference_images"), priceOf(picture("0.01")), {})).toBeUndefined();
    expect(() => termFor(some("reference_images"), twice, {})).toThrow(
      "m@2026-01-01: 2 terms price reference_images (area unknown)",
    );
  });

  it("can be rated by when every item has its price", () => {
    const price = priceOf(picture("0.01"), {
      meter: "text_input_tokens",
      usd: "5.00",
      per: 1_000_000,
    });
    const [priced, words] = [some("output_images"), some("text_input_tokens")];
    expect(canRate([], price, {})).toBe(true);
    expect(canRate([priced, words], price, {})).toBe(true);
    expect(canRate([priced, some("reference_images")], price, {})).toBe(true);
    expect(canRate([priced, some("search_queries")], price, {})).toBe(false);
    expect(canRate([some("search_queries"), priced], price, {})).toBe(false);
    expect(canRate([priced], twice, {})).toBe(false);
    expect(canRate([some("reference_images")], twice, {})).toBe(false);
  });
});

describe("a bill", () => {
  it("has no negative quantity", () => {
    expect(() => rateItems([some("output_images", -1n)], priceOf(picture("0.01")), {})).toThrow(
      "negative output_images: -1",
    );
  });

  it("has no line for nothing, even of what has no price", () => {
    const items = [some("search_queries", 0n), some("output_images", 0n)];
    expect(rateItems(items, priceOf(picture("0.01")), {})).toEqual({ lines: [], total: 0n });
  });

  it("has no line for references that the price of the picture includes", () => {
    const items = [some("reference_images", 4n), some("output_images", 2n)];
    expect(linesOf(items, priceOf(picture("0.01")))).toEqual([
      ["output_images", 2n, "0.01", "0.02"],
    ]);
  });

  it("gives the free units of a request once, however many items they are spread over", () => {
    const price = priceOf(reference("0.003", { free: 3 }));
    const two = some("reference_images", 2n);
    expect(linesOf([two], price)).toEqual([["reference_images", 2n, "0", "0"]]);
    // 6 less 3 free at 0.003
    expect(linesOf([two, two, two], price)).toEqual([
      ["reference_images", 3n, "0", "0"],
      ["reference_images", 3n, "0.003", "0.009"],
    ]);
  });

  it("has free units of one term beside the paid ones of another", () => {
    const price = priceOf(reference("0.003", { free: 1 }), picture("0.04"));
    expect(linesOf([some("output_images", 2n), some("reference_images", 2n)], price)).toEqual([
      ["output_images", 2n, "0.04", "0.08"],
      ["reference_images", 1n, "0", "0"],
      ["reference_images", 1n, "0.003", "0.003"],
    ]);
  });

  it("has one line a meter and unit price, in order of first appearance", () => {
    const price = priceOf(
      picture("0.04", { areaUpTo: 100 }),
      picture("0.09", { areaAbove: 100 }),
      reference("0.04"),
    );
    const small = { ...some("output_images"), areaPixels: 100n };
    const large = { ...some("output_images"), areaPixels: 101n };
    expect(linesOf([large, small, some("reference_images"), large, small], price)).toEqual([
      ["output_images", 2n, "0.09", "0.18"],
      ["output_images", 2n, "0.04", "0.08"],
      ["reference_images", 1n, "0.04", "0.04"],
    ]);
  });

  it("marks a line by its term, else by its price version", () => {
    const price = priceOf(picture("0.04"), reference("0.003", { free: 1, mark: "guess" }));
    const items = [some("output_images"), some("reference_images", 2n)];
    expect(rateItems(items, price, {}).lines.map((line) => line.mark)).toEqual([
      "spec",
      "guess",
      "guess",
    ]);
  });

  it("in whatever order usage came has one total, and lines that are exact and add up to it", () => {
    const price = priceOf(
      picture("0.045", { areaUpTo: 100 }),
      picture("0.09", { areaAbove: 100 }),
      reference("0.003", { free: 5 }),
      { meter: "image_output_tokens", usd: "30.00", per: 1_000_000 },
    );
    const quantity = fc.bigInt(0n, 1_000n);
    const item: fc.Arbitrary<UsageItem> = fc.oneof(
      quantity.map((count) => some("image_output_tokens", count)),
      quantity.map((count) => some("reference_images", count)),
      fc
        .tuple(quantity, fc.bigInt(1n, 200n))
        .map(([count, areaPixels]) => ({ ...some("output_images", count), areaPixels })),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), (items) => {
        const { lines, total } = rateItems(items, price, {});
        expect(rateItems(items.toReversed(), price, {}).total).toBe(total);
        for (const line of lines) expect(line.amount).toBe(line.quantity * line.unitPrice);
        expect(sumUsd(lines.map((line) => line.amount))).toBe(total);
      }),
    );
  });
});

describe("the weakest mark", () => {
  it("is what a total that rests on several may claim", () => {
    expect(weakestMark(["spec", "guess", "billed"])).toBe("guess");
    expect(weakestMark(["spec", "billed"])).toBe("spec");
    expect(weakestMark(["billed"])).toBe("billed");
    expect(weakestMark([])).toBeUndefined();
  });
});
