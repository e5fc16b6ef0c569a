import type {
  AdoptableRow,
  AlertRow,
  CallRow,
  CorrectionRow,
  CounterRow,
  EntryRow,
  IntentRow,
  NodeRow,
  OutcomeRow,
  RateRow,
  StatementRow,
} from "../engine/rows.ts";
import type { RunRecord, RunRowRecord } from "../engine/run-records.ts";
import { RUN_CHUNK } from "../engine/working-set.ts";
import type { StoredPrice } from "../port.ts";
import type { RunFigures } from "../runs-port.ts";
import * as decode from "../sql/decode.ts";
import {
  adoptableShape,
  alertShape,
  callShape,
  correctionShape,
  counterShape,
  entryShape,
  intentShape,
  nodeShape,
  outcomeShape,
  priceShape,
  rateShape,
} from "../sql/encode.ts";
import { textIn } from "../sql/rows.ts";
import * as runTables from "../sql/run-tables.ts";
import { type Key, Shelf, type Source } from "./shelf.ts";

export type Shelves = ReturnType<typeof emptyShelves>;

/**
 * Looks rows up, one key after the other. Said so that no plan can do anything else: from the same question
 * as a join or with `= ANY`, the server may read a whole root, because it knows nothing yet of how large a
 * new root is or a table has become. Columns go by name, so that a newer program may add some while this
 * one runs.
 *
 * @param by columns of the key; `$1` is the root, `$2` and so on are arrays.
 */
function lookUp(
  { table, columns }: { readonly table: string; readonly columns: readonly string[] },
  by: readonly string[],
  where: string,
): string {
  const arrays = by.map((_, index) => `$${index + 2}::text[]`).join(", ");
  return `SELECT found.* FROM unnest(${arrays}) AS wanted (${by.join(", ")}),
    LATERAL (SELECT ${columns.join(", ")} FROM ${table} WHERE ${where} OFFSET 0) AS found`;
}

/** Rows that belong to no root are asked for in the same way. */
const ANY_ROOT = "$1::text IS NOT NULL";

/** A node with all nodes above it: whoever asks for one asks for its path. */
function pathOf({ columns }: { readonly columns: readonly string[] }): string {
  const node = `SELECT ${columns.join(", ")} FROM nodes`;
  return `WITH RECURSIVE path AS (
      SELECT found.* FROM unnest($2::text[]) AS wanted (id),
        LATERAL (${node} WHERE id = wanted.id AND ${ANY_ROOT} OFFSET 0) AS found
      UNION
      SELECT above.* FROM path,
        LATERAL (${node} WHERE root = path.root AND id = path.parent OFFSET 0) AS above)
    SELECT * FROM path`;
}

const nodes: Source<NodeRow> = {
  sql: pathOf(nodeShape),
  read: decode.nodeRow,
  keyOf: (row) => [row.id],
  keeps: "rows",
};

const trees: Source<NodeRow> = {
  sql: lookUp(nodeShape, ["root"], "root = $1 AND wanted.root = $1"),
  read: decode.nodeRow,
  keyOf: (row) => [row.root],
  keeps: "nothing",
};

const counters: Source<CounterRow> = {
  sql: lookUp(
    counterShape,
    ["node", "period"],
    "root = $1 AND node = wanted.node AND period = wanted.period",
  ),
  read: decode.counterRow,
  keyOf: (row) => [row.node, row.window],
  keeps: "all",
};

const calls: Source<CallRow> = {
  sql: lookUp(callShape, ["id"], "root = $1 AND id = wanted.id"),
  read: decode.callRow,
  keyOf: (row) => [row.id],
  keeps: "rows",
};

const entries: Source<EntryRow> = {
  sql: lookUp(entryShape, ["id"], "root = $1 AND id = wanted.id"),
  read: decode.entryRow,
  keyOf: (row) => [row.id],
  keeps: "nothing",
};

const intents: Source<IntentRow> = {
  sql: lookUp(intentShape, ["scope"], "root = $1 AND scope = wanted.scope"),
  read: decode.intentRow,
  keyOf: (row) => [row.scope],
  keeps: "nothing",
};

const adoptables: Source<AdoptableRow> = {
  sql: lookUp(
    adoptableShape,
    ["key", "body"],
    `root = $1 AND key = wanted.key AND body = wanted.body AND claimed = 0
      ORDER BY since_ms, hold`,
  ),
  read: decode.adoptableRow,
  keyOf: (row) => [row.key, row.body],
  keeps: "nothing",
};

const rates: Source<RateRow> = {
  sql: lookUp(rateShape, ["node"], "root = $1 AND node = wanted.node"),
  read: decode.rateRow,
  keyOf: (row) => [row.node],
  keeps: "all",
};

const alerts: Source<AlertRow> = {
  sql: lookUp(
    alertShape,
    ["node", "period", "threshold"],
    `root = $1 AND node = wanted.node AND period = wanted.period
      AND threshold = wanted.threshold::bigint`,
  ),
  read: decode.alertRow,
  keyOf: (row) => [row.nodeId, row.window, row.threshold.toString()],
  keeps: "all",
};

const corrections: Source<CorrectionRow> = {
  sql: lookUp(
    correctionShape,
    ["corrects"],
    "root = $1 AND corrects = wanted.corrects ORDER BY sequence DESC LIMIT 1",
  ),
  read: decode.correctionRow,
  keyOf: (row) => [row.corrects],
  keeps: "nothing",
};

