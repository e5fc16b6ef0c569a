import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { PicoUsd } from "../../money/pico-usd.ts";
import type { Book, Entry } from "../journal.ts";
import type { Used } from "../limits.ts";
import type { OpenHold, StoredPrice } from "../port.ts";
import type { PriceReference } from "./protocol.ts";
import {
  booleanIn,
  integerIn,
  numberIn,
  numberOrNullIn,
  type Row,
  textIn,
  textOrNullIn,
  usdIn,
  usdOrNullIn,
} from "./rows.ts";

/** Every SQL statement of the SQLite store, prepared once. Nothing here decides anything. */
export function openStatements(database: DatabaseSync) {
  return {
    ...journalStatements(database),
    ...priceStatements(database),
    ...nodeStatements(database),
    ...counterStatements(database),
    ...holdStatements(database),
  };
}
export type Statements = ReturnType<typeof openStatements>;

/** The row of a root: head of its chain, and its books. */
export type RootRow = {
  readonly root: string;
  readonly sequence: bigint;
  readonly hash: string;
  readonly books: { readonly [book in Book]: PicoUsd };
};

function journalStatements(database: DatabaseSync) {
  const root = database.prepare("SELECT * FROM roots WHERE root = ?");
  const createRoot = database.prepare(
    "INSERT INTO roots VALUES (:root, 0, :hash, 0, 0, 0, 0, 0, 0)",
  );
  const moveRoot = database.prepare(
    `UPDATE roots SET sequence = :sequence, hash = :hash, cash = :cash, available = :available,
       held = :held, revenue = :revenue, house = :house, vendor_payable = :vendor_payable
     WHERE root = :root`,
  );
  const insertEntry = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)");
  const entry = database.prepare("SELECT * FROM entries WHERE id = ?");
  return {
    root: (id: string): RootRow | undefined => map(root.get(id), rootRow),
    createRoot: (of: { root: string; hash: string }): void => once(createRoot, of),
    moveRoot: (row: RootRow): void => {
      const { root: id, sequence, hash, books } = row;
      once(moveRoot, { root: id, sequence, hash, ...books });
    },
    insertEntry: (at: { root: string; sequence: bigint; hash: string }, of: Entry): void => {
      const { id, kind, createdMs, text } = of;
      once(insertEntry, [at.root, at.sequence, id, kind, createdMs, text, at.hash]);
    },
    entry: (id: string): EntryRow | undefined => map(entry.get(id), entryRow),
  };
}

function rootRow(row: Row): RootRow {
  return {
    root: textIn(row, "root"),
    sequence: integerIn(row, "sequence"),
    hash: textIn(row, "hash"),
    books: {
      cash: usdIn(row, "cash"),
      available: usdIn(row, "available"),
      held: usdIn(row, "held"),
      revenue: usdIn(row, "revenue"),
      house: usdIn(row, "house"),
      vendor_payable: usdIn(row, "vendor_payable"),
    },
  };
}

/** An entry as stored: the text, and its place in the chain. */
export type EntryRow = {
  readonly sequence: number;
  readonly hash: string;
  readonly createdMs: number;
  readonly text: string;
};

function entryRow(row: Row): EntryRow {
  return {
    sequence: numberIn(row, "sequence"),
    hash: textIn(row, "hash"),
    createdMs: numberIn(row, "created_ms"),
    text: textIn(row, "text"),
  };
}

function priceStatements(database: DatabaseSync) {
  const price = database.prepare("SELECT * FROM price_versions WHERE sha256 = ?");
  const priceNamed = database.prepare("SELECT * FROM price_versions WHERE id = ?");
  const prices = database.prepare("SELECT id, sha256 FROM price_versions");
  const insertPrice = database.prepare("INSERT INTO price_versions VALUES (:sha256, :id, :json)");
  return {
    price: (sha256: string): StoredPrice | undefined => map(price.get(sha256), priceRow),
    priceNamed: (id: string): StoredPrice | undefined => map(priceNamed.get(id), priceRow),
    prices: (): readonly PriceReference[] =>
      prices.all().map((row) => ({ id: textIn(row, "id"), sha256: textIn(row, "sha256") })),
    hasPrice: (sha256: string): boolean => price.get(sha256) !== undefined,
    insertPrice: (of: StoredPrice): void => once(insertPrice, { ...of }),
  };
}

