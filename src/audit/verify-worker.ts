import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import { assertNewest, openSnapshot } from "../ledger/sqlite/snapshot.ts";
import { type Verification, type VerifyRequest, verifyJournal } from "./verify-journal.ts";

/**
 * The thread that verifies a ledger: hashing and rating take all of a core for minutes, which neither
 * the event loop nor the ledger's own threads could spare. Started by `verify.ts`.
 */

export type VerifierStart = VerifyRequest & LedgerPlace;

/** Where a ledger is: a SQLite file, or a PostgreSQL database. */
export type LedgerPlace = { readonly file: string } | { readonly databaseUrl: string };

export type FromVerifier =
  | { readonly kind: "progress"; readonly entries: number }
  | { readonly kind: "found"; readonly found: Verification }
  /** Not a ledger that can be read; one that can't be reached, or is lost on the way; or, `failed`, a bug. */
  | { readonly kind: "refused" | "unavailable" | "failed"; readonly message: string };

type Progress = { readonly onProgress: (entries: number) => void };

async function main(port: MessagePort, start: VerifierStart): Promise<void> {
  const say = (message: FromVerifier): void => port.postMessage(message);
  const onProgress = (entries: number): void => say({ kind: "progress", entries });
  try {
    const found =
      "file" in start
        ? await verifyFile({ ...start, onProgress })
        : await verifyDatabase({ ...start, onProgress });
    say({ kind: "found", found });
  } catch (error) {
    say({ kind: kindOf(error), message: error instanceof Error ? error.message : String(error) });
  }
}

async function verifyFile({
  file,
  ...request
}: VerifyRequest & Progress & { readonly file: string }): Promise<Verification> {
  using snapshot = openSnapshot(file);
  assertNewest(snapshot);
  return await verifyJournal(snapshot.query, request);
}

async function verifyDatabase({
  databaseUrl,
  ...request
}: VerifyRequest & Progress & { readonly databaseUrl: string }): Promise<Verification> {
  // Loaded only where it is used, as the store itself is.
  const postgres = await import("../ledger/postgres/snapshot.ts");
  return postgres.withSnapshot(databaseUrl, (snapshot) => {
    postgres.assertNewest(snapshot);
    return verifyJournal(snapshot.query, request);
  });
}

function kindOf(error: unknown): "refused" | "unavailable" | "failed" {
  if (error instanceof LedgerRefused) return "refused";
  return error instanceof LedgerUnavailable ? "unavailable" : "failed";
}

if (parentPort === null) throw new Error("verify-worker.ts runs in a worker thread only");
await main(parentPort, workerData);
