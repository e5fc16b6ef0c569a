import { truncateSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Result, readResults } from "../../measure/result.ts";
import { type RunFile, runSchema } from "../../measure/run-file.ts";
import { onDisk, openLineFile } from "../disk.ts";
import { Misuse } from "../failures.ts";

const RUN = "run.json";
const RESULTS = "results.jsonl";
const PICTURES = "pictures";
const ADVICE =
  "What was recorded before is whole; --resume goes on, and finds a call that was made without paying again.";

/** A run's folder, open for more results. */
export type RunFolder = {
  readonly path: string;
  readonly run: RunFile;
  /** What was recorded before. */
  readonly results: readonly Result[];
  /** Appends a line and brings it to the disk before it returns. @throws Refused `disk_full` */
  readonly append: (result: Result) => void;
  /** Writes a picture, byte for byte. @throws Refused `disk_full` */
  readonly keepPicture: (file: string, bytes: Buffer) => Promise<void>;
  readonly close: () => void;
};

/** A run as it lies on the disk, to be read. */
export type StoredRun = { readonly run: RunFile; readonly results: readonly Result[] };

/** Makes the folder of a new run. @throws Misuse when it holds something already. */
export async function createRunFolder(path: string, run: RunFile): Promise<RunFolder> {
  await onDisk(path, ADVICE, () => mkdir(path, { recursive: true }));
  if ((await readdir(path)).length > 0) {
    throw new Misuse(`--out ${path}: is not empty; --resume ${path} goes on with a run`);
  }
  await onDisk(join(path, RUN), ADVICE, () =>
    writeFile(join(path, RUN), `${JSON.stringify(run, null, 2)}\n`, { flag: "wx" }),
  );
  return openFor(path, { run, results: [] });
}

/** Opens a run that was interrupted. A line that a stopped machine left half written is cut off. */
export async function resumeRunFolder(path: string): Promise<RunFolder> {
  const { text, ...stored } = await readStored(path);
  const { whole } = readResults(text);
  const kept = text.slice(0, whole);
  if (whole < text.length) truncateSync(join(path, RESULTS), Buffer.byteLength(kept));
  return openFor(path, stored);
}

/** Reads a run. @throws Misuse naming every line that is no result. */
export async function readRunFolder(path: string): Promise<StoredRun> {
  const { run, results } = await readStored(path);
  return { run, results };
}

async function readStored(path: string): Promise<StoredRun & { readonly text: string }> {
  const run = runSchema.safeParse(parsed(await readText(join(path, RUN))));
  if (!run.success) {
    const why = z.prettifyError(run.error);
    throw new Misuse(`${join(path, RUN)}: not the file of a measurement\n${why}`);
  }
  const text = await readText(join(path, RESULTS));
  const { records: results, bad } = readResults(text);
  if (bad.length > 0) {
    const lines = bad.map(({ line, why }) => `  line ${line}: ${why}`).join("\n");
    throw new Misuse(`${join(path, RESULTS)}: ${bad.length} bad lines\n${lines}`);
  }
  return { run: run.data, results, text };
}

function openFor(path: string, stored: StoredRun): RunFolder {
  const lines = openLineFile(join(path, RESULTS), ADVICE);
  return {
    path,
    ...stored,
    append: (result) =>
      lines.append(result, `The call that was just made is ${billText(result)}. `),
    keepPicture: async (name, bytes) => {
      await onDisk(join(path, PICTURES), ADVICE, () =>
        mkdir(join(path, PICTURES), { recursive: true }),
      );
      await onDisk(join(path, name), ADVICE, () => writeFile(join(path, name), bytes));
    },
    close: lines.close,
  };
}

/** Where a picture is kept, from the run's folder. */
export function picturePath(name: string): string {
  return `${PICTURES}/${name}`;
}

/** Writes a file of the report. @throws Refused `disk_full` */
export async function writeReportFile(folder: string, name: string, text: string): Promise<void> {
  await onDisk(join(folder, name), ADVICE, () => writeFile(join(folder, name), text));
}

function billText({ receipt_id: receipt, measured }: Result): string {
  return `receipt ${receipt ?? "none"}, ${measured.total} USD`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${file} can't be read: ${why}`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then says that there is no object
  }
}
