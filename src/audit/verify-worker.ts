import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import { assertNewest, openSnapshot } from "../ledger/sqlite/snapshot.ts";
import { type Verification, type VerifyRequest, verifyJournal } from "./verify-journal.ts";

/**
 * The thread that verifies a SQLite ledger: hashing and rating take all of a core for minutes, which neither
 * the event loop nor the ledger's own threads could spare. Started by `verify.ts`.
 */

export type VerifierStart = VerifyRequest & { readonly file: string };

export type FromVerifier =
  | { readonly kind: "progress"; readonly entries: number }
  | { readonly kind: "found"; readonly found: Verification }
  /** Not a ledger that can be read; or, `failed`, a bug. */
  | { readonly kind: "refused" | "failed"; readonly message: string };

async function main(port: MessagePort, { file, ...request }: VerifierStart): Promise<void> {
  const say = (message: FromVerifier): void => port.postMessage(message);
  try {
    using snapshot = openSnapshot(file);
    assertNewest(snapshot);
    const onProgress = (entries: number): void => say({ kind: "progress", entries });
    say({ kind: "found", found: await verifyJournal(snapshot.query, { ...request, onProgress }) });
  } catch (error) {
    const kind = error instanceof LedgerRefused ? "refused" : "failed";
    say({ kind, message: error instanceof Error ? error.message : String(error) });
  }
}

if (parentPort === null) throw new Error("verify-worker.ts runs in a worker thread only");
await main(parentPort, workerData);
