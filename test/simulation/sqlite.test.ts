import { DatabaseSync } from "node:sqlite";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import { simulation } from "./simulation.ts";

simulation({
  name: "SQLite",
  open: openLedger,
  clients: 1,
  journal: async (home) => {
    const database = new DatabaseSync(ledgerFile(home, "sandbox"), { readOnly: true });
    const rows = database.prepare("SELECT text FROM entries ORDER BY root, sequence").all();
    database.close();
    return rows.map((row) => textIn(row, "text"));
  },
});
