import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { type FileLock, tryFileLock } from "../file-lock.ts";

/** The right to open the ledgers of a home. Held by one process at a time. */
export type OwnerLock = FileLock;

/** Another process owns the home and did not leave in time. */
export class HomeOwned extends Error {
  override readonly name = "HomeOwned";
}

export type OwnerLockOptions = {
  readonly home: string;
  /** How long to wait for an owner that is leaving, in milliseconds. */
  readonly waitMs?: number;
  readonly sleep?: (ms: number) => Promise<unknown>;
};

const POLL_MS = 250;

/**
 * Takes the owner lock of a home: an exclusive transaction on `owner.sqlite`, which the system frees when
 * its process dies, however it dies.
 *
 * @throws HomeOwned when another process still holds it after the wait; names the process.
 */
export async function takeOwnerLock(options: OwnerLockOptions): Promise<OwnerLock> {
  const { home, waitMs = 30_000, sleep = setTimeout } = options;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const file = path.join(home, "owner.sqlite");
  // Made here and not by SQLite, which would let everybody read it.
  await appendFile(file, "", { mode: 0o600 });
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const lock = tryFileLock(file);
    if (lock !== undefined) return lock;
    if (waitedMs >= waitMs) break;
    await sleep(POLL_MS);
  }
  const waited = waitMs === 0 ? "" : `; waited ${waitMs} ms for it to leave`;
  throw new HomeOwned(`${home} is in use by ${await ownerOf(home)}${waited}`);
}

const runSchema = z.object({ pid: z.int(), address: z.string() });

/** What `run.json` says of the owner: written by a gateway, absent for a command at work. */
async function ownerOf(home: string): Promise<string> {
  const unnamed = "another process";
  const text = await readFile(path.join(home, "run.json"), "utf8").catch(() => "null");
  const run = runSchema.safeParse(parsed(text));
  if (!run.success) return unnamed;
  return `process ${run.data.pid} at ${run.data.address}`;
}

/** A run.json that is being written reads as nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
