import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { LedgerRefused } from "../ledger-refused.ts";
import { assertNewestVersion } from "../sql/assert-version.ts";
import { numberIn, type Query, type Row, wordIn } from "../sql/rows.ts";
import { NEWEST_VERSION } from "./migrations.ts";

/** A SQLite ledger as it is at one instant, however long it is read. */
export type Snapshot = Disposable & {
  readonly database: DatabaseSync;
  readonly query: Query;
  readonly world: "sandbox" | "live";
};

/** A writer that is about to checkpoint is waited for this long. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens a file for reading alone, of whatever version it is. Later commits of a running gateway stay outside, and nothing here makes
 * it wait; only its write-ahead log grows meanwhile.
 *
 * @throws LedgerRefused for a file that isn't there or is no ledger.
 */
export function openSnapshot(file: string): Snapshot {
  const { database, world } = openAt(file);
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    database,
    world,
    query: (readings) =>
      Promise.resolve(readings.map(({ sql, parameters }) => prepare(sql).all(...parameters))),
    [Symbol.dispose]: () => database.close(),
  };
}

function openAt(file: string): Pick<Snapshot, "database" | "world"> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, {
      ...{ readOnly: true, readBigInts: true, timeout: BUSY_TIMEOUT_MS },
    });
    database.exec("BEGIN");
    // A transaction sees nothing before its first statement: this one fixes the instant.
    const row = database.prepare("SELECT world FROM ledger").get() ?? {};
    syncLog(file);
    return { database, world: worldIn(row) };
  } catch (error) {
    database?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new LedgerRefused(`${file} can't be read as a ledger: ${reason}`, { cause: error });
  }
}

/**
 * A running gateway commits first and syncs then (`log-syncs.ts`). What is read here may be copied or told,
 * so that no failing power may take it back.
 */
function syncLog(file: string): void {
  let log: number;
  try {
    log = openSync(`${file}-wal`, "r");
  } catch (error) {
    // A file that nobody has open may stand alone.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  try {
    fdatasyncSync(log);
  } finally {
    closeSync(log);
  }
}

function worldIn(row: Row): Snapshot["world"] {
  return wordIn(row, "world", ["sandbox", "live"]);
}

/** @throws LedgerRefused for a file of another version. */
export function assertNewest(snapshot: Snapshot): void {
  const row = snapshot.database.prepare("PRAGMA user_version").get() ?? {};
  assertNewestVersion(numberIn(row, "user_version"), NEWEST_VERSION);
}
