import { DatabaseSync } from "node:sqlite";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import type { AuditedStore } from "./audited-store.ts";
import { rewrite, unguardedCopy } from "./story.ts";

function fileOf(home: string): string {
  return ledgerFile(home, "sandbox");
}

function rows(home: string, sql: string) {
  const database = new DatabaseSync(fileOf(home), { readOnly: true, readBigInts: true });
  const found = database.prepare(sql).all();
  database.close();
  return Promise.resolve(found);
}

/** SQLite: what is tampered with is a copy of the file. */
export const auditedSqlite: AuditedStore = {
  open: openLedger,
  verify: (home, request) => verify({ file: fileOf(home), ...request }),
  verifyAfter: async (home, tamper, request) => {
    const { file, database } = unguardedCopy(fileOf(home));
    await tamper({
      run: (sql) => Promise.resolve(database.exec(sql)),
      change: (sql) => Promise.resolve(Number(database.prepare(sql).run().changes)),
      rewrite: (edit) => Promise.resolve(rewrite(database, edit)),
    });
    database.close();
    using snapshot = openSnapshot(file);
    return await verify({ query: snapshot.query, ...request });
  },
  rows,
  columns: async (home, table) => {
    const found = await rows(home, `SELECT name, type FROM pragma_table_info('${table}')`);
    return found.map((row) => ({ name: textIn(row, "name"), isText: row["type"] === "TEXT" }));
  },
};
