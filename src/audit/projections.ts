import { books } from "../ledger/journal.ts";
import { ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import { cell, type JournalFile, strayTables } from "./journal-file.ts";
import type { ModelNode, RootModel } from "./root-model.ts";

/** Compares what belongs to no root: nothing may be there. */
export function compareProjections(journal: JournalFile, compare: Compare): void {
  for (const table of strayTables) {
    compare(`rows of ${table} outside every root`, journal.count(table), 0);
  }
}

/** Compares every projection of a root with what its entries come to. */
export function compareProjectionsOf(
  model: RootModel,
  head: { readonly sequence: bigint; readonly hash: string },
  with_: { readonly journal: JournalFile; readonly compare: Compare },
): void {
  const { journal, compare } = with_;
  const [missing] = model.due.keys();
  compare("entry due to an ending", null, missing);
  const [row = {}] = journal.rows("root", model.root);
  compare("roots.sequence", cell(row, "sequence"), head.sequence);
  compare("roots.hash", cell(row, "hash"), head.hash);
  for (const book of books) {
    compare(`roots.${book}`, cell(row, book), model.books.get(book) ?? ZERO_USD);
  }
  compareNodes(model, journal, compare);
  compareCounters(model, journal, compare);
  compareHolds(model, journal, compare);
}

function compareNodes(model: RootModel, journal: JournalFile, compare: Compare): void {
  const rows = new Map(journal.rows("nodes", model.root).map((row) => [cell(row, "id"), row]));
  compare("number of nodes", rows.size, model.nodes.size);
  for (const [id, node] of model.nodes) {
    const row = rows.get(id) ?? {};
    for (const [column, computed] of Object.entries(nodeColumns(node))) {
      compare(`nodes.${column} of ${id}`, cell(row, column), computed);
    }
  }
}

function nodeColumns(node: ModelNode) {
  const { parent, kind, name, limits, createdMs, sha256, revokedMs } = node;
  return {
    parent,
    kind,
    name,
    prepaid: node.prepaid ? 1 : 0,
    limit_day: limits.day,
    limit_month: limits.month,
    limit_total: limits.total,
    created_ms: createdMs,
    sha256,
    revoked_ms: revokedMs,
  };
}

function compareCounters(model: RootModel, journal: JournalFile, compare: Compare): void {
  const rows = journal.rows("counters", model.root);
  compare("number of counters", rows.length, model.counters.size);
  for (const row of rows) {
    const key = `${cell(row, "node")} ${cell(row, "window")}`;
    const used = model.counters.get(key);
    compare(`counters.settled of ${key}`, cell(row, "settled"), used?.settled);
    compare(`counters.held of ${key}`, cell(row, "held"), used?.held);
  }
}

function compareHolds(model: RootModel, journal: JournalFile, compare: Compare): void {
  const [holds = {}] = journal.rows("holds", model.root);
  compare("number of holds", cell(holds, "rows"), model.holds);
  const [endings = {}] = journal.rows("endings", model.root);
  compare("number of endings", cell(endings, "rows"), model.endings);
  const open = journal.rows("open", model.root).map((row) => cell(row, "id"));
  compare("open holds", open.join(" "), [...model.open.keys()].sort().join(" "));
}
