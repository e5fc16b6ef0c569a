import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { constants, link, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Output, OutputStore } from "./port.ts";

/**
 * Outputs as files of a folder. A file appears under its name when all of it is on the disk; until then it has a
 * name that begins with a dot.
 *
 * @throws Error when the folder can't be made.
 */
export function openOutputFolder(folder: string): OutputStore {
  mkdirSync(folder, { recursive: true });
  return { put: (output) => put(folder, output) };
}

async function put(folder: string, { key, bytes }: Output): Promise<"kept" | "taken"> {
  const file = join(folder, key);
  const place = dirname(file);
  await makeFolder(place);
  const part = join(place, `.${randomBytes(8).toString("hex")}.part`);
  try {
    await writeWhole(part, bytes.read());
    // Unlike a rename, a link never takes the place of another file.
    await link(part, file);
    await syncFolder(place);
    return "kept";
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return "taken";
    throw cause;
  } finally {
    await unlink(part).catch(() => undefined); // it may not have been made
  }
}

async function writeWhole(file: string, bytes: AsyncIterable<Buffer>): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    for await (const piece of bytes) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes what is missing of a path; each new name is on the disk when its folder is. */
async function makeFolder(place: string): Promise<void> {
  const first = await mkdir(place, { recursive: true });
  if (first === undefined) return;
  for (let at = place; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
