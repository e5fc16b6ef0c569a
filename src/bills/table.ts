import { BadCsv, type CsvRecord, delimiterOf, readCsv } from "../text/csv-reader.ts";
import type { BillProblem } from "./line.ts";

/** Tables of bills: a header, somewhere near the top, and rows under it. */

/** What a column means to its reader, and the headings under which it is known. */
export type Headings<Name extends string> = { readonly [name in Name]: readonly string[] };

export type TableRow<Name extends string> = {
  readonly place: string;
  /** The cell, trimmed; empty where the table has no such column. */
  readonly cell: (name: Name) => string;
  /** The heading under which the column stands, for messages. */
  readonly heading: (name: Name) => string;
};

export type Table<Name extends string> = {
  readonly rows: readonly TableRow<Name>[];
  /** Pairs that stand above the header, by their first cell in lower case. */
  readonly preamble: ReadonlyMap<string, string>;
  readonly has: (name: Name) => boolean;
  /** Headings that nobody reads. */
  readonly unread: readonly string[];
  readonly problems: readonly BillProblem[];
};

/** Lines above a header that are looked through for it. */
const PREAMBLE_MAX = 40;

/** Whether the first lines of a text hold a header with all these columns. */
export function hasColumns<Name extends string>(
  text: string,
  headings: Headings<Name>,
  needed: readonly Name[],
): boolean {
  const head = text.slice(0, 20_000).split(/\r?\n/, PREAMBLE_MAX);
  const delimiter = delimiterOf(text);
  return head.some((line) => {
    const found = line.split(delimiter).map((cell) => plainHeading(cell.replaceAll('"', "")));
    return needed.every((name) => columnOf(found, headings[name]) !== undefined);
  });
}

/**
 * Reads a table whose header has all needed columns. Rows with more or fewer cells than the header are
 * problems: their cells can't be told apart. Empty rows are passed over.
 */
export function readTable<Name extends string>(
  text: string,
  headings: Headings<Name>,
  needed: readonly Name[],
): Table<Name> {
  const read = recordsOf(text);
  const at = read.records
    .slice(0, PREAMBLE_MAX)
    .findIndex(({ cells }) => missing(cells, headings, needed).length === 0);
  const header = read.records[at];
  if (header === undefined) return headless(read, headings, needed);
  const names = header.cells.map(plainHeading);
  const columns = columnsOf(names, headings);
  const rows: TableRow<Name>[] = [];
  const problems: BillProblem[] = [...read.problems];
  for (const { line, cells } of read.records.slice(at + 1)) {
    if (cells.every((cell) => cell.trim() === "")) continue;
    const place = `line ${line}`;
    if (cells.length !== names.length) {
      const counts = `${cells.length} cells, the header has ${names.length}`;
      problems.push({ place, message: counts });
      continue;
    }
    rows.push({
      place,
      cell: (name) => (cells[columns.get(name) ?? -1] ?? "").trim(),
      heading: (name) => (header.cells[columns.get(name) ?? -1] ?? name).trim(),
    });
  }
  const used = new Set(columns.values());
  return {
    rows,
    preamble: new Map(
      read.records
        .slice(0, at)
        .map(({ cells: [name = "", value = ""] }) => [name.trim().toLowerCase(), value.trim()]),
    ),
    has: (name) => columns.has(name),
    unread: header.cells.filter((_, index) => !used.has(index)).map((cell) => cell.trim()),
    problems,
  };
}

function recordsOf(text: string): { records: CsvRecord[]; problems: BillProblem[] } {
  try {
    return { records: readCsv(text, { delimiter: delimiterOf(text) }), problems: [] };
  } catch (cause) {
    if (!(cause instanceof BadCsv)) throw cause;
    return { records: [], problems: [{ place: `line ${cause.line}`, message: cause.message }] };
  }
}

/** No header: says what is missing in the line that comes nearest. */
function headless<Name extends string>(
  read: ReturnType<typeof recordsOf>,
  headings: Headings<Name>,
  needed: readonly Name[],
): Table<Name> {
  const nothing = { rows: [], preamble: new Map(), has: () => false, unread: [] };
  if (read.problems.length > 0) return { ...nothing, problems: read.problems };
  const nearest = read.records
    .slice(0, PREAMBLE_MAX)
    .map((record) => ({ record, lacks: missing(record.cells, headings, needed) }))
    .reduce<{ record: CsvRecord; lacks: readonly Name[] } | undefined>(
      (best, each) => (best === undefined || each.lacks.length < best.lacks.length ? each : best),
      undefined,
    );
  const lacks = (nearest?.lacks ?? needed).map(
    (name) => `${name} (${headings[name].map((heading) => JSON.stringify(heading)).join(", ")})`,
  );
  const there = nearest?.record.cells.map((cell) => cell.trim()).join(", ") ?? "nothing";
  const message = `no header with all that is needed; missing: ${lacks.join("; ")}; there is: ${there}`;
  const place = `line ${nearest?.record.line ?? 1}`;
  return { ...nothing, problems: [{ place, message }] };
}

function missing<Name extends string>(
  cells: readonly string[],
  headings: Headings<Name>,
  needed: readonly Name[],
): Name[] {
  const names = cells.map(plainHeading);
  return needed.filter((name) => columnOf(names, headings[name]) === undefined);
}

function columnsOf<Name extends string>(
  names: readonly string[],
  headings: Headings<Name>,
): ReadonlyMap<Name, number> {
  const columns = new Map<Name, number>();
  for (const name of Object.keys(headings) as Name[]) {
    const column = columnOf(names, headings[name]);
    if (column !== undefined) columns.set(name, column);
  }
  return columns;
}

/** The first heading that is there: readers list the better one first. */
function columnOf(names: readonly string[], headings: readonly string[]): number | undefined {
  for (const heading of headings) {
    const at = names.indexOf(plainHeading(heading));
    if (at !== -1) return at;
  }
  return undefined;
}

function plainHeading(heading: string): string {
  return heading
    .replace(/^\uFEFF/, "")
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, " ");
}
