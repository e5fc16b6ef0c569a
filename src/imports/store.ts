import {
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type ImportedRow, rowSchema } from "./row.ts";

/**
 * Imported sets: under the home, in `imports/`, two files each. `NAME.json` says what was imported and is written
 * last, so that a set is there whole or not at all; `NAME.jsonl` holds its rows.
 */

/** A share of a set: so many rows and dollars. */
const share = z.strictObject({ rows: z.int(), images: z.int(), dollars: z.string() });
const named = z.record(z.string(), share);

const aboutSchema = z.strictObject({
  name: z.string(),
  from: z.string(),
  files: z.array(z.string()),
  /** Of the files' bytes, one after another; lower-case hex. */
  sha256: z.string().length(64),
  /** UTC. */
  imported_at: z.iso.datetime(),
  first_day: z.iso.date().nullable(),
  last_day: z.iso.date().nullable(),
  /** Records of the files that were looked at. */
  records: z.int(),
  rows: z.int(),
  requests: z.int(),
  images: z.int(),
  dollars: z.string(),
  /** By field: what wasn't in the files and follows from dollars or tokens. */
  inferred: named,
  /** By field: what the importer was told to take. */
  assumed: named,
  /** By reason: what can't be re-rated. `images` counts those that were told. */
  left_out: named,
  /** Records that couldn't be read and were passed over. */
  skipped: z.int(),
  /** Columns that the files have and nobody reads. */
  unknown_columns: z.array(z.string()),
});
/** What is known of a set. */
export type ImportAbout = z.infer<typeof aboutSchema>;

/** What a set may be called. */
export const IMPORT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Every set of a home, by name. */
export function listImports(home: string): readonly ImportAbout[] {
  return namesIn(home).flatMap((name) => findImport(home, name) ?? []);
}

/** A set by its name; undefined when there is none. */
export function findImport(home: string, name: string): ImportAbout | undefined {
  if (!IMPORT_NAME.test(name)) return undefined;
  try {
    const text = readFileSync(fileOf(home, name, "json"), "utf8");
    return aboutSchema.parse(JSON.parse(text));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new Error(`imported set ${name} can't be read: ${String(cause)}`, { cause });
  }
}

/** The rows of a set, in their order. @throws Error for a line that somebody changed into something else. */
export async function* rowsOfImport(home: string, name: string): AsyncGenerator<ImportedRow> {
  const lines = createInterface({
    input: createReadStream(fileOf(home, name, "jsonl"), "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) yield rowSchema.parse(JSON.parse(line));
}

/** True when there was such a set. */
export function removeImport(home: string, name: string): boolean {
  if (findImport(home, name) === undefined) return false;
  // What says that the set is there goes first.
  rmSync(fileOf(home, name, "json"), { force: true });
  rmSync(fileOf(home, name, "jsonl"), { force: true });
  return true;
}

/** Where the rows of a set are written until it is whole. Its owner's alone, as all of a home. */
export function beginImport(home: string, name: string): { readonly rowsFile: string } {
  mkdirSync(folderOf(home), { recursive: true, mode: 0o700 });
  return { rowsFile: `${fileOf(home, name, "jsonl")}.${process.pid}.new` };
}

/** Makes a set of the rows that were written. */
export function finishImport(home: string, about: ImportAbout, rowsFile: string): void {
  const file = fileOf(home, about.name, "json");
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify(about, null, 2)}\n`, { mode: 0o600 });
  renameSync(rowsFile, fileOf(home, about.name, "jsonl"));
  renameSync(fresh, file);
}

function namesIn(home: string): readonly string[] {
  try {
    return readdirSync(folderOf(home))
      .filter((file) => file.endsWith(".json"))
      .map((file) => file.slice(0, -".json".length))
      .toSorted();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
}

function folderOf(home: string): string {
  return join(home, "imports");
}

function fileOf(home: string, name: string, kind: "json" | "jsonl"): string {
  return join(folderOf(home), `${name}.${kind}`);
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
