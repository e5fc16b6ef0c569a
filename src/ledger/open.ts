import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Ledger } from "./port.ts";
import { CHECKPOINT_EVERY } from "./sql/checkpoints.ts";
import type { PriceReference } from "./sqlite/protocol.ts";
import { openSqliteLedger } from "./sqlite/store.ts";

/** Sandbox and live ledgers never mix (MONEY §8). */
export type World = "sandbox" | "live";

export type OpenLedgerOptions = {
  /** The folder of this installation; made if it isn't there. */
  readonly home: string;
  readonly world: World;
  /** A PostgreSQL database, for any number of processes; undefined keeps the ledger in a file of the home. */
  readonly databaseUrl?: string | undefined;
  /** The name of this process, for whoever looks at the database's connections. */
  readonly process?: string;
  /** Every price version of the catalog in use: one that was used may not have changed. */
  readonly catalogPrices?: readonly PriceReference[];
  /**
   * Called once when the ledger is lost for this process: an error at a commit, a dead thread. The
   * process must end; by default it does, with an uncaught error.
   */
  readonly onFatal?: (error: Error) => void;
  /** The store's clock, in milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Entries of a root from one checkpoint to the next; 100,000 where nothing else is said. */
  readonly checkpointEvery?: bigint;
};

/** The file that holds the ledger of a world. */
export function ledgerFile(home: string, world: World): string {
  return path.join(home, `${world}.sqlite`);
}

/**
 * Opens the ledger of a home, making it at first use. Take the owner lock first: the file has one owner.
 *
 * @throws LedgerRefused when it is a ledger of the other world, of a newer program, or when the catalog
 *   changes a price version that it has used.
 */
export async function openLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const { home, world, catalogPrices = [], nowMs = Date.now, onFatal = endProcess } = options;
  const createdMs = nowMs();
  const { databaseUrl: url, process, checkpointEvery = CHECKPOINT_EVERY } = options;
  if (url !== undefined) {
    // Loaded only where it is used: most gateways keep their ledger in a file.
    const { openPostgresLedger } = await import("./postgres/store.ts");
    const named = process === undefined ? {} : { process };
    return openPostgresLedger({ url, world, createdMs, catalogPrices, checkpointEvery, ...named });
  }
  await mkdir(home, { recursive: true, mode: 0o700 });
  return openSqliteLedger({
    file: ledgerFile(home, world),
    world,
    createdMs,
    catalogPrices,
    checkpointEvery,
    nowMs,
    onFatal,
  });
}

/** Thrown where nothing can catch it: a gateway without its ledger must not go on. */
function endProcess(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
