import type { DatabaseSync } from "node:sqlite";
import { type Reads, RUN_CHUNK } from "../engine/working-set.ts";
import {
  adoptableRow,
  alertRow,
  callRow,
  correctionRow,
  counterRow,
  entryRow,
  intentRow,
  newestStatementRow,
  nodeRow,
  outcomeRow,
  priceRow,
  rateRow,
  rootRow,
} from "../sql/decode.ts";
import { type Cell, type Row, textIn } from "../sql/rows.ts";
import { figuresSql, runFigures, runRecord, runRowRecord } from "../sql/run-tables.ts";

/** What decisions read of the file, at once. */
export function openReads(database: DatabaseSync): Reads {
  function one<Item>(sql: string, read: (row: Row) => Item): (...of: Cell[]) => Item | undefined {
    const statement = database.prepare(sql);
    return (...of) => {
      const row = statement.get(...of);
      return row === undefined ? undefined : read(row);
    };
  }
  /** Of a statement that always answers one row. */
  function only<Item>(sql: string, read: (row: Row) => Item): (...of: Cell[]) => Item {
    const statement = database.prepare(sql);
    return (...of) => read(statement.get(...of) ?? {});
  }
  function all<Item>(sql: string, read: (row: Row) => Item): (...of: Cell[]) => readonly Item[] {
    const statement = database.prepare(sql);
    return (...of) => statement.all(...of).map(read);
  }
  return {
    root: one("SELECT * FROM roots WHERE root = ?", rootRow),
    node: one("SELECT * FROM nodes WHERE id = ?", nodeRow),
    tree: all("SELECT * FROM nodes WHERE root = ?", nodeRow),
    counter: one("SELECT * FROM counters WHERE root = ? AND node = ? AND period = ?", counterRow),
    call: one("SELECT * FROM calls WHERE root = ? AND id = ?", callRow),
    entry: one("SELECT * FROM entries WHERE root = ? AND id = ?", entryRow),
    intent: one("SELECT * FROM intents WHERE root = ? AND scope = ?", intentRow),
    adoptable: all(
      `SELECT * FROM adoptables WHERE root = ? AND key = ? AND body = ? AND claimed = 0
       ORDER BY since_ms, hold`,
      adoptableRow,
    ),
    rate: one("SELECT * FROM rates WHERE root = ? AND node = ?", rateRow),
    alert: one(
      "SELECT * FROM alerts WHERE root = ? AND node = ? AND period = ? AND threshold = ?",
      alertRow,
    ),
    correction: one(
      "SELECT * FROM corrections WHERE root = ? AND corrects = ? ORDER BY sequence DESC LIMIT 1",
      correctionRow,
    ),
    outcome: one("SELECT * FROM outcomes WHERE root = ? AND hold = ? AND image = ?", outcomeRow),
    newestStatement: one(
      "SELECT month, ordinal FROM statements WHERE root = ? AND month = ? ORDER BY ordinal DESC LIMIT 1",
      newestStatementRow,
    ),
    price: one("SELECT * FROM price_versions WHERE sha256 = ?", priceRow),
    priceNamed: one("SELECT * FROM price_versions WHERE id = ?", priceRow),
    run: one("SELECT * FROM runs WHERE root = ? AND id = ?", runRecord),
    runRow: one("SELECT * FROM run_rows WHERE root = ? AND run = ? AND id = ?", runRowRecord),
    // Named, because SQLite would rather look through all calls of the root: it thinks that they are few.
    runFigures: only(
      figuresSql("calls INDEXED BY calls_of_run", "root = ? AND run = ?"),
      runFigures,
    ),
    waitingRows: all(
      `SELECT * FROM run_rows WHERE root = ? AND run = ? AND state = 'waiting'
       ORDER BY position LIMIT ${RUN_CHUNK}`,
      runRowRecord,
    ),
    olderRows: all(
      `SELECT * FROM run_rows WHERE root = ? AND run = ? AND revision > 0 AND revision < ?
       LIMIT ${RUN_CHUNK}`,
      runRowRecord,
    ),
    orders: all(`SELECT id FROM run_orders WHERE root = ? AND run = ? LIMIT ${RUN_CHUNK}`, (row) =>
      textIn(row, "id"),
    ),
    // Who had a run in an earlier life of the file is forgotten when it is opened.
    lives: () => true,
  };
}
