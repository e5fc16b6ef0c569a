import type { PriceVersion } from "../catalog/schema.ts";
import { CHAIN_START } from "../ledger/chain.ts";
import type { ChainHead } from "../ledger/reports-port.ts";
import { integerIn, type Query, type Row } from "../ledger/sql/rows.ts";
import { checkpointsOf, compareCheckpoint, openHolds, type Start, startAt } from "./checkpoint.ts";
import { compareAt, type Discrepancy, DiscrepancyFound, NOWHERE } from "./discrepancy.ts";
import { compareHead } from "./heads.ts";
import { entriesAfter, pricesOf, rootsOf, worldOf } from "./journal-reads.ts";
import { compareProjections, compareStrays, type Head } from "./projections.ts";
import { compareReceipt, type ReceiptFile } from "./receipts.ts";
import { emptyModel } from "./root-model.ts";
import { applyStored, type RootRun, readBeside } from "./slice.ts";
import { nextEntry, type StoredEntry } from "./stored-entry.ts";

/** What is asked of a verification, beside the whole ledger. */
export type VerifyRequest = {
  /** Each root from its newest checkpoint on, which is taken at its word. */
  readonly incremental?: boolean;
  /** Heads kept elsewhere: each must lie on its chain. */
  readonly heads?: readonly ChainHead[];
  /** Receipts that were handed out: the ledger must say the same. */
  readonly receipts?: readonly ReceiptFile[];
};

/** What a verification found. Wire names: the CLI and the API print it as it is. */
export type Verification = {
  readonly ok: boolean;
  readonly entries: number;
  /** Holds that have ended, each bill of which was computed again. */
  readonly receipts: number;
  readonly holds_open: number;
  readonly first_discrepancy: Discrepancy | null;
  /** Of an incremental run: the roots whose chain was not read from its beginning. */
  readonly from_checkpoint?: readonly ChainHead[];
  /** Heads and receipts that were compared, where some were given. */
  readonly heads_checked?: number;
  readonly receipts_checked?: number;
};

/** Entries verified at a time, and the number between two reports of progress. */
const SLICE = 200;

type Counts = { entries: number; receipts: number; open: number; heads: number; files: number };

type Run = {
  readonly query: Query;
  readonly world: string;
  readonly priceOf: (sha256: string) => PriceVersion;
  readonly incremental: boolean;
  readonly counts: Counts;
  readonly from: ChainHead[];
  readonly onProgress: ((entries: number) => void) | undefined;
};

/**
 * Computes a ledger a second time from its entries and stored price versions (P6): chains, columns,
 * postings, endings, limits, every ceiling, charge and cost; then compares books, counters, nodes, calls,
 * corrections and checkpoints with what was computed. Stops at the first discrepancy and names it.
 *
 * It proves that nothing was edited since a head or a receipt that is kept elsewhere; who can rewrite the
 * whole store can rewrite its chain too.
 *
 * @param query reads one snapshot, from the first statement to the last.
 */
export async function verifyJournal(
  query: Query,
  request: VerifyRequest & { readonly onProgress?: (entries: number) => void },
): Promise<Verification> {
  const { incremental = false, heads, receipts, onProgress } = request;
  const counts: Counts = { entries: 0, receipts: 0, open: 0, heads: 0, files: 0 };
  const from: ChainHead[] = [];
  const result = (found: Discrepancy | null): Verification => ({
    ok: found === null,
    entries: counts.entries,
    receipts: counts.receipts,
    holds_open: counts.open,
    first_discrepancy: found,
    ...(incremental ? { from_checkpoint: from } : {}),
    ...(heads === undefined ? {} : { heads_checked: counts.heads }),
    ...(receipts === undefined ? {} : { receipts_checked: counts.files }),
  });
  try {
    const world = await worldOf(query);
    const priceOf = await pricesOf(query);
    await compareStrays(query);
    const run: Run = { query, world, priceOf, incremental, counts, from, onProgress };
    for (const root of await rootsOf(query)) await verifyRoot(run, root);
    for (const head of heads ?? []) {
      await compareHead(query, head);
      counts.heads += 1;
    }
    for (const file of receipts ?? []) {
      await compareReceipt(query, file);
      counts.files += 1;
    }
    return result(null);
  } catch (error) {
    if (error instanceof DiscrepancyFound) return result(error.discrepancy);
    throw error;
  }
}

