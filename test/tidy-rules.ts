import { dirname, join, matchesGlob } from "node:path/posix";

/**
 * What no linter sees. Every rule is a pure function from files to complaints, so that a planted
 * counter-example can show that it bites.
 */

/** A file of this repository; the path is relative to its root, with forward slashes. */
export type SourceFile = { readonly path: string; readonly text: string };

const LINES_MAX = 400;

export function longFiles(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    return isCode(path) && lines > LINES_MAX
      ? [`${path}: ${lines} lines, at most ${LINES_MAX}`]
      : [];
  });
}

/** Where money is computed, no literal with a point and nothing that makes floats; no tolerance in any test. */
export function floatMoney(files: readonly SourceFile[]): string[] {
  const pure = /^src\/(billing|money|ledger)\//;
  const floats =
    /\b\d[\d_]*\.\d|\b\d+e[-+]?\d|\bparseFloat\b|\.toFixed\b|\.toPrecision\b|\bMath\.(round|floor|ceil|trunc)\b/g;
  return [
    ...find(files, (path) => pure.test(path), floats, withoutStrings),
    ...find(files, (path) => /^(test|src|bench)\//.test(path), /\btoBeCloseTo\b/g, withoutStrings),
  ].map((found) => `${found}: money is exact`);
}

/** Names that belong to a vendor; a word of the client contracts that surfaces speak is fine in `src/http/`. */
const BRANDS =
  /openai|gemini|google|alibaba|dashscope|byteplus|seedream|seededit|doubao|qwen|gpt-image|dall-e|imagen|\bark\b|\bwan\d/gi;
const CONTRACTS = /^(openai|gemini)$/i;
/** The names of types in the error envelope of this contract. */
const TYPE_NAMES = { folder: "src/http/gemini/", name: /\btype\.googleapis\.com\/google\.rpc\b/g };
/** The one example that a start prints is an order for a model. */
const NAMES_A_MODEL = "src/start/banner.ts";

/** Outside `src/vendors/` no code speaks of a vendor, least of all as a literal to compare with. */
export function vendorNames(files: readonly SourceFile[], vendorIds: readonly string[]): string[] {
  const outside = files.filter(
    ({ path }) => path.startsWith("src/") && isCode(path) && !path.startsWith("src/vendors/"),
  );
  const idLiteral = new RegExp(`["'\`](${vendorIds.join("|")})["'\`]`, "g");
  return outside.flatMap(({ path, text }) => {
    const whole = withoutComments(text);
    const code = path.startsWith(TYPE_NAMES.folder) ? whole.replace(TYPE_NAMES.name, "") : whole;
    const brands = matches(path, code, BRANDS).filter(
      ({ word }) => !(path.startsWith("src/http/") && CONTRACTS.test(word)),
    );
    const named = path === NAMES_A_MODEL ? [] : brands;
    const literals = matches(path, code, idLiteral);
    return [...named, ...literals].map(({ at, word }) => `${at}: names a vendor: ${word}`);
  });
}

/** Who in `src/` may start the emulators. */
const STARTS_EMULATORS = ["src/start/gateway.ts", "src/cli/emulate.ts"];

/** Emulators are written from the vendors' documents: neither side may lean on the other. */
export function crossImports(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    importsOf(path, text).flatMap((target) => {
      const wrong =
        (path.startsWith("emulators/") && target.startsWith("src/")) ||
        (path.startsWith("src/") &&
          target.startsWith("emulators/") &&
          !STARTS_EMULATORS.includes(path));
      const intoTest = /^(src|emulators)\//.test(path) && target.startsWith("test/");
      return wrong || intoTest ? [`${path}: imports ${target}`] : [];
    }),
  );
}

/** Every fact of a catalog row stands with its source, the day it was read and a mark; a term may inherit its version's. */
export function unsourcedFacts(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /^catalog\/models\/.*\.json$/.test(path))
    .flatMap(({ path, text }) => {
      const row: unknown = JSON.parse(text);
      return isObject(row)
        ? rowComplaints(row).map((complaint) => `${path}: ${complaint}`)
        : [path];
    });
}

function rowComplaints(row: JsonObject): string[] {
  const { rateCard, sources, outputLaw, lifeCycle } = row;
  const { kind = "flat" } = isObject(outputLaw) ? outputLaw : {};
  const facts: [string, unknown][] = [
    ...list(sources).map((fact, index): [string, unknown] => [`sources[${index}]`, fact]),
    ...list(rateCard).map((fact, index): [string, unknown] => [`rateCard[${index}]`, fact]),
    ...Object.entries(isObject(lifeCycle) ? lifeCycle : {}).filter(([, fact]) => isObject(fact)),
    ...(kind === "flat" ? [] : [["outputLaw", outputLaw] satisfies [string, unknown]]),
  ];
  return [
    ...(list(sources).length === 0 ? ["no sources"] : []),
    ...facts.flatMap(([name, fact]) =>
      ["source", "checkedOn", "mark"].flatMap((field) =>
        isObject(fact) && typeof fact[field] === "string" && fact[field] !== ""
          ? []
          : [`${name} has no ${field}`],
      ),
    ),
  ];
}

