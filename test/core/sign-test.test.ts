import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signTest, signTestText } from "../../src/advisor/sign-test.ts";

describe("signTest", () => {
  it.each([
    // 2 x 1/32
    { first: 5n, second: 0n, p: "0.0625" },
    { first: 0n, second: 5n, p: "0.0625" },
    // 2 x 1/64
    { first: 6n, second: 0n, p: "0.03125" },
    // 2 x (1 + 8 + 28) / 256 = 74 / 256
    { first: 6n, second: 2n, p: "0.289063" },
    // 2 x (1 + 10) / 1024 = 22 / 1024 = 0.021484375, rounded up
    { first: 9n, second: 1n, p: "0.021485" },
    // 2 x (1 + 24 + 276 + 2024 + 10626 + 42504 + 134596) / 16777216 = 380102 / 16777216
    { first: 18n, second: 6n, p: "0.022656" },
    // As even as can be: the middle is counted once, not twice.
    { first: 2n, second: 2n, p: "1" },
    { first: 3n, second: 2n, p: "1" },
    { first: 0n, second: 0n, p: "1" },
    // 2 / 2^40 is less than a millionth, and never printed as nothing.
    { first: 40n, second: 0n, p: "0.000001" },
  ])("$first against $second is p = $p", ({ first, second, p }) => {
    expect(signTestText(signTest({ first, second }))).toBe(p);
  });

  it("is the exact fraction, not a rounded one", () => {
    expect(signTest({ first: 6n, second: 2n })).toEqual({
      numerator: 74n,
      denominator: 256n,
      partsPerMillion: 289_063n,
    });
  });

  it("counts the divisions of all ways to choose that are as uneven, one by one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }), (seen, of) => {
        const pairs = Math.max(seen, of);
        const gap = (ones: number) => Math.abs(2 * ones - pairs);
        let asUneven = 0n;
        for (let choice = 0; choice < 2 ** pairs; choice += 1) {
          const ones = choice.toString(2).replaceAll("0", "").length;
          if (gap(ones) >= gap(Math.min(seen, of))) asUneven += 1n;
        }
        const first = BigInt(Math.min(seen, of));
        const tested = signTest({ first, second: BigInt(pairs) - first });
        expect(tested.numerator).toBe(asUneven);
        expect(tested.denominator).toBe(2n ** BigInt(pairs));
      }),
      { numRuns: 40 },
    );
  });

  it("doesn't depend on which is called the first", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 200n), fc.bigInt(0n, 200n), (first, second) => {
        expect(signTest({ first, second })).toEqual(signTest({ first: second, second: first }));
      }),
    );
  });

  it("a negative count is refused", () => {
    expect(() => signTest({ first: -1n, second: 3n })).toThrow("-1 against 3 are no pairs");
  });
});
