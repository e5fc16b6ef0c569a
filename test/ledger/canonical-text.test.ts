import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CanonicalValue, canonicalText, plainJson } from "../../src/ledger/canonical-text.ts";

const key = fc.string().filter((text) => text !== "__proto__");
const { value: anyValue } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: "binary" }),
    fc.maxSafeInteger(),
    fc.bigInt(),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value")),
  ),
}));

describe("canonical text", () => {
  it("sorts keys, quotes integers and drops what is undefined", () => {
    const value = { b: 1, a: [10n ** 18n, -0, "x"], ä: null, B: true, gone: undefined };
    expect(canonicalText(value)).toBe(
      '{"B":true,"a":["1000000000000000000","0","x"],"b":"1","ä":null}',
    );
  });

  it("plain JSON keeps numbers as numbers, but none that a reader would round", () => {
    expect(plainJson({ b: 1, a: 9_007_199_254_740_993n })).toBe('{"a":"9007199254740993","b":1}');
  });

  it.each([0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])(
    "refuses %d",
    (value) => {
      expect(() => canonicalText({ value })).toThrow("whole numbers only");
    },
  );

  it.each([3, 33, 200])("%i keys in whatever order are written sorted", (count) => {
    const keys = Array.from({ length: count }, (_, index) => `k${(index * 7919) % 10_007}`);
    const text = canonicalText(Object.fromEntries(keys.map((each) => [each, null])));
    expect(text).toBe(
      `{${[...keys]
        .sort()
        .map((each) => `"${each}":null`)
        .join(",")}}`,
    );
  });

  it("refuses what JSON would lose", () => {
    expect(() => canonicalText(JSON.parse('{"__proto__":"x"}'))).toThrow("__proto__");
    // @ts-expect-error: the type forbids it, a cast could still bring it here
    expect(() => canonicalText([undefined])).toThrow("undefined");
  });

  it("the text of the text is the text", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = canonicalText(value);
        expect(canonicalText(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it("the order of keys never matters", () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.integer()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalText(turned)).toBe(canonicalText(value));
      }),
    );
  });
});
