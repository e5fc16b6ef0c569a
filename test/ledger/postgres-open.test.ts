import { describe, expect, it } from "vitest";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { NEWEST_VERSION } from "../../src/ledger/postgres/migrations.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import { integerColumns } from "../../src/ledger/postgres/write.ts";
import * as shapes from "../../src/ledger/sql/encode.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { NOON } from "./bench.ts";
import { holdOf, newParty } from "./fixtures.ts";
import { connect, rowsIn } from "./postgres-audit.ts";

const postgres = usePostgres();

function open(url: string, world: "sandbox" | "live" = "sandbox") {
  return openPostgresLedger({ url, world, createdMs: NOON, catalogPrices: [] });
}

/** A database with a ledger in it, closed again. */
async function closedLedger(): Promise<string> {
  const url = await postgres().createDatabase();
  const ledger = await open(url);
  await ledger.close();
  return url;
}

async function said(url: string, ...statements: string[]): Promise<void> {
  for (const statement of statements) await rowsIn(url, statement);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** The rows of a database that has every migration. */
function everyVersion() {
  return Array.from({ length: NEWEST_VERSION }, (_, index) => ({ version: String(index + 1) }));
}

describe("opening a PostgreSQL ledger", () => {
  it("processes that start at once take turns: each migration runs once", async () => {
    const url = await postgres().createDatabase();
    const ledgers = await Promise.all([open(url), open(url), open(url), open(url)]);
    const [first, second] = ledgers;
    const party = await newParty(first, { fund: "1" });
    expect(await second.hold(holdOf(party))).toMatchObject({ kind: "held" });
    expect(await rowsIn(url, "SELECT version FROM migrations")).toEqual(everyVersion());
    expect(await rowsIn(url, "SELECT world, created_ms FROM ledger")).toEqual([
      { world: "sandbox", created_ms: String(NOON) },
    ]);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  it("one that waits for another's migration is patient", async () => {
    const url = await closedLedger();
    const other = await connect(url);
    await other.query("SELECT pg_advisory_lock($1)", [0x73_70_6f_74]);
    const opening = open(url);
    const waits = `SELECT count(*) AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    while ((await rowsIn(url, waits))[0]?.["waiting"] !== "1");
    await other.end();
    await (await opening).close();
  });

  it("a database of a newer program is refused untouched", async () => {
    const url = await closedLedger();
    await said(url, "INSERT INTO migrations (version) VALUES (99)");
    await expect(open(url)).rejects.toMatchObject({
      name: "LedgerRefused",
      message: `the ledger ${new URL(url).host}/${nameOf(url)} can't be opened: the ledger is of version 99, this program knows versions up to ${NEWEST_VERSION}: start a newer one`,
    });
    expect(await rowsIn(url, "SELECT version FROM migrations ORDER BY version")).toEqual([
      ...everyVersion(),
      { version: "99" },
    ]);
  });

  it("a migration that fails leaves nothing behind", async () => {
    const url = await postgres().createDatabase();
    // The last table of the first migration is there already, as something else.
    await said(url, "CREATE TABLE beats (x text)");
    await expect(open(url)).rejects.toMatchObject({ name: "LedgerRefused" });
    const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    expect(await rowsIn(url, tables)).toEqual([
      { tablename: "beats" },
      { tablename: "migrations" },
    ]);
    await said(url, "DROP TABLE beats");
    await (await open(url)).close();
  });

  it("a sandbox ledger will not open as live", async () => {
    const url = await closedLedger();
    await expect(open(url, "live")).rejects.toMatchObject({
      name: "LedgerRefused",
      message: expect.stringMatching(/it is a sandbox ledger and will not open as live$/),
    });
  });

  it("a server that doesn't sync its commits is refused, and what to set is said", async () => {
    const url = await closedLedger();
    await said(url, `ALTER DATABASE ${nameOf(url)} SET synchronous_commit = off`);
    await expect(open(url)).rejects.toMatchObject({
      name: "LedgerRefused",
      message: expect.stringMatching(
        /synchronous_commit is off, so that a commit may be lost: set synchronous_commit = on$/,
      ),
    });
  });

  it("so is one without fsync", async () => {
    const url = await closedLedger();
    // The tests' server can't be without; in this database it says that it is.
    await said(
      url,
      `CREATE FUNCTION current_setting(name text) RETURNS text LANGUAGE sql AS
        $$ SELECT CASE name WHEN 'fsync' THEN 'off' ELSE pg_catalog.current_setting(name) END $$`,
      `ALTER DATABASE ${nameOf(url)} SET search_path = public, pg_catalog`,
    );
    await expect(open(url)).rejects.toMatchObject({
      name: "LedgerRefused",
      message: expect.stringMatching(/fsync is off, so that a commit may be lost: set fsync = on$/),
    });
  });

  it("a server that stops syncing later takes nothing more", async () => {
    const url = await closedLedger();
    const ledger = await open(url);
    await said(url, `ALTER DATABASE ${nameOf(url)} SET synchronous_commit = off`);
    await said(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await expect(newParty(ledger)).rejects.toThrow(LedgerUnavailable);
    await ledger.close();
  });

  it("a database whose encoding can't keep every text is refused", async () => {
    const name = `${nameOf(await postgres().createDatabase())}_latin`;
    const { adminUrl } = postgres();
    await said(
      adminUrl,
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    await expect(open(url.href)).rejects.toMatchObject({
      name: "LedgerRefused",
      message: expect.stringContaining("the database's encoding is LATIN1"),
    });
    await said(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });

  it("no server, no database and a wrong name are unavailable, and no message holds the password", async () => {
    const url = new URL(await postgres().createDatabase());
    url.password = "secret";
    const wrong: readonly (readonly [(asked: URL) => void, string])[] = [
      [(asked) => Object.assign(asked, { port: "1" }), "ECONNREFUSED"],
      [(asked) => Object.assign(asked, { pathname: "/nobodys" }), '"nobodys" does not exist'],
      [(asked) => Object.assign(asked, { username: "nobody" }), 'role "nobody" does not exist'],
    ];
    for (const [change, message] of wrong) {
      const asked = new URL(url);
      change(asked);
      const error: unknown = await open(asked.href).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LedgerUnavailable);
      expect(String(error)).toContain(message);
      expect(String(error)).not.toContain("secret");
    }
  });
});

describe("the tables", () => {
  it("every column of a shape is there, a bigint where it holds whole numbers, else text by its bytes", async () => {
    const url = await closedLedger();
    for (const shape of Object.values(shapes)) {
      if (!("table" in shape)) continue;
      const columns = await rowsIn(
        url,
        `SELECT column_name, data_type, collation_name FROM information_schema.columns
         WHERE table_name = '${shape.table}' ORDER BY ordinal_position`,
      );
      const expected = shape.columns.map((name) =>
        integerColumns.has(name)
          ? { column_name: name, data_type: "bigint", collation_name: null }
          : { column_name: name, data_type: "text", collation_name: "C" },
      );
      expect(new Set(columns), shape.table).toEqual(new Set(expected));
    }
  });

  it("the journal only appends", async () => {
    const url = await closedLedger();
    const ledger = await open(url);
    await newParty(ledger, { fund: "1" });
    await ledger.close();
    for (const edit of [
      "UPDATE entries SET kind = 'void'",
      "DELETE FROM entries WHERE sequence = 1",
      "TRUNCATE entries",
    ]) {
      await expect(rowsIn(url, edit)).rejects.toThrow("the journal only appends");
    }
  });
});
