import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import type { TestPostgres } from "../postgres/server.ts";
import type { OpenStore } from "./bench.ts";

/** Opens PostgreSQL ledgers by home: each home is a database of its own, made when it is first opened. */
export function openInDatabases(postgres: () => TestPostgres): OpenStore {
  const urls = new Map<string, string>();
  return async ({ home, world, nowMs, catalogPrices = [] }) => {
    const url = urls.get(home) ?? (await postgres().createDatabase());
    urls.set(home, url);
    return openPostgresLedger({ url, world, createdMs: nowMs(), catalogPrices, nowMs });
  };
}
