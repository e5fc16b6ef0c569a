import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../src/ledger/accounts-port.ts";
import type { HoldResult } from "../../src/ledger/port.ts";
import type { Alert } from "../../src/ledger/reports-port.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, NOON, type OpenStore } from "./bench.ts";
import { holdOf, holdOfAmount, newParty, nextId, type Party, usd, voidOf } from "./fixtures.ts";
import { grow, keyOf } from "./grow.ts";

const MINUTE_MS = 60_000;

/** The laws of rate limits, and of what is said before a limit is reached. */
export function warningContract(name: string, open: OpenStore): void {
  describe(`${name}: rates and alerts`, () => {
    const bench = new Bench(open);

    async function limited(rate: RateLimit): Promise<Party> {
      return keyOf(bench.ledger, await grow(bench.ledger, null), { settings: { rate } });
    }

    const rateOf = async (party: Party, n = 1) =>
      rateIn(await bench.ledger.hold(holdOf(party, { n })));

    describe("a key's rate", () => {
      it("counts the accepted orders of a clock minute, and says what is left", async () => {
        const party = await limited({ requestsPerMinute: 2 });
        bench.now = NOON + 15_000;
        expect(await rateOf(party)).toEqual({
          kind: "held",
          rate: { requests: { limit: 2, left: 1 }, images: null, resetMs: 45_000 },
        });
        expect((await rateOf(party)).rate?.requests?.left).toBe(0);
        bench.now += 44_999;
        expect(await rateOf(party)).toEqual({
          kind: "rate_limited",
          rate: { requests: { limit: 2, left: 0 }, images: null, resetMs: 1 },
        });
        bench.now += 1;
        expect(await rateOf(party)).toEqual({
          kind: "held",
          rate: { requests: { limit: 2, left: 1 }, images: null, resetMs: 60_000 },
        });
      });

      it("counts images: an order that has too many is refused, a smaller one still fits", async () => {
        const party = await limited({ imagesPerMinute: 5, requestsPerMinute: 9 });
        await rateOf(party, 3);
        expect(await rateOf(party, 3)).toEqual({
          kind: "rate_limited",
          rate: {
            requests: { limit: 9, left: 8 },
            images: { limit: 5, left: 2 },
            resetMs: MINUTE_MS,
          },
        });
        expect((await rateOf(party, 2)).rate?.images?.left).toBe(0);
      });

      it("counts no order that was refused, and gives none back that was voided", async () => {
        const account = await grow(bench.ledger, null, { day: "0.10" });
        const settings = { rate: { requestsPerMinute: 2 } };
        const party = await keyOf(bench.ledger, account, { settings });
        expect(await bench.ledger.hold(holdOf(party, { n: 3 }))).toMatchObject({ kind: "refused" });
        const first = holdOf(party);
        await bench.ledger.hold(first);
        await bench.ledger.end(voidOf(first.id));
        expect((await rateOf(party)).rate?.requests?.left).toBe(0);
      });

      it("is the key's own, counts a repeated hold once and outlives a reopening", async () => {
        const party = await limited({ requestsPerMinute: 2 });
        const other = await keyOf(bench.ledger, party.accountId);
        expect((await rateOf(other)).rate).toBeNull();
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        await bench.reopen();
        await bench.ledger.hold(hold);
        expect((await rateOf(party)).rate?.requests?.left).toBe(0);
      });

      it("64 parallel orders where ten are allowed: ten are held", async () => {
        const party = await limited({ requestsPerMinute: 10 });
        const results = await Promise.all(Array.from({ length: 64 }, () => rateOf(party)));
        expect(results.filter((result) => result.kind === "held")).toHaveLength(10);
        expect(results.filter((result) => result.kind === "rate_limited")).toHaveLength(54);
      });

      it("that changes holds for the next order", async () => {
        const party = await limited({ requestsPerMinute: 1 });
        await rateOf(party);
        const change = (rate: RateLimit | null) =>
          bench.ledger.changeNode({ nodeId: party.keyId, settings: { rate }, actor: "me" });
        await change({ requestsPerMinute: 3 });
        expect((await rateOf(party)).rate?.requests).toEqual({ limit: 3, left: 1 });
        await change({ requestsPerMinute: 1 });
        expect(await rateOf(party)).toMatchObject({ kind: "rate_limited" });
        await change(null);
        expect(await rateOf(party)).toEqual({ kind: "held", rate: null });
      });
    });

    describe("alerts", () => {
      /** Holds an amount and says which thresholds it was the first to reach. */
      async function reached(party: Party, amount: string): Promise<readonly string[]> {
        const result = await bench.ledger.hold(holdOfAmount(party, amount));
        if (result.kind !== "held") throw new Error(`not held: ${result.kind}`);
        return result.alerts.map(spoken);
      }

      it("50, 80 and 100 % of a limit are said once each", async () => {
        const party = await newParty(bench.ledger, { limits: { day: "1" } });
        const said = [];
        for (const amount of ["0.49", "0.01", "0.29", "0.01", "0.19", "0.01"]) {
          said.push(await reached(party, amount));
        }
        expect(said).toEqual([
          [],
          ["day 2026-06-19: 50 %, 0.5 of 1"],
          [],
          ["day 2026-06-19: 80 %, 0.8 of 1"],
          [],
          ["day 2026-06-19: 100 %, 1 of 1"],
        ]);
      });

      it("one jump says the highest only, and a threshold left and reached again nothing", async () => {
        const party = await newParty(bench.ledger, { limits: { total: "1" } });
        const hold = holdOfAmount(party, "0.85");
        expect(await bench.ledger.hold(hold)).toMatchObject({
          alerts: [{ threshold: 80, window: "total" }],
        });
        await bench.ledger.end(voidOf(hold.id));
        expect(await reached(party, "0.85")).toEqual([]);
        expect(await reached(party, "0.15")).toEqual(["total total: 100 %, 1 of 1"]);
      });

      it("each window begins anew", async () => {
        const party = await newParty(bench.ledger, { limits: { day: "1", month: "1.5" } });
        expect(await reached(party, "0.6")).toEqual(["day 2026-06-19: 50 %, 0.6 of 1"]);
        bench.now += 86_400_000;
        expect(await reached(party, "0.6")).toEqual([
          "day 2026-06-20: 50 %, 0.6 of 1",
          "month 2026-06: 80 %, 1.2 of 1.5",
        ]);
      });

      it("every node on the way up speaks for itself, the key first", async () => {
        const root = await grow(bench.ledger, null, { month: "0.20" });
        const account = await grow(bench.ledger, root, { total: "9" });
        const party = await keyOf(bench.ledger, account, { limits: { day: "0.10" } });
        const result = await bench.ledger.hold(holdOf(party, { n: 2 }));
        expect(result.kind === "held" ? result.alerts.map(({ nodeId }) => nodeId) : []).toEqual([
          party.keyId,
          root,
        ]);
      });

      it("of a prepaid balance what is used of all that was funded counts; a funding begins anew", async () => {
        const party = await newParty(bench.ledger, { fund: "1" });
        const { accountId } = party;
        expect(await reached(party, "0.5")).toEqual(["prepaid 1000000000000: 50 %, 0.5 of 1"]);
        const fund = { accountId, amount: usd("1"), actor: "me", entryId: nextId("fund") };
        await bench.ledger.fund(fund);
        expect(await reached(party, "0.4")).toEqual([]);
        expect(await reached(party, "0.1")).toEqual(["prepaid 2000000000000: 50 %, 1 of 2"]);
      });

      it("the range of the counters is said at 80 %, whatever a total limit said before", async () => {
        const party = await newParty(bench.ledger, { limits: { total: "999999" } });
        expect(await reached(party, "800000")).toEqual(["total total: 80 %, 800000 of 999999"]);
        const { accountId: nodeId } = party;
        await bench.ledger.changeNode({ nodeId, limits: { total: null }, actor: "me" });
        const said = [];
        for (let dear = 0; dear < 7; dear += 1) said.push(await reached(party, "999999"));
        // 800,000 + 7 x 999,999 = 7,799,993 of 9,000,000; 80 % are 7,200,000.
        expect(said).toEqual([
          ...Array.from({ length: 6 }, () => []),
          ["range range: 80 %, 7799993 of 9000000"],
        ]);
      });

      it("are listed newest first, of all or of one node, and outlive a reopening", async () => {
        const [one, two] = [
          await newParty(bench.ledger, { limits: { day: "1" } }),
          await newParty(bench.ledger, { limits: { total: "1" } }),
        ];
        await reached(one, "0.5");
        bench.now += 1;
        await reached(two, "1");
        bench.now += 1;
        await reached(one, "0.5");
        await bench.reopen();
        const list = async (accountId?: string) =>
          (await bench.ledger.alerts({ accountId, most: 9 })).items.map(spoken);
        expect(await list()).toEqual([
          ...["day 2026-06-19: 100 %, 1 of 1", "total total: 100 %, 1 of 1"],
          "day 2026-06-19: 50 %, 0.5 of 1",
        ]);
        expect(await list(two.accountId)).toEqual(["total total: 100 %, 1 of 1"]);
      });

      it("a page ends between two that were said in the same instant, and none is lost", async () => {
        const party = await newParty(bench.ledger, { limits: { day: "1" } });
        const amounts = ["0.5", "0.3", "0.2"];
        await Promise.all(amounts.map((amount) => bench.ledger.hold(holdOfAmount(party, amount))));
        const thresholds: number[] = [];
        for (let before: string | undefined; ; ) {
          const page = await bench.ledger.alerts({ before, most: 1 });
          thresholds.push(...page.items.map((alert) => alert.threshold));
          if (page.next === null) break;
          before = page.next;
        }
        expect(thresholds.sort()).toEqual([100, 50, 80]);
      });
    });
  });
}

function rateIn(result: HoldResult) {
  if (result.kind !== "held" && result.kind !== "rate_limited") {
    throw new Error(`neither held nor too many: ${result.kind}`);
  }
  return { kind: result.kind, rate: result.rate };
}

function spoken({ limit, window, threshold, used, of }: Alert): string {
  return `${limit} ${window}: ${threshold} %, ${formatUsd(used)} of ${formatUsd(of)}`;
}
