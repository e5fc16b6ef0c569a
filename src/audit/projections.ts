import { books, endingId, lateId } from "../ledger/journal.ts";
import { settingsText } from "../ledger/settings-text.ts";
import { type Query, type Row, rowsOf } from "../ledger/sql/rows.ts";
import { type PicoUsd, sumUsd } from "../money/pico-usd.ts";
import { compareColumns, OPEN_COLUMNS } from "./call-rows.ts";
import { type Compare, compareAt, NOWHERE } from "./discrepancy.ts";
import type { EndingEntry, EntryOf } from "./entry-text.ts";
import { cell, countOf, pagesOf, rowsById } from "./journal-reads.ts";
import { correctedCall } from "./model-corrections.ts";
import { bookIn, type ModelNode, type RootModel } from "./root-model.ts";
import { readEntry } from "./stored-entry.ts";

/** Compares the rows of tables with what the entries come to. */

/** Tables whose rows belong to a root. */
const rootTables = [
  ...(["entries", "nodes", "counters", "calls", "corrections", "outcomes"] as const),
  ...(["checkpoints", "checkpoint_counters", "statements"] as const),
] as const;

/** Compares what belongs to no root: nothing may be there, because nothing would ever look at it. */
export async function compareStrays(query: Query): Promise<void> {
  const compare = compareAt(NOWHERE);
  for (const table of rootTables) {
    // Asked this way round, PostgreSQL joins: of a list too long for its memory it reads all for each row.
    const none = `NOT EXISTS (SELECT 1 FROM roots WHERE roots.root = ${table}.root)`;
    const found = await countOf(query, `${table} WHERE ${none}`, []);
    compare(`rows of ${table} outside every root`, found, 0);
  }
}

export type Head = { readonly sequence: bigint; readonly hash: string };

/** What is compared at the end of a root's chain. */
export type ComparedRoot = {
  readonly model: RootModel;
  readonly head: Head;
  /** Calls that a correction or a late result changed after their ending. */
  readonly touched: ReadonlySet<string>;
  /** The run began at a checkpoint: calls that ended before it are not looked at, except touched ones; nor are
   * pictures that were judged before it, except those that were judged again. */
  readonly resumed: boolean;
};

/** Compares every projection of a root with what its entries come to. */
export async function compareProjections(query: Query, root: ComparedRoot): Promise<void> {
  const { model, head } = root;
  const compare = compareAt({ entry: null, root: model.root, sequence: null });
  const [missing] = model.due.keys();
  compare("entry due to an ending", null, missing);
  const [row = {}] = await rowsOf(query, "SELECT * FROM roots WHERE root = ?1", [model.root]);
  compare("roots.sequence", cell(row, "sequence"), head.sequence);
  compare("roots.hash", cell(row, "hash"), head.hash);
  compareBooks("roots", row, model, compare);
  const amounts: readonly PicoUsd[] = [...model.open.values()].map((hold) => hold.request.amount);
  compare("held by open holds", bookIn(model, "held"), sumUsd(amounts));
  await compareNodes(query, model, compare);
  await compareCounters(query, "counters", model, compare);
  await compareOpenCalls(query, model, compare);
  await compareTouchedCalls(query, root, compare);
  if (!root.resumed) {
    const calls = await countOf(query, "calls WHERE root = ?1", [model.root]);
    compare("number of calls", calls, model.holds);
    const outcomes = await countOf(query, "outcomes WHERE root = ?1", [model.root]);
    compare("number of judged pictures", outcomes, model.outcomes);
  }
  const corrections = await countOf(query, "corrections WHERE root = ?1", [model.root]);
  compare("number of corrections", corrections, model.corrections);
  const statements = await countOf(query, "statements WHERE root = ?1", [model.root]);
  compare("number of statements", statements, model.months.statements);
}

/** Compares the books of a root, or of a checkpoint of it. */
export function compareBooks(table: string, row: Row, model: RootModel, compare: Compare): void {
  for (const book of books) compare(`${table}.${book}`, cell(row, book), bookIn(model, book));
}

