import { describe, expect, it } from "vitest";
import type { CorrectionResult } from "../../src/ledger/accounts-port.ts";
import type { HoldRequest } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, figures, NOON, type OpenStore } from "./bench.ts";
import {
  holdOf,
  holdOfAmount,
  newParty,
  nextId,
  type Party,
  settleAmount,
  settleFlat,
  usd,
  voidOf,
} from "./fixtures.ts";
import { grow, keyOf } from "./grow.ts";

const DAY_MS = 86_400_000;

/** The laws of mending: a new entry that names the old one, never an edit. */
export function correctionContract(name: string, open: OpenStore): void {
  describe(`${name}: corrections`, () => {
    const bench = new Bench(open);

    async function correct(corrects: string, amount: string, entryId = nextId("correction")) {
      const of = { entryId, corrects, amount: usd(amount), reason: "a mistake", actor: "me" };
      return printedResult(await bench.ledger.correct(of));
    }

    /** A call that made its images, charged as it cost. */
    async function settled(party: Party, n = 1): Promise<HoldRequest> {
      const hold = holdOf(party, { n });
      await bench.ledger.hold(hold);
      await bench.ledger.end(settleFlat(hold));
      return hold;
    }

    /** A call that nobody is charged for: its cost is known or feared. */
    async function voided(party: Party, of: { cost?: string; feared?: string }) {
      const hold = holdOfAmount(party, "1");
      await bench.ledger.hold(hold);
      const { vendorCost } = settleAmount(hold, of.cost ?? "0");
      const { feared } = of;
      const exposure = feared === undefined ? null : { amount: usd(feared), reason: "timeout" };
      const outcome = exposure === null ? "failed" : "unknown";
      await bench.ledger.end({ ...voidOf(hold.id), outcome, vendorCost, exposure });
      return hold;
    }

    /** What the house knows to cost and fears, as text. */
    async function houseFigures() {
      const [row] = await bench.ledger.usage({ from: "2026-06-19", to: "2026-06-20", by: [] });
      if (row === undefined) throw new Error("no calls");
      return { cost: formatUsd(row.vendorCost), feared: formatUsd(row.exposure) };
    }

    describe("of a charge", () => {
      it("gives money back to the account, as often as it becomes less", async () => {
        const party = await newParty(bench.ledger, { fund: "1" });
        const { id } = await settled(party, 4);
        expect(await correct(`${id}.end`, "0.15")).toEqual({
          ...{ kind: "corrected", of: "charge", before: "0.2", after: "0.15" },
        });
        expect(await correct(`${id}.end`, "0")).toMatchObject({ before: "0.15", after: "0" });
        expect(await figures(bench.ledger, party)).toEqual({
          ...{ settled: "0", held: "0", available: "1" },
        });
        // What it cost the house is another figure.
        expect(await houseFigures()).toEqual({ cost: "0.2", feared: "0" });
      });

      it("is never one to more, nor to the same", async () => {
        const party = await newParty(bench.ledger);
        const { id } = await settled(party);
        await correct(`${id}.end`, "0.04");
        for (const amount of ["0.04", "0.05", "1"]) {
          expect(await correct(`${id}.end`, amount)).toEqual({
            ...{ kind: "refused", reason: "not_lower", now: "0.04" },
          });
        }
        expect((await figures(bench.ledger, party)).settled).toBe("0.04");
      });

      it("gives room back at every node and in the windows of the hold", async () => {
        const root = await grow(bench.ledger, null, { day: "0.10" });
        const account = await grow(bench.ledger, root, { total: "0.10" });
        const party = await keyOf(bench.ledger, account, { limits: { month: "0.10" } });
        const { id } = await settled(party, 2);
        bench.now += DAY_MS;
        expect((await figures(bench.ledger, party)).available).toBe("0");
        await correct(`${id}.end`, "0.07");
        expect((await figures(bench.ledger, party)).available).toBe("0.03");
        expect(await bench.ledger.hold(holdOfAmount(party, "0.031"))).toMatchObject({
          ...{ kind: "refused", limit: "month", node: party.keyId, available: usd("0.03") },
        });
        bench.now -= DAY_MS;
        expect((await figures(bench.ledger, { ...party, accountId: root })).available).toBe("0.03");
      });
    });

    describe("of what a vendor billed", () => {
      it("a cost becomes what the vendor billed, more or less, and charges nobody", async () => {
        const party = await newParty(bench.ledger, { fund: "1" });
        const { id } = await settled(party, 4);
        expect(await correct(`${id}.cost`, "0.25")).toEqual({
          ...{ kind: "corrected", of: "cost", before: "0.2", after: "0.25" },
        });
        expect((await houseFigures()).cost).toBe("0.25");
        expect(await correct(`${id}.cost`, "0.01")).toMatchObject({ before: "0.25" });
        expect((await houseFigures()).cost).toBe("0.01");
        expect((await figures(bench.ledger, party)).settled).toBe("0.2");
      });

      it("an exposure is closed by what was billed of it, and may be mended again", async () => {
        const party = await newParty(bench.ledger);
        const { id } = await voided(party, { feared: "0.30" });
        expect(await houseFigures()).toEqual({ cost: "0", feared: "0.3" });
        expect(await correct(`${id}.exposure`, "0.12")).toEqual({
          ...{ kind: "corrected", of: "exposure", before: "0.3", after: "0.12" },
        });
        expect(await houseFigures()).toEqual({ cost: "0.12", feared: "0" });
        expect(await correct(`${id}.exposure`, "0.40")).toMatchObject({ before: "0.12" });
        expect(await houseFigures()).toEqual({ cost: "0.4", feared: "0" });
        expect(await correct(`${id}.exposure`, "0")).toMatchObject({ before: "0.4" });
        expect(await houseFigures()).toEqual({ cost: "0", feared: "0" });
      });

      it("an exposure billed as feared is closed all the same", async () => {
        const party = await newParty(bench.ledger);
        const { id } = await voided(party, { feared: "0.30" });
        await correct(`${id}.exposure`, "0.30");
        expect(await houseFigures()).toEqual({ cost: "0.3", feared: "0" });
        expect((await bench.ledger.exposures({ open: true, most: 9 })).items).toEqual([]);
      });

      it("a cost and an exposure of one call are two figures", async () => {
        const party = await newParty(bench.ledger);
        const { id } = await voided(party, { cost: "0.10", feared: "0.30" });
        await correct(`${id}.exposure`, "0.05");
        await correct(`${id}.cost`, "0.02");
        expect(await houseFigures()).toEqual({ cost: "0.07", feared: "0" });
      });

      it("the cost of a late result is mended by its own name", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOf(party, { n: 2 });
        await bench.ledger.hold(hold);
        await bench.ledger.end(recoveredVoid({ ...hold, holdId: hold.id }));
        expect(await correct(`${hold.id}.late`, "0")).toMatchObject({ reason: "unknown_entry" });
        await bench.ledger.end(settleFlat(hold));
        expect(await correct(`${hold.id}.late`, "0.03")).toEqual({
          ...{ kind: "corrected", of: "cost", before: "0.1", after: "0.03" },
        });
        expect(await houseFigures()).toEqual({ cost: "0.03", feared: "0.1" });
      });

      it("is refused where the books could not hold it", async () => {
        const party = await newParty(bench.ledger);
        const house = { exposureHour: usd("999999") };
        const { accountId: nodeId } = party;
        await bench.ledger.changeNode({ nodeId, settings: { house }, actor: "me" });
        const small = await voided(party, { cost: "0.50" });
        const feared = await voided(party, { feared: "0.50" });
        for (let dear = 0; dear < 9; dear += 1) {
          const hold = holdOfAmount(party, "999999");
          await bench.ledger.hold(hold);
          await bench.ledger.end(settleAmount(hold, "999999"));
        }
        // 9,000,000 - 9 x 999,999 = 9 USD for both.
        expect(await correct(`${small.id}.cost`, "9")).toEqual({
          ...{ kind: "refused", reason: "range", now: "0.5" },
        });
        expect(await correct(`${feared.id}.exposure`, "9")).toEqual({
          ...{ kind: "refused", reason: "range", now: "0.5" },
        });
        expect(await correct(`${feared.id}.exposure`, "8.50")).toMatchObject({ kind: "corrected" });
      });
    });

    describe("of a funding", () => {
      it("takes back what is not charged or held, to the last picodollar", async () => {
        const party = await newParty(bench.ledger);
        expect(party).toBeDefined();
        const prepaid = await newParty(bench.ledger, { fund: "0.01" });
        const { accountId } = prepaid;
        const entryId = nextId("fund");
        await bench.ledger.fund({ accountId, amount: usd("1"), actor: "me", entryId });
        await settled(prepaid, 2);
        await bench.ledger.hold(holdOf(prepaid, { n: 3 }));
        // 1.01 - 0.10 - 0.15 = 0.76 is free, so that the funding keeps at least 0.24.
        expect(await correct(entryId, "0.239999999999")).toEqual({
          ...{ kind: "refused", reason: "below_held", now: "1" },
        });
        expect(await correct(entryId, "0.24")).toEqual({
          ...{ kind: "corrected", of: "fund", before: "1", after: "0.24" },
        });
        expect(await figures(bench.ledger, prepaid)).toEqual({
          ...{ settled: "0.1", held: "0.15", available: "0" },
        });
      });

      it("never adds", async () => {
        const { accountId } = await newParty(bench.ledger, { fund: "1" });
        const entryId = nextId("fund");
        await bench.ledger.fund({ accountId, amount: usd("2"), actor: "me", entryId });
        expect(await correct(entryId, "2")).toEqual({
          ...{ kind: "refused", reason: "not_lower", now: "2" },
        });
      });
    });

    it("the same one again is the same posting, after a reopening too", async () => {
      const party = await newParty(bench.ledger, { fund: "1" });
      const { id } = await settled(party, 4);
      const entryId = nextId("correction");
      const first = await correct(`${id}.end`, "0.10", entryId);
      await bench.reopen();
      expect(await correct(`${id}.end`, "0.10", entryId)).toEqual(first);
      expect(await figures(bench.ledger, party)).toMatchObject({ settled: "0.1" });
      expect((await bench.ledger.corrections({ most: 9 })).items).toHaveLength(1);
    });

    it("what moves no money of its own, or isn't there, can't be mended", async () => {
      const party = await newParty(bench.ledger);
      const { id: made } = await settled(party);
      const { id: lost } = await voided(party, { feared: "0.10" });
      await correct(`${made}.end`, "0.01", "correction_mended");
      const open = holdOf(party);
      await bench.ledger.hold(open);
      const reasons = [];
      for (const entry of [
        ...[made, `${lost}.end`, "correction_mended", party.accountId],
        ...[`${lost}.cost`, `${made}.exposure`, `${open.id}.end`, "rcpt_none.end"],
      ]) {
        const result = await correct(entry, "0");
        reasons.push(result.kind === "refused" ? result.reason : result.kind);
        expect(result).toMatchObject({ now: null });
      }
      expect(reasons).toEqual([
        ...Array.from({ length: 4 }, () => "not_correctable"),
        ...Array.from({ length: 4 }, () => "unknown_entry"),
      ]);
    });

    it("stands with its call, which is still told as it was posted", async () => {
      const party = await newParty(bench.ledger);
      const { id } = await settled(party, 4);
      bench.now += 5;
      await correct(`${id}.end`, "0.15", "correction_1");
      bench.now += 5;
      await correct(`${id}.cost`, "0.30", "correction_2");
      await bench.reopen();
      const call = await bench.ledger.call(id);
      expect(call?.ending).toMatchObject({ charge: usd("0.20") });
      const of = { holdId: id, accountId: party.accountId, reason: "a mistake", actor: "me" };
      const amounts = (before: string, after: string) => {
        return { before: usd(before), after: usd(after) };
      };
      expect(call?.corrections).toEqual([
        {
          ...{ ...of, entryId: "correction_1", corrects: `${id}.end`, of: "charge" },
          ...{ ...amounts("0.2", "0.15"), createdMs: NOON + 5 },
        },
        {
          ...{ ...of, entryId: "correction_2", corrects: `${id}.cost`, of: "cost" },
          ...{ ...amounts("0.2", "0.3"), createdMs: NOON + 10 },
        },
      ]);
    });

    it("a million dollars is no amount: a bug, and nothing is posted", async () => {
      const { id } = await settled(await newParty(bench.ledger));
      const of = { entryId: "correction_x", corrects: `${id}.cost`, reason: "x", actor: "me" };
      const amount = usd("999999") + usd("1");
      await expect(
        bench.ledger.correct({ ...of, amount: amount as ReturnType<typeof usd> }),
      ).rejects.toThrow("is not an amount");
      expect((await bench.ledger.corrections({ most: 9 })).items).toEqual([]);
    });
  });
}

/** Amounts as text. */
function printedResult(result: CorrectionResult) {
  if (result.kind === "refused") {
    return { ...result, now: result.now === null ? null : formatUsd(result.now) };
  }
  const { kind, of, before, after } = result;
  return { kind, of, before: formatUsd(before), after: formatUsd(after) };
}
