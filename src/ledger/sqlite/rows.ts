import type { SQLOutputValue } from "node:sqlite";
import { type PicoUsd, picoUsd } from "../../money/pico-usd.ts";

/** A row as node:sqlite reads it with bigint reads on. */
export type Row = { readonly [column: string]: SQLOutputValue };

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
