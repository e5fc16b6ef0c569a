import type { Catalog } from "../catalog/find.ts";
import type { Config } from "../config.ts";
import type { ConnectedVendor } from "../gateway/connected-vendor.ts";
import type { EndHold, Log } from "../gateway/deps.ts";
import { recoverTask } from "../gateway/recover-task.ts";
import { composer } from "../http/composer.ts";
import { newId } from "../ids.ts";
import { endDurably } from "../ledger/end-durably.ts";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import { BEAT_MS, openBeat, openSweep, stopBeating } from "../ledger/liveness.ts";
import { openLedger, type World } from "../ledger/open.ts";
import { HomeOwned, takeOwnerLock } from "../ledger/owner-lock.ts";
import { type Ledger, LedgerUnavailable, type OpenHold } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import { endOpenHolds, type Recovery, type RecoveryOptions, recover } from "../ledger/recovery.ts";
import { openSpool, type Spool, spoolFolder } from "../ledger/spool.ts";
import type { ResultStore } from "../results/port.ts";
import { headsKeeper } from "./daily-heads.ts";
import { StartError } from "./errors.ts";
import { takeProcessFile } from "./home.ts";

/** Whether a new day has begun, whose heads are to be written, is looked at this often. */
const HEADS_MS = 60_000;
/** What waits in the spool is offered to the ledger this often. */
const DRAIN_MS = 2_000;
/** Forgotten holds are looked for this often. */
const SWEEP_MS = 30_000;
/** A hold is forgotten when it is open so much longer than its call may take (MONEY §6). */
const FORGOTTEN_AFTER_MS = 120_000;

export type OpenBooks = {
  readonly ledger: Ledger;
  /** The name under which this process makes its holds. */
  readonly process: string;
  readonly end: EndHold;
  readonly recovered: Recovery;
};

/**
 * Takes the home, opens its ledger and spool, and ends what an earlier process left open. Everything is
 * closed again through the stack, the lock last.
 *
 * @throws StartError when another process owns the home or the ledger refuses to open.
 */
export async function openBooks(
  of: {
    readonly config: Config;
    readonly world: World;
    readonly catalog: Catalog;
    readonly connections: readonly ConnectedVendor[];
    readonly results: ResultStore;
    readonly log: Log;
  },
  stack: AsyncDisposableStack,
): Promise<OpenBooks> {
  const { config, world, catalog, connections, results, log } = of;
  const lock = await takeOwnerLock({ home: config.home }).catch(explain);
  stack.defer(() => lock.release());
  const catalogPrices = catalog.models.flatMap((model) => model.rateCard.map(storedPrice));
  const process = newId("proc");
  const ledger = await openLedger({
    home: config.home,
    process,
    databaseUrl: config.databaseUrl,
    world,
    catalogPrices,
    onFatal: (error) => endProcess(error, log),
  }).catch(explain);
  stack.defer(() => ledger.close());
  const folder = spoolFolder(config.home);
  const given = { ledger, connections, catalog, results, composer };
  const resumeTask = (hold: OpenHold) => recoverTask(hold, given);
  await watchProcesses({ ledger, process, resumeTask, log, config }, stack);
  const before = takeProcessFile(config.home, process) ?? NOBODY;
  const shared = ledger.beats !== undefined;
  const recovered = await recover({
    ledger,
    spoolFolder: folder,
    resumeTask,
    ...(shared ? { before } : {}),
  });
  reportRecovery(recovered, log);
  const keepHeads = headsKeeper({ ledger, home: config.home, world, log });
  await keepHeads();
  every(HEADS_MS, keepHeads, stack);
  const spool = openSpool(folder);
  stack.defer(() => spool.close());
  every(DRAIN_MS, () => drainSpool(spool, ledger, log), stack);
  stack.defer(() => drainSpool(spool, ledger, log));
  return { ledger, process, end: (ending) => endDurably(ledger, spool, ending), recovered };
}

/** A home that nobody had before: no process has this name. */
const NOBODY = "nobody";

/** Says that we live, buries the dead, and ends what we have forgotten ourselves. */
async function watchProcesses(
  of: {
    readonly ledger: Ledger;
    readonly process: string;
    readonly resumeTask: RecoveryOptions["resumeTask"];
    readonly log: Log;
    readonly config: Config;
  },
  stack: AsyncDisposableStack,
): Promise<void> {
  const { ledger, process, resumeTask, log, config } = of;
  const watched = { ledger, process, monotonicMs: () => performance.now() };
  const beat = openBeat({
    ...watched,
    recoverHolds: async (holds) => {
      const ended = await endOpenHolds(holds, { ledger, resumeTask });
      reportRecovery({ ...ended, spooled: 0, late: 0 }, log);
    },
  });
  const sweep = openSweep({ ...watched, deadlineMs: config.vendorTimeoutMs + FORGOTTEN_AFTER_MS });
  // Before the first hold: one whose process never beat would be nobody's.
  await beat();
  stack.defer(() => stopBeating(ledger, process));
  every(BEAT_MS, beat, stack);
  every(
    SWEEP_MS,
    async () => {
      for (const receipt of await sweep()) log.error({ receipt }, "a forgotten hold was voided");
    },
    stack,
  );
}

/** Does something again and again, never twice at a time, until everything is closed. */
function every(ms: number, work: () => Promise<void>, stack: AsyncDisposableStack): void {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work().finally(() => {
      running = undefined;
    });
  }, ms);
  stack.defer(async () => {
    clearInterval(timer);
    await running;
  });
}

async function drainSpool(spool: Spool, ledger: Ledger, log: Log): Promise<void> {
  if (!spool.waiting()) return;
  try {
    const counts = await spool.drain(ledger);
    for (const problem of counts.problems)
      log.error({ problem }, "a spooled ending can't be posted");
  } catch (cause) {
    log.error({ cause }, "the spool could not be emptied");
  }
}

function reportRecovery(recovered: Recovery, log: Log): void {
  for (const problem of recovered.problems)
    log.error({ problem }, "a spooled ending can't be posted");
  const { spooled, resumed, voided } = recovered;
  if (spooled + resumed + voided === 0) return;
  log.warn({ spooled, resumed, voided }, "recovery ended what an earlier process left open");
}

/** A gateway whose ledger is lost must not go on: the next start recovers (MONEY §6). */
function endProcess(cause: Error, log: Log): void {
  log.error({ cause }, "the ledger is lost; this process ends");
  process.exit(70);
}

/** What the ledger's rooms refuse at start is for the eyes of whoever started it. */
function explain(cause: unknown): never {
  const said = [HomeOwned, LedgerRefused, LedgerUnavailable];
  if (cause instanceof Error && said.some((kind) => cause instanceof kind)) {
    throw new StartError(cause.message, { cause });
  }
  throw cause;
}
