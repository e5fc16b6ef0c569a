import type { AdoptableRow, CallRow, RootRow } from "../engine/rows.ts";
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
import { orderShape, runIntegers, runRowShape, runShape } from "../sql/run-tables.ts";
import { bigintArray, textArray } from "./binary-arrays.ts";
import type { Statement } from "./connections.ts";
import { storable } from "./storable.ts";

/** The columns that hold whole numbers, in whatever table; all others hold text. */
export const integerColumns: ReadonlySet<string> = new Set([
  ...["sequence", "created_ms", "version", "adoptable_until_ms", "cash", "available", "held"],
  ...["revenue", "house", "vendor_payable", "prepaid", "limit_day", "limit_month", "limit_total"],
  ...["revoked_ms", "settled", "amount", "vendor_amount", "ended_ms", "end_sequence", "charge"],
  ...["vendor_cost", "overrun", "exposure", "exposure_billed", "images", "since_ms", "claimed"],
  ...["minute", "requests", "threshold", "used", "limit_amount", "before_amount", "after_amount"],
  ...["image", "kept", "revision"],
  ...runIntegers,
  ...["ordinal", "opening_sequence", "closing_sequence", "total"],
]);

type Shape = Pick<TableShape<never>, "table" | "columns" | "keys">;

/** Inserts any number of rows: one array a column. */
function insertOf({ table, columns }: Shape): string {
  const arrays = columns.map(
    (column, index) => `$${index + 1}::${integerColumns.has(column) ? "bigint" : "text"}[]`,
  );
  return `INSERT INTO ${table} (${columns.join(", ")}) SELECT * FROM unnest(${arrays.join(", ")})`;
}

/**
 * Changes any number of rows that are there. Said as an insert that meets them, because that always finds
 * them by their key: a plan for an update of many rows may read the whole table, and would be kept after
 * the table has grown.
 */
function updateOf(shape: Shape, changing: readonly string[]): string {
  const keys = shape.columns.slice(0, shape.keys).join(", ");
  const sets = changing.map((column) => `${column} = excluded.${column}`).join(", ");
  return `${insertOf(shape)} ON CONFLICT (${keys}) DO UPDATE SET ${sets}`;
}

/** As many as the first array has members. */
const EVERY = "cardinality($1::text[])";

/** Raises an error, which undoes the transaction, unless as many rows are changed as are meant to. */
function allOf(table: string, change: string, meant: string): string {
  return `WITH changed AS (${change} RETURNING 1)
    SELECT assert_rows('${table}', (SELECT count(*) FROM changed), ${meant})`;
}

/** The cells of rows, column by column. */
function columnsOf<Item>(shape: TableShape<Item>, rows: readonly Item[]): Buffer[] {
  const cells = rows.map(shape.cells);
  return shape.columns.map((column, index) =>
    integerColumns.has(column)
      ? bigintArray(cells.map((row) => integerOf(row[index] ?? null)))
      : textArray(cells.map((row) => textOf(row[index] ?? null))),
  );
}

function integerOf(cell: Cell): bigint | null {
  if (typeof cell === "string") throw new Error(`${JSON.stringify(cell)} is no whole number`);
  return typeof cell === "number" ? BigInt(cell) : cell;
}

function textOf(cell: Cell): string | null {
  if (cell === null) return null;
  if (typeof cell !== "string") throw new Error(`${cell} is no text`);
  return storable(cell);
}

/** Writes the new rows of a table and changes the others. */
function tableWriter<Item>(
  shape: TableShape<Item>,
): (table: Pick<Table<Item>, "changes">) => readonly Statement[] {
  const insert = inserter(shape);
  const text = updateOf(shape, shape.columns.slice(shape.keys));
  const update = writer(`update_${shape.table}`, text, shape);
  return (table) => {
    const { inserted, updated } = table.changes();
    return [...insert(inserted), ...update(updated)];
  };
}

function inserter<Item>(shape: TableShape<Item>): (rows: readonly Item[]) => readonly Statement[] {
  return writer(`insert_${shape.table}`, insertOf(shape), shape);
}

