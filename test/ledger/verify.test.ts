import { copyFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import { holdOf, newParty } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { type Story, tampered, tellStory } from "./story.ts";

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

/** Verifies a copy of the story after somebody with a shell has been at it. */
async function verifyAfter(tamper: (database: DatabaseSync) => void) {
  using snapshot = openSnapshot(tampered(story.file, tamper));
  return await verify({ query: snapshot.query });
}

describe("verify", () => {
  it("finds an untouched ledger sound, and counts it", async () => {
    const seen: number[] = [];
    const result = await verify({ file: story.file, onProgress: (entries) => seen.push(entries) });
    // Party 3, funding and its correction 2, tree 3 and its changes 5, corrected call 6, refused 2, five
    // token calls 17 and a correction, unknown call 6, late call 6, restore 1, keys 4, second account with
    // its call 5, open hold with its task 2.
    expect(result).toEqual({
      ok: true,
      entries: 63,
      receipts: 10,
      holds_open: 1,
      first_discrepancy: null,
    });
    expect(seen.at(-1)).toBe(63);
  });

  it("reads a ledger beside its running owner, as of one instant", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "live" });
    const party = await newParty(ledger, { fund: "1" });
    await ledger.hold(holdOf(party));
    const file = ledgerFile(home, "live");
    using snapshot = openSnapshot(file);
    await ledger.hold(holdOf(party));
    expect(await verify({ query: snapshot.query })).toMatchObject({ ok: true, entries: 4 });
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 5, holds_open: 2 });
    await ledger.close();
  });

  it("says what it can't read: no file, no ledger, one of another version", async () => {
    const none = path.join(newHome(), "none.sqlite");
    await expect(verify({ file: none })).rejects.toMatchObject({ name: "LedgerRefused" });
    const other = path.join(newHome(), "other.sqlite");
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE ledger (x)");
    database.close();
    await expect(verify({ file: other })).rejects.toThrow("can't be read as a ledger");
    const file = tampered(story.file, (edited) => edited.exec("PRAGMA user_version = 1"));
    await expect(verify({ file })).rejects.toThrow(/of version 1, this program reads version \d+/);
  });

  it("the journal can't be edited or deleted without taking its guard away", () => {
    const file = path.join(newHome(), "copy.sqlite");
    copyFileSync(story.file, file);
    const database = new DatabaseSync(file);
    expect(() => database.exec("UPDATE entries SET text = ''")).toThrow("only appends");
    expect(() => database.exec("DELETE FROM entries")).toThrow("only appends");
    database.close();
  });

  it("corrections side by side each have their row, whatever they mend", () => {
    using snapshot = openSnapshot(story.file);
    const { corrections } =
      snapshot.database
        .prepare("SELECT count(*) AS corrections FROM corrections WHERE hold = ?")
        .get(story.settled) ?? {};
    expect(corrections).toBe(3n);
  });
});

