import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargeFor } from "../../src/billing/charge.ts";
import { type Margin, marginOn, withMargin } from "../../src/billing/margin.ts";
import { billImages, type FrozenQuote, quoteEstimate } from "../../src/billing/quote.ts";
import { missingReasons, type UsageItem } from "../../src/billing/usage.ts";
import type { Model } from "../../src/catalog/schema.ts";
import { type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import { formatUsd, parseUsd, picoUsd, sumUsd } from "../../src/money/pico-usd.ts";

const price: PriceVersion = priceVersionSchema.parse({
  id: "m@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [
    { meter: "text_input_tokens", usd: "5.00", per: 1_000_000 },
    { meter: "image_output_tokens", usd: "30.00", per: 1_000_000 },
    { meter: "output_images", usd: "0", per: 1 },
  ],
  source: "made for this test",
  checkedOn: "2026-11-22",
  mark: "spec",
});

// 85 x 0.000005 + 196 x 0.00003 = 0.006305; expected 21 x 0.000005 + 0.00588 = 0.005985
const ceilingItems: UsageItem[] = [
  { meter: "text_input_tokens", quantity: 85n },
  { meter: "image_output_tokens", quantity: 196n },
];
const usedItems: UsageItem[] = [
  { meter: "text_input_tokens", quantity: 21n },
  { meter: "image_output_tokens", quantity: 196n },
];

const margin = (basisPoints: number, fixed: string): Margin => ({
  basisPoints,
  fixed: parseUsd(fixed),
});
const tenPercentAndAFixedSum = margin(1_000, "0.001");

function frozen(of: { readonly n?: bigint; readonly margin: Margin | null }): FrozenQuote {
  const { n = 1n } = of;
  const ceiling = billImages(ceilingItems, { price, facts: {}, images: n }).total;
  return { price, facts: {}, n, ceilingItems, ceiling, margin: of.margin };
}

const anyMargin = fc
  .record({ basisPoints: fc.integer({ min: 0, max: 100_000 }), fixed: fc.bigInt(0n, 10n ** 12n) })
  .map(({ basisPoints, fixed }): Margin => ({ basisPoints, fixed: picoUsd(fixed) }));
const anyAmount = fc.bigInt(0n, 10n ** 18n).map(picoUsd);

describe("a margin", () => {
  it.each([
    // 15 % of 0.005985
    { of: "0.005985", margin: margin(1_500, "0"), is: "0.00089775" },
    // the fixed sum alone
    { of: "0.005985", margin: margin(0, "0.002"), is: "0.002" },
    // 0.0005985 + 0.001
    { of: "0.005985", margin: tenPercentAndAFixedSum, is: "0.0015985" },
    // 1,000 %, the most there is
    { of: "0.03", margin: margin(100_000, "0"), is: "0.3" },
    // 1 p$ x 1 / 10,000 is a ten-thousandth of a picodollar: rounded up to one
    { of: "0.000000000001", margin: margin(1, "0"), is: "0.000000000001" },
    // 10,000 p$ is exactly one, 10,001 p$ is just above it
    { of: "0.00000001", margin: margin(1, "0"), is: "0.000000000001" },
    { of: "0.000000010001", margin: margin(1, "0"), is: "0.000000000002" },
    { of: "0", margin: tenPercentAndAFixedSum, is: "0" },
    { of: "0.005985", margin: null, is: "0" },
  ])("of $margin on $of USD is $is USD", ({ of, margin: set, is }) => {
    expect(formatUsd(marginOn(parseUsd(of), set))).toBe(is);
  });

  it("is the exact part, rounded up by less than one picodollar, and the fixed sum", () => {
    fc.assert(
      fc.property(anyAmount, anyMargin, (amount, set) => {
        fc.pre(amount > 0n);
        const part = marginOn(amount, set) - set.fixed;
        const exact = amount * BigInt(set.basisPoints);
        expect(part * 10_000n >= exact).toBe(true);
        expect((part - 1n) * 10_000n < exact).toBe(true);
      }),
    );
  });

  it("never falls while the amount rises", () => {
    fc.assert(
      fc.property(anyAmount, anyAmount, anyMargin, (one, other, set) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        expect(marginOn(less, set) <= marginOn(more, set)).toBe(true);
      }),
    );
  });

  it("adds nothing to nothing, not even the fixed sum", () => {
    fc.assert(
      fc.property(anyMargin, (set) => {
        const free = { lines: [], total: picoUsd(0n) };
        expect(withMargin(free, set)).toEqual(free);
      }),
    );
  });
});

