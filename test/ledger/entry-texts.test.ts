import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../src/ledger/canonical-text.ts";
import { endText, holdText } from "../../src/ledger/entry-texts.ts";
import type { Posting } from "../../src/ledger/journal.ts";
import { picoUsd } from "../../src/money/pico-usd.ts";

const origin = { root: "acct_r", account: "acct_a", createdMs: 1_795_385_498_000, emulated: true };
const held: readonly Posting[] = [
  { book: "available", amount: picoUsd(-5n) },
  { book: "held", amount: picoUsd(5n) },
];

/** Ids of whatever characters, quotes and lone surrogates among them. */
const anyText = fc.string({ unit: "binary" });
const anyOrigin = fc.record({
  root: anyText,
  account: anyText,
  createdMs: fc.maxSafeInteger(),
  emulated: fc.boolean(),
});
const anyAmount = fc.bigInt().map(picoUsd);
const anyPostings: fc.Arbitrary<Posting[]> = fc.array(
  fc.record({ book: fc.constantFrom("cash", "held", "vendor_payable"), amount: anyAmount }),
);

describe("the texts of a call's entries", () => {
  it("a hold says where, when, in which windows and for what", () => {
    const of = { id: "rcpt_1", kind: "hold", postings: held } as const;
    const windows = { day: "2026-11-22", month: "2026-11" };
    const request = '{"n":"1"}';
    expect(holdText(of, origin, { path: ["key_1", "acct_a"], windows, request })).toBe(
      '{"account":"acct_a","createdMs":"1795385498000","emulated":true,"id":"rcpt_1","kind":"hold",' +
        '"path":["key_1","acct_a"],' +
        '"postings":[{"amount":"-5","book":"available"},{"amount":"5","book":"held"}],' +
        '"request":{"n":"1"},"root":"acct_r","windows":{"day":"2026-11-22","month":"2026-11"}}',
    );
  });

  it("an ending says what it ends; its cost says the same without it", () => {
    const of = { id: "rcpt_1.end", kind: "settle", postings: [] } as const;
    const call = { hold: "rcpt_1", amount: picoUsd(5n) };
    expect(endText(of, origin, { ...call, ending: '{"kind":"settle"}' })).toBe(
      '{"account":"acct_a","amount":"5","createdMs":"1795385498000","emulated":true,' +
        '"ending":{"kind":"settle"},"hold":"rcpt_1","id":"rcpt_1.end","kind":"settle","postings":[],"root":"acct_r"}',
    );
    expect(endText({ ...of, kind: "cost" }, origin, call)).toBe(
      '{"account":"acct_a","amount":"5","createdMs":"1795385498000","emulated":true,' +
        '"hold":"rcpt_1","id":"rcpt_1.end","kind":"cost","postings":[],"root":"acct_r"}',
    );
  });

  it("whatever they say, it is what canonical text would say", () => {
    fc.assert(
      fc.property(
        fc.record({ origin: anyOrigin, id: anyText, postings: anyPostings, amount: anyAmount }),
        fc.record({
          path: fc.array(anyText),
          hold: anyText,
          told: fc.dictionary(anyText, anyText),
        }),
        ({ origin, id, postings, amount }, { path, hold, told }) => {
          const windows = { day: "2026-11-22", month: "2026-11" };
          fc.pre(!Object.hasOwn(told, "__proto__"));
          const text = canonicalText(told);
          const begun = { id, kind: "hold", postings } as const;
          expect(holdText(begun, origin, { path, windows, request: text })).toBe(
            canonicalText({ ...begun, ...origin, path, windows, request: told }),
          );
          const ended = { id, kind: "settle", postings } as const;
          expect(endText(ended, origin, { hold, amount, ending: text })).toBe(
            canonicalText({ ...ended, ...origin, hold, amount, ending: told }),
          );
          expect(endText(ended, origin, { hold, amount })).toBe(
            canonicalText({ ...ended, ...origin, hold, amount }),
          );
        },
      ),
    );
  });
});
