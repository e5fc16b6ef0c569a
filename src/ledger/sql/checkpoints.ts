import type { RootRow } from "../engine/rows.ts";
import type { WorkingSet } from "../engine/working-set.ts";
import { books } from "../journal.ts";
import type { TableShape } from "./encode.ts";

/**
 * Checkpoints: what a chain had come to at some of its places, so that an incremental verification needn't
 * begin at its first entry (MONEY §8). Written by a store in the transaction that passes the place.
 */

/** Entries of a root from one checkpoint to the next. */
export const CHECKPOINT_EVERY = 100_000n;

/** The head of a root and its books, as a transaction leaves them. */
export type CheckpointRow = Pick<RootRow, "root" | "sequence" | "hash" | "books"> & {
  readonly createdMs: number;
};

export const checkpointShape: TableShape<CheckpointRow> = {
  table: "checkpoints",
  columns: ["root", "sequence", "hash", ...books, "created_ms"],
  keys: 2,
  cells: (row) => [
    ...[row.root, row.sequence, row.hash],
    ...books.map((book) => row.books[book]),
    row.createdMs,
  ],
};

/**
 * The checkpoints that a transaction has to write: one for each root whose chain it carries to or past a
 * multiple of `every`, at the head that it leaves. Ask before the set is settled; write them, and then
 * `KEEP_COUNTERS`, after roots and counters.
 */
export function checkpointsDue(
  set: WorkingSet,
  every: bigint = CHECKPOINT_EVERY,
): readonly CheckpointRow[] {
  const due = new Map<string, number>();
  for (const { root, sequence, createdMs } of set.entries) {
    // Sequences have no gaps: whoever passes a multiple appends it.
    if (sequence % every === 0n) due.set(root, createdMs);
  }
  return [...due].map(([id, createdMs]) => {
    const row = set.roots.get(id, () => undefined);
    if (row === undefined) throw new Error(`root ${id} has entries and no row`);
    const { root, sequence, hash, books } = row;
    return { root, sequence, hash, books, createdMs };
  });
}

/**
 * Makes the counters kept for the newest checkpoint of the root `?1` what its counters are now. Counters
 * never go away, so that only those that changed since the last one have to be written.
 */
export const KEEP_COUNTERS = `
  INSERT INTO checkpoint_counters (root, node, period, settled, held)
  SELECT now.root, now.node, now.period, now.settled, now.held FROM counters AS now
  WHERE now.root = ?1 AND NOT EXISTS (
    SELECT 1 FROM checkpoint_counters AS kept
    WHERE kept.root = now.root AND kept.node = now.node AND kept.period = now.period
      AND kept.settled = now.settled AND kept.held = now.held)
  ON CONFLICT (root, node, period)
    DO UPDATE SET settled = excluded.settled, held = excluded.held`;
