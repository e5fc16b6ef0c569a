import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { type Reads, WorkingSet } from "../../src/ledger/engine/working-set.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { checkpointsDue } from "../../src/ledger/sql/checkpoints.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import { holdOf, newParty, settleFlat, usd } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { rewrite, type Story, tampered, tellStory } from "./story.ts";

/** The rows that a query finds in a ledger. */
function rowsIn(file: string, sql: string) {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare(sql).all();
  database.close();
  return rows;
}

async function verifyCopy(
  file: string,
  tamper: (database: DatabaseSync) => void,
  incremental: boolean,
) {
  using snapshot = openSnapshot(tampered(file, tamper));
  return await verify({ query: snapshot.query, incremental });
}

describe("checkpoints", () => {
  it("one is written by the transaction that passes each multiple, at the head that it leaves", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "sandbox", checkpointEvery: 4n });
    // Account and key: 2 entries.
    const party = await newParty(ledger);
    const hold = holdOf(party);
    await ledger.hold(hold);
    // Entries 4 and 5 in one transaction: the checkpoint stands at 5.
    await ledger.end(settleFlat(hold));
    await ledger.changeNode({ nodeId: party.keyId, limits: { day: usd("1") }, actor: "me" });
    await ledger.close();
    const file = ledgerFile(home, "sandbox");
    expect(rowsIn(file, "SELECT sequence, revenue, held, vendor_payable FROM checkpoints")).toEqual(
      // One flat image at 0.05 USD.
      [{ sequence: 5, revenue: 50_000_000_000, held: 0, vendor_payable: 50_000_000_000 }],
    );
    const kept = rowsIn(file, "SELECT * FROM checkpoint_counters ORDER BY node, period");
    expect(kept).toEqual(rowsIn(file, "SELECT * FROM counters ORDER BY node, period"));
    // Key and account by day, month and in all; the house and its connection by day and month.
    expect(kept.length).toBe(10);
    expect(await verify({ file, incremental: true })).toEqual({
      ok: true,
      entries: 1,
      receipts: 0,
      holds_open: 0,
      first_discrepancy: null,
      from_checkpoint: [
        { root: party.accountId, sequence: 5, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
    });
  });

  it("none is written before the 100,000th entry where nothing else is said", async () => {
    const { file } = await tellStory();
    expect(rowsIn(file, "SELECT * FROM checkpoints")).toEqual([]);
    expect(await verify({ file, incremental: true })).toMatchObject({
      ...{ ok: true, entries: 63, from_checkpoint: [] },
    });
  });

  it.each([7n, 17n, 29n, 37n, 41n, 53n])(
    "an incremental run from a checkpoint after every %s entries finds the same",
    async (every) => {
      const { file, party } = await tellStory(every);
      const whole = await verify({ file });
      expect(whole).toMatchObject({ ok: true, entries: 63, holds_open: 1 });
      const part = await verify({ file, incremental: true });
      expect(part).toMatchObject({ ok: true, holds_open: 1, first_discrepancy: null });
      const from = part.from_checkpoint?.find(({ root }) => root === party.accountId);
      expect(from?.sequence).toBeGreaterThanOrEqual(Number(every));
      const before = part.from_checkpoint?.reduce((sum, { sequence }) => sum + sequence, 0);
      expect(part.entries).toBe(63 - (before ?? 0));
    },
  );
});

describe("checkpointsDue", () => {
  /** A transaction's set: a root whose chain goes from one sequence to another. */
  function setWith(roots: readonly { root: string; from: bigint; to: bigint }[]): WorkingSet {
    const none = () => {
      throw new Error("nothing is read");
    };
    const reads = new Proxy({} as Reads, { get: () => none });
    const set = new WorkingSet(reads);
    for (const { root, from, to } of roots) {
      for (let sequence = from; sequence <= to; sequence += 1n) {
        const id = `${root}-${sequence}`;
        set.append({ root, sequence, id, kind: "task", createdMs: 5, text: "{}", hash: "h" });
      }
      const zero = usd("0");
      const books = { cash: zero, available: zero, held: zero, revenue: zero, house: zero };
      set.roots.set(root, {
        ...{ root, sequence: to, hash: `head of ${root}`, version: 1n, adoptableUntilMs: 0 },
        books: { ...books, vendor_payable: zero },
      });
    }
    return set;
  }

  it.each([
    { from: 1n, to: 9n, due: [] },
    { from: 1n, to: 10n, due: [10n] },
    { from: 9n, to: 12n, due: [12n] },
    { from: 10n, to: 10n, due: [10n] },
    { from: 11n, to: 19n, due: [] },
    { from: 5n, to: 33n, due: [33n] },
  ])("entries $from to $to, one after every 10: $due", ({ from, to, due }) => {
    const rows = checkpointsDue(setWith([{ root: "r", from, to }]), 10n);
    expect(rows.map((row) => row.sequence)).toEqual(due);
  });

  it("every root has its own, at its own head", () => {
    const set = setWith([
      { root: "a", from: 8n, to: 11n },
      { root: "b", from: 1n, to: 3n },
      { root: "c", from: 20n, to: 20n },
    ]);
    expect(checkpointsDue(set, 10n)).toMatchObject([
      { root: "a", sequence: 11n, hash: "head of a", createdMs: 5 },
      { root: "c", sequence: 20n, hash: "head of c", createdMs: 5 },
    ]);
    expect(checkpointsDue(set)).toEqual([]);
  });
});

