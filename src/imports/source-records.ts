import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { csvRows } from "./csv-records.ts";
import { jsonRecords } from "./json-records.ts";
import type { BadRecord, ReadBy, SourceRecord, UsageReader } from "./port.ts";

/** Records out of the files of an import, each with its place; never more of a file in memory than a piece. */

/** How far the reading is. */
export type Progress = (bytes: number) => void;

/** SHA-256 (lower-case hex) of files one after another, and how many bytes they are. */
export async function hashOf(
  files: readonly string[],
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const file of files) {
    for await (const piece of createReadStream(file)) {
      hash.update(piece);
      bytes += piece.length;
    }
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Who reads, and under which names of columns. */
type Reading = { readonly reader: UsageReader; readonly by: ReadBy };

/** Every record of the files that a reader asks for. */
export async function* recordsOf(
  files: readonly string[],
  reading: Reading,
  progress: Progress,
): AsyncGenerator<SourceRecord | BadRecord> {
  let before = 0;
  for (const file of files) {
    const counted = { bytes: 0 };
    const text = textOf(file, (bytes) => {
      counted.bytes = bytes;
      progress(before + bytes);
    });
    try {
      yield* fileRecords(file, text, reading);
    } catch (cause) {
      if (!isNotText(cause)) throw cause;
      yield { kind: "bad", file, line: 1, why: "not UTF-8 text" };
    }
    before += counted.bytes;
  }
}

function isNotText(cause: unknown): boolean {
  return cause instanceof TypeError && "code" in cause && cause.code === NOT_TEXT;
}

/** How node names bytes that a decoder can't read. */
const NOT_TEXT = "ERR_ENCODING_INVALID_ENCODED_DATA";

async function* fileRecords(
  file: string,
  text: AsyncIterable<string>,
  { reader, by }: Reading,
): AsyncGenerator<SourceRecord | BadRecord> {
  const { first, all } = await firstLetter(text);
  const isJson = first === "{" || first === "[";
  const pages = reader.forms.includes("pages");
  if (isJson && (pages || reader.forms.includes("rows"))) {
    yield* fromJson(file, all, { pages });
  } else if (!isJson && reader.forms.includes("table")) {
    const needed = reader.required.map((ours) => by.map.get(ours) ?? ours);
    yield* fromTable(file, all, [...new Set([...needed, ...by.map.values()])]);
  } else {
    const wanted = isJson ? "a table (CSV) is read" : "JSON is read";
    yield { kind: "bad", file, line: 1, why: `begins with ${JSON.stringify(first)}: ${wanted}` };
  }
}

/** UTF-8, without the mark that some programs put in front. */
async function* textOf(file: string, progress: Progress): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  for await (const piece of createReadStream(file)) {
    bytes += piece.length;
    yield decoder.decode(piece, { stream: true });
    progress(bytes);
  }
  yield decoder.decode();
}

async function firstLetter(
  text: AsyncIterable<string>,
): Promise<{ readonly first: string; readonly all: AsyncIterable<string> }> {
  const pieces = text[Symbol.asyncIterator]();
  let begun = "";
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) break;
    begun += next.value;
    if (begun.trim() !== "") break;
  }
  async function* all(): AsyncGenerator<string> {
    yield begun;
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  return { first: begun.trim().slice(0, 1), all: all() };
}

async function* fromJson(
  file: string,
  text: AsyncIterable<string>,
  form: { readonly pages: boolean },
): AsyncGenerator<SourceRecord | BadRecord> {
  for await (const record of jsonRecords(text, form)) {
    const { line } = record;
    if (record.kind === "bad") yield { kind: "bad", file, line, why: record.why };
    else if (record.kind === "record") yield { file, line, fields: record.fields };
    else yield { file, line, fields: { ...record.fields, object: "page" } };
  }
}

async function* fromTable(
  file: string,
  text: AsyncIterable<string>,
  needed: readonly string[],
): AsyncGenerator<SourceRecord | BadRecord> {
  let names: readonly string[] | undefined;
  for await (const row of csvRows(text)) {
    const { line } = row;
    if (row.kind === "bad") {
      yield { kind: "bad", file, line, why: row.why };
    } else if (names === undefined) {
      names = row.cells.map((name) => name.trim());
      const wrong = wrongNames(names, needed).map((each) => ({ ...each, file, line }));
      yield* wrong;
      if (wrong.length > 0) return;
    } else if (row.cells.length === names.length) {
      const { cells } = row;
      const fields = names.map((name, index) => [name, cells[index] ?? ""]);
      yield { file, line, fields: Object.fromEntries(fields) };
    } else {
      const why = `${row.cells.length} cells; the table has ${names.length} columns`;
      yield { kind: "bad", file, line, why };
    }
  }
}

/** Every column that is missing from a table or stands in it twice: without them no row can be read. */
function wrongNames(
  names: readonly string[],
  needed: readonly string[],
): readonly Pick<BadRecord, "kind" | "column" | "why">[] {
  const missing = needed.filter((name) => !names.includes(name));
  const twice = names.filter((name, index) => name !== "" && names.indexOf(name) < index);
  const has = names.join(", ");
  return [
    ...missing.map((column) => ({
      column,
      why: `is no column of this table, which has ${has}; --map names a csv's own`,
    })),
    ...twice.map((column) => ({ column, why: "is the name of two columns" })),
  ].map((each) => ({ kind: "bad", ...each }));
}
