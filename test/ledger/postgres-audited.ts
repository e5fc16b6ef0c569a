import { Client } from "pg";
import { verify } from "../../src/audit/verify.ts";
import { chainHash } from "../../src/ledger/chain.ts";
import { statementOf } from "../../src/ledger/postgres/query.ts";
import { withSnapshot } from "../../src/ledger/postgres/snapshot.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import { type Query, type Row, textIn } from "../../src/ledger/sql/rows.ts";
import type { TestPostgres } from "../postgres/server.ts";
import type { AuditedStore, Hands } from "./audited-store.ts";
import { databasesByHome } from "./postgres-homes.ts";

/** Types bigint, and integer, of which nothing in a ledger is. */
const INTEGERS = [20, 23];

/** PostgreSQL: what is tampered with is a transaction that is rolled back, and verified from inside it. */
export function auditedPostgres(postgres: () => TestPostgres): AuditedStore {
  const databaseOf = databasesByHome(postgres);

  async function rows(home: string, sql: string): Promise<readonly Row[]> {
    return withDatabase(await databaseOf(home), async (client) => (await client.query(sql)).rows);
  }

  return {
    open: async ({ home, nowMs, catalogPrices = [], ...rest }) => {
      const url = await databaseOf(home);
      return openPostgresLedger({ ...rest, url, createdMs: nowMs(), catalogPrices, nowMs });
    },
    // Without the thread of its own, which takes a second to start.
    verify: async (home, request) =>
      withSnapshot(await databaseOf(home), ({ query }) => verify({ query, ...request })),
    verifyAfter: async (home, tamper, request) =>
      withDatabase(await databaseOf(home), async (client) => {
        await client.query("BEGIN");
        await client.query(UNGUARD);
        await tamper(handsOf(client));
        const found = await verify({ query: queryOf(client), ...request });
        await client.query("ROLLBACK");
        return found;
      }),
    rows,
    columns: async (home, table) => {
      const found = await rows(
        home,
        `SELECT column_name, data_type FROM information_schema.columns
         WHERE table_name = '${table}' AND table_schema = 'public' ORDER BY ordinal_position`,
      );
      return found.map((row) => ({
        ...{ name: textIn(row, "column_name"), isText: row["data_type"] === "text" },
      }));
    },
  };
}

async function withDatabase<Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url });
  for (const oid of INTEGERS) client.setTypeParser(oid, BigInt);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Append-only is a trigger, and constraints are only of their tables: whoever owns them gets past both. */
const UNGUARD = `DO $$ DECLARE each record; BEGIN
  ALTER TABLE entries DISABLE TRIGGER USER;
  ALTER TABLE statements DISABLE TRIGGER USER;
  FOR each IN SELECT conrelid::regclass AS owner,
      string_agg(format('DROP CONSTRAINT %I', conname), ', ') AS drops
    FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace GROUP BY 1
  LOOP EXECUTE format('ALTER TABLE %s %s', each.owner, each.drops); END LOOP;
END $$`;

function handsOf(client: Client): Hands {
  return {
    run: async (sql) => {
      await client.query(sql);
    },
    change: async (sql) => (await client.query(sql)).rowCount ?? 0,
    rewrite: async ({ id, from, to }) => {
      const [one = {}] = (await client.query<Row>("SELECT * FROM entries WHERE id = $1", [id]))
        .rows;
      if (!textIn(one, "text").includes(from)) throw new Error(`no ${from} in ${one["text"]}`);
      const edit = "UPDATE entries SET text = replace(text, $1, $2) WHERE id = $3";
      await client.query(edit, [from, to, id]);
      await chainAnew(client, textIn(one, "root"));
    },
  };
}

async function chainAnew(client: Client, root: string): Promise<void> {
  const chain = "SELECT text FROM entries WHERE root = $1 ORDER BY sequence";
  let hash = "0".repeat(64);
  for (const [index, row] of (await client.query<Row>(chain, [root])).rows.entries()) {
    hash = chainHash(hash, BigInt(index + 1), textIn(row, "text"));
    const edit = "UPDATE entries SET hash = $1 WHERE root = $2 AND sequence = $3";
    await client.query(edit, [hash, root, index + 1]);
  }
  await client.query("UPDATE roots SET hash = $1 WHERE root = $2", [hash, root]);
}

function queryOf(client: Client): Query {
  return async (readings) => {
    const answers: (readonly Row[])[] = [];
    for (const reading of readings) {
      answers.push((await client.query<Row>(statementOf(reading))).rows);
    }
    return answers;
  };
}
