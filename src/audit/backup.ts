import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { link, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import type { ChainHead } from "../ledger/reports-port.ts";
import { readHeads } from "../ledger/sql/report-reads.ts";
import { copyLedger, type OnCopied } from "../ledger/sqlite/copy.ts";
import { openSnapshot } from "../ledger/sqlite/snapshot.ts";
import { syncFolder } from "../ledger/sync-folder.ts";
import { LedgerFileRefused } from "./ledger-file-refused.ts";
import { reasonOf } from "./proof-unreadable.ts";
import { verify } from "./verify.ts";
import type { Verification } from "./verify-journal.ts";

/** A backup that was made and verified. Wire names: the CLI prints it as it is. */
export type Backup = {
  readonly file: string;
  readonly world: "sandbox" | "live";
  readonly entries: number;
  readonly receipts: number;
  readonly holds_open: number;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly heads: readonly ChainHead[];
};

/**
 * Backs a SQLite ledger up beside its running gateway. The file gets its name only when the copy was
 * verified: whatever stands under it is a sound backup, also when this process was killed.
 *
 * @throws LedgerFileRefused when the file is there already, can't be written, or the copy is unsound.
 */
export async function backUp(of: {
  readonly file: string;
  readonly to: string;
  readonly onCopied?: OnCopied;
  readonly onVerified?: (entries: number) => void;
}): Promise<Backup> {
  const { file, to, onCopied, onVerified = () => undefined } = of;
  if (existsSync(to)) throw alreadyThere(to);
  const part = `${to}.${process.pid}.part`;
  try {
    await copyTo(file, part, onCopied);
    const found = assertSound(part, await verify({ file: part, onProgress: onVerified }));
    const { world, heads } = await describe(part);
    const { size } = await stat(part);
    const sha256 = await sha256Of(part);
    await name(part, to);
    const { entries, receipts, holds_open } = found;
    return { file: to, world, entries, receipts, holds_open, size, sha256, heads };
  } finally {
    await rm(part, { force: true });
  }
}

function alreadyThere(to: string): LedgerFileRefused {
  return new LedgerFileRefused("backup_exists", `${to} is there already: give another name`);
}

async function copyTo(file: string, part: string, onCopied: OnCopied | undefined): Promise<void> {
  try {
    await copyLedger(file, part, onCopied);
  } catch (cause) {
    if (cause instanceof LedgerRefused) throw cause;
    throw new LedgerFileRefused("backup_failed", `can't write ${part}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Gives a file its name, unless somebody took it meanwhile. */
async function name(part: string, to: string): Promise<void> {
  try {
    await link(part, to);
  } catch {
    if (existsSync(to)) throw alreadyThere(to);
    // A file system without second names.
    await rename(part, to);
  }
  await syncFolder(path.dirname(to));
}

/** @throws LedgerFileRefused naming the discrepancy. */
export function assertSound(file: string, found: Verification): Verification {
  const first = found.first_discrepancy;
  if (first === null) return found;
  const where = first.entry === null ? "" : ` at entry ${first.entry}`;
  throw new LedgerFileRefused(
    "ledger_unsound",
    `${path.basename(file)} does not verify${where}: ${first.what}: stored ${first.stored}, computed ${first.computed}`,
  );
}

async function describe(file: string): Promise<Pick<Backup, "world" | "heads">> {
  using snapshot = openSnapshot(file);
  return { world: snapshot.world, heads: await readHeads(snapshot.query) };
}

/** The SHA-256 of a file, lower-case hex. */
export async function sha256Of(file: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(file)) digest.update(chunk);
  return digest.digest("hex");
}
