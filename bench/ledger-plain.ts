import { DatabaseSync } from "node:sqlite";
import type { Command, Commands } from "../src/ledger/engine/commands.ts";
import { ledgerFile } from "../src/ledger/open.ts";
import { ledgerOn } from "../src/ledger/sql/ledger-on.ts";
import { openBatches } from "../src/ledger/sqlite/batch.ts";
import type { Store } from "./ledger-run.ts";

/** What a ledger without groups would be: the same journal and rules, one commit a call, on this thread. */
export async function openPlainLedger(home: string): Promise<Store> {
  const database = new DatabaseSync(ledgerFile(home, "sandbox"), { readBigInts: true });
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;");
  const batches = openBatches(database, { emulated: true });
  return ledgerOn({
    ask: async (_root, name, argument) => {
      // Name ties argument and result together; a union of commands can't say so.
      const [reply] = batches.run([{ name, argument } as unknown as Command], Date.now());
      if (reply?.kind !== "done") throw new Error(`a ${name} was ${reply?.kind}`);
      return reply.result as Commands[typeof name]["result"];
    },
    query: async (readings) =>
      readings.map(({ sql, parameters }) => database.prepare(sql).all(...parameters)),
    nowMs: Date.now,
    close: async () => database.close(),
  });
}
