import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../src/ledger/canonical-text.ts";
import type { EndingDraft, HoldDraft } from "../../src/ledger/draft.ts";
import {
  assertAmount,
  assertBalanced,
  assertStorable,
  correctionEntry,
  correctionPostings,
  costId,
  type Entry,
  endEntries,
  endingId,
  endPostings,
  entry,
  fundEntry,
  holdEntry,
  lateEntry,
  lateId,
  type Posting,
  taskEntry,
} from "../../src/ledger/journal.ts";
import { type PicoUsd, parseUsd, picoUsd, sumUsd } from "../../src/money/pico-usd.ts";

const origin = { root: "acct_r", account: "acct_a", createdMs: 1_795_385_498_000, emulated: false };
/** What the text of every entry says of its origin. */
const place = { ...origin, createdMs: "1795385498000" };
const NOTHING = { total: picoUsd(0n), lines: picoUsd(0n) };

/** Postings as a reader writes them: book and picodollars. */
function moved(postings: readonly Posting[]): readonly (readonly [string, bigint])[] {
  return postings.map(({ book, amount }) => [book, amount]);
}

/** An entry without its text, and what its text says beyond it and its origin. */
function told({ text, ...rest }: Entry) {
  const { id, kind, postings, ...more } = JSON.parse(text);
  expect({ id, kind, createdMs: Number(more.createdMs) }).toEqual({
    id: rest.id,
    kind: rest.kind,
    createdMs: rest.createdMs,
  });
  expect(postings).toEqual(
    rest.postings.map(({ book, amount }) => ({ book, amount: amount.toString() })),
  );
  expect(text).toBe(canonicalText(JSON.parse(text)));
  expect(more).toMatchObject(place);
  for (const key of Object.keys(place)) delete more[key];
  return { id, kind, moved: moved(rest.postings), says: more };
}

function ending(of: Partial<EndingDraft> = {}): EndingDraft {
  return {
    holdId: "rcpt_1",
    kind: "settle",
    exposure: null,
    echoedPrice: null,
    outcome: "made",
    charge: { total: picoUsd(7n), lines: picoUsd(7n) },
    cost: { total: picoUsd(4n), lines: picoUsd(4n) },
    overrun: picoUsd(0n),
    images: 1,
    qualityBilled: null,
    text: '{"kind":"settle"}',
    ...of,
  };
}

const sum = (total: bigint, lines = total) => ({ total: picoUsd(total), lines: picoUsd(lines) });
const held = { id: "rcpt_1", amount: picoUsd(10n) };
const justBelowAMillion = parseUsd("999999.999999999999");
const aMillion = picoUsd(10n ** 18n);
const outOfRange = (amount: PicoUsd) =>
  `${amount} p$ is not an amount from 0 to below 1000000000000000000`;

describe("a hold's entry", () => {
  const windows = { day: "2026-11-22", month: "2026-11" };
  const draft = (amount: PicoUsd): HoldDraft => ({
    id: "rcpt_1",
    accountId: "acct_a",
    keyId: "key_1",
    amount,
    vendorAmount: amount,
    vendor: "v",
    connection: "v",
    model: "m",
    price: { id: "m@2026-01-01", sha256: "00", json: "{}" },
    user: null,
    images: 1,
    qualityAsked: null,
    size: null,
    tags: "{}",
    admission: {},
    text: '{"n":"1"}',
  });
  const path = ["key_1", "acct_a"];

  it("reserves: what was available is held, on its path, in its windows", () => {
    expect(told(holdEntry(draft(picoUsd(10n)), { path, windows }, origin))).toEqual({
      id: "rcpt_1",
      kind: "hold",
      moved: [
        ["available", -10n],
        ["held", 10n],
      ],
      says: { path, windows, request: { n: "1" } },
    });
  });

  it("of a free model reserves nothing and moves nothing", () => {
    expect(holdEntry(draft(picoUsd(0n)), { path, windows }, origin).postings).toEqual([]);
  });

  it.each([picoUsd(-1n), aMillion])("of %d p$ is refused by name", (amount) => {
    expect(() => holdEntry(draft(amount), { path, windows }, origin)).toThrow(
      `hold rcpt_1: ${outOfRange(amount)}`,
    );
  });
});

