import { isOutcomeReason, OUTCOME_REASON_MAX } from "../ledger/outcomes-port.ts";
import { decodeStream } from "../text/decode-stream.ts";
import { nearestOf } from "../text/nearest.ts";
import type { Problems } from "./problems.ts";
import type { Manifest, ManifestPicture } from "./read-manifest.ts";
import { type FileRecord, formOf, type RecordReader, recordReader } from "./records.ts";
import { BadRows, bytesOf, type ReadingProgress } from "./rows-file.ts";

/** A verdict on a picture, as a line of a file says it. */
export type OutcomeRow = {
  readonly line: number;
  readonly receipt: string;
  readonly image: number;
  readonly kept: boolean;
  readonly reason: string | null;
};

const COLUMNS = ["receipt", "image", "kept", "reason", "file", "id"] as const;

/** How a verdict may be written. */
const VERDICTS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "1", "kept"].map((word) => [word, true] as const),
  ...["false", "no", "0", "rejected"].map((word) => [word, false] as const),
]);

/** How a file of outcomes is read. */
export type OutcomesAsked = {
  /** Where rows name files or rows of a run in place of receipts. */
  readonly manifest: Manifest | undefined;
  /** Columns that mean nothing here and are to be passed over. */
  readonly ignored: ReadonlySet<string>;
  readonly progress: ReadingProgress;
};

/**
 * Reads a file of outcomes: CSV with a header, or JSON lines. A line that says the same as one before is left out.
 *
 * @param problems told what is wrong, with its line; others may add to them.
 * @throws UnreadableFile
 */
export async function readOutcomes(
  file: string,
  asked: OutcomesAsked,
  problems: Problems,
): Promise<readonly OutcomeRow[]> {
  const reading = new OutcomesReading(asked, problems);
  let records: RecordReader | undefined;
  for await (const text of decodeStream(await bytesOf(file, asked.progress))) {
    records ??= recordReader(formOf(file), text, problems);
    for (const record of records.push(text)) reading.take(record);
  }
  records ??= recordReader(formOf(file), "", problems);
  for (const record of records.end()) reading.take(record);
  if (reading.lines === 0 && problems.count === 0) {
    problems.add(1, null, "no outcomes: there is nothing to import");
  }
  return reading.rows;
}

/** @throws BadRows where anything is wrong. */
export function assertSound(file: string, problems: Problems): void {
  if (problems.count > 0) throw new BadRows(file, problems);
}

class OutcomesReading {
  readonly rows: OutcomeRow[] = [];
  lines = 0;
  readonly #asked: OutcomesAsked;
  readonly #problems: Problems;
  readonly #unknown = new Set<string>();
  readonly #first = new Map<string, OutcomeRow>();

  constructor(asked: OutcomesAsked, problems: Problems) {
    this.#asked = asked;
    this.#problems = problems;
  }

  take({ line, cells }: FileRecord): void {
    this.lines += 1;
    for (const name of cells.keys()) this.#see(name, line);
    const picture = this.#pictureOf(line, cells);
    const kept = this.#kept(line, cells.get("kept"));
    const reason = this.#reason(line, cells.get("reason"));
    if (picture === undefined || kept === undefined || reason === undefined) return;
    this.#add({ line, receipt: picture.receipt, image: picture.index, kept, reason });
  }

  /** A column that is none of ours is said once. */
  #see(name: string, line: number): void {
    if (COLUMNS.some((each) => each === name) || this.#unknown.has(name)) return;
    if (this.#asked.ignored.has(name) || this.#asked.ignored.has("*")) return;
    this.#unknown.add(name);
    const nearest = nearestOf(name, COLUMNS);
    const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
    const ours = COLUMNS.join(", ");
    const why = `no such column${hint}; there are ${ours} (--ignore-columns passes over others)`;
    this.#problems.add(line, name, why);
  }

  #pictureOf(line: number, cells: FileRecord["cells"]): ManifestPicture | undefined {
    const image = this.#image(line, cells.get("image"));
    if (image === "bad") return undefined;
    const [receipt, file, id] = ["receipt", "file", "id"].map((name) => cells.get(name));
    if (receipt === undefined) return this.#lookUp(line, { file, id, image });
    if (typeof receipt !== "string") return this.#bad(line, "receipt", "must be a text");
    if (image === undefined) {
      return this.#bad(line, "image", "is missing: the picture's place, 0 for the first");
    }
    return { receipt, index: image };
  }

