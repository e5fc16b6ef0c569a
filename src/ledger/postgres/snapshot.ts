import type { ClientBase } from "pg";
import { LedgerRefused } from "../ledger-refused.ts";
import { LedgerUnavailable } from "../port.ts";
import { assertNewestVersion } from "../sql/assert-version.ts";
import type { Query, Row } from "../sql/rows.ts";
import { withOwnConnection } from "./connections.ts";
import { databaseName } from "./database-name.ts";
import { ledgerError } from "./errors.ts";
import { NEWEST_VERSION, versionOf } from "./migrations.ts";
import { statementOf } from "./query.ts";

/** A PostgreSQL ledger as it is at one instant, however long it is read. */
export type DatabaseSnapshot = {
  readonly query: Query;
  readonly world: "sandbox" | "live";
  /** The last migration that ran on it. */
  readonly version: number;
};

/**
 * Counting a large table takes its time, whatever the server thinks of long statements. A process that was
 * stopped in the middle doesn't keep the server from vacuuming for ever.
 */
const SETTINGS = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10min'";
const BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/**
 * Lends one instant of a database of whatever version, over a connection of its own that only reads. Later
 * commits of running gateways stay outside, and nothing here makes them wait; only vacuum lets rows lie
 * that were replaced meanwhile.
 *
 * @throws LedgerRefused for a database that is no ledger; LedgerUnavailable when it can't be reached or is
 *   lost on the way; whatever `work` throws.
 */
export async function withSnapshot<Result>(
  url: string,
  work: (snapshot: DatabaseSnapshot) => Promise<Result>,
): Promise<Result> {
  let isOpen = false;
  try {
    return await withOwnConnection({ url, name: "spotmeter reads" }, async (client) => {
      const snapshot = await snapshotOf(client);
      isOpen = true;
      return work(snapshot);
    });
  } catch (cause) {
    throw isOpen ? cause : unreadable(url, cause);
  }
}

/** A ledger in a database: its world, and its name as it is said to people. @throws as `withSnapshot` does. */
export function describeDatabase(
  url: string,
): Promise<{ readonly world: DatabaseSnapshot["world"]; readonly name: string }> {
  return withSnapshot(url, ({ world }) => Promise.resolve({ world, name: databaseName(url) }));
}

/** @throws LedgerRefused for a database of another version. */
export function assertNewest({ version }: DatabaseSnapshot): void {
  assertNewestVersion(version, NEWEST_VERSION);
}

async function snapshotOf(client: ClientBase): Promise<DatabaseSnapshot> {
  await client.query(SETTINGS);
  await client.query(BEGIN);
  // A transaction sees nothing before its first statement: this one fixes the instant.
  const { rows } = await client.query<Row>("SELECT world FROM ledger");
  const world = worldIn(rows[0] ?? {});
  return { world, version: await versionOf(client), query: queryOn(client) };
}

function worldIn({ world }: Row): DatabaseSnapshot["world"] {
  if (world === "sandbox" || world === "live") return world;
  throw new LedgerRefused("it doesn't say whether it is sandbox or live");
}

/**
 * Nothing is prepared by name: the best way to read a page or some ids depends on how many there are, which
 * a plan that is kept doesn't know.
 */
function queryOn(client: ClientBase): Query {
  return async (readings) => {
    const answers: (readonly Row[])[] = [];
    for (const reading of readings) {
      const { rows } = await client.query<Row>(statementOf(reading)).catch((error: unknown) => {
        throw ledgerError(error);
      });
      answers.push(rows);
    }
    return answers;
  };
}

/** Said to whoever asked. */
function unreadable(url: string, cause: unknown): Error {
  const error = cause instanceof LedgerRefused ? cause : ledgerError(cause);
  const said = `${databaseName(url)} can't be read as a ledger: ${error.message}`;
  return error instanceof LedgerUnavailable
    ? new LedgerUnavailable(said, { cause })
    : new LedgerRefused(said, { cause });
}