async function compareNodes(query: Query, model: RootModel, compare: Compare): Promise<void> {
  let found = 0;
  for await (const rows of pagesOf(query, { table: "nodes", root: model.root, key: ["id"] })) {
    for (const row of rows) {
      const id = cell(row, "id");
      const node = model.nodes.get(String(id));
      if (node === undefined) return compare("node that no entry makes", id, null);
      for (const [column, computed] of Object.entries(nodeColumns(node))) {
        compare(`nodes.${column} of ${id}`, cell(row, column), computed);
      }
    }
    found += rows.length;
  }
  compare("number of nodes", found, model.nodes.size);
}

function nodeColumns(node: ModelNode) {
  const { parent, kind, name, limits, settings, createdMs, sha256, revokedMs } = node;
  return {
    ...{ parent, kind, name, prepaid: node.prepaid ? 1 : 0 },
    ...{ limit_day: limits.day, limit_month: limits.month, limit_total: limits.total },
    settings: settingsText(settings),
    ...{ created_ms: createdMs, sha256, revoked_ms: revokedMs },
  };
}

/** Compares the counters of a root, or those that its newest checkpoint kept. */
export async function compareCounters(
  query: Query,
  table: "counters" | "checkpoint_counters",
  model: RootModel,
  compare: Compare,
): Promise<void> {
  let found = 0;
  const pages = pagesOf(query, { table, root: model.root, key: ["node", "period"] });
  for await (const rows of pages) {
    for (const row of rows) {
      const key = `${cell(row, "node")} ${cell(row, "period")}`;
      const used = model.counters.get(key);
      compare(`${table}.settled of ${key}`, cell(row, "settled"), used?.settled);
      compare(`${table}.held of ${key}`, cell(row, "held"), used?.held);
    }
    found += rows.length;
  }
  compare(`number of ${table}`, found, model.counters.size);
}

/** Rows of calls without an ending: the holds that no entry ends, and no other. */
export const OPEN_CALLS = "ended_ms IS NULL";

async function compareOpenCalls(query: Query, model: RootModel, compare: Compare): Promise<void> {
  const stored = new Set<string>();
  const pages = pagesOf(query, {
    ...{ table: "calls", root: model.root, key: ["id"], where: OPEN_CALLS },
  });
  for await (const rows of pages) {
    for (const row of rows) {
      const id = String(cell(row, "id"));
      stored.add(id);
      const hold = model.open.get(id);
      if (hold === undefined) return compare("open call that no entry leaves open", id, null);
      compareColumns("calls", row, { ...OPEN_COLUMNS, task: hold.task }, compare);
    }
  }
  const ended = [...model.open.keys()].find((id) => !stored.has(id));
  compare("open hold that is stored as ended", ended, null);
}

/** What corrections and late results left of calls. */
async function compareTouchedCalls(
  query: Query,
  { model, touched }: ComparedRoot,
  compare: Compare,
): Promise<void> {
  const { root } = model;
  const calls = await rowsById(query, "calls", { root, ids: touched });
  const ids = new Set([...touched].flatMap((id) => [endingId(id), lateId(id)]));
  const entries = await rowsById(query, "entries", { root, ids });
  const entryOf = (id: string) => {
    const row = entries.get(id);
    return row === undefined ? undefined : readEntry(row).entry;
  };
  for (const id of touched) {
    const [ending, late] = [entryOf(endingId(id)), entryOf(lateId(id))];
    if (!isEnding(ending)) return compare("ending of a corrected call", null, endingId(id));
    const now = correctedCall(model, id, { ending, late: isCost(late) ? late : undefined });
    const row = calls.get(id) ?? {};
    compare(`calls.charge of ${id}`, cell(row, "charge"), now.charge);
    compare(`calls.vendor_cost of ${id}`, cell(row, "vendor_cost"), now.vendorCost);
    compare(`calls.exposure_billed of ${id}`, cell(row, "exposure_billed"), now.exposureBilled);
  }
}

type AnyEntry = ReturnType<typeof readEntry>["entry"] | undefined;

function isEnding(entry: AnyEntry): entry is EndingEntry {
  return entry?.kind === "settle" || entry?.kind === "void";
}

function isCost(entry: AnyEntry): entry is EntryOf<"cost"> {
  return entry?.kind === "cost";
}
