import { BadCsv, CsvReader, type CsvRecord, delimiterOf } from "../text/csv-reader.ts";
import type { Problems } from "./problems.ts";

/** What one row of a file says, by the names of its columns; an empty cell or null is not in it. */
export type FileRecord = { readonly line: number; readonly cells: ReadonlyMap<string, unknown> };

/** A table of text or lines of JSON. */
export type FileForm = "csv" | "jsonl";

/** Reads pieces of a file as records; what is wrong with a line goes to the problems. */
export type RecordReader = {
  readonly form: FileForm;
  /** The names in the first line of a table; undefined for JSON, whose lines name their own. */
  readonly header: () => readonly string[] | undefined;
  readonly push: (text: string) => readonly FileRecord[];
  readonly end: () => readonly FileRecord[];
};

/** The form that a file's name says; undefined where its first character has to decide. */
export function formOf(name: string): FileForm | undefined {
  if (/\.(csv|tsv|txt)$/i.test(name)) return "csv";
  return /\.(jsonl|ndjson)$/i.test(name) ? "jsonl" : undefined;
}

/** A reader for the form of a file, or for what its beginning looks like. */
export function recordReader(
  form: FileForm | undefined,
  beginning: string,
  problems: Problems,
): RecordReader {
  const looksLike = /^\uFEFF?\s*\{/.test(beginning) ? "jsonl" : "csv";
  return (form ?? looksLike) === "jsonl"
    ? jsonReader(problems)
    : tableReader(delimiterOf(beginning), problems);
}

function tableReader(delimiter: string, problems: Problems): RecordReader {
  const reader = new CsvReader({ delimiter });
  let header: readonly string[] | undefined;
  let broken = false;
  const take = (records: Iterable<CsvRecord>): readonly FileRecord[] => {
    const rows: FileRecord[] = [];
    try {
      for (const record of broken ? [] : records) {
        if (header === undefined) header = headerOf(record, problems);
        else rows.push(...rowOf(record, header, problems));
      }
    } catch (cause) {
      if (!(cause instanceof BadCsv)) throw cause;
      broken = true;
      problems.add(cause.line, null, `${cause.message}; nothing behind it was read`);
    }
    return rows;
  };
  return {
    form: "csv",
    header: () => header,
    push: (text) => take(reader.push(text)),
    end: () => {
      const rest = take(reader.end());
      if (header === undefined && !broken) problems.add(1, null, "the file is empty: no header");
      return rest;
    },
  };
}

function headerOf({ line, cells }: CsvRecord, problems: Problems): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  for (const [index, name] of names.entries()) {
    if (name === "") problems.add(line, null, `column ${index + 1} has no name`);
    else if (names.indexOf(name) < index)
      problems.add(line, name, "this column stands there twice");
  }
  return names;
}

function rowOf(
  { line, cells }: CsvRecord,
  header: readonly string[],
  problems: Problems,
): readonly FileRecord[] {
  if (cells.length !== header.length) {
    const message = `${cells.length} cells, but the header names ${header.length} columns`;
    problems.add(line, null, message);
    return [];
  }
  const record = new Map<string, unknown>();
  for (const [index, name] of header.entries()) {
    const cell = cells[index];
    if (cell !== undefined && cell !== "") record.set(name, cell);
  }
  return [{ line, cells: record }];
}

/** One line is at most so long: a file of one line is no JSONL. */
const LINE_CHARACTERS_MAX = 1_000_000;

function jsonReader(problems: Problems): RecordReader {
  let rest = "";
  let line = 0;
  const read = (text: string): readonly FileRecord[] => {
    line += 1;
    return text.trim() === "" ? [] : objectOf(line, text, problems);
  };
  return {
    form: "jsonl",
    header: () => undefined,
    push: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_CHARACTERS_MAX) {
        problems.add(line + 1, null, `longer than ${LINE_CHARACTERS_MAX} characters`);
        rest = "";
      }
      return lines.flatMap(read);
    },
    end: () => {
      const last = rest;
      rest = "";
      return read(last);
    },
  };
}

function objectOf(line: number, text: string, problems: Problems): readonly FileRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(line === 1 ? text.replace(/^\uFEFF/, "") : text);
  } catch (cause) {
    problems.add(line, null, `not JSON: ${cause instanceof Error ? cause.message : cause}`);
    return [];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.add(line, null, "not a JSON object");
    return [];
  }
  const cells = Object.entries(value).filter(([, cell]) => cell !== null && cell !== "");
  return [{ line, cells: new Map(cells) }];
}
