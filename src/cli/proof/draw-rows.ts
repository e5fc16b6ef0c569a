import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { drawn } from "../../runs/proof/draw.ts";
import type { JobPicture, JobRow } from "../../runs/proof/job.ts";
import type { RunRow } from "../../runs/read-rows.ts";
import type { RowPicture } from "../../runs/row-pictures.ts";
import { openRowsFile, type RowsFileAsked } from "../../runs/rows-file.ts";
import { Misuse, refused } from "../failures.ts";
import { orFailure } from "../plan-failures.ts";
import { progressBar } from "../progress.ts";

/** Rows of a file in the order in which a proof takes them. */
export type DrawnRows = {
  /** How many rows the file has. */
  readonly all: number;
  readonly rows: readonly RunRow[];
};

/** What a candidate says itself, or what shapes one call only: no row's own word for it counts. */
const NOT_OF_ROWS = new Set(["quality", "n", "fan_out"]);

/**
 * Reads a file of rows and draws from it: by the seed, or those that are named.
 *
 * @throws Refused for a file with anything wrong in it; Misuse for an id that no row has.
 */
export async function drawRows(
  file: string,
  asked: Omit<RowsFileAsked, "progress">,
  by: { readonly seed: string; readonly ids: readonly string[] | undefined },
): Promise<DrawnRows> {
  const bar = progressBar(`reading ${file}`);
  const rows: RunRow[] = [];
  try {
    await orFailure("drawn", async () => {
      const opened = await openRowsFile(file, { ...asked, progress: bar.show });
      for await (const batch of opened.rows()) rows.push(...batch);
    });
  } finally {
    bar.end();
  }
  if (by.ids !== undefined) return { all: rows.length, rows: named(rows, by.ids) };
  const order = { seed: by.seed, what: "row", id: ({ id }: RunRow) => id };
  return { all: rows.length, rows: drawn(rows, order) };
}

function named(rows: readonly RunRow[], ids: readonly string[]): readonly RunRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) throw new Misuse(`--ids ${unknown.join(",")}: no row is called so`);
  return [...new Set(ids)].flatMap((id) => byId.get(id) ?? []);
}

/**
 * A row as a proof keeps it.
 *
 * @throws Refused for a picture that is only planned, or can't be read.
 */
export async function jobRow(row: RunRow): Promise<JobRow> {
  const { id, line, references, mask, shape } = row;
  const own = Object.entries(shape.parameters).filter(([name]) => !NOT_OF_ROWS.has(name));
  return {
    id,
    line,
    prompt: row.text(),
    parameters: Object.fromEntries(own),
    references: await Promise.all(references.map((each) => jobPicture(row, each))),
    mask: mask === undefined ? null : await jobPicture(row, mask),
  };
}

async function jobPicture({ id, line }: RunRow, picture: RowPicture): Promise<JobPicture> {
  const { path, width, height } = picture;
  if (path === undefined) {
    const why = "a picture that isn't there yet can be planned, but not sent";
    throw refused("bad_rows", `line ${line}, ${id}: references ${width}x${height}: ${why}`);
  }
  const bytes = await readFile(path).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused("bad_rows", `line ${line}, ${id}: ${path} can't be read: ${why}`, { cause });
  });
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}
