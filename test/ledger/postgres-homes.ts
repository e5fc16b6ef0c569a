import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import type { TestPostgres } from "../postgres/server.ts";
import type { OpenStore } from "./bench.ts";
import { rowsIn } from "./postgres-audit.ts";

/** A test has one home, seldom two at a time. */
const HOMES_AT_ONCE = 3;

/** Opens PostgreSQL ledgers by home. */
export function openInDatabases(postgres: () => TestPostgres): OpenStore {
  const databaseOf = databasesByHome(postgres);
  return async ({ home, nowMs, catalogPrices = [], ...rest }) => {
    const url = await databaseOf(home);
    return openPostgresLedger({ ...rest, url, createdMs: nowMs(), catalogPrices, nowMs });
  };
}

/**
 * The URL of a home's database: each home has one of its own, empty when it is first asked for. Few are
 * made, because a server that stops syncs every file of each: the home that was asked for longest ago leaves
 * its database to the next new one.
 */
export function databasesByHome(postgres: () => TestPostgres): (home: string) => Promise<string> {
  /** The home that was opened last is the last. */
  const urls = new Map<string, string>();
  const left = new Set<string>();

  async function databaseOf(home: string): Promise<string> {
    if (left.has(home)) throw new Error(`${home} left its database to another home`);
    const known = urls.get(home);
    if (known !== undefined) return known;
    const [oldest] = urls;
    if (oldest === undefined || urls.size < HOMES_AT_ONCE) return postgres().createDatabase();
    const [leaving, url] = oldest;
    urls.delete(leaving);
    left.add(leaving);
    await rowsIn(url, "DROP SCHEMA public CASCADE");
    await rowsIn(url, "CREATE SCHEMA public");
    return url;
  }

  return async (home) => {
    const url = await databaseOf(home);
    urls.delete(home);
    urls.set(home, url);
    return url;
  };
}
