import { describe, expect, it } from "vitest";
import { type Admission, type HoldRequest, LedgerUnavailable } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { Bench, figures, type OpenStore } from "./bench.ts";
import { holdOf, newParty, type Party, settleFlat, usd, voidOf } from "./fixtures.ts";

const HOUR_MS = 60 * 60_000;
const MINUTE_MS = 60_000;
const SCOPE = "5".repeat(64);
const BODY = "b".repeat(64);
const OTHER = "c".repeat(64);
const INTENT = { scope: SCOPE, body: BODY };

/** The laws of requests that are asked for again: intents, and calls whose client left (MONEY §7). */
export function intentContract(name: string, open: OpenStore): void {
  const withAdmission = (party: Party, admission: Admission): HoldRequest => ({
    ...holdOf(party),
    admission,
  });

  describe(`${name}: intents`, () => {
    const bench = new Bench(open);
    const ask = (party: Party, intent = INTENT) => {
      const request = withAdmission(party, { intent });
      return bench.ledger.hold(request).then((result) => ({ request, result }));
    };

    it("the first is held, every later one is told of it, running and ended, after a restart too", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const { request: first, result } = await ask(party);
      expect(result.kind).toBe("held");
      const told = { kind: "intent", holdId: first.id };
      expect((await ask(party)).result).toEqual({ ...told, state: "running" });
      await bench.ledger.end(settleFlat(first));
      expect((await ask(party)).result).toEqual({ ...told, state: "ended" });
      await bench.reopen();
      expect((await ask(party)).result).toEqual({ ...told, state: "ended" });
      expect(await figures(bench.ledger, party)).toEqual({
        settled: "0.05",
        held: "0",
        available: "0.95",
      });
    });

    it("ten at once are held once", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const asked = await Promise.all(Array.from({ length: 10 }, () => ask(party)));
      const kinds = asked.map(({ result }) => result.kind).toSorted();
      expect(kinds).toEqual(["held", ...Array.from({ length: 9 }, () => "intent")]);
      expect((await figures(bench.ledger, party)).held).toBe("0.05");
    });

    it("another body is told that the key is taken, while it runs and after", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const { request: first } = await ask(party);
      const other = { scope: SCOPE, body: OTHER };
      const reused = { kind: "intent_reused", holdId: first.id };
      expect((await ask(party, other)).result).toEqual(reused);
      await bench.ledger.end(settleFlat(first));
      expect((await ask(party, other)).result).toEqual(reused);
    });

    it("stands for 24 hours from its end, to the millisecond", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const { request: first } = await ask(party);
      bench.now += 3 * HOUR_MS;
      await bench.ledger.end(settleFlat(first));
      bench.now += 24 * HOUR_MS - 1;
      expect((await ask(party)).result.kind).toBe("intent");
      bench.now += 1;
      expect((await ask(party, { scope: SCOPE, body: OTHER })).result.kind).toBe("held");
    });

    it("an ending that left nothing frees it at once, for whatever body", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const { request: first } = await ask(party);
      await bench.ledger.end(voidOf(first.id));
      const { request: second, result } = await ask(party, { scope: SCOPE, body: OTHER });
      expect(result.kind).toBe("held");
      expect((await ask(party, { scope: SCOPE, body: OTHER })).result).toMatchObject({
        kind: "intent",
        holdId: second.id,
      });
    });

    it("a void that left a cost or an exposure keeps it; so does a recovery", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const amount = usd("0.05");
      const line = { meter: "output_images", quantity: 1n, unitPrice: amount, amount } as const;
      const endings = [
        { vendorCost: { total: amount, lines: [line] } },
        { exposure: { amount, reason: "timeout" } },
      ];
      for (const [index, left] of endings.entries()) {
        const intent = { scope: String(index).repeat(64), body: BODY };
        const { request } = await ask(party, intent);
        await bench.ledger.end({ ...voidOf(request.id), outcome: "failed", ...left });
        expect((await ask(party, intent)).result).toMatchObject({ state: "ended" });
      }
      const { request } = await ask(party);
      await bench.ledger.end(recoveredVoid({ holdId: request.id, amount }));
      expect((await ask(party)).result).toMatchObject({ state: "ended", holdId: request.id });
    });

    it("is told before any limit is looked at, and refused by a limit leaves it free", async () => {
      const party = await newParty(bench.ledger, { fund: "0.05" });
      const { request: first } = await ask(party);
      expect((await ask(party)).result.kind).toBe("intent");
      const other = { scope: "7".repeat(64), body: BODY };
      expect((await ask(party, other)).result.kind).toBe("refused");
      await bench.ledger.end(voidOf(first.id));
      expect((await ask(party, other)).result.kind).toBe("held");
    });

    it("a hold knows whether one stands for it", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const { request: kept } = await ask(party);
      const plain = holdOf(party);
      await bench.ledger.hold(plain);
      expect(await bench.ledger.hasIntent(kept.id)).toBe(true);
      expect(await bench.ledger.hasIntent(plain.id)).toBe(false);
      expect(await bench.ledger.hasIntent("rcpt_none")).toBe(false);
      await bench.ledger.end(voidOf(kept.id));
      const { request: next } = await ask(party);
      expect(await bench.ledger.hasIntent(kept.id)).toBe(false);
      expect(await bench.ledger.hasIntent(next.id)).toBe(true);
    });
  });

  describe(`${name}: adoption`, () => {
    const bench = new Bench(open);
    const UNTIL_MS = 10 * MINUTE_MS;

    /** A call of this party, offered. */
    const offered = async (party: Party, body = BODY): Promise<HoldRequest> => {
      const hold = withAdmission(party, { adopt: body });
      await bench.ledger.hold(hold);
      await bench.ledger.noteAdoptable({ holdId: hold.id, body, untilMs: UNTIL_MS });
      return hold;
    };
    const adopt = (party: Party, body = BODY) =>
      bench.ledger.hold(withAdmission(party, { adopt: body }));

    it("a running call goes to the next of the same key and body, once, and nothing is held", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const call = await offered(party);
      const answers = await Promise.all([adopt(party), adopt(party)]);
      expect(answers[0]).toEqual({ kind: "adopted", holdId: call.id });
      expect(answers[1]?.kind).toBe("held");
      expect((await adopt(party)).kind).toBe("held");
      expect((await figures(bench.ledger, party)).held).toBe("0.15");
    });

    it("offered twice it is adopted once; adopted, it can't be offered again", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const call = await offered(party);
      const again = { holdId: call.id, body: BODY, untilMs: UNTIL_MS };
      await bench.ledger.noteAdoptable(again);
      expect((await adopt(party)).kind).toBe("adopted");
      await bench.ledger.noteAdoptable(again);
      expect((await adopt(party)).kind).toBe("held");
    });

    it("the oldest goes first, after a restart too", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const older = await offered(party);
      bench.now += 1;
      const younger = withAdmission(party, {});
      await bench.ledger.hold(younger);
      await bench.ledger.noteAdoptable({ holdId: younger.id, body: BODY, untilMs: UNTIL_MS });
      await bench.reopen();
      expect(await adopt(party)).toEqual({ kind: "adopted", holdId: older.id });
      expect(await adopt(party)).toEqual({ kind: "adopted", holdId: younger.id });
    });

    it("for 10 minutes from its end, when it was made", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const first = await offered(party);
      await bench.ledger.end(settleFlat(first));
      bench.now += 10 * MINUTE_MS - 1;
      expect(await adopt(party)).toEqual({ kind: "adopted", holdId: first.id });
      const second = await offered(party, OTHER);
      await bench.ledger.end(settleFlat(second));
      bench.now += 10 * MINUTE_MS;
      expect((await adopt(party, OTHER)).kind).toBe("held");
    });

    it("never one that came to nothing, another key's, another body's, or one that nobody offered", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      const stranger = await newParty(bench.ledger, { fund: "1.00" });
      const failed = await offered(party, OTHER);
      await bench.ledger.end(voidOf(failed.id));
      expect((await adopt(party, OTHER)).kind).toBe("held");
      await offered(party);
      expect((await adopt(stranger)).kind).toBe("held");
      expect((await adopt(party, "d".repeat(64))).kind).toBe("held");
      expect((await bench.ledger.hold(holdOf(party))).kind).toBe("held");
      expect((await adopt(party)).kind).toBe("adopted");
    });

    it("nor to a request that names no body", async () => {
      const party = await newParty(bench.ledger, { fund: "1.00" });
      await offered(party);
      expect((await bench.ledger.hold(withAdmission(party, { intent: INTENT }))).kind).toBe("held");
      expect((await adopt(party)).kind).toBe("adopted");
    });

    it("an offer of a hold that isn't there is a bug", async () => {
      const nobody = { holdId: "rcpt_none", body: BODY, untilMs: UNTIL_MS };
      const offer = bench.ledger.noteAdoptable(nobody);
      await expect(offer).rejects.toThrow();
      await expect(offer).rejects.not.toBeInstanceOf(LedgerUnavailable);
    });
  });
}
