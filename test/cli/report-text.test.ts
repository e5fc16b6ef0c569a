import { describe, expect, it } from "vitest";
import { repricingText } from "../../src/cli/reprice.ts";
import { usageText } from "../../src/cli/usage.ts";
import { repriceAnswer, usageAnswer } from "../../src/cli/wire.ts";

const plain = (text: string): string => text;

describe("usage for people", () => {
  const figures = { calls: 3, settled: 2, images: 2, charge: "0.012", held: "0" };
  const told = usageAnswer.parse({
    from: "2026-11-01",
    to: "2026-11-22",
    by: ["model", "user"],
    data: [
      { model: "a", user: "ann", ...figures, average_per_image: "0.006" },
      { model: "b", user: null, ...figures, images: 0, charge: "10", average_per_image: null },
    ],
    total: { ...figures, calls: 6, settled: 4, charge: "10.012", average_per_image: "5.006" },
    emulated: true,
  });

  it("has a row each, points under points, and the total last", () => {
    expect(usageText(told, (text) => `*${text}*`).split("\n")).toEqual([
      "usage from 2026-11-01 to 2026-11-22 (UTC), in USD, SANDBOX: no real money",
      "",
      "model  user  calls  settled  images  charge  held  per image",
      "a      ann       3        2       2   0.012  0     0.006",
      "b      -         3        2       0  10      0     -",
      "*total            6        4       2  10.012  0     5.006*",
    ]);
  });

  it("shows the house's figures where they are told", () => {
    const house = { ...told.total, vendor_cost: "9", overrun: "0", exposure: "0.5" };
    const text = usageText({ ...told, data: [], total: house }, plain);
    expect(text).toBe(
      "usage from 2026-11-01 to 2026-11-22 (UTC), in USD, SANDBOX: no real money: none",
    );
    const rows = told.data.map((row) => ({
      ...row,
      vendor_cost: "4",
      overrun: "0",
      exposure: "0",
    }));
    expect(usageText({ ...told, data: rows, total: house, emulated: false }, plain)).toMatch(
      /per image +vendor cost +overrun +exposure\n[^\n]+ 4 +0 +0\n/,
    );
  });

  it("steers no terminal with what a caller wrote", () => {
    const [row] = told.data;
    const text = usageText(
      { ...told, data: [{ ...row, user: "\u001b[2J\u009b" } as never] },
      plain,
    );
    expect(text).toContain("\\u{1b}[2J\\u{9b}");
    for (const control of ["\u001b", "\u009b"]) expect(text).not.toContain(control);
  });
});

describe("a repricing for people", () => {
  const change = (before: string, after: string | null, because: string | null = null) => ({
    ...{ before, after, because },
    change: because === null ? "correct" : "kept",
  });
  const sums = { corrected: 1, unchanged: 0, before: "0.1", after: "0.08", difference: "-0.02" };
  const repricing = repriceAnswer.parse({
    from: "m@2026-01-01",
    to: "m@2026-01-01.1",
    applied: false,
    calls: 3,
    charges: { ...sums, kept: { would_rise: 1 } },
    vendor_costs: { ...sums, corrected: 2, kept: {} },
    data: [
      { receipt_id: "rcpt_1", charge: change("0.1", "0.08"), vendor_cost: change("0.1", "0.08") },
      {
        receipt_id: "rcpt_2",
        charge: change("0.01", "0.02", "would_rise"),
        vendor_cost: change("10", null, "not_priced"),
      },
    ],
    data_left_out: 1,
    emulated: false,
  });

  it("lists calls, what is kept and why, sums, and that nothing was posted", () => {
    expect(repricingText(repricing).split("\n")).toEqual([
      "calls billed by m@2026-01-01: 3",
      "",
      "receipt  charge  recomputed  vendor cost  recomputed  kept",
      "rcpt_1   0.1     0.08         0.1         0.08",
      "rcpt_2   0.01    0.02        10           -           charge: would_rise, vendor cost: not_priced",
      "and 1 more, not listed here but counted below",
      "",
      "charges by m@2026-01-01.1: 1 corrected, 0 unchanged, 1 kept (would_rise); 0.1 becomes 0.08 USD, difference -0.02",
      "vendor costs by m@2026-01-01.1: 2 corrected, 0 unchanged; 0.1 becomes 0.08 USD, difference -0.02",
      "nothing was posted: --apply posts 3 corrections",
    ]);
  });

  it("says what was posted", () => {
    expect(repricingText({ ...repricing, applied: true })).toMatch(/\nposted: 3 corrections$/);
  });
});
