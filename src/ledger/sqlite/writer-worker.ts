import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LedgerRefused } from "../ledger-refused.ts";
import { integerIn, textIn } from "../sql/rows.ts";
import { type Batches, CommitFailed, openBatches } from "./batch.ts";
import { migrate } from "./migrations.ts";
import type { FromWriter, PriceReference, ToWriter, WriterStart } from "./protocol.ts";

/**
 * The thread that owns the ledger's file: the only place that writes it, so that no commit ever waits on,
 * or stalls, the event loop of the gateway. Started by `store.ts`.
 */

/** A writer other than us (a curious shell) is waited for this long. */
const BUSY_TIMEOUT_MS = 5_000;
/** Of `PRAGMA synchronous`. */
const [NORMAL, FULL] = [1n, 2n];

function main(port: MessagePort, start: WriterStart): void {
  const say = (message: FromWriter): void => port.postMessage(message);
  try {
    const database = open(start.file);
    migrate(database);
    stamp(database, start);
    assertPricesUnchanged(database, start.catalogPrices);
    freeRuns(database);
    const { checkpointEvery } = start;
    const emulated = start.world === "sandbox";
    const batches = openBatches(database, { emulated, checkpointEvery });
    serve({ port, database, batches });
    say({ kind: "ready" });
  } catch (error) {
    say({ kind: "refused", message: refusalOf(start.file, error) });
    port.close();
  }
}

function open(file: string): DatabaseSync {
  // Made by us and not by SQLite, so that nobody but the owner ever reads it.
  closeSync(openSync(file, "a", 0o600));
  const database = new DatabaseSync(file, { readBigInts: true, timeout: BUSY_TIMEOUT_MS });
  const mode = database.prepare("PRAGMA journal_mode = WAL").get() ?? {};
  if (textIn(mode, "journal_mode") !== "wal") {
    throw new LedgerRefused("this file system can't keep a write-ahead log");
  }
  // FULL, until a batch says otherwise. fullfsync reaches the platter on macOS too.
  for (const level of [NORMAL, FULL]) setSynchronous(database, level);
  database.exec("PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;");
  // Not within a commit, where everybody would wait for it: `log-copies.ts`.
  database.exec("PRAGMA wal_autocheckpoint = 0;");
  return database;
}

/**
 * Says how commits are synced. FULL: a commit is there when its sync is done. NORMAL: it writes to the log
 * and waits for no disk; whoever answers it has the log synced (`log-syncs.ts`). Then too the log is synced
 * before a checkpoint touches the file, and the file before the log is written over.
 */
function openSyncLevel(database: DatabaseSync): (sync: boolean) => void {
  let level = FULL;
  return (sync) => {
    const wanted = sync ? FULL : NORMAL;
    if (wanted !== level) database.exec(`PRAGMA synchronous = ${wanted}`);
    level = wanted;
  };
}

function setSynchronous(database: DatabaseSync, level: bigint): void {
  database.exec(`PRAGMA synchronous = ${level}`);
  const row = database.prepare("PRAGMA synchronous").get() ?? {};
  if (integerIn(row, "synchronous") !== level) {
    throw new LedgerRefused("commits would not be synced");
  }
}

/** A ledger is sandbox or live from birth and opens in no other world. */
function stamp(database: DatabaseSync, start: WriterStart): void {
  const birth = database.prepare(
    "INSERT INTO ledger VALUES (1, ?, ?) ON CONFLICT (only_row) DO NOTHING",
  );
  birth.run(start.world, start.createdMs);
  const world = textIn(database.prepare("SELECT world FROM ledger").get() ?? {}, "world");
  if (world !== start.world) {
    throw new LedgerRefused(`it is a ${world} ledger and will not open as ${start.world}`);
  }
}

/** The file has one owner: whoever had a run before is gone. */
function freeRuns(database: DatabaseSync): void {
  database.exec("UPDATE runs SET process = NULL WHERE process IS NOT NULL");
}

/** A price version that was used is never changed: a corrected price is a new version (MONEY §4). */
function assertPricesUnchanged(
  database: DatabaseSync,
  catalogPrices: readonly PriceReference[],
): void {
  const rows = database.prepare("SELECT id, sha256 FROM price_versions").all();
  const used = new Map(rows.map((row) => [textIn(row, "id"), textIn(row, "sha256")]));
  const changed = catalogPrices.filter(({ id, sha256 }) => (used.get(id) ?? sha256) !== sha256);
  if (changed.length === 0) return;
  const names = changed.map((price) => price.id).join(", ");
  throw new LedgerRefused(
    `the catalog changes price versions already used: ${names}. Give a corrected price a new version id`,
  );
}

function serve(of: { port: MessagePort; database: DatabaseSync; batches: Batches }): void {
  const { port, database, batches } = of;
  const say = (message: FromWriter): void => port.postMessage(message);
  const syncWithCommit = openSyncLevel(database);
  port.on("message", (message: ToWriter) => {
    if (message.kind === "close") {
      database.close();
      say({ kind: "closed" });
      port.close();
      return;
    }
    if (message.kind === "copy_log") {
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      return;
    }
    try {
      const { commands, nowMs, sync } = message;
      syncWithCommit(sync);
      say({ kind: "replies", replies: batches.run(commands, nowMs) });
    } catch (error) {
      if (!(error instanceof CommitFailed)) throw error;
      say({ kind: "fatal", message: error.message });
      port.close();
    }
  });
}

function refusalOf(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `the ledger ${file} can't be opened: ${reason}`;
}

if (parentPort === null) throw new Error("writer-worker.ts runs in a worker thread only");
main(parentPort, workerData);
