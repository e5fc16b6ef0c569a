import { describe, expect, it } from "vitest";
import { Bench, figures, type OpenStore, printed } from "./bench.ts";
import { holdOf, holdOfAmount, newParty, nextId, settleFlat, usd, voidOf } from "./fixtures.ts";

/** The laws of balances, limits and windows. */
export function limitContract(name: string, open: OpenStore): void {
  describe(`${name}: limits and windows`, () => {
    const bench = new Bench(open);

    describe("limits", () => {
      it("64 parallel holds with money for exactly 5: 5 are held, 59 refused", async () => {
        const party = await newParty(bench.ledger, { fund: "0.25" });
        const holds = Array.from({ length: 64 }, () => holdOf(party));
        const results = await Promise.all(holds.map((hold) => bench.ledger.hold(hold)));
        expect(results.map((result) => result.kind)).toEqual([
          ...Array.from({ length: 5 }, () => "held"),
          ...Array.from({ length: 59 }, () => "refused"),
        ]);
        expect(results.slice(5).map(printed)).toEqual(
          Array.from({ length: 59 }, () => ({
            kind: "refused",
            limit: "prepaid",
            node: party.accountId,
            required: "0.05",
            available: "0",
          })),
        );
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0",
          held: "0.25",
          available: "0",
        });
      });

      it("a refused hold takes no other down, and a bug in a batch neither", async () => {
        const party = await newParty(bench.ledger, { fund: "0.10" });
        const [first, big, second] = [holdOf(party), holdOf(party, { n: 9 }), holdOf(party)];
        const bug = { ...holdOf(party), keyId: "key_none" };
        const results = await Promise.allSettled(
          [first, big, bug, second].map((hold) => bench.ledger.hold(hold)),
        );
        expect(results.map((result) => result.status)).toEqual([
          "fulfilled",
          "fulfilled",
          "rejected",
          "fulfilled",
        ]);
        expect((await bench.ledger.openHolds()).map((open) => open.holdId).sort()).toEqual(
          [first.id, second.id].sort(),
        );
      });

      it.each([
        { limits: { day: "0.10" }, limit: "day" },
        { limits: { month: "0.10" }, limit: "month" },
        { limits: { total: "0.10" }, limit: "total" },
        { limits: { day: "0.30", month: "0.20", total: "0.10" }, limit: "total" },
        { limits: { day: "0.10", month: "0.20" }, limit: "day" },
      ])("$limits: the tightest refuses and says what is left", async ({ limits, limit }) => {
        const party = await newParty(bench.ledger, { limits });
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
        expect(printed(await bench.ledger.hold(holdOf(party, { n: 2 })))).toEqual({
          kind: "refused",
          limit,
          node: party.accountId,
          required: "0.1",
          available: "0.05",
        });
        expect((await figures(bench.ledger, party)).available).toBe("0.05");
      });

      it("exactly what is left fits", async () => {
        const party = await newParty(bench.ledger, { fund: "0.05", limits: { day: "0.05" } });
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
      });

      it("a prepaid account is bounded by its limits too", async () => {
        const party = await newParty(bench.ledger, { fund: "9", limits: { day: "0.04" } });
        expect(printed(await bench.ledger.hold(holdOf(party)))).toMatchObject({
          limit: "day",
          available: "0.04",
        });
      });

      it("nothing bounds a pay-later account without limits", async () => {
        const party = await newParty(bench.ledger);
        await bench.ledger.hold(holdOfAmount(party, "999999"));
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0",
          held: "999999",
          available: null,
        });
      });

      it("a lowered limit shows a negative rest and lets nothing in; settling checks no limit", async () => {
        const party = await newParty(bench.ledger, { limits: { day: "1" } });
        const hold = holdOf(party, { n: 10 });
        await bench.ledger.hold(hold);
        const { accountId } = party;
        const limits = { day: null, total: usd("0.20") };
        await bench.ledger.changeNode({ nodeId: accountId, limits, actor: "me" });
        // available -0.3: a PicoUsd below zero prints with its sign
        expect((await figures(bench.ledger, party)).available).toBe("-0.3");
        expect(printed(await bench.ledger.hold(holdOf(party)))).toMatchObject({ limit: "total" });
        await bench.ledger.end(settleFlat(hold));
        expect((await figures(bench.ledger, party)).settled).toBe("0.5");
      });

      it("counters stay within 9*10^18 picodollars", async () => {
        const party = await newParty(bench.ledger);
        const kinds: string[] = [];
        for (let index = 0; index < 10; index += 1) {
          const result = await bench.ledger.hold(holdOfAmount(party, "999999.999999999999"));
          kinds.push(result.kind === "refused" ? result.limit : result.kind);
        }
        expect(kinds).toEqual([...Array.from({ length: 9 }, () => "held"), "range"]);
      });

      it("only prepaid accounts are funded", async () => {
        const { accountId } = await newParty(bench.ledger);
        const request = { accountId, amount: usd("1"), actor: "me", entryId: nextId("fund") };
        expect(await bench.ledger.fund(request)).toEqual({
          kind: "refused",
          reason: "not_prepaid",
        });
        expect(await bench.ledger.fund({ ...request, accountId: "acct_none" })).toEqual({
          kind: "refused",
          reason: "unknown_account",
        });
      });

      it("funds beyond the range are refused", async () => {
        const { accountId } = await newParty(bench.ledger, { fund: "999999" });
        const results: string[] = [];
        for (let index = 0; index < 9; index += 1) {
          const entryId = nextId("fund");
          const result = await bench.ledger.fund({
            accountId,
            amount: usd("999999"),
            actor: "me",
            entryId,
          });
          results.push(result.kind === "refused" ? result.reason : result.kind);
        }
        expect(results).toEqual([...Array.from({ length: 8 }, () => "funded"), "range"]);
      });
    });

    describe("windows", () => {
      const beforeMidnight = Date.UTC(2026, 5, 30, 23, 59, 59, 999);

      it("a new day and a new month in UTC start at nothing, the total goes on", async () => {
        bench.now = beforeMidnight;
        const party = await newParty(bench.ledger, {
          limits: { day: "0.05", month: "0.05", total: "0.10" },
        });
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
        expect(printed(await bench.ledger.hold(holdOf(party)))).toMatchObject({ limit: "day" });
        bench.now += 1;
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
        expect((await figures(bench.ledger, party)).available).toBe("0");
      });

      it("a hold ends in the windows that it began in", async () => {
        bench.now = beforeMidnight;
        const party = await newParty(bench.ledger, { limits: { day: "0.05" } });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        bench.now += 1;
        await bench.ledger.end(settleFlat(hold));
        // July 1 is untouched: all of its five cents are there.
        expect((await figures(bench.ledger, party)).available).toBe("0.05");
        bench.now -= 1;
        expect((await figures(bench.ledger, party)).available).toBe("0");
      });

      it("a void gives the day back what it held", async () => {
        bench.now = beforeMidnight;
        const party = await newParty(bench.ledger, { limits: { day: "0.05" } });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        bench.now += 1;
        await bench.ledger.end(voidOf(hold.id));
        bench.now -= 1;
        expect((await figures(bench.ledger, party)).available).toBe("0.05");
      });
    });
  });
}