const outcomes: Source<OutcomeRow> = {
  sql: lookUp(
    outcomeShape,
    ["hold", "image"],
    "root = $1 AND hold = wanted.hold AND image = wanted.image::bigint",
  ),
  read: decode.outcomeRow,
  keyOf: (row) => [row.hold, row.image.toString()],
  keeps: "nothing",
};

const newestStatements: Source<Pick<StatementRow, "month" | "ordinal">> = {
  sql: lookUp(
    { table: "statements", columns: ["month", "ordinal"] },
    ["month"],
    "root = $1 AND month = wanted.month ORDER BY ordinal DESC LIMIT 1",
  ),
  read: decode.newestStatementRow,
  keyOf: (row) => [row.month],
  keeps: "nothing",
};

const prices: Source<StoredPrice> = {
  sql: lookUp(priceShape, ["sha256"], `sha256 = wanted.sha256 AND ${ANY_ROOT}`),
  read: decode.priceRow,
  keyOf: (price) => [price.sha256],
  keeps: "rows",
};

const pricesNamed: Source<StoredPrice> = {
  sql: lookUp(priceShape, ["id"], `id = wanted.id AND ${ANY_ROOT}`),
  read: decode.priceRow,
  keyOf: (price) => [price.id],
  keeps: "rows",
};

const runs: Source<RunRecord> = {
  sql: lookUp(runTables.runShape, ["id"], "root = $1 AND id = wanted.id"),
  read: runTables.runRecord,
  keyOf: (run) => [run.id],
  keeps: "rows",
};

const runRows: Source<RunRowRecord> = {
  sql: lookUp(
    runTables.runRowShape,
    ["run", "id"],
    "root = $1 AND run = wanted.run AND id = wanted.id",
  ),
  read: runTables.runRowRecord,
  keyOf: (row) => [row.run, row.id],
  keeps: "nothing",
};

/** What is asked for by another key than its own. */
type Keyed<Item> = { readonly key: Key; readonly item: Item };

const figures: Source<Keyed<RunFigures>> = {
  sql: `SELECT wanted.run, found.* FROM unnest($2::text[]) AS wanted (run),
    LATERAL (${runTables.figuresSql("calls", "root = $1 AND run = wanted.run")} OFFSET 0) AS found`,
  read: (row) => ({ key: [textIn(row, "run")], item: runTables.runFigures(row) }),
  keyOf: ({ key }) => key,
  keeps: "nothing",
};

const waitingRows: Source<RunRowRecord> = {
  sql: lookUp(
    runTables.runRowShape,
    ["run"],
    `root = $1 AND run = wanted.run AND state = 'waiting' ORDER BY position LIMIT ${RUN_CHUNK}`,
  ),
  read: runTables.runRowRecord,
  keyOf: (row) => [row.run],
  keeps: "nothing",
};

const olderRows: Source<Keyed<RunRowRecord>> = {
  sql: `SELECT wanted.newest, found.* FROM unnest($2::text[], $3::text[]) AS wanted (run, newest),
    LATERAL (SELECT ${runTables.runRowShape.columns.join(", ")} FROM run_rows WHERE root = $1
      AND run = wanted.run AND revision > 0 AND revision < wanted.newest::bigint
      LIMIT ${RUN_CHUNK}) AS found`,
  read: (row) => ({
    key: [textIn(row, "run"), textIn(row, "newest")],
    item: runTables.runRowRecord(row),
  }),
  keyOf: ({ key }) => key,
  keeps: "nothing",
};

const orders: Source<Keyed<string>> = {
  sql: lookUp(
    { table: "run_orders", columns: ["run", "id"] },
    ["run"],
    `root = $1 AND run = wanted.run LIMIT ${RUN_CHUNK}`,
  ),
  read: (row) => ({ key: [textIn(row, "run")], item: textIn(row, "id") }),
  keyOf: ({ key }) => key,
  keeps: "nothing",
};

/** Processes that live: whoever is missed for a minute is taken out (`liveness.ts`). */
const beats: Source<string> = {
  sql: lookUp(
    { table: "beats", columns: ["process"] },
    ["process"],
    `process = wanted.process AND ${ANY_ROOT}`,
  ),
  read: (row) => textIn(row, "process"),
  keyOf: (process) => [process],
  keeps: "nothing",
};

/** A shelf for everything that decisions read. */
export function emptyShelves() {
  return {
    nodes: new Shelf(nodes),
    trees: new Shelf(trees),
    counters: new Shelf(counters),
    calls: new Shelf(calls),
    entries: new Shelf(entries),
    intents: new Shelf(intents),
    adoptables: new Shelf(adoptables),
    rates: new Shelf(rates),
    alerts: new Shelf(alerts),
    corrections: new Shelf(corrections),
    outcomes: new Shelf(outcomes),
    newestStatements: new Shelf(newestStatements),
    prices: new Shelf(prices),
    pricesNamed: new Shelf(pricesNamed),
    runs: new Shelf(runs),
    runRows: new Shelf(runRows),
    figures: new Shelf(figures),
    waitingRows: new Shelf(waitingRows),
    olderRows: new Shelf(olderRows),
    orders: new Shelf(orders),
    beats: new Shelf(beats),
  };
}
