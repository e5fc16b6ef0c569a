import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { canonicalText } from "./canonical-text.ts";
import { endingBody } from "./draft.ts";
import { type Ending, type Ledger, LedgerUnavailable } from "./port.ts";
import { readEndingText } from "./recorded.ts";
import { syncFolder } from "./sync-folder.ts";

/** What came of posting spooled endings. */
export type SpoolCounts = {
  readonly posted: number;
  /** Recovery had ended the hold first. */
  readonly late: number;
  /** Lines that no ledger takes, each named by file, line and reason: for the owner's eyes. */
  readonly problems: readonly string[];
};

/** Where endings wait while the ledger can't take them (MONEY §6): one file a process, made at first use. */
export type Spool = {
  /** Resolves when the ending is on disk for good. */
  readonly append: (ending: Ending) => Promise<void>;
  /** Takes back an ending that nobody was told is spooled: its answer was broken off. */
  readonly withdraw: (holdId: string) => Promise<void>;
  /** Whether anything waits to be posted. */
  readonly waiting: () => boolean;
  /**
   * Posts what waits, oldest first, and removes the file when nothing is left in it. Stops quietly at the
   * first `LedgerUnavailable`. The gateway calls it every few seconds and when the ledger is back.
   */
  readonly drain: (ledger: Pick<Ledger, "end">) => Promise<SpoolCounts>;
  readonly close: () => Promise<void>;
};

const EXTENSION = ".jsonl";

/** The spool folder of a home. */
export function spoolFolder(home: string): string {
  return path.join(home, "spool");
}

/** Opens this process's spool in a folder; nothing is written before the first append. */
export function openSpool(folder: string): Spool {
  let handle: { readonly file: FileHandle; readonly path: string } | undefined;
  let waiting: readonly Ending[] = [];
  let rejected = false;
  let last: Promise<void> = Promise.resolve();

  /** File operations run one after the other, so that lines never mix and no line is removed unposted. */
  function inOrder(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  async function write(line: string): Promise<void> {
    handle ??= await create(folder);
    await handle.file.appendFile(`${line}\n`);
    await handle.file.datasync();
  }

  async function removeWhenEmpty(): Promise<void> {
    if (handle === undefined || waiting.length > 0 || rejected) return;
    await handle.file.close();
    await unlink(handle.path);
    handle = undefined;
  }

  return {
    append: (ending) =>
      inOrder(async () => {
        await write(lineOf(ending));
        waiting = [...waiting, ending];
      }),
    withdraw: (holdId) =>
      inOrder(async () => {
        if (!waiting.some((ending) => ending.holdId === holdId)) return;
        await write(canonicalText({ withdrawn: holdId }));
        waiting = waiting.filter((ending) => ending.holdId !== holdId);
      }),
    waiting: () => waiting.length > 0,
    drain: async (ledger) => {
      const taken = waiting;
      const counts = await postAll(ledger, taken);
      const left = new Set(counts.left);
      waiting = waiting.filter((ending) => left.has(ending) || !taken.includes(ending));
      // A file with a line that no ledger takes stays, so that the next start names it again.
      if (counts.problems.length > 0) rejected = true;
      await inOrder(removeWhenEmpty);
      return { posted: counts.posted, late: counts.late, problems: counts.problems };
    },
    close: () =>
      inOrder(async () => {
        await handle?.file.close();
        handle = undefined;
      }),
  };
}

async function create(folder: string): Promise<{ file: FileHandle; path: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${process.pid}-${randomBytes(6).toString("hex")}${EXTENSION}`;
  const created = path.join(folder, name);
  const file = await open(created, "ax", 0o600);
  await syncFolder(folder);
  return { file, path: created };
}

async function postAll(
  ledger: Pick<Ledger, "end">,
  endings: readonly Ending[],
): Promise<SpoolCounts & { readonly left: readonly Ending[] }> {
  let posted = 0;
  let late = 0;
  const problems: string[] = [];
  for (const [index, ending] of endings.entries()) {
    try {
      const result = await ledger.end(ending);
      if (result.kind === "late") late += 1;
      else posted += 1;
    } catch (error) {
      if (error instanceof LedgerUnavailable) {
        return { posted, late, problems, left: endings.slice(index) };
      }
      problems.push(`spooled ending of ${ending.holdId}: ${messageOf(error)}`);
    }
  }
  return { posted, late, problems, left: [] };
}

/**
 * Posts what processes left behind, before anything else at a start. Posting is idempotent, so that a
 * replay cut short is simply done again. A last line without its end was never acknowledged and is
 * dropped; a line that can't be posted is named, and its file is kept under `.kept`.
 *
 * @throws LedgerUnavailable when the ledger goes away meanwhile; the files stay.
 */
export async function replaySpool(
  folder: string,
  ledger: Pick<Ledger, "end">,
): Promise<SpoolCounts> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).sort();
  let posted = 0;
  let late = 0;
  const problems: string[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    const { endings, garbage } = readLines(name, await readFile(file, "utf8"));
    const counts = await postAll(ledger, endings);
    if (counts.left.length > 0)
      throw new LedgerUnavailable(`the ledger left while ${name} was read`);
    posted += counts.posted;
    late += counts.late;
    const found = [...garbage, ...counts.problems.map((problem) => `${name}: ${problem}`)];
    problems.push(...found);
    if (found.length === 0) await unlink(file);
    else await rename(file, `${file}.kept`);
  }
  return { posted, late, problems };
}

function readLines(
  name: string,
  text: string,
): { readonly endings: readonly Ending[]; readonly garbage: readonly string[] } {
  const lines = text.split("\n");
  // What follows the last line end is empty, or the half line of a process that died writing it.
  lines.pop();
  const endings = new Map<string, Ending>();
  const garbage: string[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      const read = readLine(line);
      if (read.kind === "ending") endings.set(read.ending.holdId, read.ending);
      else endings.delete(read.holdId);
    } catch (error) {
      garbage.push(`${name}: line ${index + 1}: ${messageOf(error)}`);
    }
  }
  return { endings: [...endings.values()], garbage };
}

const lineSchema = z.union([
  z.strictObject({
    ending: z.unknown(),
    echoedPrice: z
      .strictObject({ id: z.string(), sha256: z.string(), json: z.string() })
      .nullable(),
  }),
  z.strictObject({ withdrawn: z.string() }),
]);

/** An ending as a spool line. The echoed price goes along whole: the ledger may not have it yet. */
function lineOf(ending: Ending): string {
  return canonicalText({ ending: endingBody(ending), echoedPrice: ending.echoedPrice });
}

function readLine(
  line: string,
):
  | { readonly kind: "ending"; readonly ending: Ending }
  | { readonly kind: "withdrawn"; readonly holdId: string } {
  const parsed = lineSchema.parse(JSON.parse(line));
  if ("withdrawn" in parsed) return { kind: "withdrawn", holdId: parsed.withdrawn };
  return { kind: "ending", ending: readEndingText(line, parsed.echoedPrice) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
