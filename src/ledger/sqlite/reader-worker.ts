import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Row } from "../sql/rows.ts";
import type { FromReader, ToReader } from "./protocol.ts";

/**
 * The thread that reads the ledger's file over a connection of its own that can't write: a long report
 * delays neither a commit nor the event loop. Started by `store.ts` once the writer has opened the file.
 * It also copies the log into the file, over another connection.
 */

const BUSY_TIMEOUT_MS = 5_000;
/** Statements are few: the port's own. */
const PREPARED_MAX = 200;

function main(port: MessagePort, file: string): void {
  const database = new DatabaseSync(file, {
    readOnly: true,
    readBigInts: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  const say = (message: FromReader): void => port.postMessage(message);
  const prepared = new Map<string, StatementSync>();
  function prepare(sql: string): StatementSync {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  }
  function read(readings: Extract<ToReader, { kind: "read" }>["readings"]) {
    const rows = (): readonly (readonly Row[])[] =>
      readings.map(({ sql, parameters }) => prepare(sql).all(...parameters));
    if (readings.length < 2) return rows();
    // A read transaction: everything is of one instant.
    database.exec("BEGIN");
    try {
      return rows();
    } finally {
      database.exec("COMMIT");
    }
  }
  const copier = openCopier(file);
  port.on("message", (message: ToReader) => {
    if (message.kind === "close") {
      copier.close();
      database.close();
      say({ kind: "closed" });
      port.close();
      return;
    }
    try {
      if (message.kind === "copy_log") copier.exec("PRAGMA wal_checkpoint(PASSIVE)");
      const rows = message.kind === "read" ? read(message.readings) : [];
      say({ kind: "rows", id: message.id, rows });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      say({ kind: "failed", id: message.id, message: text });
    }
  });
}

/** A connection that writes no rows. Its level of syncs is that of checkpoints: log first, then file. */
function openCopier(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;");
  return database;
}

if (parentPort === null) throw new Error("reader-worker.ts runs in a worker thread only");
main(parentPort, workerData);