function writer<Item>(
  name: string,
  text: string,
  shape: TableShape<Item>,
): (rows: readonly Item[]) => readonly Statement[] {
  return (rows) => (rows.length === 0 ? [] : [{ name, text, values: columnsOf(shape, rows) }]);
}

const nodes = tableWriter(nodeShape);
const counters = tableWriter(counterShape);
const intents = tableWriter(intentShape);
const rates = tableWriter(rateShape);
const alerts = tableWriter(alertShape);
const outcomes = tableWriter(outcomeShape);
const runs = tableWriter(runShape);
const runRows = tableWriter(runRowShape);
const insertRoots = inserter(rootShape);
const insertEntries = inserter(entryShape);
const insertCalls = inserter(callShape);
const insertCorrections = inserter(correctionShape);
const insertStatements = inserter(statementShape);
const insertCheckpoints = inserter(checkpointShape);

/** An ending is written once, later only corrected. */
const updateCalls = writer(
  "update_calls",
  allOf(
    "calls",
    `${updateOf(callShape, callChanges.columns)}
      WHERE calls.ended_ms IS NULL OR calls.end_sequence = excluded.end_sequence`,
    EVERY,
  ),
  callShape,
);

/** The new version, among the cells of a root. */
const VERSION_PLACE = `$${rootShape.columns.indexOf("version") + 1}::bigint`;

const UPDATE_ROOT = allOf(
  "roots",
  `UPDATE roots SET ${rootShape.columns
    .map((column, index) => ({ column, place: `$${index + 1}` }))
    .slice(rootShape.keys)
    .map(({ column, place }) => `${column} = ${place}`)
    .join(", ")}
    WHERE root = $1 AND version = ${VERSION_PLACE} - 1`,
  "1",
);

const insertPrices = writer(
  "insert_prices",
  // Of any kind: by its hash it may be there already, and its name with it.
  `${insertOf(priceShape)} ON CONFLICT DO NOTHING`,
  priceShape,
);

/** A statement of its own, so that it sees what the one before has waited for. */
const CHECK_PRICES = `SELECT assert_rows('price versions of this content',
  (SELECT count(*) FROM price_versions WHERE sha256 = ANY($1::text[])), ${EVERY})`;

const offerAdoptables = writer(
  "offer_adoptables",
  `${insertOf(adoptableShape)} ON CONFLICT (root, key, body, hold) DO NOTHING`,
  adoptableShape,
);

const OFFER_AGAIN = `UPDATE adoptables SET claimed = 0
  WHERE root = $1 AND key = $2 AND body = $3 AND hold = $4`;

const CLAIM_ADOPTABLE = allOf(
  "adoptables",
  `UPDATE adoptables SET claimed = 1
    WHERE root = $1 AND key = $2 AND body = $3 AND hold = $4 AND claimed = 0`,
  "1",
);

const putOrders = writer("put_run_orders", updateOf(orderShape, ["json"]), orderShape);

const ERASE_ORDERS = `DELETE FROM run_orders
  USING unnest($1::text[], $2::text[], $3::text[]) AS gone (root, run, id)
  WHERE run_orders.root = gone.root AND run_orders.run = gone.run AND run_orders.id = gone.id`;

/** Orders that rows came with, and those that are erased. */
function ordersOf({ orders }: WorkingSet): readonly Statement[] {
  const rows = [...orders.values()];
  const [kept, gone] = [rows.filter(isKept), rows.filter((order) => !isKept(order))];
  if (gone.length === 0) return putOrders(kept);
  const keys = [gone.map(({ root }) => root), gone.map(({ run }) => run), gone.map(({ id }) => id)];
  const values = keys.map(textArray);
  return [...putOrders(kept), { name: "erase_run_orders", text: ERASE_ORDERS, values }];
}

function isKept({ json }: OrderRecord): boolean {
  return json !== null;
}

/**
 * What a working set changes, as statements: while it is being decided entries and calls, which are most
 * of it and of which every command has its own, so that the server is busy with them meanwhile; the rest
 * in the end.
 */
