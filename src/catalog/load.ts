import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { z } from "zod";
import { type Claims, claimProblems, claimsSchema } from "./claims.ts";
import { type ListedConnection, listConnections } from "./connections.ts";
import { catalogProblems, rowProblems } from "./cross-check.ts";
import type { Catalog } from "./find.ts";
import { applyOverrides, overridesSchema, type Row, settingsNames } from "./overrides.ts";
import { type Ratings, ratingProblems, ratingsSchema } from "./ratings.ts";
import { modelSchema } from "./schema.ts";
import {
  type FieldLocation,
  type FieldPath,
  type Problem,
  readSourceText,
  type SourceText,
} from "./source-text.ts";

/** Where a catalog comes from. */
export type CatalogSource = {
  /** Holds one `<id>.json` for each model. */
  readonly folder: string;
  /** The text of `spotmeter.yaml`, and its name for messages. */
  readonly overrides?: { readonly text: string; readonly file: string } | undefined;
};

/** The catalog, and the connections that the owner's file lists. */
export type LoadedCatalog = Catalog & { readonly connections: readonly ListedConnection[] };

/**
 * Reads and checks the whole catalog and the owner's file, once, at start.
 *
 * @throws Error that names every problem of every file with file, line and field.
 */
export function loadCatalog({ folder, overrides }: CatalogSource): LoadedCatalog {
  const complaints: string[] = [];
  const complain = ({ file, line, path }: FieldLocation, message: string) => {
    const field = path.length === 0 ? "" : ` ${path.map(String).join(".")}`;
    complaints.push(`${file}:${line}${field}: ${message}`);
  };
  const shipped = readFolder(folder, complain);
  const { rows, connections } =
    overrides === undefined
      ? { rows: shipped, connections: [] }
      : override(shipped, overrides, complain);
  for (const { model, locate } of rows) {
    for (const { path, message } of rowProblems(model)) complain(locate(path), message);
  }
  for (const { model, problem } of catalogProblems(rows.map((row) => row.model))) {
    const row = rows.find((each) => each.model === model);
    if (row !== undefined) complain(row.locate(problem.path), problem.message);
  }
  if (complaints.length > 0) {
    throw new Error(`bad catalog, ${complaints.length} problems\n${complaints.join("\n")}`);
  }
  const models = rows.map((row) => row.model);
  return { models: models.toSorted((left, right) => (left.id < right.id ? -1 : 1)), connections };
}

/**
 * Reads and checks the table of ratings, `catalog/ratings.json` or an owner's own.
 *
 * @throws Error that names every problem with file, line and field.
 */
export function loadRatings(file: string, { models }: Catalog): Ratings {
  return loadTable(file, {
    ...{ name: "ratings", schema: ratingsSchema },
    problemsOf: (ratings) => ratingProblems(ratings, models),
  });
}

/**
 * Reads and checks published claims, `catalog/claims.json`.
 *
 * @throws Error that names every problem with file, line and field.
 */
export function loadClaims(file: string, { models }: Catalog): Claims {
  return loadTable(file, {
    ...{ name: "claims", schema: claimsSchema },
    problemsOf: (claims) => claimProblems(claims, models),
  });
}

function loadTable<Table>(
  file: string,
  of: {
    readonly name: string;
    readonly schema: z.ZodType<Table>;
    readonly problemsOf: (table: Table) => readonly Problem[];
  },
): Table {
  const text = readFileSync(file, "utf8");
  const source = lazily(() => readSourceText(text));
  const parsed = of.schema.safeParse(parseJson(text));
  const problems = parsed.success ? of.problemsOf(parsed.data) : issuesOf(parsed.error);
  if (parsed.success && problems.length === 0) return parsed.data;
  const complaints = problems.map(
    ({ path, message }) =>
      `${file}:${source().lineOf(path)} ${path.map(String).join(".")}: ${message}`,
  );
  throw new Error(`bad ${of.name}, ${complaints.length} problems\n${complaints.join("\n")}`);
}

type Complain = (location: FieldLocation, message: string) => void;

function readFolder(folder: string, complain: Complain): Row[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  if (names.length === 0) throw new Error(`no catalog: ${folder} holds no .json file`);
  return names.toSorted().flatMap((name) => readRow(join(folder, name), complain) ?? []);
}

function readRow(file: string, complain: Complain): Row | undefined {
  const text = readFileSync(file, "utf8");
  const source = lazily(() => readSourceText(text));
  const locate = (path: FieldPath) => ({ file, line: source().lineOf(path), path });
  const value = parseJson(text);
  if (value === undefined) {
    complainOfText(source(), file, complain);
    return undefined;
  }
  const parsed = modelSchema.safeParse(value);
  if (!parsed.success) {
    for (const { path, message } of issuesOf(parsed.error)) complain(locate(path), message);
    return undefined;
  }
  const model = parsed.data;
  if (basename(file) !== `${model.id}.json`) {
    complain(locate(["id"]), `the file of "${model.id}" must be ${model.id}.json`);
  }
  return { model, locate };
}

/** JSON.parse is many times faster than a parser that keeps lines, which are only needed to complain. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The slow parser reads the same text again and says in which line it breaks.
    return undefined;
  }
}

function complainOfText({ problems }: SourceText, file: string, complain: Complain): void {
  for (const { line, message } of problems) complain({ file, line, path: [] }, message);
  if (problems.length === 0) complain({ file, line: 1, path: [] }, "is not JSON");
}

function override(
  rows: readonly Row[],
  { text, file }: { readonly text: string; readonly file: string },
  complain: Complain,
): { readonly rows: readonly Row[]; readonly connections: readonly ListedConnection[] } {
  const nothing = { rows, connections: [] };
  const source = readSourceText(text);
  if (source.problems.length > 0) {
    complainOfText(source, file, complain);
    return nothing;
  }
  const locate = (path: FieldPath) => ({ file, line: source.lineOf(path), path });
  const parsed = overridesSchema.safeParse(settingsNames(source.value));
  if (!parsed.success) {
    for (const { path, message } of issuesOf(parsed.error)) complain(locate(path), message);
    return nothing;
  }
  const applied = applyOverrides(rows, parsed.data, locate);
  const vendors = new Set(rows.map(({ model }) => model.vendor));
  const listed = listConnections(parsed.data.connections, vendors, locate);
  for (const { path, message } of [...applied.problems, ...listed.problems]) {
    complain(locate(path), message);
  }
  return { rows: applied.rows, connections: listed.connections };
}

/** An unknown key is a problem of its own line, not of the object around it. */
function issuesOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: "unknown field" }))
      : [{ path: issue.path, message: issue.message }],
  );
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
