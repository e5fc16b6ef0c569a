import { type PicoUsd, picoUsd, ZERO_USD } from "../../money/pico-usd.ts";

/** A row as both stores read it: text, whole numbers as bigint, NULL. */
export type Row = { readonly [column: string]: unknown };

/** What a statement may be given. */
export type Cell = string | number | bigint | null;

/** A statement that only reads. Parameters are numbered: `?1`, `?2` … */
export type Reading = { readonly sql: string; readonly parameters: readonly Cell[] };

/** Reads committed rows; several statements see the same instant. Answers in their order. */
export type Query = (readings: readonly Reading[]) => Promise<readonly (readonly Row[])[]>;

/** Reads the rows of one statement. */
export async function rowsOf(
  query: Query,
  sql: string,
  parameters: readonly Cell[],
): Promise<readonly Row[]> {
  const [rows = []] = await query([{ sql, parameters }]);
  return rows;
}

/** Reads a TEXT column. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`column ${column}: not text but ${typeof value}`);
  return value;
}

/** Reads a TEXT column that may be NULL. */
export function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}

/** Reads an INTEGER column. */
export function integerIn(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value !== "bigint") {
    throw new Error(`column ${column}: not an integer but ${typeof value}`);
  }
  return value;
}

/** Reads an INTEGER column of picodollars. */
export function usdIn(row: Row, column: string): PicoUsd {
  return picoUsd(integerIn(row, column));
}

/** Reads an INTEGER column of picodollars that may be NULL: a limit that isn't set. */
export function usdOrNullIn(row: Row, column: string): PicoUsd | null {
  return row[column] === null ? null : usdIn(row, column);
}

/** Sums go in two halves, because a column of 64 bits holds no sum of many of its values. */
const HALF = 1_000_000_000n;

/** Selects the sum of a column of amounts, for `usdHalvesIn`. */
export function usdHalvesOf(column: string): string {
  return `CAST(sum(${column} / ${HALF}) AS BIGINT) AS ${column}_high,
      CAST(sum(${column} % ${HALF}) AS BIGINT) AS ${column}_low`;
}

/** Reads such a sum; of no rows it is nothing. */
export function usdHalvesIn(row: Row, column: string): PicoUsd {
  const [high, low] = [`${column}_high`, `${column}_low`];
  if (row[high] === null) return ZERO_USD;
  return picoUsd(integerIn(row, high) * HALF + integerIn(row, low));
}

/** Reads an INTEGER column of milliseconds since 1970 or of a sequence: what a number counts exactly. */
export function numberIn(row: Row, column: string): number {
  return Number(integerIn(row, column));
}

/** Reads such a column that may be NULL. */
export function numberOrNullIn(row: Row, column: string): number | null {
  return row[column] === null ? null : numberIn(row, column);
}

/** Reads an INTEGER column of 0 or 1. */
export function booleanIn(row: Row, column: string): boolean {
  return integerIn(row, column) === 1n;
}

/** Reads a TEXT column that holds one of a few words. */
export function wordIn<Word extends string>(
  row: Row,
  column: string,
  words: readonly Word[],
): Word {
  const text = textIn(row, column);
  const word = words.find((each) => each === text);
  if (word === undefined) throw new Error(`column ${column}: unknown word ${text}`);
  return word;
}
