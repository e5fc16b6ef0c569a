import { createWriteStream, rmSync } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { addUsd, formatUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import { type Assumed, infer, type PriceOn } from "./infer.ts";
import { isFields } from "./json-records.ts";
import type { BadRecord, Fields, ReadBy, SourceRecord, UsageFound, UsageReader } from "./port.ts";
import type { ImportedRow } from "./row.ts";
import { hashOf, type Progress, recordsOf } from "./source-records.ts";
import { beginImport, finishImport, type ImportAbout, listImports } from "./store.ts";

/** What is to be imported, and how. */
export type ImportRequest = {
  readonly home: string;
  readonly files: readonly string[];
  readonly reader: UsageReader;
  /** Undefined: the reader's name and the beginning of the hash. */
  readonly name: string | undefined;
  readonly by: ReadBy;
  readonly assumed: Assumed;
  /** Records that can't be read are passed over and counted. */
  readonly skipBad: boolean;
  readonly priceOn: PriceOn;
  /** The time that it is. */
  readonly now: () => Date;
  readonly progress: (done: { readonly bytes: number; readonly of: number }) => void;
};

export type ImportResult =
  | { readonly kind: "imported"; readonly about: ImportAbout }
  /** The same files stand in a set already: it stays as it is. */
  | { readonly kind: "known"; readonly about: ImportAbout }
  /** A set of that name holds something else. */
  | { readonly kind: "name_taken"; readonly about: ImportAbout }
  /** Nothing was imported. `bad` names the first ones, in the order of the files. */
  | { readonly kind: "refused"; readonly bad: readonly BadRecord[]; readonly count: number }
  /** Every record could be read, and none of it can be re-rated. */
  | { readonly kind: "empty"; readonly leftOut: ImportAbout["left_out"] };

/** So many records are named that couldn't be read; all are counted. */
const BAD_NAMED_MAX = 10_000;

/**
 * Reads usage exports into a set of its own: whole, or not at all.
 *
 * @throws Error of the file system for files that can't be opened.
 */
export async function importUsage(request: ImportRequest): Promise<ImportResult> {
  const { home, files, reader } = request;
  const { sha256, bytes } = await hashOf(files);
  const name = request.name ?? `${reader.id}-${sha256.slice(0, 8)}`;
  const known = listImports(home).find((each) => each.sha256 === sha256);
  if (known !== undefined) return { kind: "known", about: known };
  const taken = listImports(home).find((each) => each.name === name);
  if (taken !== undefined) return { kind: "name_taken", about: taken };
  const { rowsFile } = beginImport(home, name);
  const sums = new Sums(request);
  try {
    await writeLines(
      rowsFile,
      rowsIn(request, sums, (done) => request.progress({ bytes: done, of: bytes })),
    );
    if (sums.bad.length > 0 && !request.skipBad) {
      return { kind: "refused", bad: sums.bad, count: sums.badCount };
    }
    const about = sums.about({
      name,
      sha256,
      at: request.now(),
      files: files.map((file) => basename(file)),
    });
    if (about.rows === 0) return { kind: "empty", leftOut: about.left_out };
    finishImport(home, about, rowsFile);
    return { kind: "imported", about };
  } finally {
    rmSync(rowsFile, { force: true });
  }
}

async function* rowsIn(
  { files, reader, by, priceOn, assumed }: ImportRequest,
  sums: Sums,
  progress: Progress,
): AsyncGenerator<ImportedRow> {
  const records = readable(recordsOf(files, { reader, by }, progress), sums, by);
  for await (const found of reader.read(records, by)) {
    if (found.kind === "bad") sums.refuse(found);
    else if (found.kind === "left_out") sums.leaveOut(found);
    else {
      const inferred = infer(found, priceOn, assumed);
      if (inferred.kind === "rows") yield* sums.count(inferred.rows);
      else {
        const images = found.parts.reduce((sum, part) => sum + (part.images ?? 0), 0);
        sums.leaveOut({ ...inferred, images, dollars: found.dollars });
      }
    }
  }
}

/** Records that have what every record must have. */
async function* readable(
  records: AsyncIterable<SourceRecord | BadRecord>,
  sums: Sums,
  by: ReadBy,
): AsyncGenerator<SourceRecord> {
  for await (const record of records) {
    if ("kind" in record) sums.refuse(record);
    else {
      const missing = sums.see(record, by);
      if (missing === undefined) yield record;
      else sums.refuse(missing);
    }
  }
}

/** What an import comes to, while it is read. */
class Sums {
  readonly bad: BadRecord[] = [];
  badCount = 0;
  #records = 0;
  readonly #request: ImportRequest;
  readonly #known: ReadonlySet<string>;
  readonly #unknown = new Set<string>();
  readonly #days = { first: "9999-12-31", last: "" };
  readonly #all = { rows: 0, requests: 0, images: 0, dollars: ZERO_USD };
  readonly #inferred = new Shares();
  readonly #assumed = new Shares();
  readonly #leftOut = new Shares();

  constructor(request: ImportRequest) {
    this.#request = request;
    this.#known = new Set([...request.reader.known, ...request.by.map.values()]);
  }

  /** Takes note of a record's columns; names the first one that it must have and hasn't. */
  see({ file, line, fields }: SourceRecord, { map }: ReadBy): BadRecord | undefined {
    this.#records += 1;
    if (this.#unknown.size < UNKNOWN_MAX) {
      for (const name of unknownIn(fields, this.#known)) this.#unknown.add(name);
    }
    for (const ours of this.#request.reader.required) {
      const column = map.get(ours) ?? ours;
      if (fields[column] !== undefined) continue;
      const has = Object.keys(fields).join(", ");
      return { kind: "bad", file, line, column, why: `is missing; there are ${has}` };
    }
    return undefined;
  }

  refuse(record: BadRecord): void {
    this.badCount += 1;
    if (this.bad.length < BAD_NAMED_MAX) this.bad.push(record);
  }

  leaveOut(found: Omit<Extract<UsageFound, { kind: "left_out" }>, "kind">): void {
    this.#leftOut.add([found.reason], {
      images: found.images ?? 0,
      dollars: found.dollars ?? ZERO_USD,
    });
  }

  *count(rows: readonly ImportedRow[]): Generator<ImportedRow> {
    for (const row of rows) {
      const { day, requests, images, dollars, inferred, assumed } = row;
      if (day < this.#days.first) this.#days.first = day;
      if (day > this.#days.last) this.#days.last = day;
      this.#all.rows += 1;
      this.#all.requests += requests;
      this.#all.images += images;
      this.#all.dollars = addUsd(this.#all.dollars, dollars);
      this.#inferred.add(inferred, row);
      this.#assumed.add(assumed, row);
      yield row;
    }
  }

  about(of: {
    readonly name: string;
    readonly sha256: string;
    readonly at: Date;
    readonly files: readonly string[];
  }): ImportAbout {
    const { rows, requests, images, dollars } = this.#all;
    return {
      ...{ name: of.name, from: this.#request.reader.id, files: [...of.files], sha256: of.sha256 },
      imported_at: of.at.toISOString(),
      first_day: rows === 0 ? null : this.#days.first,
      last_day: rows === 0 ? null : this.#days.last,
      ...{ records: this.#records, rows, requests, images, dollars: formatUsd(dollars) },
      inferred: this.#inferred.all(),
      assumed: this.#assumed.all(),
      left_out: this.#leftOut.all(),
      skipped: this.badCount,
      unknown_columns: [...this.#unknown].toSorted(),
    };
  }
}

/** Columns that are named as unknown; a file with more is another kind of file. */
const UNKNOWN_MAX = 100;

/** Rows, pictures and dollars by a name. */
class Shares {
  readonly #shares = new Map<string, { rows: number; images: number; dollars: PicoUsd }>();

  add(names: readonly string[], of: { readonly images: number; readonly dollars: PicoUsd }): void {
    for (const name of names) {
      const share = this.#shares.get(name) ?? { rows: 0, images: 0, dollars: ZERO_USD };
      share.rows += 1;
      share.images += of.images;
      share.dollars = addUsd(share.dollars, of.dollars);
      this.#shares.set(name, share);
    }
  }

  all(): ImportAbout["left_out"] {
    const told = [...this.#shares].map(([name, { dollars, ...share }]) => [
      name,
      { ...share, dollars: formatUsd(dollars) },
    ]);
    return Object.fromEntries(told);
  }
}

function* unknownIn(fields: Fields, known: ReadonlySet<string>, path = ""): Generator<string> {
  for (const [name, value] of Object.entries(fields)) {
    const at = `${path}${name}`;
    if (known.has(at)) continue;
    const inner = Array.isArray(value) ? value.find(isFields) : isFields(value) ? value : undefined;
    const isGroup = [...known].some((each) => each.startsWith(`${at}.`));
    if (inner !== undefined && isGroup) yield* unknownIn(inner, known, `${at}.`);
    else if (!isGroup || inner !== undefined) yield at;
  }
}

/** Writes rows as lines, no faster than the disk takes them. */
async function writeLines(file: string, rows: AsyncIterable<ImportedRow>): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for await (const row of rows) {
      yield `${JSON.stringify({ ...row, dollars: formatUsd(row.dollars) })}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file, { mode: 0o600 }));
}
