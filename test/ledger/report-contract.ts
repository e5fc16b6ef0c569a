import { describe, expect, it } from "vitest";
import type { HoldRequest } from "../../src/ledger/port.ts";
import { storedPrice } from "../../src/ledger/price-text.ts";
import {
  TooManyRows,
  type UsageDimension,
  type UsageQuery,
} from "../../src/ledger/reports-port.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, NOON, type OpenStore } from "./bench.ts";
import {
  flatPrice,
  holdOf,
  holdOfAmount,
  keyHash,
  newAccount,
  newParty,
  nextId,
  type Party,
  settleAmount,
  settleFlat,
  settleOf,
  tokenPrice,
  usd,
  voidOf,
} from "./fixtures.ts";

const DAY_MS = 86_400_000;
const TODAY = "2026-06-19";

/** The laws of what a ledger tells of many calls. */
export function reportContract(name: string, open: OpenStore): void {
  describe(`${name}: reports`, () => {
    const bench = new Bench(open);

    async function held(party: Party, change: Partial<HoldRequest> = {}): Promise<HoldRequest> {
      const hold = { ...holdOf(party), ...change };
      expect((await bench.ledger.hold(hold)).kind).toBe("held");
      return hold;
    }

    async function settled(party: Party, change: Partial<HoldRequest> = {}): Promise<HoldRequest> {
      const hold = await held(party, change);
      await bench.ledger.end(settleFlat(hold));
      return hold;
    }

    /** Keys and charge of each row. */
    async function charges(by: readonly UsageDimension[], query: Partial<UsageQuery> = {}) {
      const rows = await bench.ledger.usage({ from: TODAY, to: TODAY, by, ...query });
      return rows.map((row) => [...row.keys, formatUsd(row.charge)]);
    }

    describe("usage", () => {
      it("adds up calls, images, charges, what is held, and the house's figures", async () => {
        const party = await newParty(bench.ledger);
        const two = await held(party, holdOf(party, { n: 2 }));
        await bench.ledger.end(settleFlat(two));
        await held(party);
        const lost = await held(party);
        const exposure = { amount: usd("0.05"), reason: "timeout" };
        await bench.ledger.end({ ...voidOf(lost.id), exposure });
        expect(await bench.ledger.usage({ from: TODAY, to: TODAY, by: ["model"] })).toEqual([
          {
            keys: ["made-up"],
            calls: 3,
            settled: 1,
            images: 2,
            charge: usd("0.1"),
            held: usd("0.05"),
            vendorCost: usd("0.1"),
            overrun: 0n,
            exposure: usd("0.05"),
            ...{ outcomes: 0, kept: 0, judgedCharge: 0n },
          },
        ]);
      });

      it("shows charges as corrections left them, and exposures until they are closed", async () => {
        const party = await newParty(bench.ledger);
        const hold = await settled(party);
        const lost = await held(party);
        const exposure = { amount: usd("0.05"), reason: "timeout" };
        await bench.ledger.end({ ...voidOf(lost.id), exposure });
        const mend = { reason: "goodwill", actor: "me" };
        await bench.ledger.correct({
          ...{ ...mend, entryId: nextId("fix"), corrects: `${hold.id}.end`, amount: usd("0.02") },
        });
        await bench.ledger.correct({
          ...{ ...mend, entryId: nextId("fix"), corrects: `${lost.id}.exposure`, amount: usd("0") },
        });
        const [row] = await bench.ledger.usage({ from: TODAY, to: TODAY, by: [] });
        expect(row).toMatchObject({ keys: [], calls: 2, charge: usd("0.02"), exposure: 0n });
      });

      it("counts a call on the day of its hold, both ends of the span included", async () => {
        const party = await newParty(bench.ledger);
        const hold = await held(party);
        bench.now = NOON + DAY_MS;
        await bench.ledger.end(settleFlat(hold));
        await settled(party);
        bench.now = NOON + 2 * DAY_MS;
        await settled(party);
        expect(await charges(["day"], { to: "2026-06-20" })).toEqual([
          ["2026-06-19", "0.05"],
          ["2026-06-20", "0.05"],
        ]);
        expect(await charges(["day"], { from: "2026-06-22", to: "2026-07-22" })).toEqual([]);
      });

      it("of an account has all below it, where each stood at the time of the call", async () => {
        const root = await newParty(bench.ledger);
        const account = { prepaid: false, limits: {}, actor: "test" };
        const parentId = root.accountId;
        const left = await newAccount(bench.ledger, { ...account, name: "left", parentId });
        const right = await newAccount(bench.ledger, { ...account, name: "right", parentId });
        const leaf = await newAccount(bench.ledger, {
          ...{ ...account, name: "leaf", parentId: left.id },
        });
        const keyId = nextId("key");
        await bench.ledger.createKey({
          ...{ id: keyId, accountId: leaf.id, name: "k", sha256: keyHash(), actor: "test" },
        });
        await settled({ accountId: leaf.id, keyId });
        await bench.ledger.moveAccount({ accountId: leaf.id, parentId: right.id, actor: "test" });
        await settled({ accountId: leaf.id, keyId });
        await settled(root);
        await settled(await newParty(bench.ledger));
        const of = async (accountId: string) => (await charges([], { accountId })).flat();
        expect(await of(left.id)).toEqual(["0.05"]);
        expect(await of(right.id)).toEqual(["0.05"]);
        expect(await of(leaf.id)).toEqual(["0.1"]);
        expect(await of(root.accountId)).toEqual(["0.15"]);
        expect(await charges([], { keyId, accountId: right.id })).toEqual([["0.05"]]);
      });

      it("tells calls apart by model, size, both qualities, key, user and connection", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOf(party);
        const facts = { ...hold.facts, qualityAsked: "auto" };
        await bench.ledger.hold({ ...hold, facts });
        await bench.ledger.end({ ...settleFlat(hold), qualityBilled: "low" });
        await settled(party, { model: "another", user: null, connection: "second" });
        expect(
          await charges(["model", "size", "quality_asked", "quality_billed", "user", "connection"]),
        ).toEqual([
          ["another", "1024x1024", null, null, null, "second", "0.05"],
          ["made-up", "1024x1024", "auto", "low", "customer-7", "default", "0.05"],
        ]);
        expect(await charges(["vendor", "account", "key"])).toEqual([
          ["nobody", party.accountId, party.keyId, "0.1"],
        ]);
      });

      it("tells the calls of each run apart from those by themselves", async () => {
        const party = await newParty(bench.ledger);
        for (const row of ["1", "2"]) await settled(party, { run: { id: "run_a", row } });
        await settled(party, { run: { id: "run_b", row: "1" } });
        await settled(party);
        expect(await charges(["run"])).toEqual([
          ["run_a", "0.1"],
          ["run_b", "0.05"],
          [null, "0.05"],
        ]);
      });

      it("by a tag is one row a value, whatever other tags there are", async () => {
        const party = await newParty(bench.ledger);
        const odd = 'a"b\\';
        await settled(party, { tags: { team: "shop", order: "1", [odd]: "x" } });
        await settled(party, { tags: { team: "shop", order: "2" } });
        await settled(party, { tags: {} });
        expect(await charges(["tag:team"])).toEqual([
          ["shop", "0.1"],
          [null, "0.05"],
        ]);
        expect(await charges([`tag:${odd}`])).toEqual([
          ["x", "0.05"],
          [null, "0.1"],
        ]);
      });

      it("adds up more than a column could hold", async () => {
        for (let root = 0; root < 2; root += 1) {
          const party = await newParty(bench.ledger);
          for (let call = 0; call < 9; call += 1) {
            const hold = holdOfAmount(party, "999999");
            await bench.ledger.hold(hold);
            await bench.ledger.end(settleAmount(hold, "999999"));
          }
        }
        // 18 x 999,999 USD are 1.8 x 10^19 picodollars.
        expect(await charges([])).toEqual([["17999982"]]);
      });

      it("of more rows than were asked for at most is refused whole", async () => {
        const party = await newParty(bench.ledger);
        await settled(party, { tags: { team: "a", order: "1" } });
        await settled(party, { tags: { team: "b", order: "2" } });
        await settled(party, { tags: { team: "b", order: "3" } });
        const asked = (by: UsageDimension[], most: number) =>
          bench.ledger.usage({ from: TODAY, to: TODAY, by, most });
        await settled(party, { model: "another" });
        await expect(asked(["model"], 1)).rejects.toThrow(TooManyRows);
        expect(await asked(["model"], 2)).toHaveLength(2);
        await expect(asked(["tag:team"], 2)).rejects.toThrow(TooManyRows);
        // Of four sets of tags: a, b and the one without.
        expect(await asked(["tag:team"], 3)).toHaveLength(3);
      });
    });

    describe("calls of a connection", () => {
      it("are those that ended within a time, each with what it stands at", async () => {
        const party = await newParty(bench.ledger);
        const charged = await settled(party);
        await settled(party, { connection: "another" });
        await held(party);
        const feared = await held(party);
        const exposure = { amount: usd("0.05"), reason: "timeout" };
        await bench.ledger.end({ ...voidOf(feared.id), outcome: "unknown", exposure });
        const corrected = { reason: "the bill says so", actor: "me" };
        const corrects = `${charged.id}.end`;
        const entryId = nextId("correction");
        await bench.ledger.correct({ ...corrected, entryId, corrects, amount: usd("0.01") });
        const asked = (fromMs: number, beforeMs: number) =>
          bench.ledger.connectionCalls({ connection: "default", fromMs, beforeMs });
        const endedMs = (await bench.ledger.call(charged.id))?.ending?.createdMs ?? 0;
        const { calls, next } = await asked(endedMs - 1_000, endedMs + 1_000);
        expect(next).toBeNull();
        expect(calls.toSorted((left, right) => (left.holdId < right.holdId ? -1 : 1))).toEqual(
          [
            ...[{ holdId: charged.id, charge: usd("0.01"), vendorCost: usd("0.05") }],
            ...[{ holdId: feared.id, charge: usd("0"), vendorCost: usd("0") }],
          ]
            .map((call) => ({ ...call, exposureBilled: null }))
            .toSorted((left, right) => (left.holdId < right.holdId ? -1 : 1)),
        );
        expect((await asked(endedMs + 1_000, endedMs + 2_000)).calls).toEqual([]);
        expect((await asked(0, endedMs - 1_000)).calls).toEqual([]);
      });
    });

    describe("calls by price version", () => {
      const cites = (priceId: string, more: object = {}) =>
        bench.ledger.pricedCalls({ priceId, ...more });

      it("are the ended ones whose hold or whose echoed price cites it", async () => {
        const party = await newParty(bench.ledger);
        const flat = await settled(party);
        await held(party);
        const items = [{ meter: "image_output_tokens", quantity: 196n }] as const;
        const tokens = holdOf(party, { price: tokenPrice, ceilingItems: items });
        await bench.ledger.hold(tokens);
        const echoed = { images: 1n, usage: { kind: "missing", reason: "absent" } } as const;
        await bench.ledger.end({
          ...settleOf(tokens, echoed),
          echoedPrice: storedPrice(flatPrice),
          servedModel: "another",
        });
        const failed = await held(party);
        await bench.ledger.end(voidOf(failed.id));
        const found = await cites(flatPrice.id);
        expect(found.holdIds.toSorted()).toEqual([flat.id, tokens.id, failed.id].sort());
        expect(found.next).toBeNull();
        expect((await cites(tokenPrice.id)).holdIds).toEqual([tokens.id]);
        expect((await cites("made-up-flat@2026-01-0")).holdIds).toEqual([]);
      });

      it("are not those that only spell it out", async () => {
        const party = await newParty(bench.ledger);
        const user = `"price":{"id":"${tokenPrice.id}","sha256":"`;
        await settled(party, { user });
        expect((await cites(tokenPrice.id)).holdIds).toEqual([]);
      });

      it("may be of one account and all below it, and from a day on", async () => {
        const [one, other] = [await newParty(bench.ledger), await newParty(bench.ledger)];
        const first = await settled(one);
        await settled(other);
        bench.now = NOON + DAY_MS;
        const second = await settled(one);
        const { accountId } = one;
        const ids = [first.id, second.id].sort();
        const found = await cites(flatPrice.id, { accountId });
        expect(found.holdIds.toSorted()).toEqual(ids);
        const since = { accountId, from: "2026-06-20" };
        expect((await cites(flatPrice.id, since)).holdIds).toEqual([second.id]);
      });

      it("come slice by slice, each once", async () => {
        const party = await newParty(bench.ledger);
        const holds = Array.from({ length: 501 }, () => holdOf(party));
        await Promise.all(holds.map((hold) => bench.ledger.hold(hold)));
        await Promise.all(holds.map((hold) => bench.ledger.end(settleFlat(hold))));
        const first = await cites(flatPrice.id);
        expect(first.holdIds).toHaveLength(500);
        const second = await cites(flatPrice.id, { after: first.next });
        expect(second).toMatchObject({ holdIds: [expect.any(String)], next: null });
        const all = [...first.holdIds, ...second.holdIds];
        expect(all.sort()).toEqual(holds.map((hold) => hold.id).sort());
      });
    });

    describe("settled calls", () => {
      const told = (more: object = {}) =>
        bench.ledger.settledCalls({ from: TODAY, to: TODAY, ...more });

      it("are told as their entries say them, with what corrections left of the charge", async () => {
        const party = await newParty(bench.ledger, { fund: "5.00" });
        const run = { id: "run_a", row: "cup 1" };
        const hold = await settled(party, { ...holdOf(party, { n: 2 }), run });
        await bench.ledger.correct({
          ...{ entryId: nextId("corr"), corrects: `${hold.id}.end`, amount: usd("0.07") },
          ...{ reason: "test", actor: "test" },
        });
        await held(party);
        const failed = await held(party);
        await bench.ledger.end(voidOf(failed.id));
        const found = await told();
        expect(found).toMatchObject({ voided: 1, open: 1, looked: 3, next: null });
        const [call, ...others] = found.calls;
        expect(others).toEqual([]);
        expect(call?.charge).toBe(usd("0.07"));
        expect(call?.hold.run).toEqual(run);
        const stored = await bench.ledger.call(hold.id);
        expect(stored?.hold).toMatchObject(call?.hold ?? {});
        expect(stored?.ending).toMatchObject(call?.ending ?? {});
        expect(call?.hold.price).toEqual(storedPrice(flatPrice));
      });

      it("carry the price of the model that the vendor named", async () => {
        const party = await newParty(bench.ledger);
        const hold = await held(party);
        const echoedPrice = storedPrice(tokenPrice);
        await bench.ledger.end({ ...settleFlat(hold), echoedPrice, servedModel: "another" });
        expect((await told()).calls[0]?.ending.echoedPrice).toEqual(echoedPrice);
      });

      it("may be of one account and all below it, of one key, and of some days", async () => {
        const [one, other] = [await newParty(bench.ledger), await newParty(bench.ledger)];
        const first = await settled(one);
        await settled(other);
        bench.now = NOON + DAY_MS;
        const second = await settled(one);
        const ids = async (more: object) =>
          (await told(more)).calls.map(({ hold }) => hold.id).sort();
        expect(await ids({ accountId: one.accountId })).toEqual([first.id]);
        expect(await ids({ keyId: one.keyId, to: "2026-06-20" })).toEqual(
          [first.id, second.id].sort(),
        );
        expect(await ids({ from: "2026-06-20", to: "2026-06-20" })).toEqual([second.id]);
        expect(await told({ from: "2026-06-21", to: "2026-06-21" })).toEqual({
          ...{ calls: [], voided: 0, open: 0, looked: 3, next: null },
        });
      });

      it("come slice by slice, each once", async () => {
        const party = await newParty(bench.ledger);
        const holds = Array.from({ length: 101 }, () => holdOf(party));
        await Promise.all(holds.map((hold) => bench.ledger.hold(hold)));
        await Promise.all(holds.map((hold) => bench.ledger.end(settleFlat(hold))));
        const first = await told();
        const second = await told({ after: first.next });
        expect([first.looked, second.looked, second.next]).toEqual([100, 1, null]);
        const all = [...first.calls, ...second.calls].map(({ hold }) => hold.id);
        expect(all.sort()).toEqual(holds.map((hold) => hold.id).sort());
      });
    });

    it("a hold's margin and vendor's part are read back as they were frozen", async () => {
      const party = await newParty(bench.ledger);
      const margin = { basisPoints: 1_000, fixed: usd("0.001") };
      // 0.05 + 0.005 + 0.001
      const amount = usd("0.056");
      const hold = await held(party, { amount, vendorAmount: usd("0.05"), margin });
      expect(await bench.ledger.openHolds()).toMatchObject([{ amount, vendorAmount: usd("0.05") }]);
      const flat = settleFlat(hold);
      expect(flat.lines.map((line) => formatUsd(line.amount))).toEqual(["0.05", "0.006"]);
      await bench.ledger.end({ ...flat, qualityBilled: "low" });
      expect(await bench.ledger.call(hold.id)).toMatchObject({
        hold: { amount, vendorAmount: usd("0.05"), margin },
        ending: { charge: amount, lines: flat.lines, qualityBilled: "low" },
      });
    });
  });
}