export class Writing {
  readonly #set: WorkingSet;
  readonly #checkpointEvery: bigint;
  #entries = 0;
  /** Every call that was changed, as it is now. */
  readonly calls = new Map<string, CallRow>();

  /** @param checkpointEvery entries of a root from one checkpoint to the next. */
  constructor(set: WorkingSet, checkpointEvery: bigint) {
    this.#set = set;
    this.#checkpointEvery = checkpointEvery;
  }

  /** Entries and calls of what was decided since the last time. */
  next(): readonly Statement[] {
    const { entries, calls } = this.#set;
    const { inserted, updated } = calls.changes();
    for (const row of [...inserted, ...updated]) this.calls.set(row.id, row);
    calls.settled();
    const appended = entries.slice(this.#entries);
    this.#entries = entries.length;
    return [...insertEntries(appended), ...insertCalls(inserted), ...updateCalls(updated)];
  }

  /** Everything else, once all is decided and the set is sealed. */
  rest(): readonly Statement[] {
    const set = this.#set;
    const roots = set.roots.changes();
    const corrections = set.corrections.changes();
    return [
      ...pricesOf(set),
      ...nodes(set.nodes),
      ...counters(set.counters),
      ...intents(set.intents),
      ...rates(set.rates),
      ...alerts(set.alerts),
      ...outcomes(set.outcomes),
      // An entry may be corrected again: the newest correction of it is another row, never the same one.
      ...insertCorrections([...corrections.inserted, ...corrections.updated]),
      ...insertStatements(set.statements.changes().inserted),
      ...adoptablesOf(set.adoptables),
      ...runs(set.runs),
      ...runRows(set.runRows),
      ...ordersOf(set),
      ...insertRoots(roots.inserted),
      ...roots.updated.map(updateRoot),
      ...checkpointsOf(set, this.#checkpointEvery),
    ];
  }
}

const KEEP_COUNTERS_HERE = KEEP_COUNTERS.replaceAll("?1", "$1");

/** None for almost every set; else behind the counters, of which the newest checkpoint keeps a copy. */
function checkpointsOf(set: WorkingSet, every: bigint): readonly Statement[] {
  const due = checkpointsDue(set, every);
  const keep = due.map(({ root }) => ({
    name: "keep_counters",
    text: KEEP_COUNTERS_HERE,
    values: [root],
  }));
  return [...insertCheckpoints(due), ...keep];
}

/** Only from the version that was locked. */
function updateRoot(row: RootRow): Statement {
  const values = rootShape.cells(row).map((cell) => (cell === null ? null : cell.toString()));
  return { name: "update_root", text: UPDATE_ROOT, values };
}

/** Price versions belong to no root: another may store the same one at this moment. */
function pricesOf(set: WorkingSet): readonly Statement[] {
  // In one order, so that two roots that store the same ones never wait for each other in a circle.
  const inserted = [...set.prices.changes().inserted].sort((left, right) =>
    left.sha256 < right.sha256 ? -1 : 1,
  );
  if (inserted.length === 0) return [];
  const hashes = textArray(inserted.map((price) => price.sha256));
  const check = { name: "check_prices", text: CHECK_PRICES, values: [hashes] };
  return [...insertPrices(inserted), check];
}

/** Calls are offered once, again when whoever took one left with nothing, and each offer is taken once. */
function adoptablesOf(rows: readonly AdoptableRow[]): readonly Statement[] {
  const offers = rows.filter((row) => !row.claimed);
  const first = offers.filter((row) => row.again === undefined);
  const again = offers.filter((row) => row.again === true);
  const claims = rows.filter((row) => row.claimed);
  return [
    ...offerAdoptables(first),
    ...again.map((row) => onAdoptable("offer_again", OFFER_AGAIN, row)),
    ...claims.map((row) => onAdoptable("claim_adoptable", CLAIM_ADOPTABLE, row)),
  ];
}

function onAdoptable(name: string, text: string, row: AdoptableRow): Statement {
  const { root, key, body, hold } = row;
  return { name, text, values: [root, key, body, hold] };
}
