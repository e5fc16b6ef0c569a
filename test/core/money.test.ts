import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addUsd,
  divideExact,
  divideUp,
  formatUsd,
  minUsd,
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

  it("names what it refuses as it was sent", () => {
    expect(() => parseUsd("1e3")).toThrow('not a USD amount: "1e3"');
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
  });

  it.each([0n, -1n, -5n])("is no rate per %d units, even where the division is exact", (by) => {
    const rate = () => divideExact(parseUsd("10"), by);
    expect(rate).toThrow(new RangeError(`10 USD does not divide exactly by ${by}`));
  });

  it("of two amounts the lesser is the lesser in either order", () => {
    const [less, more] = [picoUsd(-3n), picoUsd(2n)];
    expect([minUsd(less, more), minUsd(more, less), minUsd(more, more)]).toEqual([-3n, -3n, 2n]);
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

  it.each([
    // 0 of 3 is nothing, with nothing to round up
    { amount: 0n, by: 3n, is: 0n },
    { amount: 9n, by: 3n, is: 3n },
    { amount: 1n, by: 10_000n, is: 1n },
  ])("$amount p$ divided up by $by is $is p$", ({ amount, by, is }) => {
    expect(divideUp(picoUsd(amount), by)).toBe(is);
  });

  it.each([
    { amount: 10n, by: 0n },
    { amount: 10n, by: -3n },
    { amount: -1n, by: 3n },
  ])("$amount p$ is not divided up by $by: below zero up would be towards it", ({ amount, by }) => {
    const bound = () => divideUp(picoUsd(amount), by);
    expect(bound).toThrow(new RangeError(`cannot divide ${amount} p$ up by ${by}`));
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
