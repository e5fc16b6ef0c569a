import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../src/ledger/port.ts";
import type { AuditedStore } from "./audited-store.ts";
import { keyHash, newAccount, newParty, nextId, type Party, usd, voidOf } from "./fixtures.ts";
import { liveAndTell, type Month, monthOf } from "./statement-activity.ts";
import { at, StatementBench } from "./statement-bench.ts";

/** The laws of statements: each charge in one of them, each of them once and for good. */
export function statementContract(name: string, store: AuditedStore): void {
  describe(`${name}: statements`, () => {
    const bench = new StatementBench(store.open);

    async function partyBelow(parentId: string): Promise<Party> {
      const of = { name: "Team", prepaid: false, limits: {}, actor: "me", parentId };
      const { id: accountId } = await newAccount(bench.ledger, of);
      const keyId = nextId("key");
      const key = { id: keyId, accountId, name: "k", sha256: keyHash(), actor: "me" };
      await bench.ledger.createKey(key);
      return { accountId, keyId };
    }

    it("a month by hand: charges, a correction within it, a credit note in the next one", async () => {
      bench.now = at("2026-11-03T10:00");
      const party = await newParty(bench.ledger, { fund: "1" });
      const { accountId } = party;
      const four = await bench.hold(party, { n: 4, tags: { shop: "mugs" } });
      await bench.settle(four, "low");
      const run = { id: "run_1", row: "cup-7" };
      const two = await bench.hold(party, { n: 2, tags: { shop: "cups" }, run });
      await bench.settle(two, "high");
      await bench.ledger.end(voidOf((await bench.hold(party)).id));
      await bench.correct(two, "0.07");
      bench.now = at("2026-12-02T09:00");
      const november = await bench.issued(accountId, "2026-11");
      // 4 x 0.05 + 2 x 0.05 = 0.30; 0.10 -> 0.07 within the month takes 0.03.
      expect(november.totals).toEqual({
        ...{ calls: 2, calls_not_charged: 1, images: 6 },
        ...{ settled: "0.3", corrected: "-0.03", charged: "0.27", credited: "0", total: "0.27" },
      });
      // 0 + 1 - 0.27
      expect(november.balance).toEqual({
        ...{ opening: "0", funded: "1", funds_corrected: "0", total: "0.27", closing: "0.73" },
      });
      expect(november.by_model).toEqual([
        { model: "made-up", quality: "high", calls: 1, images: 2, charge: "0.07" },
        { model: "made-up", quality: "low", calls: 1, images: 4, charge: "0.2" },
      ]);
      expect(november.by_tag).toEqual([
        { tag: "shop", value: "mugs", values: 1, calls: 1, images: 4, charge: "0.2" },
        { tag: "shop", value: "cups", values: 1, calls: 1, images: 2, charge: "0.07" },
      ]);
      expect(november.by_run).toEqual([
        { run: null, calls: 1, images: 4, charge: "0.2" },
        { run: "run_1", calls: 1, images: 2, charge: "0.07" },
      ]);
      expect(november).toMatchObject({ number: "2026-11-0001", emulated: true, draft: false });
      const entryId = await bench.correct(four, "0.12");
      bench.now = at("2027-01-01T00:00");
      const december = await bench.issued(accountId, "2026-12");
      // 0.20 -> 0.12, which the statement before has told.
      expect(december.totals).toMatchObject({ charged: "0", credited: "-0.08", total: "-0.08" });
      expect(december.credit_notes).toMatchObject([
        {
          ...{ number: "CN-2026-12-0001", receipt_id: four.id, statement: "2026-11-0001" },
          ...{ settled_month: "2026-11", before: "0.2", after: "0.12", amount: "-0.08" },
          ...{ entry_id: entryId, reason: "blurred" },
        },
      ]);
      // 0.73 + 0.08
      expect(december.balance).toMatchObject({ opening: "0.73", closing: "0.81" });
      expect(december.journal.opening).toEqual(november.journal.closing);
    });

    it("a call that is settled after the month's end is in the later statement alone", async () => {
      bench.now = at("2026-11-30T23:59");
      const party = await newParty(bench.ledger);
      const { accountId } = party;
      await bench.call(party);
      const late = await bench.hold(party, { n: 3 });
      bench.now = at("2026-12-01T00:01");
      await bench.settle(late);
      await bench.call(party);
      bench.now = at("2027-01-05T00:00");
      const [november, december] = [
        await bench.issued(accountId, "2026-11"),
        await bench.issued(accountId, "2026-12"),
      ];
      expect(november.totals.total).toBe("0.05");
      expect(december.totals.total).toBe("0.2");
      // In the limits it counts where it was held, and the statement says so.
      expect(december.by_hold_month).toEqual([
        { month: "2026-11", calls: 1, images: 3, charge: "0.15" },
        { month: "2026-12", calls: 1, images: 1, charge: "0.05" },
      ]);
    });

    it("is issued once: again it is the same bytes, whatever happened since", async () => {
      bench.now = at("2026-11-03T10:00");
      const party = await newParty(bench.ledger);
      const call = await bench.call(party, 2);
      bench.now = at("2026-12-01T00:00");
      const first = await bench.issue(party.accountId, "2026-11");
      await bench.correct(call, "0");
      await bench.ledger.changeNode({ nodeId: party.accountId, name: "Other", actor: "me" });
      await bench.reopen();
      const again = await bench.tryToIssue(party.accountId, "2026-11");
      expect(again).toEqual({ kind: "issued", isNew: false, statement: first });
      expect(hash("sha256", first.json, "hex")).toBe(first.sha256);
      const [entry] = await store.rows(
        bench.home,
        `SELECT text, hash FROM entries WHERE id = '${first.entryId}'`,
      );
      expect(entry?.["hash"]).toBe(first.chain.hash);
      expect(JSON.parse(String(entry?.["text"]))).toMatchObject({
        ...{ kind: "statement", postings: [], number: "2026-11-0001", month: "2026-11" },
        ...{ account: party.accountId, sha256: first.sha256, total: "100000000000" },
      });
      const of = { accountId: party.accountId, number: "2026-11-0001" };
      expect(await bench.ledger.statement(of)).toEqual(first);
      const { json: _, ...summary } = first;
      expect(await bench.ledger.statements({ ...of, most: 9 })).toEqual({
        ...{ items: [summary], next: null },
      });
    });

    it("numbers have no gap in their root and month, side by side too", async () => {
      bench.now = at("2026-11-03T10:00");
      const root = await newParty(bench.ledger);
      const teams = [await partyBelow(root.accountId), await partyBelow(root.accountId)];
      const other = await newParty(bench.ledger);
      for (const party of [root, ...teams]) await bench.call(party);
      bench.now = at("2026-12-01T00:00");
      const ids = [root, ...teams].map((party) => party.accountId);
      const statements = await Promise.all(
        [...ids, ...ids].map((id) => bench.issue(id, "2026-11")),
      );
      const numbers = statements.map((statement) => statement.number);
      expect([...new Set(numbers)].toSorted()).toEqual([
        ...["2026-11-0001", "2026-11-0002", "2026-11-0003"],
      ]);
      expect(numbers.slice(0, 3)).toEqual(numbers.slice(3));
      expect((await bench.issue(other.accountId, "2026-11")).number).toBe("2026-11-0001");
      bench.now = at("2027-01-01T00:00");
      expect((await bench.issue(ids[1] ?? "", "2026-12")).number).toBe("2026-12-0001");
    });

    it("tells an account with all below it, by the path at the time of the call", async () => {
      bench.now = at("2026-11-03T10:00");
      const root = await newParty(bench.ledger, { fund: "1" });
      const [left, right] = [await partyBelow(root.accountId), await partyBelow(root.accountId)];
      await bench.call(left, 2);
      const move = { accountId: left.accountId, parentId: right.accountId, actor: "me" };
      await bench.ledger.moveAccount(move);
      await bench.call(left, 1);
      await bench.call(root, 3);
      bench.now = at("2026-12-01T00:00");
      const total = async (party: Party) => {
        const { totals, balance, by_account } = await bench.issued(party.accountId, "2026-11");
        return { total: totals.total, accounts: by_account.length, balance: balance?.closing };
      };
      // 6 x 0.05 = 0.30 of 1 USD.
      expect(await total(root)).toEqual({ total: "0.3", accounts: 2, balance: "0.7" });
      expect(await total(left)).toEqual({ total: "0.15", accounts: 1, balance: undefined });
      expect(await total(right)).toEqual({ total: "0.05", accounts: 1, balance: undefined });
    });

    it("is of a month that is over; before that a draft, which is stored nowhere", async () => {
      bench.now = at("2026-11-30T23:59:59.999");
      const party = await newParty(bench.ledger);
      await bench.call(party);
      expect(await bench.tryToIssue(party.accountId, "2026-11")).toBe("month_not_over");
      const draft = await bench.draft(party.accountId, "2026-11");
      expect(draft).toMatchObject({ number: null, draft: true, issued_at: null });
      expect(draft.totals.total).toBe("0.05");
      const of = { accountId: party.accountId, most: 9 };
      expect(await bench.ledger.statements(of)).toEqual({ items: [], next: null });
      bench.now += 1;
      expect(await bench.issued(party.accountId, "2026-11")).toMatchObject({
        ...{ number: "2026-11-0001", draft: false, totals: draft.totals },
        ...{ issued_at: "2026-12-01T00:00:00.000Z", journal: draft.journal },
      });
    });

    it("what is posted while it is drawn up is in it, if it is of its month", async () => {
      bench.now = at("2026-11-03T10:00");
      const party = await newParty(bench.ledger);
      await bench.call(party);
      let tries = 0;
      const ledger: Ledger = {
        ...bench.ledger,
        issueStatement: async (draft) => {
          tries += 1;
          if (tries === 1) await bench.call(party, 3);
          bench.now = at("2026-12-01T00:00");
          return bench.ledger.issueStatement(draft);
        },
      };
      const issued = await bench.tryToIssue(party.accountId, "2026-11", ledger);
      // 0.05 + 3 x 0.05
      expect(issued).toMatchObject({ isNew: true, statement: { total: usd("0.2") } });
      expect(tries).toBe(2);
    });

    it("a clock that is set back slips nothing into a month that is over", async () => {
      bench.now = at("2026-11-30T23:50");
      const party = await newParty(bench.ledger);
      await bench.call(party, 1);
      bench.now = at("2026-12-01T00:05");
      await bench.call(party, 2);
      bench.now = at("2026-11-30T23:55");
      await bench.call(party, 4);
      bench.now = at("2027-01-01T00:00");
      const november = await bench.issued(party.accountId, "2026-11");
      const december = await bench.issued(party.accountId, "2026-12");
      expect([november.totals.total, december.totals.total]).toEqual(["0.05", "0.3"]);
      expect(december.by_hold_month).toMatchObject([
        { month: "2026-11", charge: "0.2" },
        { month: "2026-12", charge: "0.1" },
      ]);
    });

    it("a month without a call is told too, and numbers of credit notes count the whole root's", async () => {
      bench.now = at("2026-10-03T10:00");
      const root = await newParty(bench.ledger);
      const team = await partyBelow(root.accountId);
      const [own, below] = [await bench.call(root, 2), await bench.call(team, 2)];
      bench.now = at("2026-12-05T00:00");
      expect((await bench.issued(team.accountId, "2026-11")).totals.total).toBe("0");
      await bench.correct(own, "0.09");
      await bench.correct(below, "0.08");
      bench.now = at("2027-01-01T00:00");
      const { credit_notes } = await bench.issued(team.accountId, "2026-12");
      expect(credit_notes).toMatchObject([
        { number: "CN-2026-12-0002", amount: "-0.02", statement: null, settled_month: "2026-10" },
      ]);
    });

    it("random months: each charge is in one statement, and all come to the journal's revenue", async () => {
      const months = fc.array(monthOf(), { minLength: 2, maxLength: 4 });
      const run = (activity: readonly Month[]) => liveAndTell(bench, activity);
      await fc.assert(fc.asyncProperty(months, run), { numRuns: 4, seed: 20_261_126 });
    });

    it("verification computes every month again", async () => {
      await bench.reopen();
      const untouched = async () => undefined;
      expect(await store.verifyAfter(bench.home, untouched)).toMatchObject({ ok: true });
      const since = await store.verifyAfter(bench.home, untouched, { incremental: true });
      expect(since).toMatchObject({ ok: true });
      expect(since.from_checkpoint?.length).toBeGreaterThan(0);
    });
  });

  describe(`${name}: who edits statements`, () => {
    const bench = new StatementBench(store.open);

    it("a statement can't be edited or deleted, and whoever does it all the same is caught", async () => {
      bench.now = at("2026-11-03T10:00");
      const party = await newParty(bench.ledger, { fund: "1" });
      const entryId = nextId("fund");
      const { accountId } = party;
      await bench.ledger.fund({ accountId, amount: usd("2"), actor: "me", entryId });
      const lower = { entryId: nextId("fix"), corrects: entryId, amount: usd("1") };
      await bench.ledger.correct({ ...lower, reason: "typed wrong", actor: "me" });
      await bench.call(party, 2);
      bench.now = at("2026-12-01T00:00");
      const { entryId: memo, sha256 } = await bench.issue(accountId, "2026-11");
      // A copy of a file holds what its log was copied into it when it was closed.
      await bench.reopen();
      const columns = await store.columns(bench.home, "statements");
      const missed: string[] = [];
      for (const { name: column, isText } of columns) {
        const other = isText ? `${column} || ' '` : `${column} + 1000`;
        const result = await store.verifyAfter(bench.home, ({ run }) =>
          run(`UPDATE statements SET ${column} = ${other} WHERE id = '${memo}'`),
        );
        if (result.ok) missed.push(column);
      }
      expect(missed).toEqual([]);
      const after = async (sql: string) =>
        (await store.verifyAfter(bench.home, ({ run }) => run(sql))).first_discrepancy?.what;
      expect(await after(`DELETE FROM statements WHERE id = '${memo}'`)).toBe("statements.id");
      // Who owns the whole store may write memo and chain anew, but not what the month came to.
      for (const [from, to, what] of [
        ['"settled":"100000000000"', '"settled":"100000000001"', "settled in the month"],
        ['"funded":"3000000000000"', '"funded":"4000000000000"', "funded in the month"],
        ['"calls":"1"', '"calls":"2"', "calls of the month"],
        [sha256, "0".repeat(64), "statements.sha256"],
        ['"number":"2026-11-0001"', '"number":"2026-11-0002"', "number"],
      ] as const) {
        const result = await store.verifyAfter(bench.home, ({ rewrite }) =>
          rewrite({ id: memo, from, to }),
        );
        expect(result.first_discrepancy).toMatchObject({ entry: memo, what });
      }
    });
  });
}
