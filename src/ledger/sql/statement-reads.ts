import type { Page, PageRequest } from "../reports-port.ts";
import type { StoredStatement } from "../statements-port.ts";
import { listed } from "./report-reads.ts";
import { numberIn, type Query, type Row, rowsOf, textIn, usdIn } from "./rows.ts";

/** Reads statements as they were issued. */

/** Everything but the bytes, which may be many. */
const SUMMARY = `id, number, account, month, total, sha256, sequence, created_ms,
  (SELECT hash FROM entries WHERE entries.root = statements.root
    AND entries.sequence = statements.sequence) AS hash`;
const EVERY_ROOT = "root IN (SELECT root FROM roots)";

export function readStatements(
  query: Query,
  of: PageRequest,
): Promise<Page<Omit<StoredStatement, "json">>> {
  return listed(
    query,
    {
      sql: `SELECT * FROM (SELECT ${SUMMARY} FROM statements) AS listed`,
      order: ["created_ms", "number"],
      read: summaryIn,
      cursorOf: ({ issuedMs, number }) => [issuedMs, number],
    },
    of,
  );
}

export async function readStatement(
  query: Query,
  of: { readonly accountId: string; readonly number: string },
): Promise<StoredStatement | undefined> {
  const [row] = await rowsOf(
    query,
    `SELECT ${SUMMARY}, json FROM statements WHERE ${EVERY_ROOT} AND account = ?1 AND number = ?2`,
    [of.accountId, of.number],
  );
  return row === undefined ? undefined : { ...summaryIn(row), json: textIn(row, "json") };
}

/** By the id of its memo. */
export async function readStatementById(
  query: Query,
  root: string,
  id: string,
): Promise<StoredStatement> {
  const sql = `SELECT ${SUMMARY}, json FROM statements WHERE root = ?1 AND id = ?2`;
  const [row] = await rowsOf(query, sql, [root, id]);
  if (row === undefined) throw new Error(`statement ${id} was issued and isn't there`);
  return { ...summaryIn(row), json: textIn(row, "json") };
}

function summaryIn(row: Row): Omit<StoredStatement, "json"> {
  return {
    number: textIn(row, "number"),
    accountId: textIn(row, "account"),
    month: textIn(row, "month"),
    total: usdIn(row, "total"),
    sha256: textIn(row, "sha256"),
    issuedMs: numberIn(row, "created_ms"),
    entryId: textIn(row, "id"),
    chain: { sequence: numberIn(row, "sequence"), hash: textIn(row, "hash") },
  };
}
