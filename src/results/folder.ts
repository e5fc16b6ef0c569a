import { randomBytes } from "node:crypto";
import { chmodSync, constants, mkdirSync } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { idSpanAt } from "../ids.ts";
import { type KeptEnd, readHead } from "./kept-file.ts";
import { isSpan, KEPT_MS, spanOf } from "./kept-time.ts";
import { KeptWriter } from "./kept-writer.ts";
import type { ChoosePart, ResultKind, ResultWriter, StoredResult, SweptStore } from "./port.ts";
import { Room } from "./room.ts";

/** What stays free on the disk, which the ledger may share. */
const FREE_BYTES_MIN = 1024 ** 3;
/** One sweep looks at so many files at most. */
const SWEEP_FILES_MAX = 10_000;

export type FolderOptions = {
  /** Absolute. Made when it isn't there. */
  readonly folder: string;
  /** What the answers of this process may take up together. */
  readonly bytesMax: number;
  readonly freeBytesMin?: number;
  readonly sweepFilesMax?: number;
  /** Milliseconds since 1970, by the clock that ids are made with. */
  readonly now?: () => number;
  /** Is told why an answer isn't kept, or can't be read. */
  readonly problem: (receiptId: string, cause: unknown) => void;
};

/**
 * Opens a folder of kept answers; several processes may share one. Answers of one span of time lie in one
 * folder, which goes as a whole.
 *
 * @throws Error when the folder can't be made, or isn't ours.
 */
export function openResultFolder(options: FolderOptions): SweptStore {
  const { folder, now = Date.now, sweepFilesMax = SWEEP_FILES_MAX } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const openedMs = now();
  const room = new Room(options.bytesMax);
  let measured: Promise<void> | undefined;
  return {
    begin: (receiptId, kind) => writer({ receiptId, kind }, options, room),
    read: (receiptId, kind, choose) => readKept({ receiptId, kind }, choose, options),
    roomBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize - (options.freeBytesMin ?? FREE_BYTES_MIN);
      return Math.max(0, Math.min(free, room.left));
    },
    sweep: async () => {
      measured ??= measure(folder, openedMs, room);
      await measured;
      const before = idSpanAt(now() - KEPT_MS);
      const expired = (await spans(folder)).filter((span) => span < before);
      const removed = await removeSpans(expired, { folder, filesMax: sweepFilesMax });
      const more = removed === sweepFilesMax;
      if (!more) room.forgetBefore(before);
      return { removed, bytes: room.bytes, more };
    },
  };
}

/** Whose bytes, and which of its. */
type Kept = { readonly receiptId: string; readonly kind: ResultKind };

function writer(kept: Kept, options: FolderOptions, room: Room): ResultWriter {
  const { receiptId } = kept;
  const { folder, freeBytesMin = FREE_BYTES_MIN, problem } = options;
  const span = spanOf(receiptId);
  const place = join(folder, span);
  const part = join(place, `${receiptId}.${randomBytes(8).toString("hex")}.part`);
  return new KeptWriter({
    open: async () => {
      await makeFolder(folder, place);
      const { bavail, bsize } = await statfs(place);
      if (bavail * bsize < freeBytesMin)
        throw new Error(`fewer than ${freeBytesMin} bytes are free`);
      return open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    },
    take: (bytes) => room.take(span, bytes),
    publish: async () => {
      await rename(part, fileOf(folder, kept));
      await syncFolder(place);
    },
    remove: async (bytes) => {
      room.give(span, bytes);
      await unlink(part).catch(unlessMissing);
    },
    failed: (cause) => problem(receiptId, cause),
  });
}

async function readKept(
  kept: Kept,
  choose: ChoosePart | undefined,
  { folder, problem }: FolderOptions,
): Promise<StoredResult | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(fileOf(folder, kept), constants.O_RDONLY);
    const opened = file;
    const head = await readHead((bytes) => readEnd(opened, bytes));
    if (head === undefined) throw new Error("the kept answer is not whole");
    const part = choose === undefined ? { start: 0, end: head.bytes - 1 } : choose(head);
    if (part !== undefined) return { ...head, body: file.createReadStream(part) };
    await file.close();
    return { ...head, body: Readable.from([]) };
  } catch (cause) {
    await file?.close();
    if (!isMissing(cause)) problem(kept.receiptId, cause);
    return undefined;
  }
}

async function readEnd(file: FileHandle, bytes: number): Promise<KeptEnd> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(bytes, size));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
  return { last: buffer.subarray(0, bytesRead), size };
}

/** Counts what lay there before this process wrote anything. */
async function measure(folder: string, openedMs: number, room: Room): Promise<void> {
  for (const span of await spans(folder)) {
    for (const name of await readdir(join(folder, span)).catch(noneIfMissing)) {
      const found = await stat(join(folder, span, name)).catch(unlessMissing);
      if (found !== undefined && found.mtimeMs < openedMs) room.found(span, found.size);
    }
  }
}

/** Oldest first; returns how many files it removed. Another process may be removing the same ones. */
async function removeSpans(
  expired: readonly string[],
  of: { readonly folder: string; readonly filesMax: number },
): Promise<number> {
  let removed = 0;
  for (const span of expired) {
    const place = join(of.folder, span);
    const names = await readdir(place).catch(noneIfMissing);
    const now = names.slice(0, of.filesMax - removed);
    for (const name of now) await unlink(join(place, name)).catch(unlessMissing);
    removed += now.length;
    if (now.length < names.length) return removed;
    await rmdir(place).catch(unlessMissing);
  }
  return removed;
}

async function spans(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(noneIfMissing);
  return names.filter(isSpan).sort();
}

async function makeFolder(folder: string, place: string): Promise<void> {
  const made = await mkdir(place, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(folder);
}

/** A new name is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function fileOf(folder: string, { receiptId, kind }: Kept): string {
  return join(folder, spanOf(receiptId), `${receiptId}.${kind}`);
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function unlessMissing(cause: unknown): undefined {
  if (!isMissing(cause)) throw cause;
}

function noneIfMissing(cause: unknown): readonly string[] {
  unlessMissing(cause);
  return [];
}
