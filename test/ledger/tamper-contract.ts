import { beforeAll, describe, expect, it } from "vitest";
import type { AuditedStore } from "./audited-store.ts";
import { type Story, tellStory } from "./story.ts";

/** What verification finds when somebody past the ledger has been at its tables. */
export function tamperContract(name: string, store: AuditedStore): void {
  let story: Story;
  beforeAll(async () => {
    story = await tellStory(undefined, store.open);
  });

  describe(`${name}: who edits the tables`, () => {
    it.each(editsOf(() => story))("is caught: $law", async ({ sql, what, entry }) => {
      const result = await store.verifyAfter(story.home, ({ run }) => run(sql()));
      expect(result.ok).toBe(false);
      expect(result.first_discrepancy?.what).toContain(what);
      if (entry !== undefined) expect(result.first_discrepancy?.entry).toBe(entry());
    });

    it("says what was stored and what was computed", async () => {
      const result = await store.verifyAfter(story.home, ({ run }) =>
        run(`UPDATE calls SET amount = 99999999999 WHERE id = '${story.settled}'`),
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

  describe(`${name}: every column that an entry can tell is compared`, () => {
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
      { table: "outcomes", where: () => `hold = '${story.settled}' AND image = 1` },
      { table: "price_versions", where: () => "id LIKE '%flat%'" },
    ];
    it.each(rows)("$table ($where)", async ({ table, where }) => {
      const all = await store.columns(story.home, table);
      const columns = all.filter(({ name }) => !UNRECORDED.includes(`${table}.${name}`));
      const missed: string[] = [];
      for (const { name, isText } of columns) {
        const other = isText ? `coalesce(${name} || 'x', 'x')` : `coalesce(${name} + 1000, 1)`;
        const edit = `UPDATE ${table} SET ${name} = ${other} WHERE ${where()}`;
        const result = await store.verifyAfter(story.home, async ({ change }) => {
          if ((await change(edit)) === 0) throw new Error(`nothing there: ${edit}`);
        });
        if (result.ok) missed.push(name);
      }
      expect(missed).toEqual([]);
      expect(columns.length).toBeGreaterThan(2);
    });
  });
}

/** Circumstances that no entry records: not money, and nothing to compare them with. */
const UNRECORDED = ["roots.version", "roots.adoptable_until_ms", "calls.process"];

type Edit = {
  readonly law: string;
  readonly sql: () => string;
  readonly what: string;
  readonly entry?: () => string;
};

/** Edits, and how each is named. */
function editsOf(told: () => Story): readonly Edit[] {
  return [
    {
      law: "an edited text",
      sql: () =>
        `UPDATE entries SET text = replace(text, '"user"', '"User"') WHERE id = '${told().settled}'`,
      what: "hash",
      entry: () => told().settled,
    },
    {
      law: "an edited hash",
      sql: () => `UPDATE entries SET hash = '${"0".repeat(64)}' WHERE id = '${told().settled}.end'`,
      what: "hash",
      entry: () => `${told().settled}.end`,
    },
    {
      law: "a deleted entry",
      sql: () => `DELETE FROM entries WHERE id = '${told().settled}.end'`,
      what: "sequence",
      entry: () => `${told().settled}.cost`,
    },
    {
      law: "deleted last entries",
      sql: () =>
        `DELETE FROM entries WHERE root = '${told().party.accountId}' AND sequence =
         (SELECT sequence FROM roots WHERE root = '${told().party.accountId}')`,
      what: "roots.sequence",
    },
    {
      law: "an edited charge",
      sql: () => `UPDATE calls SET charge = charge - 1 WHERE id = '${told().settled}'`,
      what: "calls.charge of",
    },
    {
      law: "an edited cost of a call that nobody corrected",
      sql: () => `UPDATE calls SET vendor_cost = 1 WHERE id = '${told().voided}'`,
      what: "calls.vendor_cost",
      entry: () => `${told().voided}.end`,
    },
    {
      law: "an ending that no entry makes",
      sql: () =>
        `UPDATE calls SET ended_ms = 1, end_sequence = 1, outcome = 'made', charge = 0
         WHERE id = '${told().open}'`,
      what: "open hold that is stored as ended",
    },
    {
      law: "a task that no entry notes",
      sql: () => `UPDATE calls SET task = 'task-2' WHERE id = '${told().voided}'`,
      what: "calls.task",
      entry: () => `${told().voided}.end`,
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
         WHERE node = '${told().party.accountId}' AND period = '2026-06'`,
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
      sql: () => `UPDATE nodes SET limit_day = NULL WHERE id = '${told().party.accountId}'`,
      what: "nodes.limit_day",
    },
    {
      law: "a key brought back",
      sql: () => "UPDATE nodes SET revoked_ms = NULL WHERE name = 'spare'",
      what: "nodes.revoked_ms",
    },
    {
      law: "a setting taken away",
      sql: () => `UPDATE nodes SET settings = '{}' WHERE id = '${told().party.accountId}'`,
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
      sql: () => `DELETE FROM roots WHERE root = '${told().party.accountId}'`,
      what: "rows of entries outside every root",
    },
    {
      law: "a call that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM calls WHERE id = '${told().voided}';
         UPDATE extra SET id = 'rcpt_extra'; INSERT INTO calls SELECT * FROM extra`,
      what: "number of calls",
    },
    {
      law: "an open call that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM calls WHERE id = '${told().open}';
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
        `CREATE TEMP TABLE extra AS SELECT * FROM corrections WHERE id = '${told().correction}';
         UPDATE extra SET id = 'fix_extra'; INSERT INTO corrections SELECT * FROM extra`,
      what: "number of corrections",
    },
    {
      law: "a correction that is gone",
      sql: () => `DELETE FROM corrections WHERE id = '${told().correction}'`,
      what: "corrections.id",
      entry: () => told().correction,
    },
    {
      law: "a verdict that was turned",
      sql: () => `UPDATE outcomes SET kept = 0 WHERE hold = '${told().settled}' AND image = 0`,
      what: "outcomes.kept",
      entry: () => `${told().settled}.outcome.0.1`,
    },
    {
      law: "a verdict that was brought back",
      sql: () =>
        `UPDATE outcomes SET kept = 0, reason = 'off-colour', actor = 'me', revision = 1,
           sequence = (SELECT sequence FROM entries WHERE id = '${told().settled}.outcome.1.1'),
           created_ms = (SELECT created_ms FROM entries WHERE id = '${told().settled}.outcome.1.1')
         WHERE hold = '${told().settled}' AND image = 1`,
      what: "outcomes.kept",
      entry: () => `${told().settled}.outcome.1.2`,
    },
    {
      law: "a verdict that is gone",
      sql: () => `DELETE FROM outcomes WHERE hold = '${told().settled}' AND image = 0`,
      what: "outcomes.hold",
      entry: () => `${told().settled}.outcome.0.1`,
    },
    {
      law: "a verdict that no entry makes",
      sql: () =>
        `CREATE TEMP TABLE extra AS SELECT * FROM outcomes WHERE hold = '${told().settled}' AND image = 0;
         UPDATE extra SET hold = '${told().late}'; INSERT INTO outcomes SELECT * FROM extra`,
      what: "number of judged pictures",
    },
  ];
}
