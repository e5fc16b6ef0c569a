import { open } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "../sync-folder.ts";

/**
 * Syncs of the write-ahead log, apart from the commits: SQLite writes a commit's pages to the log and goes
 * on, and what was committed is acknowledged once a sync has reached the disk that began after it. Frames
 * of the log carry checksums that build on each other, and recovery keeps the longest run of whole commits:
 * what a finished sync covers is never lost, and what came after it is there as a whole or not at all.
 */
export type LogSyncs = {
  /** Resolves once a sync that begins from now on is done: one serves all who asked before it began. */
  readonly next: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Brings what was written to a file so far to the disk. */
export type Sync = () => Promise<void>;

/**
 * Opens the log of a ledger that the writer has opened, and which stays the same file as long as the writer
 * has it: only the last connection to a file removes its log, and resetting a log writes over it. The log
 * bears no locks, so that another descriptor of it takes none away when it is closed.
 *
 * @param wrap what a test does to every sync.
 */
export async function openLogSyncs(
  file: string,
  wrap: (sync: Sync) => Sync = (sync) => sync,
): Promise<LogSyncs> {
  const log = await open(`${file}-wal`, "r+");
  const next = grouped(wrap(() => log.datasync()));
  // A process that was killed may have left commits which it has not synced, and which we build upon.
  await next();
  await syncFolder(path.dirname(file));
  return { next, close: () => log.close() };
}

/**
 * One sync at a time; whoever asks while one is under way shares the next, because that one may have begun
 * before what they wrote. After one that failed none succeeds: the system may have given up the pages that
 * it could not write, and would say of the next that all is well.
 */
function grouped(sync: Sync): Sync {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  async function follow(before: Promise<void>): Promise<void> {
    await before;
    waiting = undefined;
    await sync();
  }
  return () => {
    if (waiting === undefined) {
      waiting = follow(running);
      running = waiting;
    }
    return waiting;
  };
}
