import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { tryFileLock } from "../../file-lock.ts";
import { Misuse, refused } from "../failures.ts";
import {
  assertNothingThere,
  assertWhole,
  BadDownload,
  type ComingPicture,
  notWritten,
  type RunPlace,
  type WrittenFile,
} from "./place.ts";

const LOCK = ".lock";
/** Who has the lock, for whoever comes second. */
const FOLLOWER = ".follower.json";
/** What was begun and not finished has such a name, and is nothing. */
const PART = /^\.[0-9a-f]{16}\.part$/;
/** Files that are read at a time to see whether they are what they were. */
const CHECKS_AT_ONCE = 4;

/**
 * A folder, made where it isn't there, for this process alone. Files appear under their names when all of them is on the
 * disk.
 *
 * @throws Misuse when nothing can be written there; Refused `run_followed` naming the process that has it.
 */
export async function openFolderPlace(
  folder: string,
  { fresh }: { readonly fresh: boolean },
): Promise<RunPlace> {
  if (fresh) assertNothingThere(folder, await namesIn(folder));
  const lock = await lockFolder(folder);
  const renamed = new Set<string>();
  const place = async (name: string, write: (file: FileHandle) => Promise<void>): Promise<void> => {
    const file = join(folder, name);
    const part = join(folder, `.${randomBytes(8).toString("hex")}.part`);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeSynced(part, write);
      await rename(part, file);
      renamed.add(dirname(file));
    } catch (cause) {
      await unlink(part).catch(() => undefined); // it may not have been made
      throw cause instanceof BadDownload ? cause : notWritten(file, cause);
    }
  };
  const syncNames = async (): Promise<void> => {
    const folders = [...renamed];
    renamed.clear();
    for (const each of folders) await syncFolder(each);
  };
  return {
    text: folder,
    readText: (name) => textOf(join(folder, name)),
    writeText: async (name, text) => {
      await place(name, (file) => file.writeFile(text));
      await syncNames();
    },
    append: async (name, lines) => {
      await syncNames();
      await appendSynced(join(folder, name), lines);
    },
    putPicture: (name, picture) => place(name, (file) => writePicture(file, picture)),
    intact: (files) => intactOf(folder, files),
    close: async () => {
      await unlink(join(folder, FOLLOWER)).catch(() => undefined);
      lock.release();
    },
  };
}

/** None where there is no such folder: it is made, or can't be, and that is told then. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

async function lockFolder(folder: string) {
  try {
    await mkdir(folder, { recursive: true });
    // Permissions say little: a file that can be written proves it.
    const probe = join(folder, `.${randomBytes(8).toString("hex")}.part`);
    await writeSynced(probe, (file) => file.writeFile("."));
    await unlink(probe);
    const lock = tryFileLock(join(folder, LOCK));
    if (lock === undefined) throw followedBy(folder, await textOf(join(folder, FOLLOWER)));
    const follower = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    await writeSynced(join(folder, FOLLOWER), (file) => file.writeFile(JSON.stringify(follower)));
    for (const name of await readdir(folder)) {
      if (PART.test(name)) await unlink(join(folder, name));
    }
    return lock;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (typeof code !== "string") throw cause;
    const why = cause instanceof Error ? cause.message : code;
    throw new Misuse(`--out ${folder}: pictures can't be written there: ${why}`, { cause });
  }
}

function followedBy(folder: string, told: string | undefined) {
  const who = /"pid":(\d+),"host":"([^"]*)","since":"([^"]*)"/.exec(told ?? "");
  const process =
    who === null ? "another process" : `process ${who[1]} on ${who[2]} since ${who[3]}`;
  return refused(
    "run_followed",
    `${folder} is being written by ${process}, which follows its run; --follow watches it without writing`,
  );
}

async function writeSynced(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  await using file = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
    0o644,
  );
  await write(file);
  await file.sync();
}

async function appendSynced(path: string, lines: string): Promise<void> {
  try {
    await using file = await open(path, "a");
    await file.writeFile(lines);
    await file.sync();
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY);
  await handle.sync();
}

async function writePicture(file: FileHandle, picture: ComingPicture): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of picture.bytes) {
    hash.update(piece);
    await file.writeFile(piece);
  }
  assertWhole(hash.digest("hex"), picture);
}

/** A file's text; undefined where there is none. @throws Misuse */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${path} can't be read: ${why}`, { cause });
  }
}

async function intactOf(
  folder: string,
  files: readonly WrittenFile[],
): Promise<ReadonlySet<string>> {
  const intact = new Set<string>();
  const work = files.values();
  const workers = Array.from({ length: CHECKS_AT_ONCE }, async () => {
    for (const each of work) {
      if (await isIntact(join(folder, each.file), each)) intact.add(each.file);
    }
  });
  await Promise.all(workers);
  return intact;
}

async function isIntact(path: string, { bytes, sha256 }: WrittenFile): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false;
    const hash = createHash("sha256");
    await using file = await open(path);
    for await (const piece of file.createReadStream({ autoClose: false })) hash.update(piece);
    return hash.digest("hex") === sha256;
  } catch {
    // Gone, or not to be read: either way it is fetched again.
    return false;
  }
}
