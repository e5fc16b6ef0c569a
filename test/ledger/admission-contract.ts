import { describe, expect, it } from "vitest";
import type { Ending, HoldRequest } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { Bench, type OpenStore } from "./bench.ts";
import {
  holdOf,
  newParty,
  nextId,
  type Party,
  settleAmount,
  settleFlat,
  usd,
  voidOf,
} from "./fixtures.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** 64 digits, as a hash has. */
function hash(digit: string): string {
  return digit.repeat(64);
}

/** The laws of once per intent, and of calls whose client left. */
export function admissionContract(name: string, open: OpenStore): void {
  describe(`${name}: once per intent`, () => {
    const bench = new Bench(open);

    function intending(party: Party, scope = "a", body = "b"): HoldRequest {
      return { ...holdOf(party), admission: { intent: { scope: hash(scope), body: hash(body) } } };
    }

    async function held(hold: HoldRequest): Promise<HoldRequest> {
      expect(await bench.ledger.hold(hold)).toMatchObject({ kind: "held" });
      return hold;
    }

    /** Every end of a call, by what it left. */
    const endings: { readonly [left: string]: (hold: HoldRequest) => Ending } = {
      "a charge": (hold) => settleFlat(hold),
      "a cost": (hold) => {
        const { vendorCost } = settleAmount(hold, "0.02");
        return { ...voidOf(hold.id), outcome: "failed", vendorCost };
      },
      "an exposure": (hold) => {
        const exposure = { amount: usd("0.05"), reason: "timeout" };
        return { ...voidOf(hold.id), outcome: "unknown", exposure };
      },
      "what recovery fears": (hold) => recoveredVoid({ ...hold, holdId: hold.id }),
      nothing: (hold) => voidOf(hold.id),
    };
    const sticking = Object.keys(endings).filter((left) => left !== "nothing");

    describe("an Idempotency-Key", () => {
      it("finds the call that runs, and holds nothing more", async () => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        expect(await bench.ledger.hold(intending(party))).toEqual({
          ...{ kind: "intent", state: "running", holdId: first.id },
        });
        expect(await bench.ledger.credits(party.accountId)).toMatchObject({ held: usd("0.05") });
      });

      it("of another body is refused, naming the call", async () => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        const other = intending(party, "a", "c");
        const reused = { kind: "intent_reused", holdId: first.id };
        expect(await bench.ledger.hold(other)).toEqual(reused);
        await bench.ledger.end(settleFlat(first));
        expect(await bench.ledger.hold(other)).toEqual(reused);
        await held(intending(party, "d", "c"));
      });

      it.each(sticking)("sticks for a day when its call left %s", async (left) => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        bench.now += MINUTE_MS;
        await bench.ledger.end((endings[left] ?? settleFlat)(first));
        bench.now += DAY_MS - 1;
        await bench.reopen();
        expect(await bench.ledger.hold(intending(party))).toEqual({
          ...{ kind: "intent", state: "ended", holdId: first.id },
        });
        bench.now += 1;
        await held(intending(party));
      });

      it("sticks though a correction took the cost back", async () => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        await bench.ledger.end((endings["a cost"] ?? settleFlat)(first));
        const entryId = nextId("correction");
        const of = { entryId, corrects: `${first.id}.cost`, amount: usd("0") };
        await bench.ledger.correct({ ...of, reason: "not billed", actor: "me" });
        expect(await bench.ledger.hold(intending(party))).toMatchObject({ state: "ended" });
      });

      it("is free at once when its call left nothing, and then stands for the next", async () => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        await bench.ledger.end(voidOf(first.id));
        const second = await held(intending(party, "a", "c"));
        expect(await bench.ledger.hold(intending(party))).toEqual({
          ...{ kind: "intent_reused", holdId: second.id },
        });
      });

      it("of a refused order stays free", async () => {
        const party = await newParty(bench.ledger, { fund: "0.04" });
        expect(await bench.ledger.hold(intending(party))).toMatchObject({ kind: "refused" });
        const { accountId } = party;
        const fund = { accountId, amount: usd("0.01"), actor: "me", entryId: nextId("fund") };
        await bench.ledger.fund(fund);
        await held(intending(party));
      });

      it("asked for twice at once makes one hold", async () => {
        const party = await newParty(bench.ledger);
        const twice = [intending(party), intending(party)];
        const results = await Promise.all(twice.map((hold) => bench.ledger.hold(hold)));
        expect(results.map((result) => result.kind).sort()).toEqual(["held", "intent"]);
      });

      it("says nothing of the same hold posted again", async () => {
        const party = await newParty(bench.ledger);
        const first = await held(intending(party));
        expect(await bench.ledger.hold(first)).toMatchObject({ kind: "held" });
      });
    });

    describe("adoption", () => {
      function adopting(party: Party, body = "b"): HoldRequest {
        return { ...holdOf(party), admission: { adopt: hash(body) } };
      }

      async function offered(party: Party, body = "b"): Promise<HoldRequest> {
        const hold = await held(holdOf(party));
        const untilMs = 10 * MINUTE_MS;
        await bench.ledger.noteAdoptable({ holdId: hold.id, body: hash(body), untilMs });
        return hold;
      }

      it("an offered call is taken over once, without a hold", async () => {
        const party = await newParty(bench.ledger);
        const left = await offered(party);
        await bench.reopen();
        expect(await bench.ledger.hold(adopting(party))).toEqual({
          ...{ kind: "adopted", holdId: left.id },
        });
        expect(await bench.ledger.credits(party.accountId)).toMatchObject({ held: usd("0.05") });
        await held(adopting(party));
        // Offering it again doesn't give it away twice.
        const again = { holdId: left.id, body: hash("b"), untilMs: MINUTE_MS };
        await bench.ledger.noteAdoptable(again);
        await held(adopting(party));
      });

      it("offered again after a claim, as its new client left too, it is taken over once more", async () => {
        const party = await newParty(bench.ledger);
        const left = await offered(party);
        const adopted = { kind: "adopted", holdId: left.id };
        const again = {
          holdId: left.id,
          body: hash("b"),
          untilMs: MINUTE_MS,
          again: true,
        } as const;
        for (let times = 0; times < 3; times++) {
          expect(await bench.ledger.hold(adopting(party))).toEqual(adopted);
          await bench.reopen();
          await bench.ledger.noteAdoptable(again);
        }
        const asked = [adopting(party), adopting(party)];
        const results = await Promise.all(asked.map((hold) => bench.ledger.hold(hold)));
        expect(results.map(({ kind }) => kind).sort()).toEqual(["adopted", "held"]);
        await held(adopting(party));
      });

      it("only by the same key and body, and only by who asks for it", async () => {
        const party = await newParty(bench.ledger);
        const other = await newParty(bench.ledger);
        await held(holdOf(party));
        await held(adopting(party));
        await offered(party);
        await held(adopting(party, "c"));
        await held(holdOf(party));
        await held(adopting(other));
        expect(await bench.ledger.hold(adopting(party))).toMatchObject({ kind: "adopted" });
      });

      it("finished calls may be taken over for ten minutes, if they made something", async () => {
        const party = await newParty(bench.ledger);
        const left = await offered(party);
        await bench.ledger.end(voidOf(left.id));
        await held(adopting(party));
        const made = await offered(party);
        const stale = await offered(party);
        await bench.ledger.end(settleFlat(stale));
        bench.now += 10 * MINUTE_MS - 1;
        await bench.ledger.end(settleFlat(made));
        bench.now += 1;
        expect(await bench.ledger.hold(adopting(party))).toEqual({
          ...{ kind: "adopted", holdId: made.id },
        });
        await held(adopting(party));
      });

      it("the one that was offered first goes first", async () => {
        const party = await newParty(bench.ledger);
        const first = await offered(party);
        bench.now += 1;
        const second = await offered(party);
        const taken = [
          await bench.ledger.hold(adopting(party)),
          await bench.ledger.hold(adopting(party)),
        ];
        expect(taken).toEqual([
          { kind: "adopted", holdId: first.id },
          { kind: "adopted", holdId: second.id },
        ]);
      });

      it("of two that ask at once one takes it over and one pays", async () => {
        const party = await newParty(bench.ledger);
        await offered(party);
        const twice = [adopting(party), adopting(party)];
        const results = await Promise.all(twice.map((hold) => bench.ledger.hold(hold)));
        expect(results.map((result) => result.kind).sort()).toEqual(["adopted", "held"]);
      });

      it("an order that fits no limit takes over what is paid for already", async () => {
        const party = await newParty(bench.ledger, { fund: "0.05" });
        await offered(party);
        expect(await bench.ledger.hold(adopting(party))).toMatchObject({ kind: "adopted" });
        expect(await bench.ledger.hold(adopting(party))).toMatchObject({ kind: "refused" });
      });

      it("a call that isn't there can't be offered", async () => {
        const none = { holdId: "rcpt_none", body: hash("b"), untilMs: 1 };
        await expect(bench.ledger.noteAdoptable(none)).rejects.toThrow("rcpt_none isn't there");
      });
    });
  });
}
