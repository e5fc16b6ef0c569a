import { expect } from "vitest";
import { canonicalText } from "../../src/ledger/canonical-text.ts";
import type { Entry, Posting } from "../../src/ledger/journal.ts";
import { type PicoUsd, parseUsd, picoUsd } from "../../src/money/pico-usd.ts";

/** Where and when the entries of these tests are written. */
export const origin = {
  root: "acct_r",
  account: "acct_a",
  createdMs: 1_795_385_498_000,
  emulated: false,
};
/** What the text of every entry says of its origin. */
const place = { ...origin, createdMs: "1795385498000" };

export const justBelowAMillion = parseUsd("999999.999999999999");
export const aMillion = picoUsd(10n ** 18n);

/** What an amount that no entry takes is refused with, after the name of what it is of. */
export function outOfRange(amount: PicoUsd): string {
  return `${amount} p$ is not an amount from 0 to below 1000000000000000000`;
}

/** Postings as a reader writes them: book and picodollars. */
export function moved(postings: readonly Posting[]): readonly (readonly [string, bigint])[] {
  return postings.map(({ book, amount }) => [book, amount]);
}

/**
 * An entry as its text tells it: what it moves, and what it says beyond that and its origin. The text is
 * the canonical one, and says of id, kind, time and postings what the entry does.
 */
export function told({ text, ...entry }: Entry) {
  const { id, kind, postings, ...more } = JSON.parse(text);
  expect({ id, kind, createdMs: Number(more.createdMs) }).toEqual({
    id: entry.id,
    kind: entry.kind,
    createdMs: entry.createdMs,
  });
  expect(postings).toEqual(
    entry.postings.map(({ book, amount }) => ({ book, amount: amount.toString() })),
  );
  expect(text).toBe(canonicalText(JSON.parse(text)));
  expect(more).toMatchObject(place);
  for (const key of Object.keys(place)) delete more[key];
  return { id, kind, moved: moved(entry.postings), says: more };
}
