import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EndingDraft, HoldDraft } from "../../src/ledger/draft.ts";
import {
  costId,
  endEntries,
  endingId,
  endPostings,
  holdEntry,
  lateEntry,
  lateId,
  taskEntry,
} from "../../src/ledger/journal.ts";
import { type PicoUsd, picoUsd, sumUsd } from "../../src/money/pico-usd.ts";
import { aMillion, moved, origin, outOfRange, told } from "./told-entry.ts";

const NOTHING = { total: picoUsd(0n), lines: picoUsd(0n) };

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
    run: null,
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
    { cost: sum(0n, 3n), message: "hold rcpt_1: lines of the vendor cost sum to 3 p$, not 0 p$" },
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
