import { Worker } from "node:worker_threads";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import type { Query } from "../ledger/sql/rows.ts";
import { type Verification, type VerifyRequest, verifyJournal } from "./verify-journal.ts";
import type { FromVerifier, VerifierStart } from "./verify-worker.ts";

export type VerifyOptions = VerifyRequest & {
  /** Called every few hundred entries with the number verified so far. */
  readonly onProgress?: (entries: number) => void;
} & (
    | {
        /** A SQLite ledger. It is only read, by a thread and over a connection of its own. */
        readonly file: string;
      }
    | {
        /** The same of a ledger in a PostgreSQL database. */
        readonly databaseUrl: string;
      }
    | {
        /** Reads a ledger: all statements of the run must see one snapshot. */
        readonly query: Query;
      }
  );

/**
 * Computes a whole ledger a second time, beside a running gateway, and names the first discrepancy.
 *
 * @throws LedgerRefused for a file that isn't there, for a file or a database that is no ledger or is of
 *   another version; LedgerUnavailable for a database that can't be reached, or is lost on the way.
 */
export function verify(options: VerifyOptions): Promise<Verification> {
  const { onProgress, ...rest } = options;
  if ("query" in rest) {
    const { query, ...request } = rest;
    return verifyJournal(query, {
      ...request,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }
  return inThread(rest, onProgress);
}

function inThread(
  start: VerifierStart,
  onProgress: ((entries: number) => void) | undefined,
): Promise<Verification> {
  // Compiled, this file's neighbours are JavaScript too; the compiler rewrites imports only.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const script = new URL(`./verify-worker.${extension}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: start });
    worker.on("message", (message: FromVerifier) => {
      if (message.kind === "progress") onProgress?.(message.entries);
      else if (message.kind === "found") resolve(message.found);
      else if (message.kind === "refused") reject(new LedgerRefused(message.message));
      else if (message.kind === "unavailable") reject(new LedgerUnavailable(message.message));
      else reject(new Error(message.message));
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the verifying thread ended with code ${code}`)));
  });
}
