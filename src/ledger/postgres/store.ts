import type { Command, Commands } from "../engine/commands.ts";
import { LedgerRefused } from "../ledger-refused.ts";
import { type Ledger, LedgerUnavailable } from "../port.ts";
import { CHECKPOINT_EVERY } from "../sql/checkpoints.ts";
import { ledgerOn } from "../sql/ledger-on.ts";
import { openBeats } from "./beats.ts";
import { givenClock, serverClock } from "./clock.ts";
import { openPool, withPatientConnection } from "./connections.ts";
import { databaseName } from "./database-name.ts";
import { ledgerError } from "./errors.ts";
import { openLane } from "./lane.ts";
import { openLanes } from "./lanes.ts";
import { type DatabaseStart, openDatabase } from "./open-database.ts";
import { openQuery } from "./query.ts";

export type PostgresOptions = DatabaseStart & {
  /** `postgresql://user:password@host:port/database`, with what the driver knows as parameters. */
  readonly url: string;
  /** Of this process, for administrators: connections bear it. */
  readonly process?: string;
  /** In place of the server's clock, for tests. */
  readonly nowMs?: (() => number) | undefined;
  /** Entries of a root from one checkpoint to the next; 100,000 where nothing else is said. */
  readonly checkpointEvery?: bigint;
};

/** Roots that are written at once; others wait for a connection. */
const BATCH_CONNECTIONS = 6;
/** Apart, so that no report keeps a hold waiting. */
const READ_CONNECTIONS = 3;
/** Apart, so that a process that is busy is never taken for dead. */
const BEAT_CONNECTIONS = 1;

/** Batches find all rows by their keys, whatever the server knows of its tables, and ask the same all day. */
const BATCH_SETTINGS =
  "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off";

/**
 * The PostgreSQL ledger, for any number of processes on one database.
 *
 * @throws LedgerRefused when the database can't be used: another world, a newer version, a changed price,
 *   commits that would not be synced.
 * @throws LedgerUnavailable when the server can't be reached.
 */
export async function openPostgresLedger(options: PostgresOptions): Promise<Ledger> {
  const { url, world, nowMs, process, checkpointEvery = CHECKPOINT_EVERY } = options;
  const name = process === undefined ? "spotmeter" : `spotmeter ${process}`;
  try {
    await withPatientConnection({ url, name }, (client) => openDatabase(client, options));
  } catch (error) {
    throw refusalOf(url, error);
  }
  const batches = openPool({ url, name, max: BATCH_CONNECTIONS, settings: BATCH_SETTINGS });
  const reads = openPool({ url, name, max: READ_CONNECTIONS });
  const beats = openPool({ url, name, max: BEAT_CONNECTIONS });
  const clock = nowMs === undefined ? serverClock() : givenClock(nowMs);
  const lane = { pool: batches, clock, emulated: world === "sandbox", checkpointEvery };
  const lanes = openLanes((root) => openLane(root, lane));
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await lanes.close();
    await Promise.all([batches, reads, beats].map((pool) => pool.end()));
  }

  return ledgerOn({
    ask: async (root, name, argument) => {
      // Name ties argument and result together; a union of commands can't say so.
      const outcome = await lanes.ask(root, { name, argument } as unknown as Command);
      if (outcome.kind === "failed") throw outcome.error;
      return outcome.result as Commands[typeof name]["result"];
    },
    query: openQuery(reads),
    nowMs: clock.nowMs,
    beats: openBeats(beats),
    close: () => {
      closing ??= close();
      return closing;
    },
  });
}

/** Said to the owner. */
function refusalOf(url: string, error: unknown): Error {
  const { message } = error instanceof LedgerRefused ? error : ledgerError(error);
  const said = `the ledger ${databaseName(url)} can't be opened: ${message}`;
  const isAway =
    ledgerError(error) instanceof LedgerUnavailable && !(error instanceof LedgerRefused);
  return isAway
    ? new LedgerUnavailable(said, { cause: error })
    : new LedgerRefused(said, { cause: error });
}
