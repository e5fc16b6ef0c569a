import type { PriceVersion } from "../catalog/schema.ts";
import { readStoredPrice } from "../ledger/price-text.ts";
import { priceRow } from "../ledger/sql/decode.ts";
import { type Cell, integerIn, type Query, type Row, rowsOf, textIn } from "../ledger/sql/rows.ts";
import { NOWHERE, naming } from "./discrepancy.ts";

/**
 * What verification reads of a ledger, in pages, whatever stores it. Every statement of a run must see one
 * instant; the tables are named alike in both stores.
 */

/** Rows read at a time. */
const PAGE = 500;
/** Ids asked for at a time. One statement for any number up to this: the rest is filled with the last id. */
const IDS_MAX = 100;
const ID_PLACES = Array.from({ length: IDS_MAX }, (_, index) => `?${index + 2}`).join(", ");

/** Which of the two worlds a ledger was born in. */
export async function worldOf(query: Query): Promise<string> {
  const [row = {}] = await rowsOf(query, "SELECT world FROM ledger", []);
  return textIn(row, "world");
}

export async function rootsOf(query: Query): Promise<readonly string[]> {
  const rows = await rowsOf(query, "SELECT root FROM roots ORDER BY root", []);
  return rows.map((row) => textIn(row, "root"));
}

/** Every stored price version must be what its hash says, used or not. */
export async function pricesOf(query: Query): Promise<(sha256: string) => PriceVersion> {
  const prices = new Map<string, PriceVersion>();
  for (const row of await rowsOf(query, "SELECT * FROM price_versions ORDER BY id", [])) {
    naming(NOWHERE, () => {
      const stored = priceRow(row);
      prices.set(stored.sha256, readStoredPrice(stored));
    });
  }
  return (sha256) => {
    const price = prices.get(sha256);
    if (price === undefined) throw new Error(`price version ${sha256} isn't stored`);
    return price;
  };
}

/** The entries of a root that follow a sequence, in the order of the chain. */
export function entriesAfter(
  query: Query,
  root: string,
  after: bigint,
  most: number,
): Promise<readonly Row[]> {
  const sql = "SELECT * FROM entries WHERE root = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3";
  return rowsOf(query, sql, [root, after, most]);
}

/** The entry at a place of a chain. */
export async function entryAt(
  query: Query,
  root: string,
  sequence: bigint,
): Promise<Row | undefined> {
  const sql = "SELECT * FROM entries WHERE root = ?1 AND sequence = ?2";
  const [row] = await rowsOf(query, sql, [root, sequence]);
  return row;
}

/** Rows of a root by their ids. */
export async function rowsById(
  query: Query,
  table: "entries" | "calls" | "corrections" | "statements",
  of: { readonly root: string; readonly ids: ReadonlySet<string> },
): Promise<ReadonlyMap<string, Row>> {
  const rows = await rowsIn(query, `SELECT * FROM ${table} WHERE root = ?1 AND id`, of);
  return new Map(rows.map((row) => [textIn(row, "id"), row]));
}

/** @param where a statement that ends in the column which the ids are looked for in. */
async function rowsIn(
  query: Query,
  where: string,
  of: { readonly root: string; readonly ids: ReadonlySet<string> },
): Promise<readonly Row[]> {
  const ids = [...of.ids];
  const found: Row[] = [];
  for (let from = 0; from < ids.length; from += IDS_MAX) {
    const some = ids.slice(from, from + IDS_MAX);
    const last = some.at(-1) ?? "";
    const filled = [...some, ...Array<string>(IDS_MAX - some.length).fill(last)];
    found.push(...(await rowsOf(query, `${where} IN (${ID_PLACES})`, [of.root, ...filled])));
  }
  return found;
}

/** What is known of the judged pictures of these calls, by call and picture. */
export async function outcomesOf(
  query: Query,
  of: { readonly root: string; readonly holds: ReadonlySet<string> },
): Promise<ReadonlyMap<string, Row>> {
  const found = new Map<string, Row>();
  const rows = await rowsIn(query, "SELECT * FROM outcomes WHERE root = ?1 AND hold", {
    ...{ root: of.root, ids: of.holds },
  });
  for (const row of rows) found.set(`${textIn(row, "hold")} ${integerIn(row, "image")}`, row);
  return found;
}

/** All rows of a root that a condition picks, page by page, in the order of the key's columns. */
export async function* pagesOf(
  query: Query,
  of: {
    readonly table: "nodes" | "counters" | "checkpoint_counters" | "corrections" | "calls";
    readonly root: string;
    readonly key: readonly [string, ...string[]];
    /** A condition on columns alone. */
    readonly where?: string;
  },
): AsyncGenerator<readonly Row[], void> {
  const { table, root, key, where = "root = ?1" } = of;
  const all = `SELECT * FROM ${table} WHERE root = ?1 AND ${where}`;
  const order = `ORDER BY ${key.join(", ")} LIMIT ${PAGE}`;
  const places = key.map((_, index) => `?${index + 2}`).join(", ");
  const next = `${all} AND (${key.join(", ")}) > (${places}) ${order}`;
  let rows = await rowsOf(query, `${all} ${order}`, [root]);
  for (;;) {
    yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    const after: Cell[] = key.map((column) => textIn(last, column));
    rows = await rowsOf(query, next, [root, ...after]);
  }
}

export async function countOf(
  query: Query,
  sql: string,
  parameters: readonly Cell[],
): Promise<bigint> {
  const [row = {}] = await rowsOf(query, `SELECT count(*) AS found FROM ${sql}`, parameters);
  return integerIn(row, "found");
}

/** A column's value as it is compared; a missing row has none. */
export function cell(row: Row, column: string): string | bigint | null {
  const value = row[column];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "bigint") return value;
  throw new Error(`column ${column}: neither text nor a whole number but ${typeof value}`);
}
