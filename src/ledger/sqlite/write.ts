import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AdoptableRow, CallRow } from "../engine/rows.ts";
import type { OrderRecord } from "../engine/run-records.ts";
import type { Table, WorkingSet } from "../engine/working-set.ts";
import { checkpointShape, checkpointsDue, KEEP_COUNTERS } from "../sql/checkpoints.ts";
import {
  adoptableShape,
  alertShape,
  callChanges,
  callShape,
  correctionShape,
  counterShape,
  entryShape,
  intentShape,
  nodeShape,
  outcomeShape,
  priceShape,
  rateShape,
  rootShape,
  statementShape,
  type TableShape,
} from "../sql/encode.ts";
import type { Cell } from "../sql/rows.ts";
import { orderShape, runRowShape, runShape } from "../sql/run-tables.ts";

/**
 * Writes what a working set has changed; every row that is meant to change must change.
 *
 * @param checkpointEvery entries of a root from one checkpoint to the next.
 */
export function openWriter(
  database: DatabaseSync,
  checkpointEvery: bigint,
): (set: WorkingSet) => void {
  const writeRoots = tableWriter(database, rootShape);
  const writeNodes = tableWriter(database, nodeShape);
  const writeCounters = tableWriter(database, counterShape);
  const writeIntents = tableWriter(database, intentShape);
  const writeRates = tableWriter(database, rateShape);
  const writeAlerts = tableWriter(database, alertShape);
  const writeOutcomes = tableWriter(database, outcomeShape);
  const insertCorrection = database.prepare(insertOf(correctionShape));
  const insertStatement = database.prepare(insertOf(statementShape));
  const insertPrice = database.prepare(insertOf(priceShape));
  const insertEntry = database.prepare(insertOf(entryShape));
  const writeCalls = callWriter(database);
  const writeAdoptable = adoptableWriter(database);
  const writeRuns = tableWriter(database, runShape);
  const writeRunRows = tableWriter(database, runRowShape);
  const writeOrder = orderWriter(database);
  const insertCheckpoint = database.prepare(insertOf(checkpointShape));
  const keepCounters = database.prepare(KEEP_COUNTERS);
  return (set) => {
    for (const price of set.prices.changes().inserted) once(insertPrice, priceShape.cells(price));
    writeRoots(set.roots);
    writeNodes(set.nodes);
    for (const entry of set.entries) once(insertEntry, entryShape.cells(entry));
    writeCalls(set.calls);
    writeCounters(set.counters);
    writeIntents(set.intents);
    writeRates(set.rates);
    writeAlerts(set.alerts);
    writeOutcomes(set.outcomes);
    for (const row of set.corrections.changes().inserted) {
      once(insertCorrection, correctionShape.cells(row));
    }
    for (const row of set.statements.changes().inserted) {
      once(insertStatement, statementShape.cells(row));
    }
    for (const row of set.adoptables) writeAdoptable(row);
    writeRuns(set.runs);
    writeRunRows(set.runRows);
    for (const order of set.orders.values()) writeOrder(order);
    for (const checkpoint of checkpointsDue(set, checkpointEvery)) {
      once(insertCheckpoint, checkpointShape.cells(checkpoint));
      keepCounters.run(checkpoint.root);
    }
  };
}

function insertOf({ table, columns }: Pick<TableShape<never>, "table" | "columns">): string {
  const places = columns.map(() => "?").join(", ");
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`;
}

/** Inserts what is new and updates what isn't, by primary key. */
function tableWriter<Item>(
  database: DatabaseSync,
  shape: TableShape<Item>,
): (table: Pick<Table<Item>, "changes">) => void {
  const { table, columns, keys, cells } = shape;
  const insert = database.prepare(insertOf(shape));
  const changing = columns.slice(keys).map((column) => `${column} = ?`);
  const where = columns.slice(0, keys).map((column) => `${column} = ?`);
  const update = database.prepare(
    `UPDATE ${table} SET ${changing.join(", ")} WHERE ${where.join(" AND ")}`,
  );
  return (rows) => {
    const { inserted, updated } = rows.changes();
    for (const row of inserted) once(insert, cells(row));
    for (const row of updated) {
      const all = cells(row);
      once(update, [...all.slice(keys), ...all.slice(0, keys)]);
    }
  };
}

/** Calls: an ending is written once, later only corrected. */
function callWriter(database: DatabaseSync): (table: Table<CallRow>) => void {
  const insert = database.prepare(insertOf(callShape));
  const changing = callChanges.columns.map((column) => `${column} = ?`).join(", ");
  const update = database.prepare(
    `UPDATE calls SET ${changing} WHERE root = ? AND id = ?
       AND (ended_ms IS NULL OR end_sequence = ?)`,
  );
  return (rows) => {
    const { inserted, updated } = rows.changes();
    for (const row of inserted) once(insert, callShape.cells(row));
    for (const row of updated) {
      const { root, id, ended } = row;
      once(update, [...callChanges.cells(row), root, id, ended?.endSequence ?? null]);
    }
  };
}

function adoptableWriter(database: DatabaseSync): (row: AdoptableRow) => void {
  const { table, columns, cells } = adoptableShape;
  const offer = database.prepare(`${insertOf({ table, columns })} ON CONFLICT DO NOTHING`);
  const claim = database.prepare(
    "UPDATE adoptables SET claimed = 1 WHERE root = ? AND hold = ? AND claimed = 0",
  );
  const offerAgain = database.prepare(
    "UPDATE adoptables SET claimed = 0 WHERE root = ? AND hold = ?",
  );
  return (row) => {
    if (row.claimed) once(claim, [row.root, row.hold]);
    else if (row.again === true) offerAgain.run(row.root, row.hold);
    else offer.run(...cells(row));
  };
}

function orderWriter(database: DatabaseSync): (order: OrderRecord) => void {
  const put = database.prepare(
    `${insertOf(orderShape)} ON CONFLICT (root, run, id) DO UPDATE SET json = excluded.json`,
  );
  const erase = database.prepare("DELETE FROM run_orders WHERE root = ? AND run = ? AND id = ?");
  return (order) => {
    if (order.json !== null) once(put, orderShape.cells(order));
    else erase.run(order.root, order.run, order.id);
  };
}

/** Runs a statement that must change exactly one row; anything else is a bug and undoes the transaction. */
function once(statement: StatementSync, parameters: readonly Cell[]): void {
  const { changes } = statement.run(...parameters);
  if (changes !== 1 && changes !== 1n) {
    throw new Error(`changed ${changes} rows, not 1: ${statement.sourceSQL}`);
  }
}
