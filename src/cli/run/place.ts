import { Misuse, refused } from "../failures.ts";

/** Where a run's pictures and lists go: a folder, or a prefix of a bucket. */
export type RunPlace = {
  /** As its owner would write it. */
  readonly text: string;
  /** A file's text; undefined where there is none. */
  readonly readText: (name: string) => Promise<string | undefined>;
  /** Puts a text there whole, in place of what was there. @throws Refused `disk_full` or `not_written` */
  readonly writeText: (name: string, text: string) => Promise<void>;
  /** Adds lines to a list; what was put there before lies there whole by then. @throws the same */
  readonly append: (name: string, lines: string) => Promise<void>;
  /** Puts a picture there whole, in place of what was there. @throws the same; BadDownload */
  readonly putPicture: (name: string, picture: ComingPicture) => Promise<void>;
  /** The names of those that are still there as they were written. */
  readonly intact: (files: readonly WrittenFile[]) => Promise<ReadonlySet<string>>;
  readonly close: () => Promise<void>;
};

export type ComingPicture = {
  /** As `downloaded` gives them. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly contentType: string;
};

export type WrittenFile = {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** A new run goes where nothing else lies, so that nothing of anybody's is written over. */
export function assertNothingThere(out: string, names: readonly string[]): void {
  const other = names.find((name) => !name.startsWith("."));
  if (other === undefined) return;
  throw new Misuse(`--out ${out}: holds other things (${other}), and no run; give an empty folder`);
}

/** The files of a run beside its pictures. */
export const FILES = {
  run: "run.json",
  names: ".names.jsonl",
  manifest: "manifest.jsonl",
  moderated: "moderated.csv",
  failures: "failures.csv",
} as const;

/** A picture did not come as the gateway keeps it: it may be asked for again. */
export class BadDownload extends Error {
  override readonly name = "BadDownload";
}

/** The same bytes; what breaks on the way is told as a download's fault and not as a disk's. */
export async function* downloaded(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* bytes;
  } catch (cause) {
    throw new BadDownload(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @throws BadDownload */
export function assertWhole(came: string, { sha256 }: ComingPicture): void {
  if (came !== sha256) throw new BadDownload(`its SHA-256 is ${came}, not ${sha256}`);
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What a disk or a store said, as a refusal that names the file. */
export function notWritten(file: string, cause: unknown) {
  const code =
    cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const full = FULL.has(code);
  const why = full ? "the disk is full" : cause instanceof Error ? cause.message : String(cause);
  return refused(full ? "disk_full" : "not_written", `${file} can't be written: ${why}`, { cause });
}
