import type { DatabaseSync } from "node:sqlite";
import type { StoredPrice } from "../ledger/port.ts";
import { integerIn, type Row, textIn, textOrNullIn } from "../ledger/sql/rows.ts";
import { subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryOf, EntryText } from "./entry-text.ts";

/** An entry as its row says it: projections, text and hash. */
export type StoredEntry = {
  readonly root: string;
  readonly sequence: bigint;
  readonly id: string;
  readonly kind: string;
  readonly createdMs: bigint;
  readonly text: string;
  readonly hash: string;
};

/** What verification reads of a SQLite ledger: one snapshot, from the first read to the end. */
export type JournalFile = {
  readonly world: string;
  readonly roots: () => readonly string[];
  readonly prices: () => readonly StoredPrice[];
  readonly entries: (root: string, after: bigint, most: number) => readonly StoredEntry[];
  /** Compares the rows of holds and endings that an entry is projected to. */
  readonly compareHold: (entry: EntryText, compare: Compare) => void;
  /** Rows of a query by root; for the projections. */
  readonly rows: (sql: ProjectionQuery, root: string) => readonly Row[];
  readonly count: (sql: CountQuery) => bigint;
};

const queries = {
  root: "SELECT * FROM roots WHERE root = ?",
  nodes: "SELECT * FROM nodes WHERE root = ? ORDER BY id",
  counters: "SELECT * FROM counters WHERE root = ? ORDER BY node, window",
  open: "SELECT id, task FROM holds WHERE root = ? AND ended = 0 ORDER BY id",
  holds: "SELECT count(*) AS rows FROM holds WHERE root = ?",
  endings: "SELECT count(*) AS rows FROM endings WHERE root = ?",
} as const;
export type ProjectionQuery = keyof typeof queries;

/** Rows of roots that have no row of their own: nothing would ever look at them. */
const strays = {
  entries: "SELECT count(*) AS rows FROM entries WHERE root NOT IN (SELECT root FROM roots)",
  nodes: "SELECT count(*) AS rows FROM nodes WHERE root NOT IN (SELECT root FROM roots)",
  counters: "SELECT count(*) AS rows FROM counters WHERE root NOT IN (SELECT root FROM roots)",
  holds: "SELECT count(*) AS rows FROM holds WHERE root NOT IN (SELECT root FROM roots)",
  endings: "SELECT count(*) AS rows FROM endings WHERE root NOT IN (SELECT root FROM roots)",
} as const;
export type CountQuery = keyof typeof strays;
export const strayTables: readonly CountQuery[] = [
  "entries",
  "nodes",
  "counters",
  "holds",
  "endings",
];

export function openJournalFile(database: DatabaseSync): JournalFile {
  // Later commits of a running gateway stay outside: entries and projections are of one instant.
  database.exec("BEGIN");
  const entries = database.prepare(
    "SELECT * FROM entries WHERE root = ? AND sequence > ? ORDER BY sequence LIMIT ?",
  );
  const hold = database.prepare("SELECT * FROM holds WHERE root = ? AND id = ?");
  const ending = database.prepare("SELECT * FROM endings WHERE root = ? AND hold = ?");
  const compareHold = (entry: EntryText, compare: Compare): void => {
    switch (entry.kind) {
      case "hold":
        compareHoldRow(hold.get(entry.root, entry.id) ?? {}, entry, compare);
        break;
      case "task":
        compare("holds.task", cell(hold.get(entry.root, entry.hold) ?? {}, "task"), entry.task);
        break;
      case "settle":
      case "void": {
        const row = hold.get(entry.root, entry.hold);
        compareEndingRow({ ...row, ...ending.get(entry.root, entry.hold) }, entry, compare);
        break;
      }
      default:
        // Every other kind is projected to books, counters and nodes only.
        break;
    }
  };
  return {
    world: textIn(database.prepare("SELECT world FROM ledger").get() ?? {}, "world"),
    roots: () =>
      database
        .prepare("SELECT root FROM roots ORDER BY root")
        .all()
        .map((row) => textIn(row, "root")),
    prices: () => database.prepare("SELECT * FROM price_versions ORDER BY id").all().map(priceOf),
    entries: (root, after, most) => entries.all(root, after, most).map(entryOf),
    compareHold,
    rows: (query, root) => database.prepare(queries[query]).all(root),
    count: (query) => integerIn(database.prepare(strays[query]).get() ?? {}, "rows"),
  };
}

function entryOf(row: Row): StoredEntry {
  return {
    root: textIn(row, "root"),
    sequence: integerIn(row, "sequence"),
    id: textIn(row, "id"),
    kind: textIn(row, "kind"),
    createdMs: integerIn(row, "created_ms"),
    text: textIn(row, "text"),
    hash: textIn(row, "hash"),
  };
}

function priceOf(row: Row): StoredPrice {
  return { id: textIn(row, "id"), sha256: textIn(row, "sha256"), json: textIn(row, "json") };
}

function compareHoldRow(row: Row, entry: EntryOf<"hold">, compare: Compare): void {
  const { request, windows } = entry;
  const expected = {
    id: entry.id,
    account: entry.account,
    path: JSON.stringify(entry.path),
    day: windows.day,
    month: windows.month,
    amount: request.amount,
    vendor: request.vendor,
    connection: request.connection,
    created_ms: entry.createdMs,
  };
  for (const [column, computed] of Object.entries(expected)) {
    compare(`holds.${column}`, cell(row, column), computed);
  }
}

function compareEndingRow(
  row: Row,
  entry: EntryOf<"settle"> | EntryOf<"void">,
  compare: Compare,
): void {
  const { ending, amount } = entry;
  const charge = ending.kind === "settle" ? ending.charge : ZERO_USD;
  compare("holds.ended", cell(row, "ended"), 1);
  compare("endings.kind", cell(row, "kind"), entry.kind);
  compare(
    "endings.outcome",
    cell(row, "outcome"),
    ending.kind === "void" ? ending.outcome : "made",
  );
  compare("endings.charge", cell(row, "charge"), charge);
  compare("endings.released", cell(row, "released"), subtractUsd(amount, charge));
  compare("endings.created_ms", cell(row, "created_ms"), entry.createdMs);
}

/** A column's value as it is compared; a missing row has none. */
export function cell(row: Row, column: string): string | bigint | null {
  const value = row[column];
  return typeof value === "bigint" ? value : value === undefined ? null : textOrNullIn(row, column);
}