describe("who edits the tables", () => {
  const ending = () => `${story.settled}.end`;
  it.each<{ law: string; sql: () => string; what: string; entry?: () => string }>([
    {
      law: "an edited text",
      sql: () =>
        `UPDATE entries SET text = replace(text, '"user"', '"User"') WHERE id = '${story.settled}'`,
      what: "hash",
      entry: () => story.settled,
    },
    {
      law: "an edited hash",
      sql: () => `UPDATE entries SET hash = '${"0".repeat(64)}' WHERE id = '${ending()}'`,
      what: "hash",
      entry: ending,
    },
    {
      law: "a deleted entry",
      sql: () => `DELETE FROM entries WHERE id = '${ending()}'`,
      what: "sequence",
      entry: () => `${story.settled}.cost`,
    },
    {
      law: "deleted last entries",
      sql: () =>
        `DELETE FROM entries WHERE root = '${story.party.accountId}' AND sequence =
         (SELECT sequence FROM roots WHERE root = '${story.party.accountId}')`,
      what: "roots.sequence",
    },
    {
      law: "an edited charge",
      sql: () => `UPDATE calls SET charge = charge - 1 WHERE id = '${story.settled}'`,
      what: "calls.charge of",
    },
    {
      law: "an edited cost of a call that nobody corrected",
      sql: () => `UPDATE calls SET vendor_cost = 1 WHERE id = '${story.voided}'`,
      what: "calls.vendor_cost",
      entry: () => `${story.voided}.end`,
    },
    {
      law: "an ending that no entry makes",
      sql: () =>
        `UPDATE calls SET ended_ms = 1, end_sequence = 1, outcome = 'made', charge = 0
         WHERE id = '${story.open}'`,
      what: "open hold that is stored as ended",
    },
    {
      law: "a task that no entry notes",
      sql: () => `UPDATE calls SET task = 'task-2' WHERE id = '${story.voided}'`,
      what: "calls.task",
      entry: () => `${story.voided}.end`,
    },
    {
      law: "an edited book",
      sql: () => "UPDATE roots SET available = available + 1, held = held - 1 WHERE held > 0",
      what: "roots.available",
    },
    {
      law: "an edited counter",
      sql: () =>
        `UPDATE counters SET settled = settled - 1
         WHERE node = '${story.party.accountId}' AND period = '2026-06'`,
      what: "counters.settled",
    },
    {
      law: "a loss of the house that is forgotten",
      sql: () => "DELETE FROM counters WHERE node = 'house' AND period = '2026-06-19T12'",
      what: "number of counters",
    },
    {
      law: "a vendor's cost that is forgotten",
      sql: () =>
        "UPDATE counters SET settled = 0 WHERE node = 'house:default' AND period = '2026-06-19'",
      what: "counters.settled of house:default 2026-06-19",
    },
    {
      law: "a raised limit",
      sql: () => `UPDATE nodes SET limit_day = NULL WHERE id = '${story.party.accountId}'`,
      what: "nodes.limit_day",
    },
    {
      law: "a key brought back",
      sql: () => "UPDATE nodes SET revoked_ms = NULL WHERE name = 'spare'",
      what: "nodes.revoked_ms",
    },
    {
      law: "a setting taken away",
      sql: () => `UPDATE nodes SET settings = '{}' WHERE id = '${story.party.accountId}'`,
      what: "nodes.settings",
    },
    {
      law: "an edited price",
      sql: () => `UPDATE price_versions SET json = replace(json, '0.05', '0.04')`,
      what: "entry",
    },
    {
      law: "a world that was changed",
      sql: () => "UPDATE ledger SET world = 'live'",
      what: "emulated",
    },
    {
      law: "entries of a root that isn't there",
      sql: () => `DELETE FROM roots WHERE root = '${story.party.accountId}'`,
      what: "rows of entries outside every root",
    },
    {
      law: "a call that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM calls WHERE id = '${story.voided}';
         UPDATE extra SET id = 'rcpt_extra'; INSERT INTO calls SELECT * FROM extra`,
      what: "number of calls",
    },
    {
      law: "an open call that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM calls WHERE id = '${story.open}';
         UPDATE extra SET id = 'rcpt_extra'; INSERT INTO calls SELECT * FROM extra`,
      what: "open call that no entry leaves open",
    },
    {
      law: "a node that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM nodes WHERE name = 'Shop';
         UPDATE extra SET id = 'acct_extra'; INSERT INTO nodes SELECT * FROM extra`,
      what: "node that no entry makes",
    },
    {
      law: "a node that is gone",
      sql: () => "DELETE FROM nodes WHERE name = 'spare'",
      what: "number of nodes",
    },
    {
      law: "a correction that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM corrections WHERE id = '${story.correction}';
         UPDATE extra SET id = 'fix_extra'; INSERT INTO corrections SELECT * FROM extra`,
      what: "number of corrections",
    },
    {
      law: "a correction that is gone",
      sql: () => `DELETE FROM corrections WHERE id = '${story.correction}'`,
      what: "corrections.id",
      entry: () => story.correction,
    },
  ])("is caught: $law", async ({ sql, what, entry }) => {
    const result = await verifyAfter((database) => database.exec(sql()));
    expect(result.ok).toBe(false);
    expect(result.first_discrepancy?.what).toContain(what);
    if (entry !== undefined) expect(result.first_discrepancy?.entry).toBe(entry());
  });

  it("says what was stored and what was computed", async () => {
    const result = await verifyAfter((database) =>
      database.exec(`UPDATE calls SET amount = 99999999999 WHERE id = '${story.settled}'`),
    );
    // Two flat images at 0.05 USD.
    expect(result.first_discrepancy).toMatchObject({
      entry: story.settled,
      root: story.party.accountId,
      what: "calls.amount",
      stored: "99999999999",
      computed: "100000000000",
    });
  });
});

/** Circumstances that no entry records: not money, and nothing to compare them with. */
const UNRECORDED = ["roots.version", "roots.adoptable_until_ms", "calls.process"];

describe("every column that an entry can tell is compared", () => {
  const rows: readonly { readonly table: string; readonly where: () => string }[] = [
    { table: "roots", where: () => `root = '${story.party.accountId}'` },
    { table: "nodes", where: () => `id = '${story.party.accountId}'` },
    { table: "nodes", where: () => `id = '${story.team.keyId}'` },
    { table: "counters", where: () => `node = '${story.team.accountId}' AND period = 'total'` },
    { table: "counters", where: () => "node = 'house:default' AND period LIKE '%T%' " },
    { table: "entries", where: () => `id = '${story.settled}.end'` },
    { table: "calls", where: () => `id = '${story.settled}'` },
    { table: "calls", where: () => `id = '${story.voided}'` },
    { table: "calls", where: () => `id = '${story.billed}'` },
    { table: "calls", where: () => `id = '${story.late}'` },
    { table: "calls", where: () => `id = '${story.open}'` },
    { table: "corrections", where: () => `id = '${story.correction}'` },
    { table: "corrections", where: () => `corrects = '${story.fund}'` },
    { table: "price_versions", where: () => "id LIKE '%flat%'" },
  ];
  it.each(rows)("$table ($where)", async ({ table, where }) => {
    const reader = new DatabaseSync(story.file, { readOnly: true });
    const columns = reader
      .prepare(`SELECT name, type FROM pragma_table_info('${table}')`)
      .all()
      .filter(({ name }) => !UNRECORDED.includes(`${table}.${String(name)}`));
    reader.close();
    const missed: string[] = [];
    for (const { name, type } of columns) {
      const other =
        type === "TEXT" ? `coalesce(${name} || 'x', 'x')` : `coalesce(${name} + 1000, 1)`;
      const result = await verifyAfter((database) => {
        const edit = `UPDATE ${table} SET ${name} = ${other} WHERE ${where()}`;
        const { changes } = database.prepare(edit).run();
        if (changes === 0) throw new Error(`nothing there: ${edit}`);
      });
      if (result.ok) missed.push(String(name));
    }
    expect(missed).toEqual([]);
    expect(columns.length).toBeGreaterThan(2);
  });
});
