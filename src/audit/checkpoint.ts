import { books } from "../ledger/journal.ts";
import { settingsIn } from "../ledger/settings-text.ts";
import { correctionRow, nodeRow } from "../ledger/sql/decode.ts";
import { integerIn, type Query, type Row, rowsOf, textIn, usdIn } from "../ledger/sql/rows.ts";
import { windowsAt } from "../ledger/windows.ts";
import { compareAt, naming } from "./discrepancy.ts";
import type { EntryText } from "./entry-text.ts";
import { cell, entryAt, pagesOf, rowsById } from "./journal-reads.ts";
import { limitsOf } from "./model-tree.ts";
import { compareBooks, compareCounters, type Head, OPEN_CALLS } from "./projections.ts";
import { emptyModel, nodeIn, type RootModel } from "./root-model.ts";
import { readEntry } from "./stored-entry.ts";

/** Checkpoints: what a chain had come to at some of its places (MONEY §8). */

/** The checkpoints of a root, oldest first. */
export function checkpointsOf(query: Query, root: string): Promise<readonly Row[]> {
  return rowsOf(query, "SELECT * FROM checkpoints WHERE root = ?1 ORDER BY sequence", [root]);
}

/** Compares a checkpoint with what the chain has come to at its place; the newest one kept counters too. */
export async function compareCheckpoint(
  query: Query,
  row: Row,
  at: { readonly model: RootModel; readonly head: Head; readonly createdMs: number },
  isNewest: boolean,
): Promise<void> {
  const { model, head, createdMs } = at;
  const sequence = integerIn(row, "sequence");
  const compare = compareAt({ entry: null, root: model.root, sequence: Number(sequence) });
  compare("checkpoints.hash", cell(row, "hash"), head.hash);
  compare("checkpoints.created_ms", cell(row, "created_ms"), createdMs);
  compareBooks("checkpoints", row, model, compare);
  if (isNewest) await compareCounters(query, "checkpoint_counters", model, compare);
}

/** Where a run begins. */
export type Start = { readonly model: RootModel; readonly head: Head };

/**
 * The model of a root at a checkpoint, which is taken at its word: books and counters as it kept them, nodes
 * as they are now with everything undone that came after it, holds that were open as their entries say.
 */
export async function startAt(query: Query, root: string, checkpoint: Row): Promise<Start> {
  const sequence = integerIn(checkpoint, "sequence");
  const head = { sequence, hash: textIn(checkpoint, "hash") };
  const compare = compareAt({ entry: null, root, sequence: Number(sequence) });
  const entry = (await entryAt(query, root, sequence)) ?? {};
  compare("checkpoints.hash", head.hash, cell(entry, "hash"));
  compare("checkpoints.created_ms", cell(checkpoint, "created_ms"), cell(entry, "created_ms"));
  const model = emptyModel(root);
  // Whoever writes checkpoints limits the house.
  model.limitsHouse = true;
  for (const book of books) model.books.set(book, usdIn(checkpoint, book));
  await loadCounters(query, model);
  await loadNodes(query, model, sequence);
  await loadCorrections(query, model, sequence);
  await loadOpen(query, model, sequence);
  await loadMonths(query, model, sequence);
  return { model, head };
}

async function loadCounters(query: Query, model: RootModel): Promise<void> {
  const key = ["node", "period"] as const;
  for await (const rows of pagesOf(query, {
    table: "checkpoint_counters",
    root: model.root,
    key,
  })) {
    for (const row of rows) {
      const used = { settled: usdIn(row, "settled"), held: usdIn(row, "held") };
      model.counters.set(`${textIn(row, "node")} ${textIn(row, "period")}`, used);
    }
  }
}

async function loadNodes(query: Query, model: RootModel, after: bigint): Promise<void> {
  const { root } = model;
  for await (const rows of pagesOf(query, { table: "nodes", root, key: ["id"] })) {
    for (const row of rows) {
      const { id, root: _, settings, ...node } = nodeRow(row);
      model.nodes.set(id, { ...node, settings: settingsIn(settings) });
    }
  }
  const since = await rowsOf(
    query,
    `SELECT * FROM entries WHERE root = ?1 AND sequence > ?2
       AND kind IN ('account', 'key', 'limit', 'move') ORDER BY sequence DESC`,
    [root, after],
  );
  for (const row of since) {
    const place = { entry: textIn(row, "id"), root, sequence: Number(integerIn(row, "sequence")) };
    naming(place, () => undo(model, readEntry(row).entry));
  }
}

