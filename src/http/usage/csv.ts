/** What a spreadsheet takes for the beginning of a formula. Full-width signs count: some programs fold them. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** A sign before digits alone is a number to every spreadsheet. */
const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Rows as RFC 4180 text: CRLF after each, quotes where a cell needs them. A cell that a spreadsheet would
 * run as a formula gets an apostrophe in front, because tags and users are written by callers; a number with
 * its sign stays one.
 */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: string): string {
  const harmless = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
