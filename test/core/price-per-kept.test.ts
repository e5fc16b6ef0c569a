import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptFigures, OUTCOMES_MIN, pricePerKept } from "../../src/advisor/price-per-kept.ts";
import { parseUsd, picoUsd } from "../../src/money/pico-usd.ts";

const judged = (outcomes: number, kept: number, charge: string) => ({
  ...{ outcomes, kept },
  judgedCharge: parseUsd(charge),
});

describe("pricePerKept", () => {
  it("is what was charged for all that were judged, divided by those kept, with the share's interval", () => {
    // 30 pictures at 0.05 are 1.5 USD; 27 of 30 is a share of 0.734711 to 0.978883.
    // 1.5 / 27 = 0.0555555555555…, upwards
    // 1.5 / (30 x 0.978883) = 0.0510786273742…, downwards; 1.5 / (30 x 0.734711) = 0.0680539695199…, upwards
    expect(keptFigures(judged(30, 27, "1.5"))).toEqual({
      ...{ outcomes: 30, kept: 27 },
      ...{ kept_share: "0.9", kept_share_low: "0.734711", kept_share_high: "0.978883" },
      price_per_kept: "0.055555555556",
      ...{ price_per_kept_low: "0.051078627374", price_per_kept_high: "0.06805396952" },
    });
  });

  it("isn't known below 30 outcomes, and says of how many", () => {
    expect(pricePerKept(judged(OUTCOMES_MIN - 1, 29, "1.45"))).toBeUndefined();
    expect(keptFigures(judged(29, 29, "1.45"))).toEqual({
      ...{ outcomes: 29, kept: 29 },
      ...{ kept_share: null, kept_share_low: null, kept_share_high: null },
      ...{ price_per_kept: null, price_per_kept_low: null, price_per_kept_high: null },
    });
  });

  it("of which none was kept has no price and no upper end, but a lower one", () => {
    // 1.5 / (30 x 0.115704) = 0.4321371776256…
    expect(keptFigures(judged(30, 0, "1.5"))).toMatchObject({
      ...{ kept_share: "0", kept_share_low: "0", kept_share_high: "0.115704" },
      ...{ price_per_kept: null, price_per_kept_low: "0.432137177625" },
      price_per_kept_high: null,
    });
  });

  it("of which all were kept is what a picture cost, and may be dearer", () => {
    // 1.5 / (30 x 0.884296) = 0.0565421533061…
    expect(keptFigures(judged(30, 30, "1.5"))).toMatchObject({
      ...{ kept_share: "1", price_per_kept: "0.05", price_per_kept_low: "0.05" },
      price_per_kept_high: "0.056542153307",
    });
  });

  it("lies within its interval, and rises with every picture thrown away", () => {
    const pictures = fc
      .tuple(fc.integer({ min: 30, max: 300 }), fc.nat(), fc.bigInt(10n ** 6n, 10n ** 15n))
      .map(([outcomes, some, each]) => ({
        ...{ outcomes, kept: (some % outcomes) + 1 },
        judgedCharge: picoUsd(each * BigInt(outcomes)),
      }));
    fc.assert(
      fc.property(pictures, (of) => {
        const found = pricePerKept(of);
        const { price = null, low = 0n, high = null } = found ?? {};
        expect(price !== null && high !== null && low <= price && price <= high).toBe(true);
        const fewer = pricePerKept({ ...of, kept: of.kept - 1 })?.price ?? null;
        expect(fewer === null || (price !== null && fewer > price)).toBe(true);
      }),
    );
  });
});