describe("what an incremental run rests on", () => {
  let story: Story;
  let from = 0;
  beforeAll(async () => {
    // The party's chain has 58 entries: corrections, keys and the late result come after 30.
    story = await tellStory(30n);
    const found = await verify({ file: story.file, incremental: true });
    from = found.from_checkpoint?.[0]?.sequence ?? 0;
  });
  const root = () => `root = '${story.party.accountId}'`;

  it("is checked by every whole run: each column of a checkpoint and of the counters it kept", async () => {
    expect(from).toBeGreaterThanOrEqual(30);
    const missed: string[] = [];
    for (const table of ["checkpoints", "checkpoint_counters"]) {
      for (const { name, type } of rowsIn(
        story.file,
        `SELECT name, type FROM pragma_table_info('${table}')`,
      )) {
        const other = type === "TEXT" ? `${String(name)} || 'x'` : `${String(name)} + 1`;
        const edit = `UPDATE ${table} SET ${String(name)} = ${other} WHERE ${root()}`;
        const result = await verifyCopy(story.file, (database) => database.exec(edit), false);
        if (result.ok) missed.push(`${table}.${String(name)}`);
      }
    }
    expect(missed).toEqual([]);
  });

  it.each([
    {
      law: "a counter that was left out",
      sql: () =>
        `DELETE FROM checkpoint_counters WHERE ${root()} AND node = '${story.party.accountId}'`,
      what: "checkpoint_counters",
    },
    {
      law: "a checkpoint at no place of the chain",
      sql: () => "UPDATE checkpoints SET sequence = 1000",
      what: "checkpoint at no place of the chain",
    },
  ])("$law is found by a whole run", async ({ sql, what }) => {
    const result = await verifyCopy(story.file, (database) => database.exec(sql()), false);
    expect(result.first_discrepancy?.what).toContain(what);
  });

  it("what stands before a checkpoint is taken at its word: only a whole run looks at it", async () => {
    const tamper = (database: DatabaseSync) =>
      database.exec(`UPDATE entries SET text = replace(text, 'web', 'new')
         WHERE ${root()} AND sequence < ${from}`);
    expect(await verifyCopy(story.file, tamper, true)).toMatchObject({ ok: true });
    expect(await verifyCopy(story.file, tamper, false)).toMatchObject({ ok: false });
  });

  it.each<{ law: string; sql: () => string; what: string }>([
    {
      law: "an entry edited after it",
      sql: () =>
        `UPDATE entries SET text = replace(text, 'spare', 'spars') WHERE text LIKE '%spare%'`,
      what: "hash",
    },
    {
      law: "the hash of the checkpoint itself",
      sql: () => `UPDATE checkpoints SET hash = '${"0".repeat(64)}'`,
      what: "checkpoints.hash",
    },
    {
      law: "a book of the checkpoint",
      sql: () => "UPDATE checkpoints SET held = held + 1, available = available - 1",
      what: "roots.available",
    },
    {
      law: "a counter that it kept",
      sql: () => `UPDATE checkpoint_counters SET settled = settled + 1 WHERE node = 'house'`,
      what: "counters.settled of house",
    },
    {
      law: "a charge corrected after it",
      sql: () => `UPDATE calls SET vendor_cost = 0 WHERE id = '${story.late}'`,
      what: "calls.vendor_cost of",
    },
    {
      law: "a limit changed after it",
      sql: () => `UPDATE nodes SET limit_month = NULL WHERE id = '${story.party.accountId}'`,
      what: "nodes.limit_month",
    },
    {
      law: "an open hold that was ended by hand",
      sql: () => `UPDATE calls SET ended_ms = 1 WHERE id = '${story.open}'`,
      what: "open hold that is stored as ended",
    },
    {
      law: "a correction that is gone",
      sql: () => `DELETE FROM corrections WHERE corrects = '${story.late}.late'`,
      what: "corrections.id",
    },
  ])("an incremental run finds $law", async ({ sql, what }) => {
    const result = await verifyCopy(story.file, (database) => database.exec(sql()), true);
    expect(result.first_discrepancy?.what).toContain(what);
  });

  it("a bill raised after it is found even under a chain that was written anew", async () => {
    const edit = { from: '"after":"60000000000"', to: '"after":"60000000001"' };
    const [row] = rowsIn(
      story.file,
      `SELECT id FROM corrections WHERE corrects = '${story.late}.late'`,
    );
    const id = String(row?.["id"]);
    const result = await verifyCopy(
      story.file,
      (database) => {
        rewrite(database, { id, ...edit });
      },
      true,
    );
    expect(result.first_discrepancy).toMatchObject({ entry: id, what: "postings" });
  });
});
