import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import type { SimulatedStore } from "./world.ts";

/** A file with one owner. Checkpoints are frequent, so that incremental runs begin anywhere in a life. */
export const sqliteStore: SimulatedStore = {
  name: `SQLite ${process.versions["sqlite"]}`,
  open: (options) => openLedger({ ...options, checkpointEvery: 300n }),
  clients: 1,
  journal: async (home) => {
    const database = new DatabaseSync(ledgerFile(home, "sandbox"), { readOnly: true });
    const rows = database.prepare("SELECT text FROM entries ORDER BY root, sequence").all();
    database.close();
    return rows.map((row) => textIn(row, "text"));
  },
  verify: async (home) => {
    const file = ledgerFile(home, "sandbox");
    const sound = { ok: true, first_discrepancy: null };
    expect(await verify({ file })).toMatchObject(sound);
    expect(await verify({ file, incremental: true })).toMatchObject(sound);
  },
};
