import { describe, expect, it } from "vitest";
import type { Page, PageRequest } from "../../src/ledger/reports-port.ts";
import { Bench, NOON, type OpenStore } from "./bench.ts";
import {
  holdOf,
  newParty,
  type Party,
  settleFlat,
  settleOf,
  tokenPrice,
  usd,
  voidOf,
} from "./fixtures.ts";
import { grow, keyOf } from "./grow.ts";

/** The laws of lists: newest first, page by page, nothing twice and nothing left out. */
export function listContract(name: string, open: OpenStore): void {
  describe(`${name}: lists`, () => {
    const bench = new Bench(open);

    async function pages<Item>(
      read: (of: PageRequest) => Promise<Page<Item>>,
      of: { readonly most: number; readonly accountId?: string },
    ): Promise<readonly (readonly Item[])[]> {
      const all: (readonly Item[])[] = [];
      for (let before: string | undefined; ; ) {
        const { items, next } = await read({ ...of, before });
        all.push(items);
        if (next === null) return all;
        before = next;
      }
    }

    /** Calls of which nobody knows what they cost, by age. */
    async function lose(party: Party, ...ids: readonly string[]): Promise<void> {
      for (const id of ids) {
        const hold = holdOf(party, { id });
        await bench.ledger.hold(hold);
        bench.now += 1;
        const exposure = { amount: usd("0.05"), reason: "timeout" };
        await bench.ledger.end({ ...voidOf(id), outcome: "unknown", exposure });
      }
    }

    const correct = (corrects: string, amount: string, entryId: string) =>
      bench.ledger.correct({
        ...{ entryId, corrects, amount: usd(amount), reason: "a bill", actor: "me" },
      });

    it("an exposure says whose call it is, what is feared and what was billed of it", async () => {
      const party = await newParty(bench.ledger);
      await lose(party, "rcpt_1");
      const exposure = {
        entryId: "rcpt_1.exposure",
        holdId: "rcpt_1",
        accountId: party.accountId,
        vendor: "nobody",
        connection: "default",
        model: "made-up",
        amount: usd("0.05"),
        reason: "timeout",
        openedMs: NOON + 1,
        billed: null,
      };
      const list = async (open: boolean) => (await bench.ledger.exposures({ open, most: 9 })).items;
      expect(await list(true)).toEqual([exposure]);
      await correct("rcpt_1.exposure", "0.02", "correction_1");
      expect(await list(true)).toEqual([]);
      expect(await list(false)).toEqual([{ ...exposure, billed: usd("0.02") }]);
    });

    it("exposures come newest first in pages, open ones or all", async () => {
      const party = await newParty(bench.ledger);
      await lose(party, "rcpt_1", "rcpt_2", "rcpt_3", "rcpt_4", "rcpt_5");
      await correct("rcpt_4.exposure", "0", "correction_1");
      const ids = async (open: boolean, most: number) =>
        (await pages((of) => bench.ledger.exposures({ ...of, open }), { most })).map((page) =>
          page.map(({ holdId }) => holdId),
        );
      expect(await ids(false, 2)).toEqual([["rcpt_5", "rcpt_4"], ["rcpt_3", "rcpt_2"], ["rcpt_1"]]);
      expect(await ids(true, 2)).toEqual([
        ["rcpt_5", "rcpt_3"],
        ["rcpt_2", "rcpt_1"],
      ]);
      expect(await ids(true, 4)).toEqual([["rcpt_5", "rcpt_3", "rcpt_2", "rcpt_1"]]);
    });

    it("of an account are all below it, where each hung at the time of the call", async () => {
      const root = await grow(bench.ledger, null);
      const [left, right] = [await grow(bench.ledger, root), await grow(bench.ledger, root)];
      const account = await grow(bench.ledger, left);
      const party = await keyOf(bench.ledger, account);
      await lose(party, "rcpt_1");
      await bench.ledger.moveAccount({ accountId: account, parentId: right, actor: "me" });
      await lose(party, "rcpt_2");
      const ids = async (accountId: string) =>
        (await bench.ledger.exposures({ open: true, accountId, most: 9 })).items.map(
          ({ holdId }) => holdId,
        );
      expect(await ids(root)).toEqual(["rcpt_2", "rcpt_1"]);
      expect(await ids(left)).toEqual(["rcpt_1"]);
      expect(await ids(right)).toEqual(["rcpt_2"]);
      expect(await ids(account)).toEqual(["rcpt_2", "rcpt_1"]);
      // A name is not a pattern.
      expect(await ids(account.replace(/.$/, "_"))).toEqual([]);
    });

    it("an overrun says the ceiling and what came above it", async () => {
      const party = await newParty(bench.ledger);
      const ceilingItems = [{ meter: "image_output_tokens", quantity: 196n }] as const;
      const hold = holdOf(party, { id: "rcpt_1", price: tokenPrice, ceilingItems });
      await bench.ledger.hold(hold);
      await bench.ledger.hold(holdOf(party, { id: "rcpt_2" }));
      await bench.ledger.end(settleFlat(holdOf(party, { id: "rcpt_2" })));
      const items = [{ meter: "image_output_tokens", quantity: 200n }] as const;
      bench.now += 7;
      await bench.ledger.end(settleOf(hold, { usage: { kind: "reported", items }, images: 1n }));
      expect((await bench.ledger.overruns({ most: 9 })).items).toEqual([
        {
          entryId: "rcpt_1.overrun",
          holdId: "rcpt_1",
          accountId: party.accountId,
          vendor: "nobody",
          connection: "default",
          model: "made-up",
          // 196 x 0.00003 and 4 x 0.00003
          ceiling: usd("0.00588"),
          amount: usd("0.00012"),
          createdMs: NOON + 7,
        },
      ]);
    });

    it("corrections come newest first in pages, two of one instant too", async () => {
      const party = await newParty(bench.ledger);
      await lose(party, "rcpt_1", "rcpt_2", "rcpt_3");
      await Promise.all([
        correct("rcpt_1.exposure", "0.01", "correction_1"),
        correct("rcpt_2.exposure", "0.02", "correction_2"),
        correct("rcpt_3.exposure", "0.03", "correction_3"),
      ]);
      bench.now += 1;
      await correct("rcpt_1.exposure", "0", "correction_0");
      const all = await pages((of) => bench.ledger.corrections(of), { most: 1 });
      expect(all.map((page) => page.map(({ entryId }) => entryId))).toEqual([
        ...[["correction_0"], ["correction_3"], ["correction_2"], ["correction_1"]],
      ]);
    });

    it("corrections of an account are its own", async () => {
      const root = await grow(bench.ledger, null);
      const account = await grow(bench.ledger, root);
      await lose(await keyOf(bench.ledger, account), "rcpt_1");
      await correct("rcpt_1.exposure", "0.01", "correction_1");
      const own = (await bench.ledger.corrections({ accountId: account, most: 9 })).items;
      expect(own.map(({ entryId, holdId }) => [entryId, holdId])).toEqual([
        ["correction_1", "rcpt_1"],
      ]);
      expect((await bench.ledger.corrections({ accountId: root, most: 9 })).items).toEqual([]);
    });

    it("what no page gave out is no page", async () => {
      for (const before of ["", "x", "1", "1~", "~a", "1.5~a", "1~a~b~c~d~e"]) {
        await expect(bench.ledger.alerts({ before, most: 9 })).rejects.toMatchObject({
          name: "InvalidPage",
        });
      }
    });

    it("open holds come oldest first, of one process or of all", async () => {
      const party = await newParty(bench.ledger);
      for (const [id, process] of [
        ["rcpt_9", "left"],
        ["rcpt_5", "right"],
        ["rcpt_7", "left"],
        ["rcpt_6", "left"],
      ] as const) {
        await bench.ledger.hold({ ...holdOf(party, { id }), admission: { process } });
        bench.now += 1;
      }
      await bench.ledger.end(voidOf("rcpt_7"));
      const ids = async (of?: { process: string }) =>
        (await bench.ledger.openHolds(of)).map(({ holdId }) => holdId);
      expect(await ids()).toEqual(["rcpt_9", "rcpt_5", "rcpt_6"]);
      expect(await ids({ process: "left" })).toEqual(["rcpt_9", "rcpt_6"]);
      expect(await ids({ process: "nobody" })).toEqual([]);
    });
  });
}
