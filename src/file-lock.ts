import { DatabaseSync } from "node:sqlite";

/** A file that one process has for itself. */
export type FileLock = { readonly release: () => void };

/** SQLite's primary result code for a file that somebody else has locked. */
const BUSY = 5;

/**
 * Locks a file by an exclusive transaction, which the system frees when its process dies, however it dies.
 *
 * @returns undefined when another process has it.
 */
export function tryFileLock(file: string): FileLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === BUSY) {
      return undefined;
    }
    throw error;
  }
  return { release: () => database.close() };
}
