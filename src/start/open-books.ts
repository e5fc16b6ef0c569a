import type { Catalog } from "../catalog/find.ts";
import type { Config } from "../config.ts";
import type { ConnectedVendor, EndHold, Log } from "../gateway/deps.ts";
import { recoverTask } from "../gateway/recover-task.ts";
import { endDurably } from "../ledger/end-durably.ts";
import { openLedger, type World } from "../ledger/open.ts";
import { HomeOwned, takeOwnerLock } from "../ledger/owner-lock.ts";
import type { Ledger } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import { type Recovery, recover } from "../ledger/recovery.ts";
import { openSpool, type Spool, spoolFolder } from "../ledger/spool.ts";
import { StartError } from "./errors.ts";

/** What waits in the spool is offered to the ledger this often. */
const DRAIN_MS = 2_000;

export type OpenBooks = {
  readonly ledger: Ledger;
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
    readonly vendors: ReadonlyMap<string, ConnectedVendor>;
    readonly log: Log;
  },
  stack: AsyncDisposableStack,
): Promise<OpenBooks> {
  const { config, world, catalog, vendors, log } = of;
  const lock = await takeOwnerLock({ home: config.home }).catch(explain);
  stack.defer(() => lock.release());
  const catalogPrices = catalog.models.flatMap((model) => model.rateCard.map(storedPrice));
  const ledger = await openLedger({
    home: config.home,
    world,
    catalogPrices,
    onFatal: (error) => endProcess(error, log),
  }).catch(explain);
  stack.defer(() => ledger.close());
  const folder = spoolFolder(config.home);
  const recovered = await recover({
    ledger,
    spoolFolder: folder,
    resumeTask: (hold) => recoverTask(hold, { ledger, vendors }),
  });
  reportRecovery(recovered, log);
  const spool = openSpool(folder);
  stack.defer(() => spool.close());
  const drain = setInterval(() => void drainSpool(spool, ledger, log), DRAIN_MS);
  stack.defer(async () => {
    clearInterval(drain);
    await drainSpool(spool, ledger, log);
  });
  return { ledger, end: (ending) => endDurably(ledger, spool, ending), recovered };
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
  if (cause instanceof HomeOwned || (cause instanceof Error && cause.name === "LedgerRefused")) {
    throw new StartError(cause.message, { cause });
  }
  throw cause;
}
