import { beforeAll, describe, expect, it } from "vitest";
import type { AuditedStore, Hands } from "./audited-store.ts";
import { NOON } from "./bench.ts";
import { holdOf, newParty, settleFlat, usd } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { type Story, tellStory } from "./story.ts";

/** The laws of checkpoints, and of the verification that begins at one. */
export function checkpointContract(name: string, store: AuditedStore): void {
  describe(`${name}: checkpoints`, () => writtenLaws(store));
  describe(`${name}: what an incremental run rests on`, () => incrementalLaws(store));
}

function writtenLaws(store: AuditedStore): void {
  it("one is written by the transaction that passes each multiple, at the head that it leaves", async () => {
    const home = newHome();
    const nowMs = () => NOON;
    const ledger = await store.open({ home, world: "sandbox", nowMs, checkpointEvery: 4n });
    // Account and key: 2 entries.
    const party = await newParty(ledger);
    const hold = holdOf(party);
    await ledger.hold(hold);
    // Entries 4 and 5 in one transaction: the checkpoint stands at 5.
    await ledger.end(settleFlat(hold));
    await ledger.changeNode({ nodeId: party.keyId, limits: { day: usd("1") }, actor: "me" });
    await ledger.close();
    const places = "SELECT sequence, revenue, held, vendor_payable FROM checkpoints";
    expect(await store.rows(home, places)).toEqual([
      // One flat image at 0.05 USD.
      { sequence: 5n, revenue: 50_000_000_000n, held: 0n, vendor_payable: 50_000_000_000n },
    ]);
    const kept = await store.rows(home, "SELECT * FROM checkpoint_counters ORDER BY node, period");
    expect(kept).toEqual(await store.rows(home, "SELECT * FROM counters ORDER BY node, period"));
    // Key and account by day, month and in all; the house and its connection by day and month.
    expect(kept.length).toBe(10);
    expect(await store.verify(home, { incremental: true })).toEqual({
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
    const { home } = await tellStory(undefined, store.open);
    expect(await store.rows(home, "SELECT * FROM checkpoints")).toEqual([]);
    expect(await store.verify(home, { incremental: true })).toMatchObject({
      ...{ ok: true, entries: 66, from_checkpoint: [] },
    });
  });

  it.each([7n, 17n, 29n, 37n, 41n, 53n])(
    "an incremental run from a checkpoint after every %s entries finds the same",
    async (every) => {
      const { home, party } = await tellStory(every, store.open);
      const whole = await store.verify(home);
      expect(whole).toMatchObject({ ok: true, entries: 66, holds_open: 1 });
      const part = await store.verify(home, { incremental: true });
      expect(part).toMatchObject({ ok: true, holds_open: 1, first_discrepancy: null });
      const from = part.from_checkpoint?.find(({ root }) => root === party.accountId);
      expect(from?.sequence).toBeGreaterThanOrEqual(Number(every));
      const before = part.from_checkpoint?.reduce((sum, { sequence }) => sum + sequence, 0);
      expect(part.entries).toBe(66 - (before ?? 0));
    },
  );
}

function incrementalLaws(store: AuditedStore): void {
  let story: Story;
  let from = 0;
  beforeAll(async () => {
    // The party's chain has 61 entries: corrections, keys, outcomes and the late result come after 31.
    story = await tellStory(31n, store.open);
    const found = await store.verify(story.home, { incremental: true });
    from = found.from_checkpoint?.[0]?.sequence ?? 0;
  });
  const root = () => `root = '${story.party.accountId}'`;

  it("is checked by every whole run: each column of a checkpoint and of the counters it kept", async () => {
    expect(from).toBeGreaterThanOrEqual(31);
    const missed: string[] = [];
    for (const table of ["checkpoints", "checkpoint_counters"]) {
      const columns = await store.columns(story.home, table);
      expect(columns.length).toBeGreaterThan(4);
      for (const { name, isText } of columns) {
        const other = isText ? `${name} || 'x'` : `${name} + 1`;
        const edit = `UPDATE ${table} SET ${name} = ${other} WHERE ${root()}`;
        const result = await store.verifyAfter(story.home, ({ run }) => run(edit));
        if (result.ok) missed.push(`${table}.${name}`);
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
    const result = await store.verifyAfter(story.home, ({ run }) => run(sql()));
    expect(result.first_discrepancy?.what).toContain(what);
  });

  it("what stands before a checkpoint is taken at its word: only a whole run looks at it", async () => {
    const tamper = ({ run }: Hands) =>
      run(`UPDATE entries SET text = replace(text, 'web', 'new')
         WHERE ${root()} AND sequence < ${from}`);
    expect(await store.verifyAfter(story.home, tamper, { incremental: true })).toMatchObject({
      ok: true,
    });
    expect(await store.verifyAfter(story.home, tamper)).toMatchObject({ ok: false });
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
    {
      law: "a verdict that was turned",
      sql: () => `UPDATE outcomes SET kept = 0 WHERE hold = '${story.settled}' AND image = 1`,
      what: "outcomes.kept",
    },
  ])("an incremental run finds $law", async ({ sql, what }) => {
    const result = await store.verifyAfter(story.home, ({ run }) => run(sql()), {
      incremental: true,
    });
    expect(result.first_discrepancy?.what).toContain(what);
  });

  it("a bill raised after it is found even under a chain that was written anew", async () => {
    const edit = { from: '"after":"60000000000"', to: '"after":"60000000001"' };
    const [row] = await store.rows(
      story.home,
      `SELECT id FROM corrections WHERE corrects = '${story.late}.late'`,
    );
    const id = String(row?.["id"]);
    const result = await store.verifyAfter(story.home, ({ rewrite }) => rewrite({ id, ...edit }), {
      incremental: true,
    });
    expect(result.first_discrepancy).toMatchObject({ entry: id, what: "postings" });
  });
}