function priceRow(row: Row): StoredPrice {
  return { id: textIn(row, "id"), sha256: textIn(row, "sha256"), json: textIn(row, "json") };
}

/** A node of the tree: an account or a key. */
export type NodeRow = {
  readonly root: string;
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: {
    readonly day: PicoUsd | null;
    readonly month: PicoUsd | null;
    readonly total: PicoUsd | null;
  };
  readonly createdMs: number;
  readonly sha256: string | null;
  readonly revokedMs: number | null;
};

function nodeStatements(database: DatabaseSync) {
  const node = database.prepare("SELECT * FROM nodes WHERE id = ?");
  const accounts = database.prepare(
    "SELECT * FROM nodes WHERE kind = 'account' ORDER BY created_ms, id",
  );
  const keys = database.prepare("SELECT * FROM nodes WHERE kind = 'key' ORDER BY created_ms, id");
  const insertNode = database.prepare(
    `INSERT INTO nodes VALUES (:root, :id, :parent, :kind, :name, :prepaid, :day, :month, :total,
       :createdMs, :sha256, NULL)`,
  );
  const setLimits = database.prepare(
    `UPDATE nodes SET limit_day = :day, limit_month = :month, limit_total = :total
     WHERE root = :root AND id = :id`,
  );
  const revoke = database.prepare(
    `UPDATE nodes SET revoked_ms = :revokedMs
     WHERE root = :root AND id = :id AND kind = 'key' AND revoked_ms IS NULL`,
  );
  return {
    node: (id: string): NodeRow | undefined => map(node.get(id), nodeRow),
    accounts: (): readonly NodeRow[] => accounts.all().map(nodeRow),
    keys: (): readonly NodeRow[] => keys.all().map(nodeRow),
    insertNode: (of: NodeRow): void => {
      const { root, id, parent, kind, name, createdMs, sha256 } = of;
      const prepaid = of.prepaid ? 1n : 0n;
      once(insertNode, { root, id, parent, kind, name, prepaid, createdMs, sha256, ...of.limits });
    },
    setNodeLimits: (of: Pick<NodeRow, "root" | "id" | "limits">): void =>
      once(setLimits, { root: of.root, id: of.id, ...of.limits }),
    revokeNode: (of: { root: string; id: string; revokedMs: number }): void => once(revoke, of),
  };
}

function nodeRow(row: Row): NodeRow {
  return {
    root: textIn(row, "root"),
    id: textIn(row, "id"),
    parent: textOrNullIn(row, "parent"),
    kind: textIn(row, "kind"),
    name: textIn(row, "name"),
    prepaid: booleanIn(row, "prepaid"),
    limits: {
      day: usdOrNullIn(row, "limit_day"),
      month: usdOrNullIn(row, "limit_month"),
      total: usdOrNullIn(row, "limit_total"),
    },
    createdMs: numberIn(row, "created_ms"),
    sha256: textOrNullIn(row, "sha256"),
    revokedMs: numberOrNullIn(row, "revoked_ms"),
  };
}

/** The key of a counter: what one node used in one window. */
export type CounterKey = {
  readonly root: string;
  readonly node: string;
  readonly window: string;
};

function counterStatements(database: DatabaseSync) {
  const counter = database.prepare(
    "SELECT settled, held FROM counters WHERE root = ? AND node = ? AND window = ?",
  );
  const setCounter = database.prepare(
    `INSERT INTO counters VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (root, node, window) DO UPDATE SET settled = excluded.settled, held = excluded.held`,
  );
  return {
    counter: ({ root, node, window }: CounterKey): Used | undefined =>
      map(counter.get(root, node, window), (row) => ({
        settled: usdIn(row, "settled"),
        held: usdIn(row, "held"),
      })),
    setCounter: ({ root, node, window }: CounterKey, { settled, held }: Used): void =>
      once(setCounter, [root, node, window, settled, held]),
  };
}

