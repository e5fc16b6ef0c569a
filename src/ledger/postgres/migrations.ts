import type { ClientBase } from "pg";
import { LedgerRefused } from "../ledger-refused.ts";
import { numberOrNullIn, type Row } from "../sql/rows.ts";
import { FIRST_TABLES } from "./first-tables.ts";
import { OUTCOMES } from "./outcomes.ts";
import { RUN_OF_A_CALL, RUN_TABLES } from "./run-tables.ts";
import { STATEMENTS } from "./statements-table.ts";

/**
 * Numbered, forward only: a migration that has ever run on somebody's database is never edited. Those that
 * ran stand in the table `migrations`.
 */
const migrations: readonly string[] = [
  FIRST_TABLES,
  RUN_OF_A_CALL,
  OUTCOMES,
  RUN_TABLES,
  STATEMENTS,
];

/** The version of a database that has them all. */
export const NEWEST_VERSION = migrations.length;

/** Of this program among all that lock in a database: "spot" in ASCII. */
const LOCK = 0x73_70_6f_74;

/**
 * Brings a database to the newest version, each migration in a transaction of its own.
 *
 * @param client of no further use: it holds a lock until it is closed, so that processes that start at
 *   once take turns.
 */
export async function migrate(client: ClientBase): Promise<void> {
  await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
  await client.query(
    `CREATE TABLE IF NOT EXISTS migrations (
      version bigint PRIMARY KEY,
      applied timestamptz NOT NULL DEFAULT now()
    )`,
  );
  const version = await versionOf(client);
  if (version > migrations.length) {
    throw new LedgerRefused(
      `the ledger is of version ${version}, this program knows versions up to ${migrations.length}: start a newer one`,
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    // One message is one transaction: all of it is there, with its number, or nothing.
    await client.query(`${migration} INSERT INTO migrations (version) VALUES (${index + 1});`);
  }
}

/** The last migration that ran; 0 where none did. */
export async function versionOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<Row>("SELECT max(version) AS version FROM migrations");
  return numberOrNullIn(rows[0] ?? {}, "version") ?? 0;
}
