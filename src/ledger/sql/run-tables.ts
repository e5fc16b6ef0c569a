import type { OrderRecord, RunRecord, RunRowRecord } from "../engine/run-records.ts";
import { ROW_STATES, RUN_STATES, type RunFigures } from "../runs-port.ts";
import type { TableShape } from "./encode.ts";
import {
  booleanIn,
  numberIn,
  numberOrNullIn,
  type Row,
  textIn,
  textOrNullIn,
  usdHalvesIn,
  usdHalvesOf,
  usdIn,
  usdOrNullIn,
  wordIn,
} from "./rows.ts";

/** The tables of runs: what both stores write of a record, and how they read it back. */

/** How many rows stand in each state: a column each. */
const countColumns = ROW_STATES.map((state) => `rows_${state}`);

export const runShape: TableShape<RunRecord> = {
  table: "runs",
  columns: [
    ...["root", "id", "account", "key", "name", "state", "settings", "stopped", "pricing"],
    ...["max_cost", "settled", "held", "exposed", "images", ...countColumns],
    ...["seq", "revision", "epoch", "process", "tidy", "created_ms", "changed_ms"],
  ],
  keys: 2,
  cells: (run) => [
    ...[run.root, run.id, run.account, run.key, run.name, run.state, run.settings, run.stopped],
    ...[run.pricing, run.maxCost, run.settled, run.held, run.exposed, run.images],
    ...ROW_STATES.map((state) => run.counts[state]),
    ...[run.seq, run.revision, run.epoch, run.process, run.tidy ? 1 : 0],
    ...[run.createdMs, run.changedMs],
  ],
};

export const runRowShape: TableShape<RunRowRecord> = {
  table: "run_rows",
  columns: [
    ...["root", "run", "id", "position", "line", "content", "intent", "state", "attempts"],
    ...["ceiling", "quoted_images", "quoted_expected", "quoted_ceiling", "receipt", "shared"],
    ...["code", "detail", "seq", "revision"],
  ],
  keys: 3,
  cells: (row) => [
    ...[row.root, row.run, row.id, row.position, row.line, row.content, row.intent, row.state],
    ...[row.attempts, row.ceiling, row.quote?.images ?? null, row.quote?.expected ?? null],
    ...[row.quote?.ceiling ?? null, row.receipt, row.shared ? 1 : 0],
    ...[row.code, row.detail, row.seq, row.revision],
  ],
};

export const orderShape: TableShape<OrderRecord> = {
  table: "run_orders",
  columns: ["root", "run", "id", "json"],
  keys: 3,
  cells: (order) => [order.root, order.run, order.id, order.json],
};

/** Columns of these tables that hold whole numbers. */
export const runIntegers: readonly string[] = [
  ...["max_cost", "exposed", ...countColumns, "seq", "revision", "epoch", "tidy", "changed_ms"],
  ...["position", "line", "attempts", "ceiling", "quoted_images", "quoted_expected"],
  ...["quoted_ceiling", "shared"],
];

export function runRecord(row: Row): RunRecord {
  const counts = ROW_STATES.map((state) => [state, numberIn(row, `rows_${state}`)] as const);
  return {
    root: textIn(row, "root"),
    id: textIn(row, "id"),
    account: textIn(row, "account"),
    key: textIn(row, "key"),
    name: textOrNullIn(row, "name"),
    state: wordIn(row, "state", RUN_STATES),
    settings: textIn(row, "settings"),
    stopped: textIn(row, "stopped"),
    pricing: textIn(row, "pricing"),
    maxCost: usdOrNullIn(row, "max_cost"),
    settled: usdIn(row, "settled"),
    held: usdIn(row, "held"),
    exposed: usdIn(row, "exposed"),
    images: numberIn(row, "images"),
    counts: Object.fromEntries(counts) as RunRecord["counts"],
    seq: numberIn(row, "seq"),
    revision: numberIn(row, "revision"),
    epoch: numberIn(row, "epoch"),
    process: textOrNullIn(row, "process"),
    tidy: booleanIn(row, "tidy"),
    createdMs: numberIn(row, "created_ms"),
    changedMs: numberIn(row, "changed_ms"),
  };
}

export function runRowRecord(row: Row): RunRowRecord {
  return {
    root: textIn(row, "root"),
    run: textIn(row, "run"),
    id: textIn(row, "id"),
    position: numberIn(row, "position"),
    line: numberOrNullIn(row, "line"),
    content: textIn(row, "content"),
    intent: textIn(row, "intent"),
    state: wordIn(row, "state", ROW_STATES),
    attempts: numberIn(row, "attempts"),
    ceiling: usdIn(row, "ceiling"),
    quote: quoteIn(row),
    receipt: textOrNullIn(row, "receipt"),
    shared: booleanIn(row, "shared"),
    code: textOrNullIn(row, "code"),
    detail: textIn(row, "detail"),
    seq: numberOrNullIn(row, "seq"),
    revision: numberIn(row, "revision"),
  };
}

function quoteIn(row: Row): RunRowRecord["quote"] {
  const images = numberOrNullIn(row, "quoted_images");
  const [expected, ceiling] = ["quoted_expected", "quoted_ceiling"].map((column) =>
    usdOrNullIn(row, column),
  );
  if (images === null || expected == null || ceiling == null) return null;
  return { images, expected, ceiling };
}

/**
 * What the calls of a run come to, as corrections have left them; a closed exposure as what was billed of it.
 *
 * @param calls the table, and how a store is to find the run's own in it.
 */
export function figuresSql(calls: string, where: string): string {
  return `SELECT ${usdHalvesOf("charge")}, ${usdHalvesOf("exposed")},
      CAST(sum(made) AS BIGINT) AS images
    FROM (SELECT charge, coalesce(exposure_billed, exposure) AS exposed,
        CASE WHEN outcome = 'made' THEN images ELSE 0 END AS made
      FROM ${calls} WHERE ${where} AND ended_ms IS NOT NULL) AS counted`;
}

/** Reads the one row of `figuresSql`. */
export function runFigures(row: Row): RunFigures {
  const images = numberOrNullIn(row, "images") ?? 0;
  return { settled: usdHalvesIn(row, "charge"), exposed: usdHalvesIn(row, "exposed"), images };
}
