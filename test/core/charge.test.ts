import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargeFor } from "../../src/billing/charge.ts";
import { billImages, type FrozenQuote } from "../../src/billing/quote.ts";
import { rateItems } from "../../src/billing/rate.ts";
import { missingReasons, type UsageItem } from "../../src/billing/usage.ts";
import { type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import { formatUsd, sumUsd } from "../../src/money/pico-usd.ts";

const sourced = { source: "made for this test", checkedOn: "2026-11-22", mark: "spec" };

function priceOf(terms: unknown): PriceVersion {
  return priceVersionSchema.parse({
    id: "m@2026-01-01",
    effectiveFrom: "2026-01-01",
    terms,
    ...sourced,
  });
}

const tokens = priceOf([
  { meter: "text_input_tokens", usd: "5.00", per: 1_000_000 },
  { meter: "image_output_tokens", usd: "30.00", per: 1_000_000 },
]);
const tiered = priceOf([
  { meter: "output_images", usd: "0.045", per: 1, when: { areaUpTo: 2_601_123 } },
  { meter: "output_images", usd: "0.09", per: 1, when: { areaAbove: 2_601_123 } },
  { meter: "reference_images", usd: "0.003", per: 1, free: 1, once: "request" },
]);

// 79 bytes + 6 text tokens at 5e-6, 196 image tokens at 30e-6: 0.000425 + 0.00588
const perImage: UsageItem[] = [
  { meter: "text_input_tokens", quantity: 85n },
  { meter: "image_output_tokens", quantity: 196n },
];
const quote = (n: bigint, price = tokens, ceilingItems = perImage): FrozenQuote => ({
  price,
  facts: {},
  n,
  ceilingItems,
  ceiling: billImages(ceilingItems, { price, facts: {}, images: n }).total,
});

describe("a charge", () => {
  it("is usage times the frozen price, line by line", () => {
    const charge = chargeFor(
      {
        images: 1n,
        usage: {
          kind: "reported",
          items: [
            { meter: "text_input_tokens", quantity: 21n },
            { meter: "image_output_tokens", quantity: 196n },
          ],
        },
      },
      quote(1n),
    );
    expect(charge.basis).toBe("usage");
    expect(charge.lines.map((line) => formatUsd(line.amount))).toEqual(["0.000105", "0.00588"]);
    expect(formatUsd(charge.amount)).toBe("0.005985");
  });

  it.each(missingReasons)("is the ceiling when usage is missing (%s), never zero", (reason) => {
    const charge = chargeFor({ images: 1n, usage: { kind: "missing", reason } }, quote(1n));
    expect(charge).toMatchObject({ basis: "ceiling", reason, overrun: 0n });
    expect(formatUsd(charge.amount)).toBe("0.006305");
  });

  it("at the ceiling counts the images that came, at most those asked for", () => {
    const missing = { kind: "missing", reason: "absent" } as const;
    expect(formatUsd(chargeFor({ images: 3n, usage: missing }, quote(4n)).amount)).toBe("0.018915");
    expect(formatUsd(chargeFor({ images: 9n, usage: missing }, quote(1n)).amount)).toBe("0.006305");
  });

  it("above the ceiling is the ceiling; the rest is the house's, and lines still add up", () => {
    const items: UsageItem[] = [{ meter: "image_output_tokens", quantity: 1_000n }]; // 0.03
    const charge = chargeFor({ images: 1n, usage: { kind: "reported", items } }, quote(1n));
    expect(formatUsd(charge.amount)).toBe("0.006305");
    expect(formatUsd(charge.overrun)).toBe("0.023695");
    expect(formatUsd(charge.vendorCost.total)).toBe("0.03");
    expect(sumUsd(charge.lines.map((line) => line.amount))).toBe(charge.amount);
  });

  it("of a flat model charges delivered images; counted ones that never came are exposure", () => {
    const area = 1_048_576n;
    const items: UsageItem[] = [{ meter: "output_images", quantity: 4n, areaPixels: area }];
    const one: UsageItem[] = [{ meter: "output_images", quantity: 1n, areaPixels: area }];
    const charge = chargeFor(
      { images: 3n, usage: { kind: "reported", items } },
      quote(4n, tiered, one),
    );
    expect(charge.basis).toBe("flat");
    expect(formatUsd(charge.amount)).toBe("0.135");
    expect(formatUsd(charge.exposure)).toBe("0.045");
  });

  it("is the lower of quoted and echoed price when the vendor served another model", () => {
    const cheaper = priceOf([{ meter: "image_output_tokens", usd: "8.00", per: 1_000_000 }]);
    const dearer = priceOf([{ meter: "image_output_tokens", usd: "40.00", per: 1_000_000 }]);
    const usage = {
      kind: "reported",
      items: [{ meter: "image_output_tokens", quantity: 196n }],
    } as const;
    const low = chargeFor({ images: 1n, usage, echoedPrice: cheaper }, quote(1n));
    expect([low.amount, low.vendorCost.total].map(formatUsd)).toEqual(["0.001568", "0.001568"]);
    const high = chargeFor({ images: 1n, usage, echoedPrice: dearer }, quote(1n));
    expect([high.amount, high.vendorCost.total].map(formatUsd)).toEqual(["0.00588", "0.00784"]);
  });

  it("is the quoted price, line by line, when the echoed one comes to the same", () => {
    // 60 x 0.000005 + 10 x 0.00003 = 0.0006 = 60 x 0.00001
    const same = priceOf([
      { meter: "text_input_tokens", usd: "10.00", per: 1_000_000 },
      { meter: "image_output_tokens", usd: "0", per: 1_000_000 },
    ]);
    const items: UsageItem[] = [
      { meter: "text_input_tokens", quantity: 60n },
      { meter: "image_output_tokens", quantity: 10n },
    ];
    const usage = { kind: "reported", items } as const;
    const charge = chargeFor({ images: 1n, usage, echoedPrice: same }, quote(1n));
    expect(charge.lines.map((line) => formatUsd(line.amount))).toEqual(["0.0003", "0.0003"]);
    expect(charge.vendorCost.lines.map((line) => formatUsd(line.amount))).toEqual(["0.0006", "0"]);
  });

  it("is flat when pictures and references make it up, and usage as soon as a token does", () => {
    const mixed = priceOf([
      { meter: "output_images", usd: "0.04", per: 1 },
      { meter: "reference_images", usd: "0.003", per: 1, once: "request" },
      { meter: "text_input_tokens", usd: "5.00", per: 1_000_000 },
    ]);
    const pictures: UsageItem[] = [
      { meter: "output_images", quantity: 1n },
      { meter: "reference_images", quantity: 2n },
    ];
    const words: UsageItem = { meter: "text_input_tokens", quantity: 100n };
    const charge = (items: readonly UsageItem[]) => {
      const frozen = quote(1n, mixed, [...pictures, words]);
      const { basis, amount } = chargeFor(
        { images: 1n, usage: { kind: "reported", items } },
        frozen,
      );
      return [basis, formatUsd(amount)];
    };
    expect(charge(pictures)).toEqual(["flat", "0.046"]);
    expect(charge([...pictures, words])).toEqual(["usage", "0.0465"]);
  });

  it("above the ceiling carries what the house takes over as one line", () => {
    const items: UsageItem[] = [{ meter: "image_output_tokens", quantity: 1_000n }]; // 0.03
    const charge = chargeFor({ images: 1n, usage: { kind: "reported", items } }, quote(1n));
    // 0.03 - 0.006305
    const over = -23_695_000_000n;
    expect(charge.lines.slice(1)).toEqual([
      { meter: "overrun", quantity: 1n, unitPrice: over, amount: over, mark: "spec" },
    ]);
  });

  it("of a call without an image is none", () => {
    const usage = { kind: "missing", reason: "absent" } as const;
    expect(() => chargeFor({ images: 0n, usage }, quote(1n))).toThrow(
      "a call without an image is not charged",
    );
  });

  it("is never above the ceiling, whatever usage says", () => {
    const quantity = fc.bigInt(0n, 10n ** 7n);
    fc.assert(
      fc.property(quantity, quantity, fc.bigInt(1n, 10n), (text, image, n) => {
        const frozen = quote(n);
        const items: UsageItem[] = [
          { meter: "text_input_tokens", quantity: text },
          { meter: "image_output_tokens", quantity: image },
        ];
        const charge = chargeFor({ images: n, usage: { kind: "reported", items } }, frozen);
        expect(charge.amount <= frozen.ceiling).toBe(true);
        expect(charge.amount + charge.overrun).toBe(rateItems(items, tokens, {}).total);
        expect(sumUsd(charge.lines.map((line) => line.amount))).toBe(charge.amount);
      }),
    );
  });
});

describe("rating", () => {
  it("splitting usage never changes the bill", () => {
    const quantity = fc.bigInt(0n, 10n ** 9n);
    const bill = (count: bigint) =>
      rateItems([{ meter: "image_output_tokens", quantity: count }], tokens, {}).total;
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        expect(bill(a) + bill(b)).toBe(bill(a + b));
      }),
    );
  });

  it.each([
    [1n, "0"],
    [2n, "0.003"],
    [10n, "0.027"],
  ])("%d references, the first one free, cost %s", (quantity, total) => {
    const bill = rateItems([{ meter: "reference_images", quantity }], tiered, {});
    expect(formatUsd(bill.total)).toBe(total);
    for (const line of bill.lines) expect(line.quantity * line.unitPrice).toBe(line.amount);
  });

  it.each([
    [2_601_123n, "0.045"],
    [2_601_124n, "0.09"],
    [undefined, "0.09"],
  ])("an area of %s is in the tier of %s; an unknown one in the dearest", (areaPixels, total) => {
    const item: UsageItem =
      areaPixels === undefined
        ? { meter: "output_images", quantity: 1n }
        : { meter: "output_images", quantity: 1n, areaPixels };
    expect(formatUsd(rateItems([item], tiered, {}).total)).toBe(total);
  });

  it("takes reference fees once a request, however many images", () => {
    const items: UsageItem[] = [
      { meter: "output_images", quantity: 1n, areaPixels: 1_000_000n },
      { meter: "reference_images", quantity: 3n },
    ];
    // 6 x 0.045 + 2 x 0.003
    expect(formatUsd(billImages(items, { price: tiered, facts: {}, images: 6n }).total)).toBe(
      "0.276",
    );
  });
});
