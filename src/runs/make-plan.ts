import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Constraints } from "../advisor/constraints.ts";
import type { Market } from "../advisor/market.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import { decodeStream } from "../text/decode-stream.ts";
import { UnreadableText } from "../text/decode-text.ts";
import { type Plan, type PlannedRow, planOf } from "./plan.ts";
import { RowPricer } from "./price-rows.ts";
import { Problems, type RowProblem } from "./problems.ts";
import { RowReader, type RowsRead } from "./read-rows.ts";
import { formOf } from "./records.ts";

/** How a plan is made of a file. */
export type PlanAsked = Omit<RowsRead, "form" | "folder"> & {
  readonly market: Market;
  /** Constraints of the cheapest assignment; undefined where none is looked for. */
  readonly assign: Constraints | undefined;
  readonly budget: PicoUsd | undefined;
  /** Rows carry digests of what they ask for, to be compared. */
  readonly digests: boolean;
  readonly encoding: string | undefined;
  /** Told how many of how many bytes are read; of standard input nobody knows how many there are. */
  readonly progress: (bytes: number, of: number | undefined) => void;
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

/**
 * Reads, checks and prices a file of rows. Spends nothing and asks nobody.
 *
 * @param file its path, or `-` for standard input.
 * @throws BadRows, UnreadableFile.
 */
export async function makePlan(file: string, asked: PlanAsked): Promise<Plan> {
  const problems = new Problems();
  const folder = file === "-" ? "." : dirname(file);
  const reader = await RowReader.create({ ...asked, form: formOf(file), folder }, problems);
  const { market, assign, encoding } = asked;
  const { bounds } = reader;
  const pricer = new RowPricer({ market, bounds });
  const assigner = assign === undefined ? undefined : new RowPricer({ market, bounds, assign });
  const planned: PlannedRow[] = [];
  try {
    const text = decodeStream(await bytesOf(file, asked.progress), { encoding });
    for await (const rows of reader.rows(text)) {
      // A file with problems is read to its end for the others, and nothing is made of it.
      if (problems.count > 0) continue;
      for (const row of rows) {
        planned.push({
          id: row.id,
          line: row.line,
          price: pricer.price(row),
          assigned: assigner?.price(row),
          digest: asked.digests ? row.digest() : undefined,
        });
      }
    }
  } catch (cause) {
    if (!(cause instanceof UnreadableText)) throw cause;
    throw new UnreadableFile(`${file}: ${cause.message}`, { cause });
  }
  if (problems.count > 0) throw new BadRows(file, problems);
  return planOf(planned, asked.budget);
}

async function bytesOf(
  file: string,
  progress: PlanAsked["progress"],
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
  progress: PlanAsked["progress"],
): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    yield piece;
    bytes += piece.length;
    progress(bytes, size);
  }
}
