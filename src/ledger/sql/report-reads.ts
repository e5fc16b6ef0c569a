import { addUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { CallRow, EndedCall } from "../engine/rows.ts";
import {
  type Alert,
  type ChainHead,
  type Correction,
  type Exposure,
  InvalidPage,
  type Overrun,
  type Page,
  type PageRequest,
  TooManyRows,
  type UsageDimension,
  type UsageQuery,
  type UsageRow,
} from "../reports-port.ts";
import { correctionOf } from "./call-reads.ts";
import { alertRow, callRow, correctionRow } from "./decode.ts";
import { JUDGED_CALLS, JUDGED_CHARGE } from "./outcome-reads.ts";
import {
  type Cell,
  numberIn,
  type Query,
  type Row,
  rowsOf,
  textIn,
  textOrNullIn,
  usdHalvesIn,
  usdHalvesOf,
} from "./rows.ts";
import { PATH_LIKE, through } from "./through.ts";

/** Reads lists and sums over many calls. */

/** One page of calls, newest first by id, which sorts by age. */
async function callsWhere(query: Query, where: string, of: PageRequest): Promise<Page<EndedOf>> {
  const parameters: Cell[] = [of.most + 1];
  const conditions = [where];
  const given = (condition: (place: string) => string, value: string): void => {
    parameters.push(value);
    conditions.push(condition(`?${parameters.length}`));
  };
  if (of.before !== undefined) given((place) => `id < ${place}`, of.before);
  if (of.accountId !== undefined) {
    given((place) => `${PATH_LIKE} ${place} ESCAPE '\\'`, through(of.accountId));
  }
  const sql = `SELECT * FROM calls WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?1`;
  const rows = (await rowsOf(query, sql, parameters)).map(callRow).map(endedOf);
  return pageOf(rows, of.most, ({ call }) => call.id);
}

type EndedOf = { readonly call: CallRow; readonly ended: EndedCall };

function endedOf(call: CallRow): EndedOf {
  if (call.ended === null) throw new Error(`hold ${call.id} is listed as ended`);
  return { call, ended: call.ended };
}

/** `rows` may hold one more than the page: then there is a next one. */
export function pageOf<Item>(
  rows: readonly Item[],
  most: number,
  cursorOf: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, most);
  const last = items.at(-1);
  return { items, next: rows.length > most && last !== undefined ? cursorOf(last) : null };
}

export async function readExposures(
  query: Query,
  of: PageRequest & { readonly open: boolean },
): Promise<Page<Exposure>> {
  const open = of.open ? " AND exposure_billed IS NULL" : "";
  const { items, next } = await callsWhere(query, `exposure > 0${open}`, of);
  return {
    next,
    items: items.map(({ call, ended }) => ({
      entryId: `${call.id}.exposure`,
      holdId: call.id,
      accountId: call.account,
      vendor: call.vendor,
      connection: call.connection,
      model: call.model,
      amount: ended.exposure,
      reason: ended.exposureReason ?? "unknown",
      openedMs: ended.endedMs,
      billed: ended.exposureBilled,
    })),
  };
}

export async function readOverruns(query: Query, of: PageRequest): Promise<Page<Overrun>> {
  const { items, next } = await callsWhere(query, "overrun > 0", of);
  return {
    next,
    items: items.map(({ call, ended }) => ({
      entryId: `${call.id}.overrun`,
      holdId: call.id,
      accountId: call.account,
      vendor: call.vendor,
      connection: call.connection,
      model: call.model,
      ceiling: call.amount,
      amount: ended.overrun,
      createdMs: ended.endedMs,
    })),
  };
}

