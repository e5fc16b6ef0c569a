import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { formatUsd, type PicoUsd } from "../../src/money/pico-usd.ts";
import { Bench, figures, NOON, type OpenStore } from "./bench.ts";
import {
  holdOf,
  holdOfAmount,
  newParty,
  nextId,
  settleAmount,
  settleFlat,
  settleOf,
  tokenPrice,
  usd,
  voidOf,
} from "./fixtures.ts";
import { anySteps, runAgainstModel } from "./tiny-model.ts";

/** The laws of holds and their endings. */
export function holdContract(name: string, open: OpenStore): void {
  describe(`${name}: holds and endings`, () => {
    const bench = new Bench(open);

    describe("hold and end", () => {
      it("a hold moves money from available to held, a settlement charges and releases the rest", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party, { n: 4 });
        expect(await bench.ledger.hold(hold)).toEqual({
          kind: "held",
          createdMs: NOON,
          rate: null,
          alerts: [],
        });
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0",
          held: "0.2",
          available: "0.8",
        });
        await bench.ledger.end(settleFlat(hold, 3));
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0.15",
          held: "0",
          available: "0.85",
        });
      });

      it("a void releases everything", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party, { n: 4 });
        await bench.ledger.hold(hold);
        await bench.ledger.end(voidOf(hold.id));
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0",
          held: "0",
          available: "1",
        });
      });

      it("keeps amounts to the last picodollar", async () => {
        const party = await newParty(bench.ledger, { fund: "999999.999999999999" });
        const hold = holdOfAmount(party, "0.000000000002");
        await bench.ledger.hold(hold);
        expect((await figures(bench.ledger, party)).available).toBe("999999.999999999997");
        await bench.ledger.end(settleAmount(hold, "0.000000000001"));
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0.000000000001",
          held: "0",
          available: "999999.999999999998",
        });
      });

      it("gives a hold and its ending back as they were posted, after a reopening too", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOf(party, {
          n: 2,
          price: tokenPrice,
          ceilingItems: [
            { meter: "text_input_tokens", quantity: 85n },
            { meter: "image_output_tokens", quantity: 196n, areaPixels: 1_048_576n },
          ],
        });
        await bench.ledger.hold(hold);
        const ending = settleOf(hold, {
          usage: {
            kind: "reported",
            items: [
              { meter: "text_input_tokens", quantity: 42n },
              { meter: "image_output_tokens", quantity: 1_000n },
            ],
          },
          images: 2n,
          echoedPrice: { ...tokenPrice, id: "made-up-echo@2026-01-01" },
        });
        const posted = await bench.ledger.end(ending);
        await bench.reopen();
        const call = await bench.ledger.call(hold.id);
        expect(call?.hold).toEqual({ ...hold, createdMs: NOON, chain: call?.hold.chain });
        expect(call?.ending).toEqual({ ...ending, createdMs: NOON, chain: posted.chain });
        // 2 x (85 x 0.000005 + 196 x 0.00003) = 2 x 0.006305
        expect(formatUsd(hold.amount)).toBe("0.01261");
        // 42 x 0.000005 + 1,000 x 0.00003 = 0.03021, of which the ceiling takes 0.01261
        expect(formatUsd(ending.charge)).toBe("0.01261");
        expect(formatUsd(ending.overrun)).toBe("0.0176");
      });

      it("an ending follows its hold in the chain of the account", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        const { chain } = await bench.ledger.end(settleFlat(hold));
        // account 1, fund 2, key 3, hold 4
        expect((await bench.ledger.call(hold.id))?.hold.chain.sequence).toBe(4);
        expect(chain.sequence).toBe(5);
        expect(chain.hash).toMatch(/^[0-9a-f]{64}$/);
      });

      it("an id that isn't there is undefined, and can't be ended", async () => {
        expect(await bench.ledger.call("rcpt_none")).toBeUndefined();
        expect(await bench.ledger.credits("acct_none")).toBeUndefined();
        await expect(bench.ledger.end(voidOf("rcpt_none"))).rejects.toThrow(
          "rcpt_none isn't there",
        );
      });

      it("an unknown account holds nothing", async () => {
        const party = await newParty(bench.ledger);
        const result = await bench.ledger.hold({ ...holdOf(party), accountId: "acct_none" });
        expect(result).toEqual({ kind: "unknown_account" });
      });

      it("a key of another account is a bug", async () => {
        const [mine, theirs] = [await newParty(bench.ledger), await newParty(bench.ledger)];
        const hold = holdOf({ accountId: mine.accountId, keyId: theirs.keyId });
        await expect(bench.ledger.hold(hold)).rejects.toThrow(`no key ${theirs.keyId}`);
      });

      it.each([
        { law: "a charge above the hold", charge: "0.06", message: "exceeds the held" },
        {
          law: "lines that don't add up to the charge",
          charge: "0.04",
          message: "lines of the charge",
        },
      ])("refuses $law as a bug and leaves the hold open", async ({ charge, message }) => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        const ending = { ...settleFlat(hold), charge: usd(charge) };
        await expect(bench.ledger.end(ending)).rejects.toThrow(message);
        expect((await bench.ledger.openHolds()).map((open) => open.holdId)).toEqual([hold.id]);
        expect((await figures(bench.ledger, party)).held).toBe("0.05");
      });

      it("refuses an amount of a million dollars as a bug", async () => {
        const party = await newParty(bench.ledger);
        const amount = (usd("999999") + usd("1")) as PicoUsd;
        const hold = { ...holdOf(party), amount };
        await expect(bench.ledger.hold(hold)).rejects.toThrow("is not an amount");
      });
    });

    describe("once", () => {
      it("posting a hold twice is one hold", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        const first = await bench.ledger.hold(hold);
        bench.now += 1_000;
        expect(await bench.ledger.hold(hold)).toEqual(first);
        expect((await figures(bench.ledger, party)).held).toBe("0.05");
      });

      it("a hold with the id of another one is a bug", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        await expect(bench.ledger.hold({ ...hold, user: "another" })).rejects.toThrow(
          "another content",
        );
      });

      it("posting an ending twice is one ending, in one batch or later", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        const ending = settleFlat(hold);
        const [first, second] = await Promise.all([
          bench.ledger.end(ending),
          bench.ledger.end(ending),
        ]);
        await bench.reopen();
        expect([second, await bench.ledger.end(ending)]).toEqual([first, first]);
        expect((await figures(bench.ledger, party)).settled).toBe("0.05");
      });

      it("a hold ends once: another ending is a bug and moves nothing", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        await bench.ledger.end(settleFlat(hold));
        await expect(bench.ledger.end(voidOf(hold.id))).rejects.toThrow("ended before");
        await expect(bench.ledger.end(recoveredVoid({ ...hold, holdId: hold.id }))).rejects.toThrow(
          "ended before",
        );
        expect((await figures(bench.ledger, party)).settled).toBe("0.05");
      });

      it("after recovery a result is late: free for the account, and stays so", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        const recovered = await bench.ledger.end(recoveredVoid({ ...hold, holdId: hold.id }));
        const late = await bench.ledger.end(settleFlat(hold));
        expect(late).toEqual({ kind: "late", chain: recovered.chain });
        expect(await bench.ledger.end(settleFlat(hold))).toEqual(late);
        expect(await figures(bench.ledger, party)).toEqual({
          settled: "0",
          held: "0",
          available: "1",
        });
        expect((await bench.ledger.call(hold.id))?.ending?.kind).toBe("void");
      });

      it("a task is noted once, and shown with its open hold", async () => {
        const party = await newParty(bench.ledger, { fund: "1.00" });
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        await bench.ledger.noteTask({ holdId: hold.id, taskId: "task-1" });
        await bench.ledger.noteTask({ holdId: hold.id, taskId: "task-1" });
        expect(await bench.ledger.openHolds()).toEqual([
          {
            holdId: hold.id,
            accountId: party.accountId,
            vendor: "nobody",
            connection: "default",
            amount: usd("0.05"),
            vendorAmount: usd("0.05"),
            createdMs: NOON,
            taskId: "task-1",
            process: null,
          },
        ]);
        expect((await bench.ledger.call(hold.id))?.taskId).toBe("task-1");
        await expect(bench.ledger.noteTask({ holdId: hold.id, taskId: "task-2" })).rejects.toThrow(
          "another task",
        );
      });

      it("an ended hold takes no task", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOf(party);
        await bench.ledger.hold(hold);
        await bench.ledger.end(voidOf(hold.id));
        const task = { holdId: hold.id, taskId: "task-1" };
        await expect(bench.ledger.noteTask(task)).rejects.toThrow("has ended");
      });

      it("funding with one entry id adds once", async () => {
        const { accountId } = await newParty(bench.ledger, { fund: "1.00" });
        const request = { accountId, amount: usd("2"), actor: "me", entryId: nextId("fund") };
        const first = await bench.ledger.fund(request);
        expect(first).toEqual({ kind: "funded", entryId: request.entryId, available: usd("3") });
        expect(await bench.ledger.fund(request)).toEqual(first);
        expect(await bench.ledger.fund({ ...request, amount: usd("5") })).toEqual({
          kind: "refused",
          reason: "entry_reused",
        });
      });
    });

    it("after close everything is unavailable, and closing again is nothing", async () => {
      await bench.ledger.close();
      await expect(bench.ledger.listAccounts()).rejects.toMatchObject({
        name: "LedgerUnavailable",
      });
      await bench.ledger.close();
    });

    it("any sequence of holds and endings gives what a tiny model gives", async () => {
      await fc.assert(
        fc.asyncProperty(anySteps, async (steps) => {
          bench.now = NOON;
          const party = await newParty(bench.ledger, { fund: "2", limits: { day: "1" } });
          await runAgainstModel({
            ledger: bench.ledger,
            party,
            steps,
            nextDay: () => {
              bench.now += 86_400_000;
            },
          });
        }),
        { numRuns: 40 },
      );
    });
  });
}
