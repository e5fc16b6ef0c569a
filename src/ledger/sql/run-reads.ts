import type { JsonValue } from "../../json.ts";
import { ZERO_USD } from "../../money/pico-usd.ts";
import type { RunName } from "../engine/run-edit.ts";
import type { RunRecord } from "../engine/run-records.ts";
import type { Page } from "../reports-port.ts";
import {
  ROW_STATES,
  type RowSums,
  type RowsQuery,
  type Run,
  type RunRow,
  type RunsQuery,
} from "../runs-port.ts";
import { cursorIn, pageOf } from "./report-reads.ts";
import {
  type Cell,
  numberIn,
  numberOrNullIn,
  type Query,
  type Row,
  rowsOf,
  textOrNullIn,
  usdHalvesIn,
  usdHalvesOf,
  usdIn,
  wordIn,
} from "./rows.ts";
import { runRecord, runRowRecord } from "./run-tables.ts";

/** Reads runs and their rows. */

export function runOf(record: RunRecord): Run {
  const { root: _, tidy: __, account: accountId, key: keyId, ...run } = record;
  return {
    ...{ ...run, accountId, keyId },
    settings: jsonIn(run.settings),
    stopped: jsonIn(run.stopped),
    pricing: jsonIn(run.pricing),
  };
}

function jsonIn(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}

/** The one of a name, which says the account too. */
const NAMED = "root = ?1 AND id = ?2 AND account = ?3";

function cellsOf({ root, id, account }: RunName): readonly [Cell, Cell, Cell] {
  return [root, id, account];
}

export async function readRun(query: Query, name: RunName): Promise<Run | undefined> {
  const [row] = await rowsOf(query, `SELECT * FROM runs WHERE ${NAMED}`, cellsOf(name));
  return row === undefined ? undefined : runOf(runRecord(row));
}

/** Newest first. @param root of the account, where one is named. @throws InvalidPage */
export async function readRuns(
  query: Query,
  of: RunsQuery,
  root: string | undefined,
): Promise<Page<Run>> {
  const parameters: Cell[] = [of.most + 1];
  const conditions: string[] = [];
  const place = (value: Cell): string => `?${parameters.push(value)}`;
  if (of.accountId !== undefined) {
    conditions.push(`root = ${place(root ?? "")} AND account = ${place(of.accountId)}`);
  }
  if (of.before !== undefined) {
    const [created, id = ""] = cursorIn(of.before, 2);
    conditions.push(`(created_ms, id) < (${place(created)}, ${place(id)})`);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT * FROM runs ${where}
    ORDER BY created_ms DESC, id DESC LIMIT ?1`;
  const runs = (await rowsOf(query, sql, parameters)).map(runRecord).map(runOf);
  return pageOf(runs, of.most, (run) => `${run.createdMs}~${run.id}`);
}

/** Those that run, and those whose closing isn't done. */
export async function readOpenRuns(query: Query): Promise<readonly Run[]> {
  const sql = `SELECT * FROM runs WHERE state = 'running' OR tidy = 0 ORDER BY created_ms, id`;
  return (await rowsOf(query, sql, [])).map(runRecord).map(runOf);
}

/** The rows that are asked for, each with what its receipt comes to. */
export async function readRows(
  query: Query,
  name: RunName,
  of: RowsQuery,
): Promise<readonly RunRow[]> {
  const parameters: Cell[] = [...cellsOf(name), of.limit];
  const { where, order } = placeOf(of.after, (value) => `?${parameters.push(value)}`);
  const withOrders = of.withOrders === true;
  const slice = `${where} ORDER BY ${order} LIMIT ?4`;
  const sql = `${rowsSql(slice, withOrders)} ORDER BY slice.${order}`;
  const rows = await rowsOf(query, sql, parameters);
  return rows.map((row) => rowIn(row, withOrders));
}

/** @param slice which rows of the run. */
function rowsSql(slice: string, withOrders: boolean): string {
  return `SELECT slice.*, calls.charge AS charged, calls.exposure AS feared,
      calls.exposure_billed AS billed${withOrders ? ", run_orders.json AS ordered" : ""}
    FROM (SELECT * FROM run_rows WHERE root = ?1 AND run = ?2
        AND EXISTS (SELECT 1 FROM runs WHERE ${NAMED}) AND ${slice}) AS slice
      LEFT JOIN calls ON calls.root = slice.root AND calls.id = slice.receipt
      ${withOrders ? ORDERS : ""}`;
}

const ORDERS = `LEFT JOIN run_orders ON run_orders.root = slice.root
  AND run_orders.run = slice.run AND run_orders.id = slice.id`;

function placeOf(
  after: RowsQuery["after"],
  place: (value: Cell) => string,
): { readonly where: string; readonly order: string } {
  if ("seq" in after) return { where: `seq > ${place(after.seq)}`, order: "seq" };
  if ("row" in after) return { where: `id = ${place(after.row)}`, order: "id" };
  const { position, state } = after;
  const behind = `position > ${place(position)}`;
  const where = state === undefined ? behind : `${behind} AND state = ${place(state)}`;
  return { where, order: "position" };
}

function rowIn(row: Row, withOrder: boolean): RunRow {
  const { root: _, run: __, revision: ___, id, receipt: receiptId, ...record } = runRowRecord(row);
  // Another's picture costs it nothing.
  const own = record.shared ? {} : row;
  return {
    ...{ ...record, row: id, receiptId },
    charge: amountIn(own, "charged"),
    exposure: own["billed"] == null ? amountIn(own, "feared") : amountIn(own, "billed"),
    detail: jsonIn(record.detail),
    ...(withOrder ? { order: textOrNullIn(row, "ordered") } : {}),
  };
}

/** Nothing where there is no receipt, or its call hasn't ended. */
function amountIn(row: Row, column: string) {
  return row[column] == null ? ZERO_USD : usdIn(row, column);
}

export async function readBreakdown(query: Query, name: RunName): Promise<readonly RowSums[]> {
  const sql = `SELECT state, code, count(*) AS counted,
      CAST(sum(quoted_images) AS BIGINT) AS images,
      ${usdHalvesOf("quoted_expected")}, ${usdHalvesOf("quoted_ceiling")}
    FROM run_rows WHERE root = ?1 AND run = ?2 AND EXISTS (SELECT 1 FROM runs WHERE ${NAMED})
    GROUP BY state, code ORDER BY state, code`;
  const rows = await rowsOf(query, sql, cellsOf(name));
  return rows.map((row) => ({
    state: wordIn(row, "state", ROW_STATES),
    code: textOrNullIn(row, "code"),
    rows: numberIn(row, "counted"),
    images: numberOrNullIn(row, "images") ?? 0,
    expected: usdHalvesIn(row, "quoted_expected"),
    ceiling: usdHalvesIn(row, "quoted_ceiling"),
  }));
}
