import { describe, expect, it } from "vitest";
import type { HouseLimits } from "../../src/ledger/accounts-port.ts";
import type { HoldRequest } from "../../src/ledger/port.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, type OpenStore, printed } from "./bench.ts";
import {
  holdOf,
  holdOfAmount,
  newParty,
  nextId,
  type Party,
  settleAmount,
  usd,
  voidOf,
} from "./fixtures.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The laws of what the house is ready to lose or to owe. */
export function houseContract(name: string, open: OpenStore): void {
  describe(`${name}: the house's limits`, () => {
    const bench = new Bench(open);

    /** Holds an amount on a connection, of which the vendor may bill a part. */
    async function tryHold(party: Party, amount: string, change: Partial<HoldRequest> = {}) {
      const hold = { ...holdOfAmount(party, amount), ...change };
      const result = await bench.ledger.hold(hold);
      if (result.kind !== "house_refused") return { hold, said: printed(result) };
      const [required, available] = [formatUsd(result.required), formatUsd(result.available)];
      return { hold, said: { ...result, required, available } };
    }

    async function held(party: Party, amount: string, change: Partial<HoldRequest> = {}) {
      const { hold, said } = await tryHold(party, amount, change);
      expect(said).toMatchObject({ kind: "held" });
      return hold;
    }

    const said = async (party: Party, amount: string, change: Partial<HoldRequest> = {}) =>
      (await tryHold(party, amount, change)).said;

    /** A call of which nobody knows what it costs. */
    async function lose(party: Party, amount: string, change: Partial<HoldRequest> = {}) {
      const hold = await held(party, amount, change);
      const exposure = { amount: usd(amount), reason: "timeout" };
      await bench.ledger.end({ ...voidOf(hold.id), outcome: "unknown", exposure });
      return hold;
    }

    const correct = (corrects: string, amount: string) =>
      bench.ledger.correct({
        ...{ entryId: nextId("correction"), corrects, amount: usd(amount) },
        ...{ reason: "the vendor's bill", actor: "me" },
      });

    async function setHouse(party: Party, house: HouseLimits | null) {
      await bench.ledger.changeNode({ nodeId: party.accountId, settings: { house }, actor: "me" });
    }

    const on = (connection: string, connectionLimits: HouseLimits = {}): Partial<HoldRequest> => ({
      connection,
      admission: { connectionLimits },
    });

    describe("what an hour may lose", () => {
      it("is 5 USD a root where nothing is said", async () => {
        const party = await newParty(bench.ledger);
        await lose(party, "4.999999999999");
        // Anything left is enough: what is in flight is expected to go well.
        await lose(party, "2");
        expect(await said(party, "0.05")).toEqual({
          ...{ kind: "house_refused", limit: "exposureHour", connection: null },
          // 5 - 4.999999999999 - 2
          ...{ required: "0.05", available: "-1.999999999999" },
        });
        expect(await said(await newParty(bench.ledger), "0.05")).toMatchObject({ kind: "held" });
      });

      it("nothing left is not enough", async () => {
        const party = await newParty(bench.ledger);
        await lose(party, "5");
        expect(await said(party, "0.05")).toMatchObject({ available: "0" });
      });

      it("counts in the hour of the ending, and the next begins at nothing", async () => {
        const party = await newParty(bench.ledger);
        const hold = await held(party, "6");
        bench.now += HOUR_MS;
        const exposure = { amount: usd("6"), reason: "timeout" };
        await bench.ledger.end({ ...voidOf(hold.id), outcome: "unknown", exposure });
        expect(await said(party, "0.05")).toMatchObject({ available: "-1" });
        bench.now -= HOUR_MS;
        expect(await said(party, "0.05")).toMatchObject({ kind: "held" });
        bench.now += 2 * HOUR_MS;
        expect(await said(party, "0.05")).toMatchObject({ kind: "held" });
      });

      it("counts known cost that nobody is charged for, and overruns; a charge is no loss", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { exposureHour: usd("1") });
        const charged = await held(party, "3");
        await bench.ledger.end(settleAmount(charged, "3"));
        const costly = await held(party, "0.40");
        const { vendorCost } = settleAmount(costly, "0.40");
        await bench.ledger.end({ ...voidOf(costly.id), outcome: "failed", vendorCost });
        const over = await held(party, "2");
        await bench.ledger.end({ ...settleAmount(over, "2"), overrun: usd("0.60") });
        expect(await said(party, "0.05")).toMatchObject({
          ...{ limit: "exposureHour", available: "0" },
        });
      });

      it("an exposure that a correction closes leaves only what was billed", async () => {
        const party = await newParty(bench.ledger);
        const lost = await lose(party, "6");
        expect(await said(party, "0.05")).toMatchObject({ available: "-1" });
        await correct(`${lost.id}.exposure`, "5.50");
        expect(await said(party, "0.05")).toMatchObject({ available: "-0.5" });
        await correct(`${lost.id}.exposure`, "0");
        expect(await said(party, "0.05")).toMatchObject({ kind: "held" });
      });

      it("what came after recovery is lost in the hour in which it came", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { exposureHour: usd("9") });
        const hold = await held(party, "6");
        const exposure = { amount: usd("6"), reason: "recovered" };
        const recovered = { ...voidOf(hold.id), outcome: "recovered", exposure } as const;
        await bench.ledger.end(recovered);
        bench.now += HOUR_MS;
        expect(await bench.ledger.end(settleAmount(hold, "6"))).toMatchObject({ kind: "late" });
        await lose(party, "3");
        expect(await said(party, "0.05")).toMatchObject({ available: "0" });
      });

      it("is counted for each connection too, whose own limit may be another", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { exposureHour: usd("100") });
        const small = { exposureHour: usd("1") };
        await lose(party, "2", on("first", small));
        expect(await said(party, "0.05", on("first", small))).toEqual({
          ...{ kind: "house_refused", limit: "exposureHour", connection: "first" },
          ...{ required: "0.05", available: "-1" },
        });
        expect(await said(party, "0.05", on("second", small))).toMatchObject({ kind: "held" });
        // A connection of which nothing is said may lose what its root may.
        expect(await said(party, "0.05", on("first"))).toMatchObject({ kind: "held" });
      });
    });

    describe("what vendors may cost", () => {
      it("counts what vendors may bill, not what is charged: exactly what is left fits", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { vendorCostDay: usd("1") });
        await held(party, "5", { vendorAmount: usd("0.60") });
        expect(await said(party, "9", { vendorAmount: usd("0.400000000001") })).toEqual({
          ...{ kind: "house_refused", limit: "vendorCostDay", connection: null },
          ...{ required: "0.400000000001", available: "0.4" },
        });
        expect(await said(party, "9", { vendorAmount: usd("0.40") })).toMatchObject({
          kind: "held",
        });
      });

      it("an ending leaves what is known and, at its most, what is feared", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { vendorCostDay: usd("1"), exposureHour: usd("9") });
        const settled = await held(party, "0.50");
        await bench.ledger.end(settleAmount(settled, "0.20"));
        const lost = await lose(party, "0.30");
        expect(await said(party, "0.51")).toMatchObject({ available: "0.5" });
        await correct(`${lost.id}.exposure`, "0.10");
        await correct(`${settled.id}.cost`, "0.25");
        // 1 - 0.25 - 0.10
        expect(await said(party, "0.66")).toMatchObject({ available: "0.65" });
        expect(await said(party, "0.65")).toMatchObject({ kind: "held" });
      });

      it("counts in the day and the month of the hold, whenever it ends", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { vendorCostDay: usd("0.50"), vendorCostMonth: usd("0.80") });
        const hold = await held(party, "0.50");
        bench.now += DAY_MS;
        await bench.ledger.end(settleAmount(hold, "0.50"));
        expect(await said(party, "0.40")).toEqual({
          ...{ kind: "house_refused", limit: "vendorCostMonth", connection: null },
          ...{ required: "0.4", available: "0.3" },
        });
        expect(await said(party, "0.30")).toMatchObject({ kind: "held" });
        bench.now += 30 * DAY_MS;
        expect(await said(party, "0.50")).toMatchObject({ kind: "held" });
      });

      it("has a limit for each connection too", async () => {
        const party = await newParty(bench.ledger);
        const limits = { vendorCostDay: usd("0.10"), vendorCostMonth: usd("0.30") };
        await held(party, "0.10", on("first", limits));
        expect(await said(party, "0.10", on("first", limits))).toMatchObject({
          ...{ limit: "vendorCostDay", connection: "first", available: "0" },
        });
        await held(party, "0.10", on("second", limits));
        const month = { vendorCostMonth: usd("0.15") };
        expect(await said(party, "0.10", on("second", month))).toMatchObject({
          ...{ limit: "vendorCostMonth", connection: "second", available: "0.05" },
        });
      });

      it("64 parallel holds where vendors may cost five of them: five are held", async () => {
        const party = await newParty(bench.ledger);
        await setHouse(party, { vendorCostMonth: usd("0.25") });
        const results = await Promise.all(
          Array.from({ length: 64 }, () => bench.ledger.hold(holdOf(party))),
        );
        expect(results.filter((result) => result.kind === "held")).toHaveLength(5);
        expect(results.filter((result) => result.kind === "house_refused")).toHaveLength(59);
      });
    });

    it("an account's own limits are asked first, and what the house refuses holds nothing", async () => {
      const party = await newParty(bench.ledger, { limits: { day: "1" } });
      await setHouse(party, { vendorCostDay: usd("0.50") });
      expect(await said(party, "2")).toMatchObject({ kind: "refused", limit: "day" });
      expect(await said(party, "0.60")).toMatchObject({ kind: "house_refused" });
      expect(await bench.ledger.credits(party.accountId)).toMatchObject({ held: 0n });
      await setHouse(party, null);
      expect(await said(party, "0.60")).toMatchObject({ kind: "held" });
    });

    it("exposures fill the range of the house's counters, which refuse before they burst", async () => {
      const party = await newParty(bench.ledger);
      await setHouse(party, { exposureHour: usd("999999") });
      for (let lost = 0; lost < 9; lost += 1) {
        await lose(party, "999999");
        bench.now += HOUR_MS;
      }
      // 9,000,000 - 9 x 999,999
      expect(await said(party, "9.01")).toEqual({
        ...{ kind: "refused", limit: "range", node: party.accountId },
        ...{ required: "9.01", available: "9" },
      });
      await lose(party, "9");
    });
  });
}