/** Takes back what an entry did to the tree: the newest first, each says what was before. */
function undo(model: RootModel, entry: EntryText): void {
  if (entry.kind === "move") {
    model.nodes.set(entry.account, { ...nodeIn(model, entry.account), parent: entry.before });
    return;
  }
  if (entry.kind === "limit") {
    const id = entry.key ?? entry.account;
    if (entry.before === undefined) throw new Error("a limit after a checkpoint says no before");
    model.nodes.set(id, { ...nodeIn(model, id), limits: limitsOf(entry.before) });
    return;
  }
  if (entry.kind !== "account" && entry.kind !== "key") return;
  const id = entry.kind === "key" ? entry.key : entry.account;
  if (entry.event === "changed") {
    model.nodes.set(id, { ...nodeIn(model, id), ...entry.before });
  } else if (entry.event === "revoked") {
    model.nodes.set(id, { ...nodeIn(model, id), revokedMs: null });
  } else {
    model.nodes.delete(id);
  }
}

async function loadCorrections(query: Query, model: RootModel, until: bigint): Promise<void> {
  const newest = new Map<string, bigint>();
  const pages = pagesOf(query, { table: "corrections", root: model.root, key: ["id"] });
  for await (const rows of pages) {
    for (const { corrects, after, sequence } of rows.map(correctionRow)) {
      if (sequence > until) continue;
      model.corrections += 1;
      if (sequence < (newest.get(corrects) ?? 0n)) continue;
      newest.set(corrects, sequence);
      model.corrected.set(corrects, after);
    }
  }
}

/** Months that began before a checkpoint can't be computed; how many statements they have is known. */
async function loadMonths(query: Query, model: RootModel, until: bigint): Promise<void> {
  const { root, months } = model;
  const [latest = {}] = await rowsOf(
    query,
    "SELECT max(created_ms) AS latest FROM entries WHERE root = ?1 AND sequence <= ?2",
    [root, until],
  );
  months.month = windowsAt(Number(integerIn(latest, "latest"))).month;
  months.unknownUntil = months.month;
  const issued = await rowsOf(
    query,
    `SELECT month, count(*) AS issued FROM statements
      WHERE root = ?1 AND sequence <= ?2 GROUP BY month`,
    [root, until],
  );
  for (const row of issued) {
    const count = Number(integerIn(row, "issued"));
    months.issued.set(textIn(row, "month"), count);
    months.statements += count;
  }
}

async function loadOpen(query: Query, model: RootModel, until: bigint): Promise<void> {
  const { root } = model;
  const key = ["id"] as const;
  for await (const rows of pagesOf(query, { table: "calls", root, key, where: OPEN_CALLS })) {
    const begun = rows.filter((row) => integerIn(row, "sequence") <= until);
    await openHolds(query, model, { ids: begun.map((row) => textIn(row, "id")), until });
  }
}

/** Adds holds that were open at a checkpoint, read from their entries; others are left out. */
export async function openHolds(
  query: Query,
  model: RootModel,
  of: { readonly ids: readonly string[]; readonly until: bigint },
): Promise<void> {
  const { root } = model;
  const ids = new Set(of.ids.flatMap((id) => [id, `${id}.task`]));
  const entries = await rowsById(query, "entries", { root, ids });
  const before = (id: string): EntryText | undefined => {
    const row = entries.get(id);
    if (row === undefined || integerIn(row, "sequence") > of.until) return undefined;
    return readEntry(row).entry;
  };
  for (const id of of.ids) {
    const [hold, task] = [before(id), before(`${id}.task`)];
    if (hold?.kind !== "hold") continue;
    const { request, path, windows } = hold;
    model.open.set(id, { request, path, windows, task: task?.kind === "task" ? task.task : null });
  }
}