async function verifyRoot(run: Run, root: string): Promise<void> {
  const { query, priceOf, counts, from } = run;
  const checkpoints = await checkpointsOf(query, root);
  const newest = checkpoints.at(-1);
  const begin =
    run.incremental && newest !== undefined
      ? await startAt(query, root, newest)
      : { model: emptyModel(root), head: { sequence: 0n, hash: CHAIN_START } };
  const resumed = begin.head.sequence > 0n;
  if (resumed) {
    from.push({ root, sequence: Number(begin.head.sequence), hash: begin.head.hash });
  }
  const rootRun: RootRun = {
    ...{ query, priceOf, model: begin.model, from: begin.head.sequence },
    ...{ reopened: new Set(), touched: new Set(), unexplained: new Map() },
  };
  const due = resumed ? [] : checkpoints;
  const head = await verifyChain(run, rootRun, { ...begin, checkpoints: due });
  const [unexplained] = rootRun.unexplained.values();
  if (unexplained !== undefined) throw new DiscrepancyFound(unexplained);
  const { model, touched } = rootRun;
  await compareProjections(query, { model, head, touched, resumed });
  counts.receipts += model.endings;
  counts.open += model.open.size;
  run.onProgress?.(counts.entries);
}

/** Verifies the entries that follow a head, to the end of the chain. */
async function verifyChain(
  run: Run,
  root: RootRun,
  of: Start & { readonly checkpoints: readonly Row[] },
): Promise<Head> {
  const due = [...of.checkpoints];
  let { head } = of;
  for (;;) {
    const rows = await entriesAfter(run.query, root.model.root, head.sequence, SLICE);
    head = await verifySlice(run, root, { rows, head, due });
    if (rows.length < SLICE) break;
    run.onProgress?.(run.counts.entries);
  }
  const [beyond] = due;
  if (beyond !== undefined) {
    const sequence = integerIn(beyond, "sequence");
    const compare = compareAt({ ...NOWHERE, root: root.model.root, sequence: Number(sequence) });
    compare("checkpoint at no place of the chain", sequence, null);
  }
  return head;
}

/** @param of.due checkpoints not come to yet; those that this slice comes to are taken out. */
async function verifySlice(
  run: Run,
  root: RootRun,
  of: { readonly rows: readonly Row[]; readonly head: Head; readonly due: Row[] },
): Promise<Head> {
  const { entries, broken } = readSlice(of.rows, of.head, run.world);
  await openEarlier(root, entries);
  const beside = await readBeside(root, entries);
  let { head } = of;
  for (const stored of entries) {
    applyStored(root, stored, { beside, before: head });
    run.counts.entries += 1;
    const { sequence, hash, entry } = stored;
    head = { sequence, hash };
    const [next] = of.due;
    if (next === undefined || integerIn(next, "sequence") !== sequence) continue;
    of.due.shift();
    const at = { model: root.model, head, createdMs: entry.createdMs };
    await compareCheckpoint(run.query, next, at, of.due.length === 0);
  }
  if (broken !== undefined) throw broken;
  return head;
}

/** Entries up to the first that breaks the chain or can't be read; what is wrong before it comes first. */
function readSlice(
  rows: readonly Row[],
  after: Head,
  world: string,
): { readonly entries: readonly StoredEntry[]; readonly broken?: DiscrepancyFound } {
  const entries: StoredEntry[] = [];
  let head = after;
  try {
    for (const row of rows) {
      const stored = nextEntry(row, head, world);
      entries.push(stored);
      head = stored;
    }
  } catch (error) {
    if (error instanceof DiscrepancyFound) return { entries, broken: error };
    throw error;
  }
  return { entries };
}

/** A run that began at a checkpoint meets endings and tasks of holds from before it. */
async function openEarlier(root: RootRun, slice: readonly StoredEntry[]): Promise<void> {
  if (root.from === 0n) return;
  const ids = slice.flatMap(({ entry }) => {
    const isOfHold = entry.kind === "settle" || entry.kind === "void" || entry.kind === "task";
    return isOfHold && !root.model.open.has(entry.hold) && !root.reopened.has(entry.hold)
      ? [entry.hold]
      : [];
  });
  for (const id of ids) root.reopened.add(id);
  await openHolds(root.query, root.model, { ids, until: root.from });
}
