import { expect } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import { rowsIn } from "../ledger/postgres-audit.ts";
import type { TestPostgres } from "../postgres/server.ts";
import type { SimulatedStore } from "./world.ts";

/** Three ledgers on one database, as three processes have them; every home has a database of its own. Checkpoints as in a file. */
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
      const opening = { url, world, createdMs: nowMs(), catalogPrices, nowMs };
      return openPostgresLedger({ ...opening, checkpointEvery: 300n });
    },
    clients: 3,
    journal: async (home) => {
      const sql = "SELECT text FROM entries ORDER BY root, sequence";
      const rows = await rowsIn(await urlOf(home), sql);
      return rows.map((row) => row["text"] ?? "");
    },
    verify: async (home) => {
      const databaseUrl = await urlOf(home);
      const sound = { ok: true, first_discrepancy: null };
      expect(await verify({ databaseUrl })).toMatchObject(sound);
      expect(await verify({ databaseUrl, incremental: true })).toMatchObject(sound);
    },
  };
}
