import { closeSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { openSnapshot } from "./snapshot.ts";

/** Pages copied at a time: some megabytes, between two reports of progress. */
const PAGES = 2_000;

/** Called with how much of a copy is done, from 0 to 1. */
export type OnCopied = (part: number) => void;

/**
 * Copies a ledger as it is at one instant, beside a running gateway that goes on writing, into a file of
 * its own that needs no other beside it. Synced, and its owner's alone.
 *
 * The copy reads a snapshot: without one it would begin anew at every commit of the gateway and, beside a
 * busy one, never end.
 *
 * @param to a file that isn't there yet.
 */
export async function copyLedger(from: string, to: string, onCopied?: OnCopied): Promise<void> {
  using snapshot = openSnapshot(from);
  // Made by us and not by SQLite, so that nobody but the owner ever reads it.
  closeSync(openSync(to, "wx", 0o600));
  await backup(snapshot.database, to, {
    rate: PAGES,
    progress: ({ totalPages, remainingPages }) =>
      onCopied?.(totalPages === 0 ? 1 : (totalPages - remainingPages) / totalPages),
  });
  seal(to);
  const handle = await open(to, "r+");
  await handle.sync();
  await handle.close();
}

/** Takes the write-ahead log out of use, so that one file is all of it; the store turns it on again. */
function seal(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = DELETE");
  } finally {
    database.close();
  }
}
