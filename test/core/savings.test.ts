import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dollarsText, keptRatio, percentOf } from "../../src/advisor/savings.ts";
import { parseUsd, picoUsd } from "../../src/money/pico-usd.ts";

const of = (paid: string, whatIf: string) => [parseUsd(paid), parseUsd(whatIf)] as const;

describe("percentOf", () => {
  it.each([
    // 0.05268 / 0.21072 = 0.25 exactly
    { paid: "0.21072", whatIf: "0.05268", percent: "-75" },
    // -2/3 = -66.666…, away from zero
    { paid: "3", whatIf: "1", percent: "-66.67" },
    // 1/3 dearer
    { paid: "3", whatIf: "4", percent: "33.33" },
    // exactly half of the last decimal: 0.125 % and -0.125 %
    { paid: "800", whatIf: "801", percent: "0.13" },
    { paid: "800", whatIf: "799", percent: "-0.13" },
    { paid: "1", whatIf: "1", percent: "0" },
    { paid: "1", whatIf: "0", percent: "-100" },
  ])("$paid to $whatIf is $percent %", ({ paid, whatIf, percent }) => {
    expect(percentOf(...of(paid, whatIf))).toBe(percent);
  });

  it("nothing is no part of nothing", () => {
    expect(percentOf(...of("0", "1"))).toBeNull();
  });

  it("of whole percents rounds once, not twice", () => {
    // 74.46 % would become 74.5 and then 75 if it were rounded on the way.
    expect(percentOf(...of("100", "25.54"), 0)).toBe("-74");
  });
});

describe("keptRatio", () => {
  it.each([
    // 0.05268 / 0.21072 = 0.25
    { paid: "0.21072", whatIf: "0.05268", ratio: "0.25" },
    // 2/7 = 0.28571…: upwards, so that what is said stays true
    { paid: "7", whatIf: "2", ratio: "0.2858" },
    { paid: "7", whatIf: "0", ratio: "0" },
    { paid: "1", whatIf: "0.999999999999", ratio: "1" },
  ])("$whatIf in the place of $paid is gone at $ratio", ({ paid, whatIf, ratio }) => {
    expect(keptRatio(...of(paid, whatIf))).toBe(ratio);
  });

  it("of the issue's example, high to medium by 71 %, is 0.29", () => {
    expect(keptRatio(...of("1695.93", "491.82"), 2)).toBe("0.3");
    expect(keptRatio(...of("1695.93", "491.81"), 2)).toBe("0.29");
  });

  it("is none where nothing is saved", () => {
    expect(keptRatio(...of("1", "1"))).toBeNull();
    expect(keptRatio(...of("1", "2"))).toBeNull();
    expect(keptRatio(...of("0", "0"))).toBeNull();
  });

  it("at the printed ratio the cheaper choice is never the dearer one", () => {
    const amount = fc.bigInt(0n, 10n ** 18n);
    fc.assert(
      fc.property(amount, amount, (one, other) => {
        const [whatIf, paid] = one < other ? [one, other] : [other, one];
        const ratio = keptRatio(picoUsd(paid), picoUsd(whatIf));
        if (ratio === null) {
          expect(whatIf).toBe(paid);
          return;
        }
        const scaled = BigInt(parseUsd(ratio) / 10n ** 8n);
        // whatIf / ratio <= paid, and a step less would be too little
        expect(whatIf * 10_000n <= paid * scaled).toBe(true);
        expect(whatIf * 10_000n > paid * (scaled - 1n)).toBe(true);
      }),
    );
  });
});

describe("dollarsText", () => {
  it.each([
    { usd: "1204.113", text: "$1,204.11" },
    { usd: "1234567.895".slice(1), text: "$234,567.90" },
    { usd: "0.15804", text: "$0.15804" },
    { usd: "0.994999", text: "$0.994999" },
    { usd: "0.995", text: "$1.00" },
    { usd: "0", text: "$0" },
  ])("$usd is $text", ({ usd, text }) => {
    expect(dollarsText(parseUsd(usd))).toBe(text);
    expect(dollarsText(picoUsd(-parseUsd(usd)))).toBe(text);
  });
});