describe("a quote with a margin", () => {
  const request = { facts: {}, n: 1n, estimate: { expected: usedItems, ceiling: ceilingItems } };
  const model = { id: "m" } as Model;

  it("has it in both sums as a line; the vendor's ceiling stays without", () => {
    const quote = quoteEstimate(model, price, { ...request, margin: tenPercentAndAFixedSum });
    // 0.005985 + 0.0005985 + 0.001 and 0.006305 + 0.0006305 + 0.001
    expect(formatUsd(quote.expected.total)).toBe("0.0075835");
    expect(formatUsd(quote.ceiling.total)).toBe("0.0079355");
    expect(quote.ceiling.lines.at(-1)).toMatchObject({
      meter: "margin",
      quantity: 1n,
      unitPrice: parseUsd("0.0016305"),
      amount: parseUsd("0.0016305"),
    });
    expect(formatUsd(quote.frozen.ceiling)).toBe("0.006305");
    expect(quote.frozen.margin).toEqual(tenPercentAndAFixedSum);
  });

  it("of several images has the fixed sum once", () => {
    const quote = quoteEstimate(model, price, { ...request, n: 4n, margin: margin(0, "0.001") });
    // 4 x 0.006305 + 0.001
    expect(formatUsd(quote.ceiling.total)).toBe("0.02622");
  });

  it("that is not set is the quote without one", () => {
    const { frozen: plain, ...sums } = quoteEstimate(model, price, request);
    const { frozen: withNull, ...same } = quoteEstimate(model, price, { ...request, margin: null });
    expect(same).toEqual(sums);
    expect(withNull).toEqual(plain);
  });
});

describe("a charge with a margin", () => {
  const reported = (items: readonly UsageItem[]) => ({ kind: "reported", items }) as const;

  it("is what usage comes to and the margin on that, as a line of its own", () => {
    const quote = frozen({ margin: tenPercentAndAFixedSum });
    const charge = chargeFor({ images: 1n, usage: reported(usedItems) }, quote);
    expect(charge.lines.map((line) => [line.meter, formatUsd(line.amount)])).toEqual([
      ["text_input_tokens", "0.000105"],
      ["image_output_tokens", "0.00588"],
      ["margin", "0.0015985"],
    ]);
    expect(formatUsd(charge.amount)).toBe("0.0075835");
    expect(formatUsd(charge.vendorCost.total)).toBe("0.005985");
    expect(charge.basis).toBe("usage");
  });

  it.each(missingReasons)("is ceiling and margin when usage is missing (%s)", (reason) => {
    const quote = frozen({ n: 3n, margin: tenPercentAndAFixedSum });
    const charge = chargeFor({ images: 2n, usage: { kind: "missing", reason } }, quote);
    // 2 x 0.006305 = 0.01261; + 0.001261 + 0.001
    expect(formatUsd(charge.amount)).toBe("0.014871");
    expect(formatUsd(charge.vendorCost.total)).toBe("0.01261");
  });

  it("above the vendor's ceiling is that ceiling and its margin; the overrun knows no margin", () => {
    const quote = frozen({ margin: tenPercentAndAFixedSum });
    const items: UsageItem[] = [{ meter: "image_output_tokens", quantity: 1_000n }]; // 0.03
    const charge = chargeFor({ images: 1n, usage: reported(items) }, quote);
    expect(formatUsd(charge.amount)).toBe("0.0079355");
    expect(formatUsd(charge.overrun)).toBe("0.023695");
    expect(charge.lines.map((line) => [line.meter, formatUsd(line.amount)])).toEqual([
      ["image_output_tokens", "0.03"],
      ["overrun", "-0.023695"],
      ["margin", "0.0016305"],
    ]);
  });

  it("of nothing is nothing", () => {
    const items: UsageItem[] = [{ meter: "output_images", quantity: 1n }];
    const quote = frozen({ margin: tenPercentAndAFixedSum });
    const charge = chargeFor({ images: 1n, usage: reported(items) }, quote);
    expect(charge.amount).toBe(0n);
    expect(charge.lines.map((line) => line.meter)).toEqual(["output_images"]);
  });

  it("never exceeds the ceiling with its margin, and lines add up", () => {
    const quantity = fc.bigInt(0n, 10n ** 7n);
    fc.assert(
      fc.property(quantity, quantity, fc.bigInt(1n, 10n), anyMargin, (text, image, n, set) => {
        const quote = frozen({ n, margin: set });
        const items: UsageItem[] = [
          { meter: "text_input_tokens", quantity: text },
          { meter: "image_output_tokens", quantity: image },
        ];
        const held = quote.ceiling + marginOn(quote.ceiling, set);
        for (const usage of [reported(items), { kind: "missing", reason: "absent" } as const]) {
          const charge = chargeFor({ images: n, usage }, quote);
          expect(charge.amount <= held).toBe(true);
          expect(sumUsd(charge.lines.map((line) => line.amount))).toBe(charge.amount);
          const plain = chargeFor({ images: n, usage }, { ...quote, margin: null });
          expect(charge.amount).toBe(plain.amount + marginOn(plain.amount, set));
          expect([charge.overrun, charge.exposure, charge.vendorCost]).toEqual([
            plain.overrun,
            plain.exposure,
            plain.vendorCost,
          ]);
        }
      }),
    );
  });
});
