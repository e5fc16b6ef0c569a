import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { decodeStream } from "../text/decode-stream.ts";
import { UnreadableText } from "../text/decode-text.ts";
import type { GateBounds } from "./gate-bounds.ts";
import { Problems, type RowProblem } from "./problems.ts";
import { RowReader, type RowsRead, type RunRow } from "./read-rows.ts";
import { formOf } from "./records.ts";

/** Told how many of how many bytes are read; of standard input nobody knows how many there are. */
export type ReadingProgress = (bytes: number, of: number | undefined) => void;

/** How a file of rows is read. */
export type RowsFileAsked = Omit<RowsRead, "form" | "folder"> & {
  readonly encoding: string | undefined;
  readonly progress: ReadingProgress;
  /** What more is asked of rows, and of a file that may be wrong elsewhere already; problems are told with theirs. */
  readonly examine?: (rows: readonly RunRow[], file: Examined) => Promise<void>;
};

/** What whoever examines rows knows of their file. */
export type Examined = {
  readonly problems: Problems;
  /** Whether a table has no such column, which is then told of its header. */
  readonly lacks: (column: string) => boolean;
};

/** A file with anything wrong in it: nothing was made of it. */
export class BadRows extends Error {
  override readonly name = "BadRows";
  readonly file: string;
  /** The first ones; all are counted. */
  readonly problems: readonly RowProblem[];
  readonly count: number;

  constructor(file: string, problems: Problems) {
    super(`${file}: ${problems.count} ${problems.count === 1 ? "problem" : "problems"}`);
    this.file = file;
    this.problems = problems.kept;
    this.count = problems.count;
  }
}

/** A file that can't be read at all. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** A file of rows that is about to be read. */
export type RowsFile = {
  /** What of a row only gates look at. */
  readonly bounds: GateBounds;
  /**
   * Rows in the order of the file, a batch a piece. Where anything is wrong the file is still read to its end for
   * what else is, no further row is given, and the end throws.
   *
   * @throws BadRows, UnreadableFile.
   */
  readonly rows: () => AsyncGenerator<readonly RunRow[], void, undefined>;
};

/** @param file its path, or `-` for standard input. */
export async function openRowsFile(file: string, asked: RowsFileAsked): Promise<RowsFile> {
  const problems = new Problems();
  const folder = file === "-" ? "." : dirname(file);
  const reader = await RowReader.create({ ...asked, form: formOf(file), folder }, problems);
  return { bounds: reader.bounds, rows: () => soundRows(file, { asked, reader, problems }) };
}

async function* soundRows(
  file: string,
  of: {
    readonly asked: RowsFileAsked;
    readonly reader: RowReader;
    readonly problems: Problems;
  },
): AsyncGenerator<readonly RunRow[], void, undefined> {
  const { asked, reader, problems } = of;
  try {
    const text = decodeStream(await bytesOf(file, asked.progress), { encoding: asked.encoding });
    const examined = { problems, lacks: (column: string) => reader.lacks(column) };
    for await (const rows of reader.rows(text)) {
      await asked.examine?.(rows, examined);
      if (problems.count === 0) yield rows;
    }
  } catch (cause) {
    if (!(cause instanceof UnreadableText)) throw cause;
    throw new UnreadableFile(`${file}: ${cause.message}`, { cause });
  }
  if (problems.count > 0) throw new BadRows(file, problems);
}

/** The bytes of a file, or of standard input for `-`. @throws UnreadableFile */
export async function bytesOf(
  file: string,
  progress: ReadingProgress,
): Promise<AsyncIterable<Buffer>> {
  if (file === "-") return counted(process.stdin, undefined, progress);
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) throw new UnreadableFile(`${file}: a folder, not a file`);
    return counted(createReadStream(file), facts.size, progress);
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = code === "ENOENT" ? "no such file" : `can't be read (${code})`;
    throw new UnreadableFile(`${file}: ${why}`, { cause });
  }
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  size: number | undefined,
  progress: ReadingProgress,
): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    yield piece;
    bytes += piece.length;
    progress(bytes, size);
  }
}
