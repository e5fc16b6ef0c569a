import { describe, expect, it } from "vitest";
import {
  assertAmount,
  assertBalanced,
  assertStorable,
  correctionEntry,
  correctionPostings,
  entry,
  fundEntry,
  type Posting,
  taskEntry,
} from "../../src/ledger/journal.ts";
import { type PicoUsd, picoUsd } from "../../src/money/pico-usd.ts";
import { aMillion, justBelowAMillion, moved, origin, outOfRange, told } from "./told-entry.ts";

describe("a funding's entry", () => {
  const fund = (amount: PicoUsd) => fundEntry({ entryId: "fund_1", amount, actor: "ann" }, origin);

  it("adds to a prepaid balance: cash becomes available", () => {
    expect(told(fund(picoUsd(1n)))).toEqual({
      id: "fund_1",
      kind: "fund",
      moved: [
        ["cash", -1n],
        ["available", 1n],
      ],
      says: { amount: "1", actor: "ann" },
    });
    expect(fund(justBelowAMillion).postings).toHaveLength(2);
  });

  it("is of more than nothing and below a million dollars", () => {
    expect(() => fund(picoUsd(0n))).toThrow("fund fund_1: 0 p$");
    expect(() => fund(picoUsd(-1n))).toThrow(new Error("fund fund_1: -1 p$"));
    expect(() => fund(aMillion)).toThrow(`fund fund_1: ${outOfRange(aMillion)}`);
  });
});

describe("a correction's entry", () => {
  const correction = (of: Partial<Parameters<typeof correctionEntry>[0]> = {}) =>
    correctionEntry(
      {
        id: "corr_1",
        corrects: "rcpt_1.end",
        of: "charge",
        hold: "rcpt_1",
        before: picoUsd(7n),
        posted: picoUsd(7n),
        after: picoUsd(5n),
        reason: "the vendor's invoice",
        actor: "ann",
        ...of,
      },
      origin,
    );

  it("moves what is missing between what is posted and what shall be", () => {
    expect(told(correction())).toEqual({
      id: "corr_1",
      kind: "correction",
      moved: [
        ["available", 2n],
        ["revenue", -2n],
      ],
      says: {
        corrects: "rcpt_1.end",
        of: "charge",
        hold: "rcpt_1",
        before: "7",
        after: "5",
        reason: "the vendor's invoice",
        actor: "ann",
      },
    });
  });

  it("of an open exposure posts all of it: before it was named, not booked", () => {
    const of = { of: "exposure", posted: picoUsd(0n) } as const;
    expect(told(correction(of))).toMatchObject({
      moved: [
        ["house", -5n],
        ["vendor_payable", 5n],
      ],
      says: { of: "exposure", before: "7", after: "5" },
    });
  });

  it("of a funding names no hold", () => {
    const { says } = told(correction({ of: "fund", hold: null }));
    expect(Object.keys(says).sort()).toEqual([
      "actor",
      "after",
      "before",
      "corrects",
      "of",
      "reason",
    ]);
  });

  it("may take all of it back, never more, and never to a million dollars", () => {
    expect(moved(correction({ after: picoUsd(0n) }).postings)).toEqual([
      ["available", 7n],
      ["revenue", -7n],
    ]);
    for (const after of [picoUsd(-1n), aMillion]) {
      expect(() => correction({ after })).toThrow(`correction corr_1: ${outOfRange(after)}`);
    }
  });

  it("has a reason that every store keeps", () => {
    expect(() => correction({ reason: "half a \ud83d pair" })).toThrow("not a storable name");
  });

  it.each([
    {
      of: "charge",
      postings: [
        ["available", -3n],
        ["revenue", 3n],
      ],
    },
    {
      of: "fund",
      postings: [
        ["cash", -3n],
        ["available", 3n],
      ],
    },
    {
      of: "cost",
      postings: [
        ["house", -3n],
        ["vendor_payable", 3n],
      ],
    },
    {
      of: "exposure",
      postings: [
        ["house", -3n],
        ["vendor_payable", 3n],
      ],
    },
  ] as const)("raises a $of between $postings", ({ of, postings }) => {
    expect(moved(correctionPostings(of, picoUsd(3n)))).toEqual(postings);
  });
});

describe("every entry", () => {
  const unbalanced: readonly Posting[] = [
    { book: "cash", amount: picoUsd(-2n) },
    { book: "available", amount: picoUsd(1n) },
  ];

  it("is balanced: what leaves one book enters another", () => {
    const message = "entry fund_1: postings sum to -1 p$, not to zero";
    expect(() => assertBalanced("fund_1", unbalanced)).toThrow(message);
    const of = { id: "fund_1", kind: "fund", postings: unbalanced } as const;
    expect(() => entry(of, origin, {})).toThrow(message);
  });

  it("says that its money was never real, in the sandbox", () => {
    const { text } = taskEntry({ holdId: "h", taskId: "t" }, { ...origin, emulated: true });
    expect(JSON.parse(text)).toMatchObject({ emulated: true });
  });

  it("holds amounts from nothing to just below a million dollars", () => {
    expect(() => assertAmount(picoUsd(0n), "a limit")).not.toThrow();
    expect(() => assertAmount(justBelowAMillion, "a limit")).not.toThrow();
    for (const amount of [picoUsd(-1n), aMillion]) {
      expect(() => assertAmount(amount, "a limit")).toThrow(`a limit: ${outOfRange(amount)}`);
    }
  });

  it.each(["", "Zoë & 日本 🙂", "line\nbreak"])("may carry the name %j", (name) => {
    expect(() => assertStorable(name)).not.toThrow();
  });

  it.each([
    ["a\0b", '"a\\u0000b"'],
    ["\ud83d", '"\\ud83d"'],
    ["a\ude42", '"a\\ude42"'],
  ])("refuses %j: a text column would keep less of it", (name, printed) => {
    expect(() => assertStorable(name)).toThrow(`not a storable name: ${printed}`);
  });
});
