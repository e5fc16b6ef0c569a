import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addUsd,
  divideExact,
  divideUp,
  formatUsd,
  type PicoUsd,
  parseUsd,
  picoUsd,
  sumUsd,
  timesUsd,
} from "../../src/money/pico-usd.ts";

const amounts = fc.bigInt(0n, 10n ** 18n - 1n).map(picoUsd);

describe("PicoUsd", () => {
  it.each([
    ["0", 0n],
    ["30.00", 30_000_000_000_000n],
    ["0.000005", 5_000_000n],
    ["0.000000000001", 1n],
    ["999999.999999999999", 999_999_999_999_999_999n],
    ["007.10", 7_100_000_000_000n],
  ])("reads %s exactly", (text, picodollars) => {
    expect(parseUsd(text)).toBe(picodollars);
  });

  it.each([
    "",
    "1e3",
    "-1",
    "+1",
    ".5",
    "5.",
    "1,000",
    " 1",
    "1 ",
    "0x10",
    "1000000",
    "0.0000000000001",
    "NaN",
    "١",
  ])("refuses %j", (text) => {
    expect(() => parseUsd(text)).toThrow(RangeError);
  });

  it.each([
    [0n, "0"],
    [5_985_000_000n, "0.005985"],
    [35_000_000_000n, "0.035"],
    [10_000_000_000_000n, "10"],
    [1n, "0.000000000001"],
    [-5_880_000_000n, "-0.00588"],
  ])("prints %d p$ as %s: no exponent, no trailing zeros", (picodollars, text) => {
    expect(formatUsd(picoUsd(picodollars))).toBe(text);
  });

  it("prints what it reads", () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });

  it("adds in any order to one sum", () => {
    fc.assert(
      fc.property(fc.array(amounts), (list) => {
        expect(sumUsd(list)).toBe(sumUsd(list.toReversed()));
        expect(sumUsd(list)).toBe(list.reduce((sum, each) => sum + each, 0n));
      }),
    );
  });

  it("divides exactly or not at all", () => {
    expect(divideExact(parseUsd("30.00"), 1_000_000n)).toBe(30_000_000n);
    // 0.625 USD a million, half of the cached rate 1.25
    expect(divideExact(parseUsd("0.625"), 1_000_000n)).toBe(625_000n);
    expect(() => divideExact(picoUsd(10n), 3n)).toThrow("does not divide exactly");
    expect(() => divideExact(picoUsd(10n), 0n)).toThrow(RangeError);
  });

  it("rounds up where it says so", () => {
    expect(divideUp(picoUsd(10n), 3n)).toBe(4n);
    fc.assert(
      fc.property(amounts, fc.bigInt(1n, 10n ** 6n), (amount, by) => {
        const share = divideUp(amount, by);
        expect(share * by >= amount && (share - 1n) * by < amount).toBe(true);
      }),
    );
  });

  it("is made by its own functions only", () => {
    // @ts-expect-error a bare bigint is no money
    const bare: PicoUsd = 5n;
    // @ts-expect-error a number is no money
    const float: PicoUsd = 0.005;
    // @ts-expect-error nor can a bare bigint be added to money
    const sum = addUsd(parseUsd("1"), 1n);
    // @ts-expect-error nor does plain arithmetic on money give money
    const plain: PicoUsd = parseUsd("1") + parseUsd("1");
    // @ts-expect-error a count of times is a bigint, not a number
    expect(() => timesUsd(parseUsd("1"), 2)).toThrow(TypeError);
    expect([bare, float, sum, plain]).toHaveLength(4);
  });

  it("never slips into JSON as a number", () => {
    expect(() => JSON.stringify({ total: parseUsd("1") })).toThrow(TypeError);
  });
});
