import { describe, expect, it } from "vitest";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Bench, figures, type OpenStore } from "./bench.ts";
import { holdOf, newParty, nextId, settleFlat, usd, voidOf } from "./fixtures.ts";
import {
  allRows,
  claim,
  holdOfRow,
  type Loaded,
  loadRun,
  money,
  rowEnd,
  states,
  take,
} from "./run-fixtures.ts";

const HOUR_MS = 3_600_000;

/** The laws of a run's money: its cap, and figures that are always those of its calls. */
export function runMoneyContract(name: string, open: OpenStore): void {
  describe(`${name}: the money of runs`, () => {
    const bench = new Bench(open);

    /** A run of these rows that `gw_1` has. */
    async function started(of: { ids: readonly string[]; maxCost?: string; fund?: string }) {
      const party = await newParty(bench.ledger, { fund: of.fund ?? "5" });
      const loaded = await loadRun(bench.ledger, party, of);
      return { ...loaded, epoch: await take(bench.ledger, loaded.run) };
    }
    const moneyOf = async ({ run }: Loaded) => money(await bench.ledger.run(run));
    const endOne = async (of: Loaded & { epoch: number }, end: ReturnType<typeof rowEnd>) => {
      const { run, epoch } = of;
      const ended = await bench.ledger.endRows({ run, epoch, rows: [end] });
      return ended.kind === "decided" ? ended.rows[0] : ended;
    };
    const correct = async (corrects: string, amount: string) => {
      const entryId = nextId("fix");
      const request = { entryId, corrects, amount: usd(amount), reason: "bill", actor: "me" };
      expect((await bench.ledger.correct(request)).kind).toBe("corrected");
    };

    it("a claim holds the ceiling; the ending makes of it what was charged, in its own transaction", async () => {
      const of = await started({ ids: ["a"], maxCost: "1" });
      await claim(bench.ledger, of, { epoch: of.epoch, ids: ["a"], ceiling: "0.06" });
      expect(await moneyOf(of)).toEqual(["0", "0.06", "0"]);
      const hold = holdOfRow(of, "a");
      expect((await bench.ledger.hold(hold)).kind).toBe("held");
      expect(await moneyOf(of)).toEqual(["0", "0.06", "0"]);
      expect(await allRows(bench.ledger, of.run)).toMatchObject([
        { state: "running", receiptId: hold.id, ceiling: usd("0.06"), charge: 0n },
      ]);
      await bench.ledger.end(settleFlat(hold));
      expect(await moneyOf(of)).toEqual(["0.05", "0", "0"]);
      await endOne(of, rowEnd("a", "done", { receiptId: hold.id }));
      await bench.reopen();
      expect(await moneyOf(of)).toEqual(["0.05", "0", "0"]);
      expect((await bench.ledger.run(of.run))?.images).toBe(1);
      expect(await allRows(bench.ledger, of.run)).toMatchObject([
        { state: "done", receiptId: hold.id, ceiling: 0n, charge: usd("0.05"), exposure: 0n },
      ]);
    });

    it("no claim passes the cap: the first that doesn't fit is told, those behind it aren't tried", async () => {
      const of = await started({ ids: ["a", "b", "c", "d"], maxCost: "0.14" });
      const ids = ["a", "b", "c", "d"];
      expect(await claim(bench.ledger, of, { epoch: of.epoch, ids })).toEqual([
        { kind: "claimed", row: "a" },
        { kind: "claimed", row: "b" },
        // 0.14 - 2 * 0.05
        { kind: "cap", row: "c", required: usd("0.05"), available: usd("0.04") },
        { kind: "not_tried", row: "d" },
      ]);
      expect(await moneyOf(of)).toEqual(["0", "0.1", "0"]);
      const fitting = { epoch: of.epoch, ids: ["c", "d"], ceiling: "0.04" };
      expect((await claim(bench.ledger, of, fitting)).map(({ kind }) => kind)).toEqual([
        ...["claimed", "cap"],
      ]);
      await endOne(of, rowEnd("a", "waiting"));
      expect(await states(bench.ledger, of.run)).toEqual([
        ...["waiting", "running", "running", "waiting"],
      ]);
      expect(await moneyOf(of)).toEqual(["0", "0.09", "0"]);
    });

    it("nor do twenty at once; without a cap all are claimed; one that is lowered lets nothing more be", async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
      const of = await started({ ids, maxCost: "0.36" });
      const { run, epoch } = of;
      const one = async (id: string) => (await claim(bench.ledger, of, { epoch, ids: [id] }))[0];
      const kinds = (await Promise.all(ids.map(one))).map((claimed) => claimed?.kind);
      expect(kinds.filter((kind) => kind === "claimed")).toHaveLength(7);
      expect(await moneyOf(of)).toEqual(["0", "0.35", "0"]);
      const cap = async (maxCost: string | null) => {
        const change = { maxCost: maxCost === null ? null : usd(maxCost) };
        await bench.ledger.setRun({ run, from: ["running"], change });
      };
      await cap("0.1");
      const refused = await one("r10");
      expect(refused).toMatchObject({ kind: "cap", available: usd("0.1") - usd("0.35") });
      await cap(null);
      const rest = await claim(bench.ledger, of, { epoch, ids: ids.slice(7) });
      expect(rest.every(({ kind }) => kind === "claimed")).toBe(true);
      expect(await moneyOf(of)).toEqual(["0", "1", "0"]);
    });

    it("exposures count against it at their maximum; closed, at what was billed; charges as corrected", async () => {
      const of = await started({ ids: ["a", "b", "c"], maxCost: "0.15" });
      const { run, epoch } = of;
      await claim(bench.ledger, of, { epoch, ids: ["a", "b"] });
      const [made, feared] = [holdOfRow(of, "a"), holdOfRow(of, "b")];
      for (const hold of [made, feared]) await bench.ledger.hold(hold);
      await bench.ledger.end(settleFlat(made));
      await bench.ledger.end({
        ...{ ...voidOf(feared.id), outcome: "unknown", code: "outcome_unknown" },
        exposure: { amount: usd("0.05"), reason: "timeout" },
      });
      expect(await moneyOf(of)).toEqual(["0.05", "0", "0.05"]);
      await endOne(of, rowEnd("a", "done", { receiptId: made.id }));
      await endOne(of, rowEnd("b", "unknown", { receiptId: feared.id, code: "outcome_unknown" }));
      const dear = { epoch, ids: ["c"], ceiling: "0.06" };
      expect(await claim(bench.ledger, of, dear)).toMatchObject([{ kind: "cap" }]);
      await correct(`${made.id}.end`, "0.03");
      await correct(`${feared.id}.exposure`, "0.04");
      expect(await moneyOf(of)).toEqual(["0.03", "0", "0.04"]);
      await correct(`${feared.id}.exposure`, "0.01");
      expect(await moneyOf(of)).toEqual(["0.03", "0", "0.01"]);
      const [a, b] = await allRows(bench.ledger, run);
      expect([a, b].map((row) => row && [formatUsd(row.charge), formatUsd(row.exposure)])).toEqual([
        ["0.03", "0"],
        ["0", "0.01"],
      ]);
      expect(await claim(bench.ledger, of, dear)).toMatchObject([{ kind: "claimed" }]);
      const counted = await bench.ledger.recountRun(run);
      const same = { settled: usd("0.03"), exposed: usd("0.01"), images: 1 };
      expect(counted).toEqual({ kind: "counted", before: same, after: same });
    });

    it("a hold is made only for a row that is claimed for it, and for no more than was claimed", async () => {
      const of = await started({ ids: ["a", "b"], maxCost: "1" });
      const { epoch, party } = of;
      const lost = async (request = holdOfRow(of, "a")) => {
        expect(await bench.ledger.hold(request)).toEqual({ kind: "not_claimed" });
      };
      await lost();
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      await lost({ ...holdOfRow(of, "a"), admission: holdOfRow(of, "b").admission ?? {} });
      await lost({ ...holdOfRow(of, "a"), admission: {} });
      await lost({ ...holdOfRow(of, "a"), run: { id: of.run.id, row: "nobody" } });
      await lost({ ...holdOfRow(of, "a"), amount: usd("0.051"), expected: usd("0.051") });
      await endOne(of, rowEnd("a", "waiting"));
      await lost();
      expect(await figures(bench.ledger, party)).toMatchObject({ settled: "0", held: "0" });
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      expect((await bench.ledger.hold(holdOfRow(of, "a"))).kind).toBe("held");
    });

    it("one claim makes one hold: spent or not, the next try is claimed anew", async () => {
      const of = await started({ ids: ["a"], maxCost: "0.05" });
      const { epoch } = of;
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      const [first, second] = [holdOfRow(of, "a"), holdOfRow(of, "a")];
      await bench.ledger.hold(first);
      expect(await bench.ledger.hold(second)).toMatchObject({ kind: "intent", state: "running" });
      await bench.ledger.end({ ...voidOf(first.id), outcome: "unspent", code: "vendor_busy" });
      expect(await moneyOf(of)).toEqual(["0", "0", "0"]);
      expect((await bench.ledger.hold(second)).kind).toBe("not_claimed");
      await endOne(of, rowEnd("a", "waiting"));
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      expect((await bench.ledger.hold(second)).kind).toBe("held");
      expect((await allRows(bench.ledger, of.run))[0]).toMatchObject({ attempts: 2 });
    });

    it("no row ends while its hold is open; what recovery makes of it is what it comes to", async () => {
      const of = await started({ ids: ["a"], maxCost: "0.05" });
      await claim(bench.ledger, of, { epoch: of.epoch, ids: ["a"] });
      const hold = holdOfRow(of, "a");
      await bench.ledger.hold(hold);
      // The process is killed: in SQLite another has the file, in PostgreSQL one has missed its beat.
      await bench.reopen();
      await bench.ledger.beats?.forget("gw_1");
      const epoch = await take(bench.ledger, of.run, "gw_2");
      const now = { ...of, epoch };
      for (const state of ["waiting", "failed", "unknown"] as const) {
        const open = { kind: "open", row: "a", holdId: hold.id };
        expect(await endOne(now, rowEnd("a", state))).toEqual(open);
      }
      expect((await endOne(of, rowEnd("a", "waiting")))?.kind).toBe("stale");
      await bench.ledger.end(recoveredVoid({ holdId: hold.id, amount: hold.amount }));
      await expect(endOne(now, rowEnd("a", "waiting"))).rejects.toThrow("may have cost something");
      await expect(endOne(now, rowEnd("a", "done"))).rejects.toThrow("made its picture");
      const receiptId = hold.id;
      await expect(endOne(now, rowEnd("a", "done", { receiptId }))).rejects.toThrow("made");
      const unknown = rowEnd("a", "unknown", { receiptId, code: "outcome_unknown" });
      expect(await endOne(now, unknown)).toMatchObject({ kind: "ended" });
      expect(await moneyOf(of)).toEqual(["0", "0", "0.05"]);
      // What comes late is free for the account.
      await bench.ledger.end(settleFlat(hold));
      expect(await moneyOf(of)).toEqual(["0", "0", "0.05"]);
    });

    it("what was paid for, or may have been, is never paid for again: its intent stands for ever", async () => {
      const of = await started({ ids: ["a"], maxCost: "1" });
      const { run, epoch, party } = of;
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      const hold = holdOfRow(of, "a");
      await bench.ledger.hold(hold);
      await bench.ledger.end(settleFlat(hold));
      const [asked] = of.rows;
      if (asked === undefined) throw new Error("one row");
      await endOne(of, rowEnd("a", "done", { receiptId: hold.id }));
      // Changed, and changed back: the first picture is the one that is wanted.
      await bench.ledger.setRun({ run, from: ["running"], state: "paused" });
      await bench.ledger.leaveRun({ run, epoch });
      for (const row of [{ ...asked, content: "1".repeat(64), intent: "2".repeat(64) }, asked]) {
        await bench.ledger.reviseRun({ run });
        const put = await bench.ledger.putRows({ run, rows: [row] });
        expect(put).toMatchObject({ changed: 1 });
      }
      await bench.ledger.setRun({ run, from: ["loading"], state: "ready" });
      bench.now += 400 * 24 * HOUR_MS;
      await bench.reopen();
      const later = { ...of, epoch: await take(bench.ledger, run, "gw_2") };
      await claim(bench.ledger, later, { epoch: later.epoch, ids: ["a"] });
      const again = await bench.ledger.hold(holdOfRow(of, "a", "gw_2"));
      expect(again).toEqual({ kind: "intent", state: "ended", holdId: hold.id });
      await endOne(later, rowEnd("a", "done", { receiptId: hold.id }));
      expect(await moneyOf(of)).toEqual(["0.05", "0", "0"]);
      expect((await figures(bench.ledger, party)).settled).toBe("0.05");
    });

    it("a row that shares another's picture costs nothing, and money of rows that are gone stays counted", async () => {
      const of = await started({ ids: ["a", "b"], maxCost: "1" });
      const { run, epoch } = of;
      await claim(bench.ledger, of, { epoch, ids: ["a"] });
      const hold = holdOfRow(of, "a");
      await bench.ledger.hold(hold);
      await bench.ledger.end(settleFlat(hold));
      const receiptId = hold.id;
      await endOne(of, rowEnd("a", "done", { receiptId }));
      await endOne(of, rowEnd("b", "done", { receiptId, shared: true }));
      expect(await allRows(bench.ledger, run)).toMatchObject([
        { shared: false, charge: usd("0.05") },
        { shared: true, charge: 0n, receiptId },
      ]);
      await bench.ledger.setRun({ run, from: ["running"], state: "paused" });
      await bench.ledger.leaveRun({ run, epoch });
      await bench.ledger.reviseRun({ run });
      expect(await bench.ledger.dropMissing(run)).toEqual({ kind: "dropped", rows: 2 });
      expect(await moneyOf(of)).toEqual(["0.05", "0", "0"]);
      expect(await bench.ledger.recountRun(run)).toMatchObject({
        after: { settled: usd("0.05"), exposed: 0n, images: 1 },
      });
    });

    it("holds that named a run before it was there are labelled so, and counted once it is", async () => {
      const party = await newParty(bench.ledger);
      const run = { accountId: party.accountId, id: nextId("run") };
      const hold = { ...holdOf(party, { n: 2 }), run: { id: run.id, row: "a" } };
      expect((await bench.ledger.hold(hold)).kind).toBe("held");
      await bench.ledger.end(settleFlat(hold));
      const fresh = { keyId: party.keyId, name: null, settings: {}, maxCost: null };
      const made = await bench.ledger.createRun({ ...run, ...fresh });
      expect(made).toMatchObject({ run: { settled: usd("0.1"), images: 2, held: 0n } });
    });
  });
}
