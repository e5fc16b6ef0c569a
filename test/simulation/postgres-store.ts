import { expect } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { openPool } from "../../src/ledger/postgres/connections.ts";
import { openQuery } from "../../src/ledger/postgres/query.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import { rowsIn } from "../ledger/postgres-audit.ts";
import type { TestPostgres } from "../postgres/server.ts";
import type { SimulatedStore } from "./world.ts";

/** Three ledgers on one database, as three processes have them; every home has a database of its own. */
export function postgresStore(
  postgres: () => TestPostgres,
): SimulatedStore & { readonly urlOf: (home: string) => Promise<string> } {
  const urls = new Map<string, Promise<string>>();

  function urlOf(home: string): Promise<string> {
    const url = urls.get(home) ?? postgres().createDatabase();
    urls.set(home, url);
    return url;
  }

  return {
    name: "PostgreSQL",
    urlOf,
    open: async ({ home, world, nowMs, catalogPrices = [] }) => {
      const url = await urlOf(home);
      return openPostgresLedger({ url, world, createdMs: nowMs(), catalogPrices, nowMs });
    },
    clients: 3,
    journal: async (home) => {
      const sql = "SELECT text FROM entries ORDER BY root, sequence";
      const rows = await rowsIn(await urlOf(home), sql);
      return rows.map((row) => row["text"] ?? "");
    },
    verify: async (home) => {
      // Nobody writes meanwhile, so that every statement sees the same.
      const pool = openPool({ url: await urlOf(home), name: "verification", max: 1 });
      try {
        const found = await verify({ query: openQuery(pool) });
        expect(found).toMatchObject({ ok: true, first_discrepancy: null });
      } finally {
        await pool.end();
      }
    },
  };
}