describe("an ending's entries", () => {
  it("empty the hold: the charge is revenue, the rest available, the cost owed by the house", () => {
    expect(endEntries(ending(), held, origin).map(told)).toEqual([
      {
        id: "rcpt_1.end",
        kind: "settle",
        moved: [
          ["held", -10n],
          ["revenue", 7n],
          ["available", 3n],
        ],
        says: { hold: "rcpt_1", amount: "10", ending: { kind: "settle" } },
      },
      {
        id: "rcpt_1.cost",
        kind: "cost",
        moved: [
          ["house", -4n],
          ["vendor_payable", 4n],
        ],
        says: { hold: "rcpt_1", amount: "4" },
      },
    ]);
  });

  it("of a void give all of it back, and of an unspent one nothing else", () => {
    const unspent = { kind: "void", charge: NOTHING, cost: NOTHING, text: "{}" } as const;
    expect(endEntries(ending(unspent), held, origin).map(told)).toEqual([
      {
        id: "rcpt_1.end",
        kind: "void",
        moved: [
          ["held", -10n],
          ["available", 10n],
        ],
        says: { hold: "rcpt_1", amount: "10", ending: {} },
      },
    ]);
  });

  it("name an overrun and an exposure each by itself; neither moves money yet", () => {
    const exposure = { amount: picoUsd(5n), reason: "counted, never delivered" };
    const entries = endEntries(ending({ overrun: picoUsd(2n), exposure }), held, origin);
    expect(entries.map(told).slice(2)).toEqual([
      {
        id: "rcpt_1.overrun",
        kind: "overrun",
        moved: [],
        says: { hold: "rcpt_1", amount: "2" },
      },
      {
        id: "rcpt_1.exposure",
        kind: "exposure",
        moved: [],
        says: { hold: "rcpt_1", amount: "5", reason: "counted, never delivered" },
      },
    ]);
  });

  it("keep an exposure of unknown size: nothing is dropped for being zero", () => {
    const exposure = { amount: picoUsd(0n), reason: "unknown" };
    expect(endEntries(ending({ exposure }), held, origin).map(({ id }) => id)).toEqual([
      "rcpt_1.end",
      "rcpt_1.cost",
      "rcpt_1.exposure",
    ]);
  });

  it.each([0n, 10n])("may charge %d of 10: none or all of it", (charge) => {
    const [end] = endEntries(ending({ charge: sum(charge) }), held, origin);
    expect(sumUsd(end.postings.map(({ amount }) => amount))).toBe(0n);
    expect(end.postings).toHaveLength(2);
  });

  it.each<{ law: string; draft: Partial<EndingDraft>; message: string }>([
    {
      law: "a charge is not negative",
      draft: { charge: sum(-1n) },
      message: "hold rcpt_1: negative charge -1 p$",
    },
    {
      law: "a charge is at most what is held",
      draft: { charge: sum(11n) },
      message: "hold rcpt_1: charge 11 p$ exceeds the held 10 p$",
    },
    {
      law: "the lines of a charge add up to it",
      draft: { charge: sum(7n, 6n) },
      message: "hold rcpt_1: lines of the charge sum to 6 p$, not 7 p$",
    },
    {
      law: "the lines of a cost add up to it",
      draft: { cost: sum(4n, 5n) },
      message: "hold rcpt_1: lines of the vendor cost sum to 5 p$, not 4 p$",
    },
    {
      law: "a cost is not negative",
      draft: { cost: sum(-4n) },
      message: `vendor cost of rcpt_1: ${outOfRange(picoUsd(-4n))}`,
    },
    {
      law: "an overrun is not negative",
      draft: { overrun: picoUsd(-1n) },
      message: `overrun of rcpt_1: ${outOfRange(picoUsd(-1n))}`,
    },
    {
      law: "an exposure is not negative",
      draft: { exposure: { amount: picoUsd(-1n), reason: "unknown" } },
      message: `exposure of rcpt_1: ${outOfRange(picoUsd(-1n))}`,
    },
  ])("$law", ({ draft, message }) => {
    expect(() => endEntries(ending(draft), held, origin)).toThrow(message);
  });

  it("conserve: whatever is held and charged, each entry sums to zero and the hold is empty", () => {
    const anyAmount = fc.bigInt(0n, 10n ** 18n - 1n);
    fc.assert(
      fc.property(anyAmount, anyAmount, anyAmount, (one, other, cost) => {
        const [charge, amount] = one < other ? [one, other] : [other, one];
        const draft = ending({ charge: sum(charge), cost: sum(cost) });
        const entries = endEntries(draft, { id: "rcpt_1", amount: picoUsd(amount) }, origin);
        for (const { postings } of entries) {
          expect(sumUsd(postings.map((posting) => posting.amount))).toBe(0n);
          expect(postings.every((posting) => posting.amount !== 0n)).toBe(true);
        }
        const of = (book: string) =>
          entries.flatMap(({ postings }) => postings).find((each) => each.book === book)?.amount;
        expect(of("held") ?? 0n).toBe(-amount);
        expect(of("revenue") ?? 0n).toBe(charge);
        expect(of("vendor_payable") ?? 0n).toBe(cost);
      }),
    );
  });

  it("have one id each, so that a second ending, cost or late result has no place", () => {
    expect([endingId("rcpt_1"), costId("rcpt_1"), lateId("rcpt_1")]).toEqual([
      "rcpt_1.end",
      "rcpt_1.cost",
      "rcpt_1.late",
    ]);
    expect(moved(endPostings(picoUsd(10n), picoUsd(10n)))).toEqual([
      ["held", -10n],
      ["revenue", 10n],
    ]);
  });
});

describe("a late result", () => {
  it("is free for the account; its cost is the house's and carries the whole ending", () => {
    const late = lateEntry(ending(), origin);
    expect(late && told(late)).toEqual({
      id: "rcpt_1.late",
      kind: "cost",
      moved: [
        ["house", -4n],
        ["vendor_payable", 4n],
      ],
      says: { hold: "rcpt_1", amount: "4", flags: ["late"], ending: { kind: "settle" } },
    });
  });

  it("of no known cost makes no entry", () => {
    expect(lateEntry(ending({ cost: NOTHING }), origin)).toBeUndefined();
  });

  it.each([
    { cost: sum(-4n), message: `vendor cost of rcpt_1: ${outOfRange(picoUsd(-4n))}` },
    { cost: sum(4n, 3n), message: "hold rcpt_1: lines of the vendor cost sum to 3 p$, not 4 p$" },
  ])("of a cost that can't be is refused: $message", ({ cost, message }) => {
    expect(() => lateEntry(ending({ cost }), origin)).toThrow(message);
  });
});

describe("a task's entry", () => {
  it("remembers the vendor's id of it and moves nothing", () => {
    expect(told(taskEntry({ holdId: "rcpt_1", taskId: "task-9" }, origin))).toEqual({
      id: "rcpt_1.task",
      kind: "task",
      moved: [],
      says: { hold: "rcpt_1", task: "task-9" },
    });
  });
});

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
