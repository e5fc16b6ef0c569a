import { createHash } from "node:crypto";
import type { Model } from "../catalog/schema.ts";
import { decodeText, UnreadableText } from "../text/decode-text.ts";
import type { BillFormat, BillZone, ReadBill } from "./format.ts";
import { type ColumnMap, readGeneric } from "./generic.ts";

/** A bill as its owner hands it over. */
export type BillFile = { readonly name: string; readonly bytes: Uint8Array };

/** How bills are to be read, where their owner says so. */
export type BillReading = {
  /** The formats of the vendor whose bill it is. */
  readonly formats: readonly BillFormat[];
  readonly models: readonly Model[];
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  readonly zone?: string | undefined;
  /** Reads any table by this map, whatever it looks like. */
  readonly map?: ColumnMap | undefined;
};

/** A bill that was read, and how. */
export type BillRead = ReadBill & {
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly encoding: string;
  /** `table` for one that was read by a map. */
  readonly format: string;
  readonly zone: BillZone;
};

/** Bills that can't be used: every problem of every file, with its place. */
export class UnusableBill extends Error {
  override readonly name = "UnusableBill";
}

/** Problems named of one file; a file in the wrong format has one in each of its lines. */
const NAMED_MAX = 20;

/**
 * Reads all files or none.
 *
 * @throws UnusableBill naming all problems with file and line: unreadable bytes, an unknown format, a cell that
 *   is no amount, another currency than USD, a file that is given twice, files that read in different zones.
 */
export function readBills(
  files: readonly BillFile[],
  reading: BillReading,
): readonly [BillRead, ...BillRead[]] {
  const problems: string[] = [];
  const read: BillRead[] = [];
  for (const file of files) {
    const one = readFile(file, reading, problems);
    if (one === undefined) continue;
    const twin = read.find((other) => other.sha256 === one.sha256);
    if (twin !== undefined) problems.push(`${file.name}: the same bytes as ${twin.file}`);
    read.push(one);
  }
  const [first, ...rest] = read;
  const zones = new Set(read.map(({ zone }) => zone.name));
  if (zones.size > 1) {
    problems.push(
      `the files have days of different time zones (${[...zones].join(", ")}): give --time-zone`,
    );
  }
  if (first === undefined || problems.length > 0) {
    throw new UnusableBill(problems.join("\n") || "no bill was given");
  }
  return [first, ...rest];
}

function readFile(
  { name, bytes }: BillFile,
  reading: BillReading,
  problems: string[],
): BillRead | undefined {
  if (bytes.length === 0) {
    problems.push(`${name}: empty`);
    return undefined;
  }
  const fallbacks = [...new Set(reading.formats.flatMap((format) => format.encodings))];
  let decoded: ReturnType<typeof decodeText>;
  try {
    decoded = decodeText(bytes, { encoding: reading.encoding, fallbacks });
  } catch (cause) {
    if (!(cause instanceof UnreadableText)) throw cause;
    problems.push(`${name}: ${cause.message}; --encoding says which it is`);
    return undefined;
  }
  const { text, encoding } = decoded;
  const chosen = chooseFormat(text, reading);
  if (chosen === undefined) {
    problems.push(`${name}: ${unknownFormat(text, reading)}`);
    return undefined;
  }
  const zone = zoneOf(chosen, reading);
  const context = { file: name, zone: zone.name, models: reading.models };
  const bill =
    chosen.kind === "map"
      ? readGeneric(text, chosen.map, context)
      : chosen.format.read(text, context);
  for (const problem of bill.problems.slice(0, NAMED_MAX)) {
    problems.push(`${name}: ${problem.place}: ${problem.message}`);
  }
  const more = bill.problems.length - NAMED_MAX;
  if (more > 0) problems.push(`${name}: and ${more} more problems`);
  if (bill.problems.length === 0 && bill.lines.length + bill.counts.length === 0) {
    problems.push(`${name}: no line in it`);
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const format = chosen.kind === "map" ? "table" : chosen.format.id;
  return { ...bill, file: name, sha256, bytes: bytes.length, encoding, format, zone };
}

type Chosen =
  | { readonly kind: "map"; readonly map: ColumnMap }
  | { readonly kind: "format"; readonly format: BillFormat };

function chooseFormat(text: string, { formats, format, map }: BillReading): Chosen | undefined {
  if (map !== undefined) return { kind: "map", map };
  const found = formats.find(
    (each) =>
      (format === undefined || each.id === format) &&
      (format !== undefined || each.recognises(text)),
  );
  return found === undefined ? undefined : { kind: "format", format: found };
}

function unknownFormat(text: string, { formats, format }: BillReading): string {
  const known = formats.map((each) => `${each.id} (${each.name})`).join("; ");
  if (format !== undefined) return `format ${format}: this vendor has ${known}`;
  const [head = ""] = text.trimStart().split(/\r?\n/, 1);
  return `not recognised; known of this vendor: ${known}; --map reads any table; it begins with ${JSON.stringify(head.slice(0, 200))}`;
}

const UNKNOWN_ZONE: BillZone = {
  name: "UTC",
  source: "no format of this vendor says",
  checkedOn: "2026-11-26",
  mark: "guess",
};

function zoneOf(chosen: Chosen, { formats, zone }: BillReading): BillZone {
  const known = (chosen.kind === "format" ? chosen.format : formats[0])?.zone ?? UNKNOWN_ZONE;
  if (zone === undefined) return known;
  return { ...known, name: zone, source: "as its owner says", mark: "seen" };
}
