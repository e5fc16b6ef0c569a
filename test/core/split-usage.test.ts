import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitAtDelivered, type UsageItem } from "../../src/billing/usage.ts";

const pictures = (quantity: bigint, areaPixels?: bigint): UsageItem => ({
  meter: "output_images",
  quantity,
  ...(areaPixels === undefined ? {} : { areaPixels }),
});

const small = pictures(1n, 1n);
const large = pictures(1n, 9n);
/** Priced by the dearest tier, so that it counts as the dearest here too. */
const unknown = pictures(1n);

describe("usage split at the images delivered", () => {
  it.each([
    { counted: [small, large], charged: [small], exposed: [large] },
    { counted: [large, small], charged: [small], exposed: [large] },
    { counted: [unknown, large], charged: [large], exposed: [unknown] },
    { counted: [large, unknown], charged: [large], exposed: [unknown] },
    { counted: [unknown, large, small], charged: [small], exposed: [large, unknown] },
  ])("charges the cheapest of $counted, exposes the dearest", ({ counted, charged, exposed }) => {
    expect(splitAtDelivered(counted, 1n)).toEqual({ charged, exposed });
  });

  it.each([
    { delivered: 0n, charged: [], exposed: [pictures(3n, 1n), pictures(2n, 9n)] },
    { delivered: 2n, charged: [pictures(2n, 1n)], exposed: [pictures(1n, 1n), pictures(2n, 9n)] },
    { delivered: 3n, charged: [pictures(3n, 1n)], exposed: [pictures(2n, 9n)] },
    {
      delivered: 4n,
      charged: [pictures(3n, 1n), pictures(1n, 9n)],
      exposed: [pictures(1n, 9n)],
    },
    { delivered: 5n, charged: [pictures(3n, 1n), pictures(2n, 9n)], exposed: [] },
    { delivered: 9n, charged: [pictures(3n, 1n), pictures(2n, 9n)], exposed: [] },
  ])("of 3 small and 2 large, $delivered delivered leave no empty line", (split) => {
    const { delivered, charged, exposed } = split;
    expect(splitAtDelivered([pictures(2n, 9n), pictures(3n, 1n)], delivered)).toEqual({
      charged,
      exposed,
    });
  });

  it("charges whatever is no picture whole, however few came", () => {
    const words: UsageItem = { meter: "text_input_tokens", quantity: 21n };
    const references: UsageItem = { meter: "reference_images", quantity: 3n };
    expect(splitAtDelivered([large, words, references], 0n)).toEqual({
      charged: [words, references],
      exposed: [large],
    });
  });

  it("loses and invents no picture: charged are at most those delivered, the rest is exposed", () => {
    const item = fc
      .tuple(fc.bigInt(0n, 9n), fc.option(fc.bigInt(1n, 9n), { nil: undefined }))
      .map(([quantity, area]) => pictures(quantity, area));
    const count = (items: readonly UsageItem[]) =>
      items.reduce((sum, each) => sum + each.quantity, 0n);
    fc.assert(
      fc.property(fc.array(item), fc.bigInt(0n, 40n), (items, delivered) => {
        const { charged, exposed } = splitAtDelivered(items, delivered);
        expect(count(charged) + count(exposed)).toBe(count(items));
        expect(count(charged) <= delivered).toBe(true);
        expect(exposed.length === 0 || count(charged) === delivered).toBe(true);
      }),
    );
  });
});
