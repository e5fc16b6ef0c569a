import type { ChainHead } from "../ledger/reports-port.ts";
import type { Query } from "../ledger/sql/rows.ts";
import { compareAt } from "./discrepancy.ts";
import { cell, entryAt } from "./journal-reads.ts";

/**
 * A head that was kept must lie on its chain: whoever rewrote the chain since then has changed the hash at
 * its place. `computed` is what the head says.
 */
export async function compareHead(query: Query, head: ChainHead): Promise<void> {
  const { root, sequence, hash } = head;
  const row = (await entryAt(query, root, BigInt(sequence))) ?? {};
  const compare = compareAt({ entry: cell(row, "id")?.toString() ?? null, root, sequence });
  compare("head", cell(row, "hash"), hash);
}
