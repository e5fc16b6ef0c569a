import { describe, expect, it } from "vitest";
import type { HoldRequest } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, figures, type OpenStore } from "./bench.ts";
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

const TODAY = { from: "2026-06-19", to: "2026-06-19" };

/** The laws of outcomes: memos of which the last one of a picture counts. */
export function outcomeContract(name: string, open: OpenStore): void {
  describe(`${name}: outcomes`, () => {
    const bench = new Bench(open);

    /** A call that delivered n flat images at 0.05 USD. */
    async function settled(party: Party, n = 1, change: Partial<HoldRequest> = {}) {
      const hold = { ...holdOf(party, { n }), ...change };
      await bench.ledger.hold(hold);
      await bench.ledger.end({ ...settleFlat(hold), qualityBilled: "low" });
      return hold.id;
    }

    /** Verdicts as a reader writes them: "0+" keeps the first picture, "1- blurred" rejects the second. */
    function note(holdId: string, ...verdicts: readonly string[]) {
      const outcomes = verdicts.map((verdict) => {
        const [, image, sign, reason = ""] = /^(\d+)([+-]) ?(.*)$/.exec(verdict) ?? [];
        return { image: Number(image), kept: sign === "+", reason: reason === "" ? null : reason };
      });
      return bench.ledger.noteOutcomes({ holdId, outcomes, actor: "me" });
    }

    async function standing(holdId: string) {
      const call = await bench.ledger.call(holdId);
      return call?.outcomes.map(({ image, kept, reason, revision }) => {
        return `${image}${kept ? "+" : "-"}${reason === null ? "" : ` ${reason}`} (${revision})`;
      });
    }

    async function entries(): Promise<number> {
      const heads = await bench.ledger.heads();
      return heads.reduce((sum, { sequence }) => sum + sequence, 0);
    }

    it("stand at their picture, with who said so and when, and move no money", async () => {
      const party = await newParty(bench.ledger, { fund: "1" });
      const id = await settled(party, 2);
      const before = await figures(bench.ledger, party);
      bench.now += 60_000;
      expect(await note(id, "1- off-colour", "0+")).toEqual({
        ...{ kind: "noted", posted: 2, unchanged: 0 },
      });
      const call = await bench.ledger.call(id);
      const facts = { actor: "me", revision: 1, createdMs: bench.now };
      expect(call?.outcomes).toEqual([
        { image: 0, kept: true, reason: null, ...facts },
        { image: 1, kept: false, reason: "off-colour", ...facts },
      ]);
      expect(await figures(bench.ledger, party)).toEqual(before);
      await bench.reopen();
      expect(await standing(id)).toEqual(["0+ (1)", "1- off-colour (1)"]);
    });

    it("of one picture the last counts, and the ones before stay in the journal", async () => {
      const id = await settled(await newParty(bench.ledger));
      const before = await entries();
      for (const verdict of ["0+", "0- blurred", "0- wrong_size", "0+"]) await note(id, verdict);
      expect(await standing(id)).toEqual(["0+ (4)"]);
      expect((await entries()) - before).toBe(4);
    });

    it("posting the same again is the same posting, whoever posts it", async () => {
      const id = await settled(await newParty(bench.ledger), 2);
      await note(id, "0+", "1- blurred");
      const before = await entries();
      const again = [{ image: 0, kept: true, reason: null }];
      expect(
        await bench.ledger.noteOutcomes({ holdId: id, outcomes: again, actor: "another" }),
      ).toEqual({ kind: "noted", posted: 0, unchanged: 1 });
      expect(await note(id, "0+", "1+")).toEqual({ kind: "noted", posted: 1, unchanged: 1 });
      expect((await entries()) - before).toBe(1);
      const call = await bench.ledger.call(id);
      expect(call?.outcomes.map(({ actor }) => actor)).toEqual(["me", "me"]);
    });

    it("what is posted side by side is posted one after the other", async () => {
      const id = await settled(await newParty(bench.ledger), 2);
      const before = await entries();
      const verdicts = ["0+", "0- blurred", "1+", "0- wrong_size", "1+"];
      const noted = await Promise.all(verdicts.map((verdict) => note(id, verdict)));
      // Which of the two that say the same comes first is nobody's law.
      expect(noted.reduce((sum, each) => sum + (each.kind === "noted" ? each.posted : 0), 0)).toBe(
        4,
      );
      const call = await bench.ledger.call(id);
      expect(call?.outcomes.map(({ revision }) => revision)).toEqual([3, 1]);
      expect((await entries()) - before).toBe(4);
    });

    describe("are refused", () => {
      it("for a receipt that isn't there", async () => {
        expect(await note("rcpt_nobody", "0+")).toEqual({
          ...{ kind: "refused", reason: "unknown_receipt" },
        });
      });

      it("while a call is open, and where it ended without a picture", async () => {
        const party = await newParty(bench.ledger);
        const [open, voided, lost] = [holdOf(party), holdOf(party), holdOf(party)];
        for (const hold of [open, voided, lost]) await bench.ledger.hold(hold);
        await bench.ledger.end(voidOf(voided.id));
        await bench.ledger.end(recoveredVoid({ ...lost, holdId: lost.id, vendorAmount: usd("0") }));
        for (const { id } of [open, voided, lost]) {
          expect(await note(id, "0+")).toEqual({ kind: "refused", reason: "not_settled" });
        }
      });

      it("for a picture that wasn't delivered, and then none of the receipt's is noted", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOf(party, { n: 4 });
        await bench.ledger.hold(hold);
        // Three were made and one went lost on the way.
        await bench.ledger.end({ ...settleFlat(hold, 3), imagesDelivered: 2 });
        expect(await note(hold.id, "0+", "2+", "9+")).toEqual({
          ...{ kind: "refused", reason: "no_such_image", image: 2, images: 2 },
        });
        expect(await standing(hold.id)).toEqual([]);
      });

      it("after the hundredth change of mind about a picture, unless it says what stands", async () => {
        const id = await settled(await newParty(bench.ledger), 2);
        for (let turn = 0; turn < 100; turn += 1) await note(id, turn % 2 === 0 ? "0+" : "0-");
        expect(await note(id, "1+", "0+")).toEqual({
          ...{ kind: "refused", reason: "judged_too_often", image: 0, images: 2 },
        });
        expect(await note(id, "1+", "0-")).toEqual({ kind: "noted", posted: 1, unchanged: 1 });
      });
    });

    describe("are added up", () => {
      /** Outcomes, kept pictures and what was charged for the judged ones. */
      async function usage(of: { accountId?: string; by?: "model" } = {}) {
        const { accountId, by } = of;
        const rows = await bench.ledger.usage({
          ...{ ...TODAY, accountId, by: by === undefined ? [] : [by] },
        });
        return rows.map(({ outcomes, kept, judgedCharge }) => {
          return `${kept} of ${outcomes} for ${formatUsd(judgedCharge)}`;
        });
      }

      it("with the judged pictures' part of each charge, rounded up a call", async () => {
        const party = await newParty(bench.ledger);
        const three = holdOfAmount(party, "1");
        await bench.ledger.hold(three);
        const ending = settleAmount(three, "0.1");
        await bench.ledger.end({ ...ending, imagesMade: 3, imagesDelivered: 3 });
        const two = await settled(party, 2);
        await settled(party);
        expect(await usage()).toEqual(["0 of 0 for 0"]);
        await note(three.id, "0+", "2- blurred");
        // 0.1 x 2 / 3 = 0.0666666666666…, upwards
        expect(await usage()).toEqual(["1 of 2 for 0.066666666667"]);
        await note(two, "1+");
        // and 0.1 x 1 / 2
        expect(await usage()).toEqual(["2 of 3 for 0.116666666667"]);
        await note(three.id, "2+");
        expect(await usage()).toEqual(["3 of 3 for 0.116666666667"]);
      });

      it("with what corrections have left of a charge", async () => {
        const id = await settled(await newParty(bench.ledger), 2);
        await note(id, "0+", "1+");
        const of = { entryId: nextId("correction"), corrects: `${id}.end`, amount: usd("0.07") };
        await bench.ledger.correct({ ...of, reason: "goodwill", actor: "me" });
        expect(await usage()).toEqual(["2 of 2 for 0.07"]);
      });

      it("the dearest charge of many pictures stays within a column", async () => {
        const party = await newParty(bench.ledger);
        const hold = holdOfAmount(party, "999999.999999999999");
        await bench.ledger.hold(hold);
        const ending = settleAmount(hold, "999999.999999999999");
        await bench.ledger.end({ ...ending, imagesMade: 20, imagesDelivered: 20 });
        await note(hold.id, ...Array.from({ length: 20 }, (_, image) => `${image}+`));
        expect(await usage()).toEqual(["20 of 20 for 999999.999999999999"]);
      });

      it("an account's own and those of all below it, by model and quality", async () => {
        const root = await grow(bench.ledger, null);
        const below = await grow(bench.ledger, root);
        const party = await keyOf(bench.ledger, root);
        const team = await keyOf(bench.ledger, below);
        const stranger = await newParty(bench.ledger);
        await note(await settled(party, 2), "0+", "1-");
        await note(await settled(team, 1, { model: "other" }), "0+");
        await note(await settled(stranger, 1), "0+");
        await settled(stranger, 1);
        expect(await usage({ accountId: below })).toEqual(["1 of 1 for 0.05"]);
        expect(await usage({ accountId: root, by: "model" })).toEqual([
          ...["1 of 2 for 0.1", "1 of 1 for 0.05"],
        ]);
        const made = { model: "made-up", quality: "low" };
        expect(await bench.ledger.judged({ rootId: root, accountId: root })).toEqual([
          { ...made, outcomes: 2, kept: 1, judgedCharge: usd("0.1") },
          { ...made, model: "other", outcomes: 1, kept: 1, judgedCharge: usd("0.05") },
        ]);
        expect(await bench.ledger.judged({ rootId: root, accountId: below })).toMatchObject([
          { model: "other" },
        ]);
      });
    });

    it("which pictures may be judged is told of many receipts at once", async () => {
      const party = await newParty(bench.ledger);
      const ids = [await settled(party, 3)];
      const open = holdOf(party);
      await bench.ledger.hold(open);
      // More than are asked for in one statement.
      for (let more = 0; more < 120; more += 1) ids.push(`rcpt_none_${more}`);
      const { accountId } = party;
      expect(await bench.ledger.judgeable([...ids, open.id, ...ids])).toEqual([
        { holdId: ids[0], accountId, images: 3 },
        { holdId: open.id, accountId, images: null },
      ]);
      expect(await bench.ledger.judgeable([])).toEqual([]);
    });
  });
}
