import { describe, expect, it } from "vitest";
import { billImages, quoteEstimate } from "../../src/billing/quote.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { type Model, priceVersionSchema } from "../../src/catalog/schema.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";

const price = priceVersionSchema.parse({
  id: "m@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [{ meter: "image_output_tokens", usd: "30.00", per: 1_000_000 }],
  source: "made for this test",
  checkedOn: "2026-11-22",
  mark: "spec",
});
const model = { id: "m" } as Model;
const tokens = (quantity: bigint): UsageItem[] => [{ meter: "image_output_tokens", quantity }];

const quoted = (of: { readonly expected: bigint; readonly ceiling: bigint }) =>
  quoteEstimate(model, price, {
    facts: {},
    n: 2n,
    estimate: { expected: tokens(of.expected), ceiling: tokens(of.ceiling) },
  });

describe("a quote", () => {
  it("is exact when nothing is left to estimate", () => {
    const { exact, expected, ceiling } = quoted({ expected: 196n, ceiling: 196n });
    // 2 x 196 x 0.00003
    expect([exact, formatUsd(expected.total), formatUsd(ceiling.total)]).toEqual([
      true,
      "0.01176",
      "0.01176",
    ]);
  });

  it("is not exact when it may become dearer", () => {
    const { exact, expected, ceiling } = quoted({ expected: 196n, ceiling: 197n });
    expect([exact, formatUsd(expected.total), formatUsd(ceiling.total)]).toEqual([
      false,
      "0.01176",
      "0.01182",
    ]);
  });

  it("freezes all that rates the answer without the catalog", () => {
    expect(quoted({ expected: 196n, ceiling: 197n }).frozen).toEqual({
      price,
      facts: {},
      n: 2n,
      ceilingItems: tokens(197n),
      ceiling: 11_820_000_000n,
      margin: null,
    });
  });

  it("expects no more than its ceiling: such an estimate is a bug, named with both sums", () => {
    expect(() => quoted({ expected: 197n, ceiling: 196n })).toThrow(
      "m: expected 11820000000 p$ above ceiling 11760000000 p$",
    );
  });
});

describe("the bill of several images", () => {
  it("is the same with references that the price of a picture includes", () => {
    const items: UsageItem[] = [...tokens(196n), { meter: "reference_images", quantity: 3n }];
    const bill = billImages(items, { price, facts: {}, images: 2n });
    expect(bill.lines.map((line) => [line.meter, line.quantity])).toEqual([
      ["image_output_tokens", 392n],
    ]);
    expect(formatUsd(bill.total)).toBe("0.01176");
  });
});
