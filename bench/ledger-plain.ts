import { DatabaseSync } from "node:sqlite";
import { endingDraft, holdDraft } from "../src/ledger/draft.ts";
import { ledgerFile } from "../src/ledger/open.ts";
import { runBatch } from "../src/ledger/sqlite/batch.ts";
import type { Command, CommandName, Commands } from "../src/ledger/sqlite/protocol.ts";
import { openStatements } from "../src/ledger/sqlite/statements.ts";
import type { Store } from "./ledger.ts";

/** What a ledger without groups would be: the same journal and rules, one commit a call, on this thread. */
export async function openPlainLedger(home: string): Promise<Store> {
  const database = new DatabaseSync(ledgerFile(home, "sandbox"), { readBigInts: true });
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;");
  const statements = openStatements(database);
  async function run<Name extends CommandName>(
    name: Name,
    argument: Commands[Name]["argument"],
  ): Promise<Commands[Name]["result"]> {
    const context = { statements, emulated: true, nowMs: Date.now() };
    // Name ties argument and result together; a union of commands can't say so.
    const [reply] = runBatch(database, [{ name, argument } as unknown as Command], context);
    if (reply?.kind !== "done") throw new Error(`a ${name} was ${reply?.kind}`);
    return reply.result as Commands[Name]["result"];
  }
  return {
    hold: (request) => run("hold", holdDraft(request)),
    end: (ending) => run("end", endingDraft(ending)),
    credits: (accountId) => run("credits", accountId),
    close: async () => database.close(),
  };
}