  #image(line: number, cell: unknown): number | undefined | "bad" {
    if (cell === undefined) return undefined;
    if (/^\d{1,4}$/.test(String(cell))) return Number(cell);
    this.#bad(line, "image", `${shown(cell)}: must be a whole number, 0 for the first picture`);
    return "bad";
  }

  #lookUp(
    line: number,
    of: { readonly file: unknown; readonly id: unknown; readonly image: number | undefined },
  ): ManifestPicture | undefined {
    const { manifest } = this.#asked;
    const { file, id, image } = of;
    if (file === undefined && id === undefined) {
      const other = manifest === undefined ? "" : ", or a file or an id of the manifest";
      return this.#bad(line, "receipt", `is missing: which receipt's picture it is${other}`);
    }
    const [column, name] = file === undefined ? (["id", id] as const) : (["file", file] as const);
    if (manifest === undefined) {
      return this.#bad(line, column, "needs --manifest, which says whose receipt it is");
    }
    if (column === "file") {
      const found = manifest.byFile.get(String(name));
      return found ?? this.#bad(line, column, `${shown(name)}: no such file in the manifest`);
    }
    return this.#byId(line, String(name), { image, manifest });
  }

  #byId(
    line: number,
    id: string,
    { image, manifest }: { readonly image: number | undefined; readonly manifest: Manifest },
  ): ManifestPicture | undefined {
    const pictures = manifest.byId.get(id);
    if (pictures === undefined) {
      return this.#bad(line, "id", `${shown(id)}: no such row in the manifest`);
    }
    const found = image === undefined ? pictures : pictures.filter(({ index }) => index === image);
    const [one, ...others] = found;
    if (one === undefined) {
      const which = image === undefined ? "no picture" : `no picture ${image}`;
      return this.#bad(line, "id", `${shown(id)}: the manifest has ${which} of this row`);
    }
    if (others.length === 0) return one;
    const why = `${shown(id)}: ${found.length} pictures are of this row: name image or file`;
    return this.#bad(line, "id", why);
  }

  #kept(line: number, cell: unknown): boolean | undefined {
    if (typeof cell === "boolean") return cell;
    const found = VERDICTS.get(String(cell ?? "").toLowerCase());
    if (found !== undefined) return found;
    const sent = cell === undefined ? "is missing" : shown(cell);
    return this.#bad(
      line,
      "kept",
      `${sent}: must be true, yes, 1 or kept; false, no, 0 or rejected`,
    );
  }

  #reason(line: number, cell: unknown): string | null | undefined {
    if (cell === undefined) return null;
    if (typeof cell === "string" && isOutcomeReason(cell)) return cell;
    const why = `must be words of a-z and 0-9 with - or _ between, at most ${OUTCOME_REASON_MAX} characters, such as off-colour`;
    return this.#bad(line, "reason", `${shown(cell)}: ${why}`);
  }

  #add(row: OutcomeRow): void {
    const place = `${row.receipt} ${row.image}`;
    const first = this.#first.get(place);
    if (first === undefined) {
      this.#first.set(place, row);
      this.rows.push(row);
      return;
    }
    if (first.kept === row.kept && first.reason === row.reason) return;
    const why = `line ${first.line} says otherwise of picture ${row.image} of ${row.receipt}`;
    this.#bad(row.line, null, why);
  }

  #bad(line: number, column: string | null, message: string): undefined {
    this.#problems.add(line, column, message);
    return undefined;
  }
}

const SHOWN_MAX = 80;

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