/** Newest first; the cursor says when and which. */
export async function listed<Item>(
  query: Query,
  list: {
    readonly sql: string;
    /** Columns that make the order: the first is `created_ms`. */
    readonly order: readonly [string, ...string[]];
    readonly read: (row: Row) => Item;
    readonly cursorOf: (item: Item) => readonly (string | number)[];
  },
  of: PageRequest,
): Promise<Page<Item>> {
  const parameters: Cell[] = [of.most + 1];
  const conditions: string[] = [];
  const place = (value: Cell): string => `?${parameters.push(value)}`;
  if (of.accountId !== undefined) conditions.push(`account = ${place(of.accountId)}`);
  if (of.before !== undefined) {
    const [created, ...rest] = cursorIn(of.before, list.order.length);
    const places = [place(created), ...rest.map(place)];
    conditions.push(`(${list.order.join(", ")}) < (${places.join(", ")})`);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const order = list.order.map((column) => `${column} DESC`).join(", ");
  const sql = `${list.sql} ${where} ORDER BY ${order} LIMIT ?1`;
  const rows = (await rowsOf(query, sql, parameters)).map(list.read);
  return pageOf(rows, of.most, (item) => list.cursorOf(item).join("~"));
}

/** Reads what a page gave out. @param columns how many make the order; the first is an instant. */
export function cursorIn(text: string, columns: number): readonly [bigint, ...string[]] {
  const [created = "", ...rest] = text.split("~");
  if (!/^\d{1,16}$/.test(created) || rest.length !== columns - 1) {
    throw new InvalidPage(`before=${text}: not a page of this list`);
  }
  return [BigInt(created), ...rest];
}

export function readCorrections(query: Query, of: PageRequest): Promise<Page<Correction>> {
  return listed(
    query,
    {
      sql: "SELECT * FROM corrections",
      order: ["created_ms", "id"],
      read: (row) => correctionOf(correctionRow(row)),
      cursorOf: (item) => [item.createdMs, item.entryId],
    },
    of,
  );
}

export function readAlerts(query: Query, of: PageRequest): Promise<Page<Alert>> {
  return listed(
    query,
    {
      // One batch of holds may reach two thresholds of a limit in the same instant.
      sql: `SELECT * FROM (SELECT alerts.*, node AS account, CAST(threshold AS TEXT) AS percent
        FROM alerts) AS listed`,
      order: ["created_ms", "node", "period", "limit_name", "percent"],
      read: (row) => {
        const { root: _, ...alert } = alertRow(row);
        return alert;
      },
      cursorOf: ({ createdMs, nodeId, window, limit, threshold }) => [
        ...[createdMs, nodeId, window, limit, threshold],
      ],
    },
    of,
  );
}

const columnOf: { readonly [dimension: string]: string } = {
  day: "day",
  model: "model",
  vendor: "vendor",
  connection: "connection",
  quality_asked: "quality_asked",
  quality_billed: "quality_billed",
  size: "size",
  account: "account",
  key: "key",
  user: "end_user",
  run: "run",
};

const summed = [
  ...(["charge", "held", "vendor_cost", "overrun", "exposure_open", "judged_charge"] as const),
] as const;

/** Tags are grouped by as one text, of which every call may have its own; told apart by one tag they are few. */
const TAG_GROUPS_MAX = 200_000;

/** @throws TooManyRows */
export async function readUsage(query: Query, of: UsageQuery): Promise<readonly UsageRow[]> {
  const tags = of.by.some((dimension) => dimension.startsWith("tag:"));
  const columns = [...new Set(of.by.flatMap((dimension) => columnOf[dimension] ?? []))];
  const grouped = [...columns, ...(tags ? ["tags"] : [])];
  const parameters: Cell[] = [of.from, of.to];
  const conditions = ["day >= ?1", "day <= ?2"];
  if (of.keyId !== undefined) conditions.push(`key = ?${parameters.push(of.keyId)}`);
  if (of.accountId !== undefined) {
    const place = `?${parameters.push(through(of.accountId))}`;
    conditions.push(`${PATH_LIKE} ${place} ESCAPE '\\'`);
  }
  const sql = `SELECT ${[...grouped, "count(*) AS calls"].join(", ")},
      CAST(sum(made) AS BIGINT) AS made, CAST(sum(images) AS BIGINT) AS images,
      CAST(sum(judged) AS BIGINT) AS judged, CAST(sum(kept) AS BIGINT) AS kept,
      ${summed.map(usdHalvesOf).join(", ")}
    FROM (SELECT calls.*, CASE WHEN outcome = 'made' THEN 1 ELSE 0 END AS made,
        CASE WHEN ended_ms IS NULL THEN amount ELSE 0 END AS held,
        CASE WHEN exposure_billed IS NULL THEN exposure ELSE 0 END AS exposure_open,
        coalesce(outcomes, 0) AS judged, coalesce(kept, 0) AS kept,
        coalesce(${JUDGED_CHARGE}, 0) AS judged_charge
      FROM calls LEFT JOIN ${JUDGED_CALLS} AS judged_calls
        ON judged_root = calls.root AND judged_hold = calls.id
      WHERE ${conditions.join(" AND ")}) AS counted
    ${grouped.length === 0 ? "" : `GROUP BY ${grouped.join(", ")}`}`;
  const { most = Number.MAX_SAFE_INTEGER - 1 } = of;
  const groupsMax = tags && most < TAG_GROUPS_MAX ? TAG_GROUPS_MAX : most;
  const limited = `${sql} LIMIT ?${parameters.push(groupsMax + 1)}`;
  const rows = await rowsOf(query, limited, parameters);
  const told = rows.length > groupsMax ? [] : folded(rows.map((row) => usageRow(row, of.by)));
  if (rows.length > groupsMax || told.length > most) {
    throw new TooManyRows(`usage by ${of.by.join(", ")}: more than ${most} rows`);
  }
  return told;
}

function usageRow(row: Row, by: readonly UsageDimension[]): UsageRow {
  const [charge, held, vendorCost, overrun, exposure, judgedCharge] = summed.map((column) =>
    usdHalvesIn(row, column),
  );
  const count = (column: string): number => (row[column] === null ? 0 : numberIn(row, column));
  return {
    keys: by.map((dimension) => keyIn(row, dimension)),
    calls: count("calls"),
    settled: count("made"),
    images: count("images"),
    charge: charge ?? ZERO_USD,
    held: held ?? ZERO_USD,
    vendorCost: vendorCost ?? ZERO_USD,
    overrun: overrun ?? ZERO_USD,
    exposure: exposure ?? ZERO_USD,
    outcomes: count("judged"),
    kept: count("kept"),
    judgedCharge: judgedCharge ?? ZERO_USD,
  };
}

function keyIn(row: Row, dimension: UsageDimension): string | null {
  if (!dimension.startsWith("tag:")) return textOrNullIn(row, columnOf[dimension] ?? dimension);
  const tags: { readonly [name: string]: string } = JSON.parse(textOrNullIn(row, "tags") ?? "{}");
  return tags[dimension.slice("tag:".length)] ?? null;
}

/** Rows of the same keys become one: a tag is one of many that SQL grouped by. */
function folded(rows: readonly UsageRow[]): readonly UsageRow[] {
  const byKeys = new Map<string, UsageRow>();
  for (const row of rows) {
    if (row.calls === 0) continue;
    const name = JSON.stringify(row.keys);
    const before = byKeys.get(name);
    byKeys.set(name, before === undefined ? row : added(before, row));
  }
  return [...byKeys].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function added(left: UsageRow, right: UsageRow): UsageRow {
  return {
    keys: left.keys,
    calls: left.calls + right.calls,
    settled: left.settled + right.settled,
    images: left.images + right.images,
    charge: addUsd(left.charge, right.charge),
    held: addUsd(left.held, right.held),
    vendorCost: addUsd(left.vendorCost, right.vendorCost),
    overrun: addUsd(left.overrun, right.overrun),
    exposure: addUsd(left.exposure, right.exposure),
    outcomes: left.outcomes + right.outcomes,
    kept: left.kept + right.kept,
    judgedCharge: addUsd(left.judgedCharge, right.judgedCharge),
  };
}

/** The newest head of every root. */
export async function readHeads(query: Query): Promise<readonly ChainHead[]> {
  const rows = await rowsOf(query, "SELECT root, sequence, hash FROM roots ORDER BY root", []);
  return rows.map((row) => ({
    root: textIn(row, "root"),
    sequence: numberIn(row, "sequence"),
    hash: textIn(row, "hash"),
  }));
}