/** A hold as projected: what its ending and its recovery need. */
export type HoldRow = OpenHold & {
  readonly root: string;
  /** Node ids from the key to the root, as a JSON list. */
  readonly path: string;
  readonly day: string;
  readonly month: string;
  readonly ended: boolean;
};

function holdStatements(database: DatabaseSync) {
  const hold = database.prepare("SELECT * FROM holds WHERE id = ?");
  const open = database.prepare("SELECT * FROM holds WHERE ended = 0 ORDER BY created_ms, id");
  const insertHold = database.prepare(
    "INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0)",
  );
  const setTask = database.prepare(
    "UPDATE holds SET task = :task WHERE root = :root AND id = :hold AND task IS NULL",
  );
  const insertEnding = database.prepare("INSERT INTO endings VALUES (?, ?, ?, ?, ?, ?, ?)");
  const markEnded = database.prepare(
    "UPDATE holds SET ended = 1 WHERE root = ? AND id = ? AND ended = 0",
  );
  const outcome = database.prepare(
    "SELECT outcome FROM endings WHERE root = :root AND hold = :hold",
  );
  return {
    hold: (id: string): HoldRow | undefined => map(hold.get(id), holdRow),
    openHolds: (): readonly HoldRow[] => open.all().map(holdRow),
    insertHold: (of: Omit<HoldRow, "taskId" | "ended">): void => {
      const { root, holdId, accountId, path, day, month } = of;
      const { amount, vendor, connection, createdMs } = of;
      const start = [root, holdId, accountId, path, day, month];
      once(insertHold, [...start, amount, vendor, connection, createdMs]);
    },
    setTask: (of: { root: string; hold: string; task: string }): void => once(setTask, of),
    insertEnding: (of: {
      root: string;
      hold: string;
      kind: string;
      outcome: string;
      charge: PicoUsd;
      released: PicoUsd;
      createdMs: number;
    }): void => {
      const { root, hold: id, kind, outcome: made, charge, released, createdMs } = of;
      once(insertEnding, [root, id, kind, made, charge, released, createdMs]);
      once(markEnded, [root, id]);
    },
    outcome: (of: { root: string; hold: string }): string | undefined =>
      map(outcome.get(of), (row) => textIn(row, "outcome")),
  };
}

function holdRow(row: Row): HoldRow {
  return {
    root: textIn(row, "root"),
    holdId: textIn(row, "id"),
    accountId: textIn(row, "account"),
    path: textIn(row, "path"),
    day: textIn(row, "day"),
    month: textIn(row, "month"),
    amount: usdIn(row, "amount"),
    vendor: textIn(row, "vendor"),
    connection: textIn(row, "connection"),
    createdMs: numberIn(row, "created_ms"),
    taskId: textOrNullIn(row, "task"),
    ended: booleanIn(row, "ended"),
  };
}

function map<Result>(
  row: { [column: string]: SQLOutputValue } | undefined,
  read: (row: Row) => Result,
): Result | undefined {
  return row === undefined ? undefined : read(row);
}

type Cell = string | number | bigint | null;

/**
 * Runs a statement that must change exactly one row; anything else is a bug and undoes the transaction.
 *
 * @param parameters in order, where a call waits for it, else by name: by name each costs a look-up.
 */
function once(
  statement: StatementSync,
  parameters: readonly Cell[] | { readonly [name: string]: Cell },
): void {
  const { changes } = isList(parameters) ? statement.run(...parameters) : statement.run(parameters);
  if (changes !== 1 && changes !== 1n) {
    throw new Error(`changed ${changes} rows, not 1: ${statement.sourceSQL}`);
  }
}

// Array.isArray does not narrow readonly arrays out of a union.
function isList(value: object): value is readonly Cell[] {
  return Array.isArray(value);
}
