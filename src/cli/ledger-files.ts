import { existsSync } from "node:fs";
import { Option } from "commander";
import { LedgerFileRefused } from "../audit/ledger-file-refused.ts";
import { ProofUnreadable } from "../audit/proof-unreadable.ts";
import type { LedgerPlace } from "../audit/verify-worker.ts";
import type { Config } from "../config.ts";
import { LedgerRefused } from "../ledger/ledger-refused.ts";
import { ledgerFile, type World } from "../ledger/open.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import { Misuse, refused } from "./failures.ts";
import type { Terminal } from "./terminal.ts";

/** What the commands that read a ledger themselves have in common. */

/** A ledger of a home. */
type HomeLedger = { readonly world: World; readonly file: string };

/** A ledger, wherever it is. */
export type FoundLedger = {
  readonly world: World;
  /** As it is said to people. */
  readonly name: string;
  readonly place: LedgerPlace;
};

/** What is asked for, and what is being done to it, for a note where there are two. */
type Asked = { readonly world: World | undefined; readonly doing: string };

export function worldOption(): Option {
  return new Option(
    "--world <world>",
    "which ledger, where this home has both; default: live",
  ).choices(["sandbox", "live"]);
}

/**
 * The ledger that is meant: that of the database, else one of the home's files.
 *
 * @throws Misuse when there is no such ledger; LedgerRefused for a database that is no ledger;
 *   LedgerUnavailable when it can't be reached.
 */
export async function findLedger(
  config: Config,
  asked: Asked,
  terminal: Terminal,
): Promise<FoundLedger> {
  const { databaseUrl } = config;
  if (databaseUrl === undefined) {
    const { world, file } = chooseLedger(config, asked, terminal);
    return { world, name: file, place: { file } };
  }
  const { describeDatabase } = await import("../ledger/postgres/snapshot.ts");
  const { world, name } = await describeDatabase(databaseUrl);
  if (asked.world !== undefined && asked.world !== world) {
    throw new Misuse(`${name} is a ${world} ledger: leave --world ${asked.world} out`);
  }
  return { world, name, place: { databaseUrl } };
}

/**
 * The file of the home that is meant.
 *
 * @throws Misuse when this home has no such ledger.
 */
export function chooseLedger({ home }: Config, asked: Asked, terminal: Terminal): HomeLedger {
  const found = (["live", "sandbox"] as const).filter((each) => existsSync(ledgerFile(home, each)));
  const [first, second] = found;
  const world = asked.world ?? first;
  if (world === undefined || !found.includes(world)) {
    const which = asked.world === undefined ? "no ledger" : `no ${asked.world} ledger`;
    throw new Misuse(`${home} holds ${which}: give --home, or set SPOTMETER_HOME`);
  }
  if (asked.world === undefined && second !== undefined) {
    terminal.note(`${asked.doing} the ${world} ledger; --world ${second} takes the other`);
  }
  return { world, file: ledgerFile(home, world) };
}

/** Runs work on a ledger; what it refuses is said as it is, with its code. */
export async function onLedger<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ProofUnreadable) throw new Misuse(cause.message);
    if (cause instanceof LedgerFileRefused) throw refused(cause.code, cause.message, { cause });
    if (cause instanceof LedgerRefused) throw refused("no_ledger", cause.message, { cause });
    if (cause instanceof LedgerUnavailable) {
      throw refused("ledger_unavailable", cause.message, { cause });
    }
    throw cause;
  }
}
