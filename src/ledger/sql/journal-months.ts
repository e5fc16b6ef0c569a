import { CHAIN_START } from "../chain.ts";
import type { Chain } from "../port.ts";
import type { IssuedSpan, JournalMonth } from "../statements-port.ts";
import { monthAfter, monthStartMs } from "../windows.ts";
import { numberIn, numberOrNullIn, type Query, rowsOf, textIn } from "./rows.ts";

/** Finds a month in a journal: entries in the order of their chain, whose times may step back. */

/** Entries looked at in one read. */
const SLICE = 20_000;

/** Where a month lies in the journal of a root, and what was issued for one of its accounts. */
export async function readJournalMonth(
  query: Query,
  of: { readonly root: string; readonly accountId: string; readonly month: string },
): Promise<JournalMonth> {
  const { root, accountId, month } = of;
  const [[head = {}] = [], [earlier = {}] = [], spans = []] = await query([
    { sql: "SELECT sequence FROM roots WHERE root = ?1", parameters: [root] },
    {
      // A month that was told before is where the look-out for a later one begins.
      sql: "SELECT max(closing_sequence) AS known FROM statements WHERE root = ?1 AND month < ?2",
      parameters: [root, month],
    },
    {
      sql: `SELECT number, month, opening_sequence, closing_sequence FROM statements
        WHERE root = ?1 AND account = ?2 ORDER BY month`,
      parameters: [root, accountId],
    },
  ]);
  const known = numberOrNullIn(earlier, "known") ?? 0;
  const range = { root, until: numberIn(head, "sequence") };
  const begin = await lastBefore(query, { ...range, after: known, atMs: monthStartMs(month) });
  const endMs = monthStartMs(monthAfter(month));
  const end = await lastBefore(query, { ...range, after: begin.sequence, atMs: endMs });
  return {
    root,
    opening: await anchorAt(query, root, begin.sequence),
    closing: await anchorAt(query, root, end.sequence),
    isHead: end.isHead,
    issued: spans.map(
      (row): IssuedSpan => ({
        number: textIn(row, "number"),
        month: textIn(row, "month"),
        opening: numberIn(row, "opening_sequence"),
        closing: numberIn(row, "closing_sequence"),
      }),
    ),
  };
}

/** The entry before the first one that is dated at an instant or later; the last one where none is. */
async function lastBefore(
  query: Query,
  of: {
    readonly root: string;
    readonly after: number;
    readonly until: number;
    readonly atMs: number;
  },
): Promise<{ readonly sequence: number; readonly isHead: boolean }> {
  const { root, until, atMs } = of;
  const sql = `SELECT min(sequence) AS first FROM entries
    WHERE root = ?1 AND sequence > ?2 AND sequence <= ?3 AND created_ms >= ?4`;
  for (let after = of.after; after < until; after += SLICE) {
    const to = Math.min(after + SLICE, until);
    const [row = {}] = await rowsOf(query, sql, [root, after, to, atMs]);
    const first = numberOrNullIn(row, "first");
    if (first !== null) return { sequence: first - 1, isHead: false };
  }
  return { sequence: until, isHead: true };
}

async function anchorAt(query: Query, root: string, sequence: number): Promise<Chain> {
  if (sequence === 0) return { sequence, hash: CHAIN_START };
  const sql = "SELECT hash FROM entries WHERE root = ?1 AND sequence = ?2";
  const [row = {}] = await rowsOf(query, sql, [root, sequence]);
  return { sequence, hash: textIn(row, "hash") };
}