/** A vendor is a folder of small files; where it bills by tokens, the law for quotes is one of them. */
export function incompleteVendors(
  files: readonly SourceFile[],
  perTokenVendors: ReadonlySet<string>,
): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return vendorIdsOf(files).flatMap((vendor) => {
    const needed = ["request", "response", "usage", "client"];
    if (perTokenVendors.has(vendor)) needed.push("tokens");
    const missing = needed.map((name) => `src/vendors/${vendor}/${name}.ts`);
    const emulated = [...paths].some((path) => path.startsWith(`emulators/${vendor}/`));
    return [
      ...missing.filter((path) => !paths.has(path)).map((path) => `${path} is missing`),
      ...(emulated ? [] : [`emulators/${vendor}/ is missing`]),
    ];
  });
}

/** Folders of `src/vendors/` that hold a vendor: all but what they share. */
export function vendorIdsOf(files: readonly SourceFile[]): string[] {
  const folders = files.flatMap(({ path }) => /^src\/vendors\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)].filter((folder) => folder !== "wire");
}

/** Vendors that a row of the catalog bills by tokens. */
export function perTokenVendorsOf(files: readonly SourceFile[]): Set<string> {
  const vendors = files
    .filter(({ path }) => /^catalog\/models\/.*\.json$/.test(path))
    .flatMap(({ text }) => {
      const { vendor, served, outputLaw } = parseObject(text);
      const { kind } = isObject(outputLaw) ? outputLaw : {};
      const byTokens = served === true && kind !== undefined && kind !== "flat";
      return byTokens && typeof vendor === "string" ? [vendor] : [];
    });
  return new Set(vendors);
}

/** Unfinished work is not landed; a test that is left out says why, in a comment beside it. */
export function leftovers(files: readonly SourceFile[]): string[] {
  const code = files.filter(({ path }) => isCode(path) && !path.startsWith("test/tidy"));
  const words = find(
    code,
    () => true,
    /\b(TODO|FIXME|HACK|XXX)\b/g,
    (text) => text,
  );
  const only = find(code, () => true, /\b(it|test|describe|suite)\.only\b/g, withoutStrings);
  const skips = code.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, index) =>
      /\b(it|test|describe|suite)\.(skip|skipIf|runIf|todo|fails)\b/.test(withoutStrings(line)) &&
      !`${lines[index - 1] ?? ""}${line}`.includes("//")
        ? [`${path}:${index + 1}: is left out without a reason`]
        : [],
    );
  });
  return [...words, ...only, ...skips];
}

/** Every room says what is in it and what it never does. */
export function missingReadmes(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const rooms = files.flatMap(({ path }) => /^(src\/[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(rooms)]
    .map((room) => `${room}/README.md`)
    .filter((readme) => !paths.has(readme));
}

export function stylistic(files: readonly SourceFile[]): string[] {
  const isSource = (path: string): boolean => path.startsWith("src/") && isCode(path);
  return [
    ...find(files, isSource, /\bexport default\b/g, withoutStrings),
    ...find(files, isSource, /\bconsole\./g, withoutStrings),
  ];
}

/** A test file that no suite includes would never run. */
export function orphanTests(files: readonly SourceFile[], globs: readonly string[]): string[] {
  return files
    .map(({ path }) => path)
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => globs.filter((glob) => matchesGlob(path, glob)).length !== 1);
}

/** Packages come from wherever npm is set up to get them; nothing here names a host. */
export function packageHosts(files: readonly SourceFile[]): string[] {
  return find(
    files,
    () => true,
    /https?:\/\/(registry|npm)\.|"resolved":\s+"http/g,
    (text) => text,
  );
}

type JsonObject = { readonly [name: string]: unknown };

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isCode(path: string): boolean {
  return /\.(ts|tsx)$/.test(path);
}

function importsOf(path: string, text: string): string[] {
  const specifier = /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*["'](\.{1,2}\/[^"']+)["']/g;
  return [...withoutComments(text).matchAll(specifier)].map(([, target = ""]) =>
    join(dirname(path), target),
  );
}

type Match = { readonly at: string; readonly word: string };

function matches(path: string, code: string, pattern: RegExp): Match[] {
  return code
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(pattern)].map(([word]) => ({ at: `${path}:${index + 1}`, word })),
    );
}

function find(
  files: readonly SourceFile[],
  concerns: (path: string) => boolean,
  pattern: RegExp,
  clean: (text: string) => string,
): string[] {
  return files
    .filter(({ path }) => concerns(path))
    .flatMap(({ path, text }) => matches(path, clean(text), pattern))
    .map(({ at, word }) => `${at}: ${word}`);
}

const STRING = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)/;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const STRING_OR_COMMENT = new RegExp(`${STRING.source}|${COMMENT.source}`, "g");

/** Comments blanked out, line numbers kept. */
export function withoutComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (whole, string: string | undefined) =>
    string === undefined ? whole.replace(/[^\n]/g, " ") : whole,
  );
}

/** Comments and strings blanked out, line numbers kept. */
function withoutStrings(text: string): string {
  return text.replace(STRING_OR_COMMENT, (whole) => whole.replace(/[^\n]/g, " "));
}
