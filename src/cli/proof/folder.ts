import { createHash, randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type FiguresFile, figuresFileSchema } from "../../runs/proof/figures-file.ts";
import { type Job, jobSchema } from "../../runs/proof/job.ts";
import { distinctCalls, type Made, readMade } from "../../runs/proof/made.ts";
import { readVotes, standingVotes, type Vote, votesFileSchema } from "../../runs/proof/votes.ts";
import type { JsonLines } from "../../text/json-lines.ts";
import { onDisk, openLineFile } from "../disk.ts";
import { Misuse } from "../failures.ts";

/** The files of a proof. `proof.html`, `proof.json` and what is in `pictures` tell nobody what they are of. */
const JOB = "job.json";
const MADE = "made.jsonl";
const VOTES = "votes.jsonl";
const VOTES_SAVED = "votes.json";
const FIGURES = "figures.json";
export const PAGE = "proof.html";
export const BLIND = "proof.json";
export const KEY = "key.js";
const RESULT = "result.json";
export const PICTURES = "pictures";

const ADVICE =
  "What was recorded before is whole; --resume goes on, and finds a picture that was paid for without paying again.";

/** A proof as it lies on the disk. */
export type StoredProof = {
  readonly path: string;
  readonly job: Job;
  readonly made: readonly Made[];
};

/** A proof's folder, open for more calls. */
export type ProofFolder = StoredProof & {
  /** On the disk before it returns. @throws Refused `disk_full` */
  readonly append: (made: Made) => void;
  /** Writes a picture, byte for byte, under a random name. @returns its place in the folder */
  readonly keepPicture: (bytes: Buffer) => Promise<string>;
  readonly close: () => void;
};

/** Makes the folder of a new proof. @throws Misuse when it holds something already. */
export async function createProofFolder(path: string, job: Job): Promise<ProofFolder> {
  await onDisk(path, ADVICE, () => mkdir(join(path, PICTURES), { recursive: true }));
  if ((await readdir(path)).length > 1) {
    throw new Misuse(`--out ${path}: is not empty; --resume ${path} goes on with a proof`);
  }
  await writeProofFile(path, JOB, `${JSON.stringify(job, null, 2)}\n`);
  return openFor({ path, job, made: [] });
}

/** Opens a proof that was interrupted. A line that a stopped machine left half written is cut off. */
export async function resumeProofFolder(path: string): Promise<ProofFolder> {
  const stored = await readProofFolder(path);
  const text = await textOf(join(path, MADE));
  const kept = text.slice(0, readMade(text).whole);
  if (kept.length < text.length) truncateSync(join(path, MADE), Buffer.byteLength(kept));
  return openFor(stored);
}

/** Reads a proof. @throws Misuse naming what is no proof's. */
export async function readProofFolder(path: string): Promise<StoredProof> {
  const text = await textOf(join(path, JOB));
  if (text === "") throw new Misuse(`${path}: there is no proof (${JOB} is missing)`);
  const job = readAs(jobSchema, text, join(path, JOB));
  return {
    path,
    job,
    made: distinctCalls(wholeLines(join(path, MADE), readMade(await textOf(join(path, MADE))))),
  };
}

function openFor(stored: StoredProof): ProofFolder {
  const { path } = stored;
  const lines = openLineFile(join(path, MADE), ADVICE);
  return {
    ...stored,
    append: (made) =>
      lines.append(
        made,
        `The call that was just made is receipt ${made.receipt_id ?? "none"}, ${made.charged} USD. `,
      ),
    keepPicture: async (bytes) => {
      const file = `${PICTURES}/${randomBytes(16).toString("hex")}`;
      await writeProofFile(path, file, bytes);
      return file;
    },
    close: lines.close,
  };
}

/** Writes a file so that a reader finds all of it or none. @throws Refused `disk_full` */
export async function writeProofFile(
  folder: string,
  name: string,
  content: string | Buffer,
): Promise<void> {
  const file = join(folder, name);
  const part = `${file}.${randomBytes(4).toString("hex")}.part`;
  await onDisk(file, ADVICE, async () => {
    const handle = await open(part, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  });
}

/** Where votes are appended. */
export function openVotes(path: string) {
  const text = join(path, VOTES);
  return openLineFile(text, "This vote does not count.");
}

/**
 * The votes of a proof: those that `view` took, else those that the page saved beside it.
 *
 * @param saved a file that the page saved, wherever it is.
 * @throws Misuse for a file that can't be read, or of another proof.
 */
export async function readProofVotes(
  { path, job }: Pick<StoredProof, "path" | "job">,
  saved: string | undefined,
): Promise<readonly Vote[]> {
  const taken = join(path, VOTES);
  if (saved === undefined) {
    const text = await textOf(taken);
    if (text !== "") return wholeLines(taken, readVotes(text));
  }
  const file = saved ?? join(path, VOTES_SAVED);
  const text = await textOf(file);
  if (text === "" && saved === undefined) return [];
  const { proof, votes } = readAs(votesFileSchema, text, file);
  if (proof === job.id) return votes;
  throw new Misuse(`${file}: its votes are of ${proof}, this proof is ${job.id}`);
}

/** Cuts off a vote that a stopped machine left half written. */
export async function mendVotes(path: string): Promise<void> {
  const file = join(path, VOTES);
  const text = await textOf(file);
  const kept = text.slice(0, readVotes(text).whole);
  if (kept.length < text.length) truncateSync(file, Buffer.byteLength(kept));
}

export async function readFigures(path: string): Promise<FiguresFile | undefined> {
  const file = join(path, FIGURES);
  const text = await textOf(file);
  return text === "" ? undefined : readAs(figuresFileSchema, text, file);
}

export async function writeFigures(path: string, figures: FiguresFile): Promise<void> {
  await writeProofFile(path, FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
}

export async function writeResult(path: string, result: object): Promise<void> {
  await writeProofFile(path, RESULT, `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * SHA-256 of all that a proof's result rests on: what was asked, what was made (each picture by its own hash) and what
 * was voted.
 */
export async function proofDigest(
  { path }: Pick<StoredProof, "path">,
  votes: readonly Vote[],
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [JOB, MADE]) {
    const content = await textOf(join(path, file));
    hash.update(`${file} ${createHash("sha256").update(content).digest("hex")}\n`);
  }
  // What stands, wherever it was voted: times, and votes that were taken back, change nothing of a result.
  const standing = [...standingVotes(votes)].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return hash.update(JSON.stringify(standing)).digest("hex");
}

/** Keeps votes that came from elsewhere with a proof that has none of its own: they are its evidence. */
export async function keepVotes(
  { path, job }: Pick<StoredProof, "path" | "job">,
  votes: readonly Vote[],
): Promise<void> {
  if ((await textOf(join(path, VOTES))) !== "") return;
  const saved = { object: "proof.votes", proof: job.id, votes };
  await writeProofFile(path, VOTES_SAVED, `${JSON.stringify(saved, null, 2)}\n`);
}

function wholeLines<T>(file: string, { records, bad }: JsonLines<T>): readonly T[] {
  if (bad.length === 0) return records;
  const lines = bad.map(({ line, why }) => `  line ${line}: ${why}`).join("\n");
  throw new Misuse(`${file}: ${bad.length} bad lines\n${lines}`);
}

function readAs<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const read = schema.safeParse(parsed(text));
  if (read.success) return read.data;
  throw new Misuse(`${file}: not a file of a proof\n${z.prettifyError(read.error)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then says that there is no object
  }
}

/** Empty where it isn't there. @throws Misuse where it can't be read. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${file} can't be read: ${why}`, { cause });
  }
}
