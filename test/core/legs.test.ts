import { describe, expect, it } from "vitest";
import { type BilledLeg, chargeLegs } from "../../src/billing/legs.ts";
import { billRequest, type FrozenQuote, quoteEstimate } from "../../src/billing/quote.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { type Model, priceVersionSchema } from "../../src/catalog/schema.ts";
import { formatUsd, parseUsd, sumUsd } from "../../src/money/pico-usd.ts";

const priced = (usd: string) =>
  priceVersionSchema.parse({
    id: "m@2026-01-01",
    effectiveFrom: "2026-01-01",
    terms: [
      { meter: "output_images", usd, per: 1 },
      { meter: "reference_images", usd: "0.003", per: 1, once: "request" },
      { meter: "text_output_tokens", usd: "5.00", per: 1_000_000 },
    ],
    source: "made for this test",
    checkedOn: "2026-11-22",
    mark: "spec",
  });
const price = priced("0.04");
/** One picture from two references: 0.04 + 2 x 0.003 = 0.046 USD. */
const one: readonly UsageItem[] = [
  { meter: "output_images", quantity: 1n },
  { meter: "reference_images", quantity: 2n },
];
const words: UsageItem = { meter: "text_output_tokens", quantity: 100n }; // 0.0005

const quote = (margin: FrozenQuote["margin"] = null): FrozenQuote => {
  const ceiling = billRequest(one, { price, facts: {}, images: 3n, legs: 3n }).total;
  return { price, facts: {}, n: 3n, legs: 3n, ceilingItems: one, ceiling, margin };
};
const made: BilledLeg = {
  outcome: "made",
  imagesMade: 1,
  reason: null,
  items: one,
  echoed: false,
};
const refused: BilledLeg = { ...made, outcome: "refused", imagesMade: 0, items: [] };
const charged = (legs: readonly BilledLeg[], echoed?: ReturnType<typeof priced>) => {
  const charge = chargeLegs(legs, quote(), echoed);
  const { amount, vendorCost, overrun, exposure } = charge;
  expect(sumUsd(charge.lines.map((line) => line.amount))).toBe(amount);
  expect(sumUsd(vendorCost.lines.map((line) => line.amount))).toBe(vendorCost.total);
  return {
    basis: charge.basis,
    reason: charge.reason,
    sums: [amount, vendorCost.total, overrun, exposure].map(formatUsd),
  };
};

describe("a request spread over calls of one image each", () => {
  it("is quoted what is due once a request for each of them", () => {
    const bill = billRequest(one, { price, facts: {}, images: 3n, legs: 3n });
    expect(bill.lines.map((line) => [line.meter, line.quantity, formatUsd(line.amount)])).toEqual([
      ["output_images", 3n, "0.12"],
      ["reference_images", 6n, "0.018"],
    ]);
    expect(formatUsd(bill.total)).toBe("0.138");
    // in one call: 3 x 0.04 + 2 x 0.003
    expect(formatUsd(billRequest(one, { price, facts: {}, images: 3n }).total)).toBe("0.126");
  });

  it("freezes over how many calls, and nothing of it for one", () => {
    const estimate = { expected: one, ceiling: one };
    const frozen = (legs: { readonly legs?: bigint }) =>
      quoteEstimate({ id: "m" } as Model, price, { facts: {}, n: 3n, estimate, ...legs }).frozen;
    expect(frozen({ legs: 3n })).toEqual(quote());
    expect(Object.keys(frozen({}))).not.toContain("legs");
  });
});

describe("a charge for several calls", () => {
  it("is the sum of those that made an image; what made nothing costs nothing", () => {
    expect(charged([made, refused, made])).toEqual({
      basis: "flat",
      reason: null,
      sums: ["0.092", "0.092", "0", "0"],
    });
  });

  it("of none that made an image is nothing, and has no basis", () => {
    expect(charged([refused, refused])).toEqual({
      basis: null,
      reason: null,
      sums: ["0", "0", "0", "0"],
    });
  });

  it("leaves to the house what a call without an image is known to cost", () => {
    expect(charged([made, { ...refused, items: [words] }]).sums).toEqual([
      "0.046",
      "0.0465",
      "0",
      "0",
    ]);
  });

  it("fears the ceiling of one call where nobody knows, or nothing prices what is known", () => {
    expect(charged([{ ...refused, outcome: "unknown" }]).sums).toEqual(["0", "0", "0", "0.046"]);
    const unpriced: UsageItem = { meter: "search_queries", quantity: 1n };
    expect(charged([{ ...refused, items: [unpriced] }]).sums).toEqual(["0", "0", "0", "0.046"]);
  });

  it("is bounded call by call: one above its share is the house's, whatever the others left", () => {
    const dear: UsageItem = { meter: "text_output_tokens", quantity: 10_000n }; // 0.05
    // 0.046 + 0.05 = 0.096, its share is 0.046
    expect(charged([{ ...made, items: [...one, dear] }, refused]).sums).toEqual([
      "0.046",
      "0.096",
      "0.05",
      "0",
    ]);
  });

  it("rests on the least certain of them and says the first reason", () => {
    const absent = { ...made, reason: "absent", items: [] } as const;
    const empty = { ...made, reason: "empty", items: [] } as const;
    expect(charged([made, absent, empty])).toEqual({
      basis: "ceiling",
      reason: "absent",
      sums: ["0.138", "0.138", "0", "0"],
    });
    const worded = { ...made, items: [{ ...words, quantity: 1n }] };
    expect(charged([made, worded]).basis).toBe("usage");
    expect(charged([absent, worded]).basis).toBe("ceiling");
  });

  it("takes another model's price only for the calls that it answered", () => {
    const cheaper = priced("0.01");
    // 0.046 + 0.016
    expect(charged([made, { ...made, echoed: true }], cheaper).sums[0]).toBe("0.062");
    expect(charged([made, made], cheaper).sums[0]).toBe("0.092");
    expect(charged([{ ...made, echoed: true }]).sums[0]).toBe("0.046");
  });

  it("exposes what one call counted beyond its image", () => {
    const two: UsageItem[] = [{ meter: "output_images", quantity: 2n }];
    expect(charged([{ ...made, items: two }]).sums).toEqual(["0.04", "0.04", "0", "0.04"]);
  });

  it("has its margin once, on the sum", () => {
    const margin = { basisPoints: 1_000, fixed: parseUsd("0.001") };
    const { amount, lines } = chargeLegs([made, made], quote(margin), undefined);
    // 0.092 + 0.0092 + 0.001
    expect(formatUsd(amount)).toBe("0.1022");
    expect(lines.map((line) => line.meter)).toEqual([
      // of each call the pictures stand last: they are what is split at those delivered
      "reference_images",
      "output_images",
      "reference_images",
      "output_images",
      "margin",
    ]);
  });
});
