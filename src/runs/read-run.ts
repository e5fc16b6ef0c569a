import { REFERENCES_MAX } from "../intake/limits.ts";
import { BadCell, EMULATE, parameterValue, shown } from "./columns.ts";
import type { NameTemplate } from "./file-names.ts";
import { PictureHashes } from "./picture-hashes.ts";
import { PictureNames } from "./picture-names.ts";
import type { Problems } from "./problems.ts";
import type { RunRow } from "./read-rows.ts";
import { openRowsFile, type RowsFileAsked } from "./rows-file.ts";
import { SPLIT_REST, SPLIT_TAG, type Split, splitOf } from "./split.ts";

/** How a file is read that is to be run. */
export type RunAsked = RowsFileAsked & {
  /** The run's own id: what a split goes by. */
  readonly run: string;
  /** Of the pictures' files; undefined takes the row's id. */
  readonly name: NameTemplate | undefined;
  readonly splits: readonly Split[];
  /** Takes each row that is in order, in the order of the file: nothing is made of any before all are read. */
  readonly take: (row: RowToRun) => Promise<void>;
};

/** A row as it is sent, and the name of its file. */
export type RowToRun = {
  readonly id: string;
  readonly line: number;
  /** A line of the gateway's JSON: `{"id","line","order","images"?,"mask"?,"emulate"?}`. */
  readonly json: string;
  /** With `{index}` and `{ext}` in it. */
  readonly name: string;
};

/** What a file came to. */
export type RunFileRead = {
  readonly rows: number;
  /** Paths of the files that rows bring, by their SHA-256. */
  readonly references: ReadonlyMap<string, string>;
  /** Rows of each part of a split, the rest last; none where nothing is split. */
  readonly split: readonly { readonly part: string; readonly rows: number }[];
};

/**
 * Reads and checks a file that is to be run, as a plan reads it, and what only a run asks for: files of references
 * that are really there, names of pictures that don't collide, qualities of splits.
 *
 * @throws BadRows when anything in it is wrong, UnreadableFile.
 */
export async function readRun(file: string, asked: RunAsked): Promise<RunFileRead> {
  const names = new PictureNames(asked.name);
  const hashes = new PictureHashes();
  const parts = new Map<string, number>();
  let sendable: readonly RowToRun[] = [];
  const { rows } = await openRowsFile(file, {
    ...asked,
    named: asked.name?.columns ?? [],
    examine: async (batch, examined) => {
      await hashes.hashAll(batch);
      const read = batch.map((row) => ({ row, name: names.of(row, examined) }));
      sendable = read.flatMap(({ row, name }) => {
        const sent = sentRow(row, asked, { hashes, problems: examined.problems });
        if (sent === undefined || name === undefined) return [];
        parts.set(sent.part, (parts.get(sent.part) ?? 0) + 1);
        return { id: row.id, line: row.line, json: sent.json, name };
      });
    },
  });
  let count = 0;
  for await (const _ of rows()) {
    for (const row of sendable) await asked.take(row);
    count += sendable.length;
  }
  return { rows: count, references: hashes.paths, split: countsOf(asked.splits, parts) };
}

function countsOf(
  splits: readonly Split[],
  parts: ReadonlyMap<string, number>,
): RunFileRead["split"] {
  if (splits.length === 0) return [];
  const names = [...splits.map(({ quality }) => quality), SPLIT_REST];
  return names.map((part) => ({ part, rows: parts.get(part) ?? 0 }));
}

function sentRow(
  row: RunRow,
  { run, splits }: RunAsked,
  of: { readonly hashes: PictureHashes; readonly problems: Problems },
): { readonly json: string; readonly part: string } | undefined {
  const { problems, hashes } = of;
  const { line, cells } = row;
  const before = problems.count;
  const images = row.references.map(({ path }) =>
    hashes.of(path, { line, column: "references" }, problems),
  );
  const mask =
    row.mask === undefined
      ? undefined
      : hashes.of(row.mask.path, { line, column: "mask" }, problems);
  if (images.length > REFERENCES_MAX) {
    problems.add(line, "references", `${images.length} pictures: at most ${REFERENCES_MAX}`);
  }
  const emulate = cells.get(EMULATE);
  if (emulate !== undefined && (typeof emulate !== "string" || emulate.length > 200)) {
    problems.add(line, EMULATE, `${shown(emulate)}: must be a text of at most 200 characters`);
  }
  const split = splits.length === 0 ? undefined : splitOf(splits, { run, id: row.id });
  const body = splits.length === 0 ? bodyOf(row) : splitBody(row, split, problems);
  if (problems.count > before) return undefined;
  const json = JSON.stringify({
    id: row.id,
    line,
    order: { ...body, prompt: row.text() },
    images: images.length === 0 ? undefined : images,
    mask,
    emulate,
  });
  return { json, part: split?.quality ?? SPLIT_REST };
}

function bodyOf({ shape }: RunRow): Readonly<Record<string, unknown>> {
  return { ...shape.parameters, ...shape.whom };
}

/** What a row asks for, with the quality of its share, and the tag that tells the parts apart. */
function splitBody(
  row: RunRow,
  split: Split | undefined,
  problems: Problems,
): Readonly<Record<string, unknown>> {
  const { line, shape } = row;
  const own = shape.order.tags ?? {};
  if (own[SPLIT_TAG] !== undefined) {
    const message = `${shown(own[SPLIT_TAG])}: --split tags its rows by this name`;
    problems.add(line, `tag:${SPLIT_TAG}`, message);
  }
  const tags = { ...own, [SPLIT_TAG]: split?.quality ?? SPLIT_REST };
  try {
    parameterValue("tags", tags);
    if (split !== undefined) parameterValue("quality", split.quality);
  } catch (cause) {
    if (!(cause instanceof BadCell)) throw cause;
    problems.add(line, "tags", cause.message);
  }
  return { ...bodyOf(row), ...(split === undefined ? {} : { quality: split.quality }), tags };
}
