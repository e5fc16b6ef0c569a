import { existsSync } from "node:fs";
import { link, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { assertSound, sha256Of } from "../audit/backup.ts";
import { LedgerFileRefused } from "../audit/ledger-file-refused.ts";
import { verify } from "../audit/verify.ts";
import { livingProcesses } from "../ledger/liveness.ts";
import { ledgerFile, openLedger, type World } from "../ledger/open.ts";
import { HomeOwned, type OwnerLock, takeOwnerLock } from "../ledger/owner-lock.ts";
import type { Ledger } from "../ledger/port.ts";
import { type Recovery, recover } from "../ledger/recovery.ts";
import { spoolFolder } from "../ledger/spool.ts";
import { copyLedger, type OnCopied } from "../ledger/sqlite/copy.ts";
import { openSnapshot } from "../ledger/sqlite/snapshot.ts";
import { syncFolder } from "../ledger/sync-folder.ts";
import { prepareHome } from "./home.ts";

/** Who restores, in the journal: nobody else can run these commands than whoever owns the home. */
const ACTOR = "command line";

/** What became of a ledger that was put back. Wire names: the CLI prints it as it is. */
export type Restored = {
  readonly file: string;
  readonly world: World;
  /** Of the backup, before anything was added. */
  readonly entries: number;
  /** Chains that now say that they were restored. */
  readonly roots: number;
  /** Where the ledger that was there before stands now. */
  readonly replaced: string | null;
  /** Open holds that were ended by what the spool kept, and those voided with an exposure. */
  readonly spooled: number;
  readonly voided: number;
  readonly problems: readonly string[];
};

/**
 * Puts a backup in the place of a home's ledger. Everything is made ready beside it first: copied, brought
 * up to date, verified, its chains told that they were restored; only then does it get its name. Whoever
 * starts after a crash in between finds either the old ledger or a restored one that says so, and ends its
 * open holds as every start does.
 *
 * @throws LedgerFileRefused when a gateway runs, a ledger is there and isn't to be replaced, or the backup is
 *   unsound; LedgerRefused for a file that is no ledger. Nothing was changed then.
 */
export async function restoreLedger(of: {
  readonly home: string;
  readonly from: string;
  readonly replace: boolean;
  readonly nowMs: number;
  readonly onCopied?: OnCopied;
  readonly onVerified?: (entries: number) => void;
}): Promise<Restored> {
  const { home, from } = of;
  const world = worldOf(from);
  prepareHome(home);
  const lock = await own(home);
  try {
    const file = ledgerFile(home, world);
    if (existsSync(file) && !of.replace) {
      throw new LedgerFileRefused(
        "ledger_exists",
        `${file} is there already: --replace keeps it aside under a dated name and puts the backup in its place`,
      );
    }
    await removeStaged(home);
    const staging = await mkdtemp(path.join(home, STAGING));
    const { entries, roots } = await stage({ ...of, staging, world });
    const replaced = await setAside(file, of.nowMs);
    await rename(ledgerFile(staging, world), file);
    await syncFolder(home);
    const recovered = await endOpenHolds(home, world);
    const { spooled, voided, problems } = recovered;
    return { file, world, entries, roots, replaced, spooled, voided, problems };
  } finally {
    await removeStaged(home);
    lock.release();
  }
}

function worldOf(file: string): World {
  using snapshot = openSnapshot(file);
  return snapshot.world;
}

/** Nobody may write while a ledger is exchanged. */
async function own(home: string): Promise<OwnerLock> {
  return takeOwnerLock({ home, waitMs: 0 }).catch((cause: unknown) => {
    if (!(cause instanceof HomeOwned)) throw cause;
    const message = `${cause.message}: stop the gateway first`;
    throw new LedgerFileRefused("gateway_running", message, { cause });
  });
}

const STAGING = "restoring-";

/** What an earlier restore left when it was killed. */
async function removeStaged(home: string): Promise<void> {
  const left = (await readdir(home)).filter((name) => name.startsWith(STAGING));
  for (const name of left) await rm(path.join(home, name), { recursive: true, force: true });
}

/** Copies, brings up to date, verifies, and says in every chain where it came from. */
async function stage(of: {
  readonly staging: string;
  readonly world: World;
  readonly from: string;
  readonly onCopied?: OnCopied;
  readonly onVerified?: (entries: number) => void;
}): Promise<{ readonly entries: number; readonly roots: number }> {
  const { staging, world, from, onCopied, onVerified } = of;
  const staged = ledgerFile(staging, world);
  await copyLedger(from, staged, onCopied);
  const ledger = await openLedger({ home: staging, world });
  try {
    const onProgress = onVerified ?? (() => undefined);
    const { entries } = assertSound(from, await verify({ file: staged, onProgress }));
    const note = `backup ${path.basename(from)}, sha256 ${await sha256Of(from)}`;
    await ledger.noteRestore({ actor: ACTOR, note });
    return { entries, roots: (await ledger.heads()).length };
  } finally {
    await ledger.close();
  }
}

/** Keeps a ledger under a dated name, its write-ahead log copied into it. @returns that name. */
async function setAside(file: string, nowMs: number): Promise<string | null> {
  // A log without its file would be read as that of the file that comes next.
  const parts = ["-wal", "-shm"].filter((suffix) => existsSync(file + suffix));
  if (!existsSync(file) && parts.length === 0) return null;
  foldLog(file);
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const aside = `${file.replace(/\.sqlite$/, "")}-replaced-${stamp}.sqlite`;
  if (existsSync(aside)) throw new LedgerFileRefused("ledger_exists", `${aside} is there already`);
  for (const suffix of parts.filter((part) => existsSync(file + part))) {
    await rename(file + suffix, aside + suffix);
  }
  if (!existsSync(file)) return aside;
  // A second name, so that there is no moment at which a start would find no ledger and make a new one.
  await link(file, aside).catch(() => rename(file, aside));
  return aside;
}

/** A ledger that is replaced because it is damaged may not open: its log then goes along as it is. */
function foldLog(file: string): void {
  if (!existsSync(file)) return;
  try {
    const database = new DatabaseSync(file);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
  } catch {
    return;
  }
}

/** What every start does with holds that an earlier process left open, without asking any vendor. */
async function endOpenHolds(home: string, world: World): Promise<Recovery> {
  const ledger = await openLedger({ home, world });
  try {
    return await endAll(home, ledger);
  } finally {
    await ledger.close();
  }
}

function endAll(home: string, ledger: Ledger): Promise<Recovery> {
  return recover({
    ledger,
    spoolFolder: spoolFolder(home),
    resumeTask: () => Promise.resolve("unknown"),
  });
}

/**
 * Says in every chain that its ledger was restored, and ends its open holds: for a ledger that was put back
 * by other means than `restoreLedger`.
 *
 * @throws LedgerFileRefused when a gateway runs, or there is no such ledger in the home; LedgerRefused for a
 *   database that is no ledger or one of the other world; LedgerUnavailable when it can't be reached.
 */
export async function markRestored(
  of: Marked,
): Promise<Pick<Restored, "world" | "roots" | "spooled" | "voided" | "problems">> {
  const { home, databaseUrl, world, note, wait = setTimeout } = of;
  const lock = await own(home);
  try {
    await assertThere(of);
    const ledger = await openLedger({ home, databaseUrl, world });
    try {
      await assertNoneRuns(ledger, wait);
      await ledger.noteRestore({ actor: ACTOR, note });
      const roots = (await ledger.heads()).length;
      const { spooled, voided, problems } = await endAll(home, ledger);
      return { world, roots, spooled, voided, problems };
    } finally {
      await ledger.close();
    }
  } finally {
    lock.release();
  }
}

/** What is marked. */
type Marked = {
  readonly home: string;
  /** Of a PostgreSQL database that holds the ledger: all its gateways must be stopped. */
  readonly databaseUrl?: string | undefined;
  readonly world: World;
  readonly note: string;
  /** Resolves after so many milliseconds: gateways of a database are known by what they do meanwhile. */
  readonly wait?: (ms: number) => Promise<void>;
};

/** Opened, a ledger that isn't there would be made. */
async function assertThere({ home, databaseUrl, world }: Marked): Promise<void> {
  if (databaseUrl !== undefined) {
    const { describeDatabase } = await import("../ledger/postgres/snapshot.ts");
    await describeDatabase(databaseUrl);
  } else if (!existsSync(ledgerFile(home, world))) {
    throw new LedgerFileRefused("no_ledger", `${home} holds no ${world} ledger`);
  }
}

/** The lock of the home says nothing of other gateways on its database, whose calls would be voided. */
async function assertNoneRuns(
  { beats }: Ledger,
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  const running = beats === undefined ? [] : await livingProcesses(beats, wait);
  if (running.length === 0) return;
  throw new LedgerFileRefused(
    "gateway_running",
    `gateways run on this database (${running.join(", ")}): stop them first`,
  );
}
