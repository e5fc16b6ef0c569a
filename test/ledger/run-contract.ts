import { describe, expect, it } from "vitest";
import { PUT_ROWS_MAX, type RunRef } from "../../src/ledger/runs-port.ts";
import { Bench, type OpenStore } from "./bench.ts";
import { newAccount, newParty, nextId, settleFlat, usd } from "./fixtures.ts";
import {
  allRows,
  claim,
  holdOfRow,
  loadRun,
  rowEnd,
  rowsOf,
  sha256,
  states,
  take,
} from "./run-fixtures.ts";

/** The laws of runs and their rows, whatever stores them. Their money: `run-money-contract.ts`. */
export function runContract(name: string, open: OpenStore): void {
  describe(`${name}: runs`, () => {
    const bench = new Bench(open);

    it("are found by account and id, and by nobody else", async () => {
      const party = await newParty(bench.ledger);
      const child = await newAccount(bench.ledger, {
        ...{ name: "c", prepaid: false, limits: {}, actor: "me", parentId: party.accountId },
      });
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      const stranger = await newParty(bench.ledger);
      const told = { state: "ready", name: "cups", settings: { out: "x" }, maxCost: null };
      expect(await bench.ledger.run(run)).toMatchObject({ ...run, ...told });
      for (const accountId of [child.id, stranger.accountId, "acct_none"]) {
        const other = { accountId, id: run.id };
        expect(await bench.ledger.run(other)).toBeUndefined();
        const taken = await bench.ledger.takeRun({ run: other, process: "gw_1" });
        expect(taken).toEqual({ kind: "unknown_run" });
        expect(await allRows(bench.ledger, other)).toEqual([]);
      }
    });

    it("an id is given once below a root; below another root it is another run", async () => {
      const party = await newParty(bench.ledger);
      const stranger = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: ["a"] });
      const ask = ({ accountId, keyId }: typeof party) =>
        bench.ledger.createRun({
          ...{ accountId, keyId, id: run.id, name: null, settings: {}, maxCost: null },
        });
      expect(await ask(party)).toMatchObject({ kind: "exists", run: { name: "cups" } });
      expect(await ask(stranger)).toMatchObject({ kind: "created", run: { name: null } });
      expect((await ask({ ...party, accountId: "acct_none" })).kind).toBe("unknown_account");
      const child = await newAccount(bench.ledger, {
        ...{ name: "c", prepaid: false, limits: {}, actor: "me", parentId: party.accountId },
      });
      expect((await ask({ accountId: child.id, keyId: party.keyId })).kind).toBe("taken");
      expect((await bench.ledger.run(run))?.counts.waiting).toBe(1);
    });

    it("are listed newest first in pages, and what was changed is there after a restart", async () => {
      const party = await newParty(bench.ledger);
      const ids: string[] = [];
      for (let index = 0; index < 3; index += 1) {
        bench.now += 1;
        ids.unshift((await loadRun(bench.ledger, party, { ids: ["a", "b"] })).run.id);
      }
      const { accountId } = party;
      const newest: RunRef = { accountId, id: ids[0] ?? "" };
      const change = { maxCost: usd("3"), name: "mugs", stopped: { reason: "cap" }, pricing: [1] };
      await bench.ledger.setRun({ run: newest, from: ["ready"], state: "paused", change });
      await bench.reopen();
      const first = await bench.ledger.listRuns({ accountId, most: 2 });
      expect(first.items.map((run) => run.id)).toEqual(ids.slice(0, 2));
      expect(first.items[0]).toMatchObject({ ...change, state: "paused", counts: { waiting: 2 } });
      const before = first.next ?? "";
      const second = await bench.ledger.listRuns({ accountId, most: 2, before });
      expect([second.items.map((run) => run.id), second.next]).toEqual([ids.slice(2), null]);
      const stranger = await newParty(bench.ledger);
      const none = await bench.ledger.listRuns({ accountId: stranger.accountId, most: 2 });
      expect(none).toEqual({ items: [], next: null });
      expect((await bench.ledger.listRuns({ most: 9 })).items).toHaveLength(3);
      await expect(bench.ledger.listRuns({ most: 9, before: "x" })).rejects.toThrow("not a page");
    });

    it("are changed only from the states and in the epoch that were named", async () => {
      const party = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      const pause = { run, from: ["running"], state: "paused" } as const;
      expect(await bench.ledger.setRun(pause)).toEqual({ kind: "wrong_state", state: "ready" });
      const epoch = await take(bench.ledger, run);
      const stale = await bench.ledger.setRun({ ...pause, epoch: epoch - 1 });
      expect(stale).toEqual({ kind: "stale", epoch });
      expect((await bench.ledger.setRun({ ...pause, epoch })).kind).toBe("set");
      const gone = { ...run, id: "run_none" };
      expect((await bench.ledger.setRun({ ...pause, run: gone })).kind).toBe("unknown_run");
    });

    it("are one process's, until it leaves them or is gone; each taking fences off the last", async () => {
      const party = await newParty(bench.ledger);
      const loaded = await loadRun(bench.ledger, party, { ids: ["a"] });
      const { run } = loaded;
      const asked = ["gw_1", "gw_2"].map((process) => bench.ledger.takeRun({ run, process }));
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(["busy", "taken"]);
      const { process, epoch } = (await bench.ledger.run(run)) ?? { process: "", epoch: 0 };
      const again = await bench.ledger.takeRun({ run, process: process ?? "" });
      expect(again).toEqual({ kind: "busy", process });
      await bench.ledger.leaveRun({ run, epoch: epoch - 1 });
      expect((await bench.ledger.takeRun({ run, process: "gw_3" })).kind).toBe("busy");
      await bench.ledger.leaveRun({ run, epoch });
      const change = { maxCost: usd("1"), settings: { sample: 2 } };
      const taken = await bench.ledger.takeRun({ run, process: "gw_3", change });
      expect(taken).toMatchObject({ kind: "taken", epoch: epoch + 1, run: change });
      const late = { run, epoch, rows: [] };
      const stale = { kind: "stale", epoch: epoch + 1 };
      expect(await bench.ledger.claimRows(late)).toEqual(stale);
      expect(await bench.ledger.endRows(late)).toEqual(stale);
      expect(await bench.ledger.retryRows(late)).toEqual(stale);
    });

    it("that load, ended or were cancelled are taken by nobody", async () => {
      const party = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      const taking = () => bench.ledger.takeRun({ run, process: "gw_1" });
      for (const state of ["ended", "cancelled"] as const) {
        expect((await bench.ledger.closeRun({ run, to: state })).kind).toBe("closed");
        expect(await taking()).toEqual({ kind: "wrong_state", state });
        await bench.ledger.reviseRun({ run });
        expect(await taking()).toEqual({ kind: "wrong_state", state: "loading" });
      }
    });
  });

  describe(`${name}: rows of runs`, () => {
    const bench = new Bench(open);

    it("keep what they were loaded with; the same request again is harmless, another row is not", async () => {
      const party = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      await bench.ledger.reviseRun({ run });
      const rows = rowsOf(run, ["a", "b", "c"]);
      const put = (more = rows) => bench.ledger.putRows({ run, rows: more });
      expect(await put()).toEqual({ kind: "put", added: 3, changed: 0, unchanged: 0 });
      expect(await put()).toEqual({ kind: "put", added: 0, changed: 0, unchanged: 3 });
      const other = [...rowsOf(run, ["x"]), ...rowsOf(run, ["b"])];
      expect(await put(other)).toEqual({ kind: "duplicate", rows: ["b"] });
      const [first, , last] = rows;
      if (first === undefined || last === undefined) throw new Error("three rows");
      const twice = [
        { ...first, row: "d" },
        { ...last, row: "d" },
      ];
      expect(await put(twice)).toEqual({ kind: "duplicate", rows: ["d"] });
      const of = { run, after: { position: 0 }, limit: 1 } as const;
      const [row] = await bench.ledger.rows({ ...of, withOrders: true });
      const { row: id, ...asked } = rows[1] ?? first;
      expect(row).toEqual({
        ...{ ...asked, row: id, state: "waiting", attempts: 0, ceiling: 0n, quote: null },
        ...{ receiptId: null, shared: false, charge: 0n, exposure: 0n, code: null },
        ...{ detail: null, seq: null },
      });
      expect((await bench.ledger.rows(of))[0]).not.toHaveProperty("order");
      await bench.ledger.setRun({ run, from: ["loading"], state: "ready" });
      expect(await put()).toEqual({ kind: "wrong_state", state: "ready" });
    });

    it("too many at once, too long a row or an id that nobody can keep are bugs, and nothing of them is taken", async () => {
      const party = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      await bench.ledger.reviseRun({ run });
      const [row] = rowsOf(run, ["a"]);
      if (row === undefined) throw new Error("one row");
      const bad = [
        Array.from({ length: PUT_ROWS_MAX + 1 }, () => row),
        [row, { ...row, row: "" }],
        [row, { ...row, row: "x".repeat(201) }],
        [row, { ...row, row: "b\0" }],
        [row, { ...row, row: "b", order: "é".repeat(32_769) }],
        [row, { ...row, row: "b", content: "short" }],
      ];
      for (const rows of bad) await expect(bench.ledger.putRows({ run, rows })).rejects.toThrow();
      expect(await allRows(bench.ledger, run)).toEqual([]);
      const most = { ...row, row: "é".repeat(200), order: "x".repeat(65_536) };
      expect(await bench.ledger.putRows({ run, rows: [most] })).toMatchObject({ added: 1 });
    });

    it("are priced or blocked while they are loaded, and added up by state and reason", async () => {
      const party = await newParty(bench.ledger);
      const { run } = await loadRun(bench.ledger, party, { ids: [] });
      await bench.ledger.reviseRun({ run });
      await bench.ledger.putRows({ run, rows: rowsOf(run, ["a", "b", "c", "d"]) });
      const quote = { images: 2, expected: usd("0.04"), ceiling: usd("0.05") };
      const blocked = { code: "unknown_model", detail: { param: "model" } };
      await bench.ledger.priceRows({
        run,
        rows: [
          { row: "a", quote },
          { row: "b", quote },
          { row: "c", quote: null, blocked },
          { row: "nobody", quote },
        ],
      });
      const waiting = { state: "waiting", code: null };
      const none = { images: 0, expected: 0n, ceiling: 0n };
      expect(await bench.ledger.breakdown(run)).toEqual([
        { state: "blocked", code: "unknown_model", rows: 1, ...none },
        { ...waiting, rows: 3, images: 4, expected: usd("0.08"), ceiling: usd("0.1") },
      ]);
      const [first] = await bench.ledger.rows({ run, after: { seq: 0 }, limit: 9 });
      expect(first).toMatchObject({ row: "c", state: "blocked", seq: 1, ...blocked });
      expect((await allRows(bench.ledger, run))[0]?.quote).toEqual(quote);
    });

    it("come by their place, by state, and by the order in which they ended", async () => {
      const party = await newParty(bench.ledger);
      const loaded = await loadRun(bench.ledger, party, { ids: ["a", "b", "c", "d"] });
      const { run } = loaded;
      const epoch = await take(bench.ledger, run);
      await claim(bench.ledger, loaded, { epoch, ids: ["a", "b", "c"] });
      const ends = [
        rowEnd("c", "refused", { code: "x", detail: { k: [1] } }),
        rowEnd("a", "failed"),
      ];
      const ended = await bench.ledger.endRows({ run, epoch, rows: ends });
      expect(ended).toMatchObject({
        rows: [
          { kind: "ended", row: "c", seq: 1 },
          { kind: "ended", row: "a", seq: 2 },
        ],
        run: { seq: 2, counts: { waiting: 1, running: 1, refused: 1, failed: 1 } },
      });
      const ids = async (after: { seq: number } | { position: number; state?: "waiting" }) =>
        (await bench.ledger.rows({ run, after, limit: 3 })).map(({ row }) => row);
      expect(await ids({ position: -1 })).toEqual(["a", "b", "c"]);
      expect(await ids({ position: 1 })).toEqual(["c", "d"]);
      expect(await ids({ position: -1, state: "waiting" })).toEqual(["d"]);
      expect(await ids({ seq: 0 })).toEqual(["c", "a"]);
      expect(await ids({ seq: 1 })).toEqual(["a"]);
      const named = (row: string) => bench.ledger.rows({ run, after: { row }, limit: 1 });
      const [c] = await named("c");
      expect(await bench.ledger.rows({ run, after: { seq: 0 }, limit: 1 })).toEqual([c]);
      expect(await named("nobody")).toEqual([]);
      expect(c).toMatchObject({ state: "refused", code: "x", detail: { k: [1] }, attempts: 1 });
    });

    it("end once: the same end again is the same, another one comes too late", async () => {
      const party = await newParty(bench.ledger);
      const loaded = await loadRun(bench.ledger, party, { ids: ["a", "b"] });
      const { run } = loaded;
      const epoch = await take(bench.ledger, run);
      const end = async (state: "skipped" | "failed", row = "a") => {
        const ends = [rowEnd(row, state, { code: state })];
        const ended = await bench.ledger.endRows({ run, epoch, rows: ends });
        return ended.kind === "decided" ? ended.rows[0] : ended;
      };
      expect(await end("skipped")).toEqual({ kind: "ended", row: "a", seq: 1 });
      expect(await end("skipped")).toEqual({ kind: "ended", row: "a", seq: 1 });
      expect(await end("failed")).toEqual({ kind: "ended_before", row: "a" });
      expect(await end("failed", "nobody")).toEqual({ kind: "ended_before", row: "nobody" });
      expect(await claim(bench.ledger, loaded, { epoch, ids: ["a", "nobody", "b"] })).toEqual([
        { kind: "not_waiting", row: "a" },
        { kind: "not_waiting", row: "nobody" },
        { kind: "claimed", row: "b" },
      ]);
      expect((await bench.ledger.run(run))?.seq).toBe(1);
    });

    it("wait again under another intent when they are tried again; what was paid for never is", async () => {
      const party = await newParty(bench.ledger);
      const loaded = await loadRun(bench.ledger, party, { ids: ["a", "b", "c", "d"] });
      const { run } = loaded;
      const epoch = await take(bench.ledger, run);
      await claim(bench.ledger, loaded, { epoch, ids: ["a", "b"] });
      const holds = ["a", "b"].map((row) => holdOfRow(loaded, row));
      for (const hold of holds) {
        await bench.ledger.hold(hold);
        await bench.ledger.end(settleFlat(hold));
      }
      const [done, lost] = holds.map(({ id }) => id);
      const ends = [
        rowEnd("a", "done", { receiptId: done ?? "" }),
        // Its picture was made, and then lost.
        rowEnd("b", "failed", { receiptId: lost ?? "" }),
        rowEnd("c", "unknown"),
      ];
      await bench.ledger.endRows({ run, epoch, rows: ends });
      const intent = sha256("another");
      const again = ["a", "b", "c", "d", "nobody"].map((row) => ({ row, intent }));
      const retried = await bench.ledger.retryRows({ run, epoch, rows: again });
      expect(retried).toEqual({ kind: "retried", rows: 1 });
      expect(await states(bench.ledger, run)).toEqual(["done", "failed", "waiting", "waiting"]);
      expect(await claim(bench.ledger, loaded, { epoch, ids: ["c"] })).toEqual([
        { kind: "not_waiting", row: "c" },
      ]);
      const rows = [{ row: "c", intent, ceiling: usd("0.05") }];
      const claimed = await bench.ledger.claimRows({ run, epoch, rows });
      expect(claimed).toMatchObject({ rows: [{ kind: "claimed" }] });
    });

    it("revised: the same content keeps its end, another waits, blocked ones wait, missing ones are removed", async () => {
      const party = await newParty(bench.ledger);
      const loaded = await loadRun(bench.ledger, party, { ids: ["a", "b", "c", "d", "e"] });
      const { run, rows } = loaded;
      const epoch = await take(bench.ledger, run);
      await claim(bench.ledger, loaded, { epoch, ids: ["a"] });
      const unsettled = { kind: "unsettled", rows: 1 };
      expect((await bench.ledger.reviseRun({ run })).kind).toBe("busy");
      await bench.ledger.setRun({ run, from: ["running"], state: "paused" });
      await bench.ledger.leaveRun({ run, epoch });
      expect(await bench.ledger.reviseRun({ run })).toEqual(unsettled);
      const ends = [rowEnd("a", "failed"), rowEnd("b", "blocked"), rowEnd("c", "refused")];
      await bench.ledger.endRows({ run, epoch, rows: ends });
      const revised = await bench.ledger.reviseRun({ run, change: { name: "mugs" } });
      expect(revised).toMatchObject({ run: { state: "loading", revision: 2, name: "mugs" } });
      const late = await bench.ledger.endRows({ run, epoch, rows: [rowEnd("d", "failed")] });
      expect(late.kind).toBe("stale");
      const [a, b] = rows;
      const [changed] = rowsOf(run, ["c"], "a mug");
      if (a === undefined || b === undefined || changed === undefined) throw new Error("rows");
      const brought = [a, b, { ...changed, position: 2 }];
      const put = await bench.ledger.putRows({ run, rows: brought });
      expect(put).toEqual({ kind: "put", added: 0, changed: 1, unchanged: 2 });
      expect(await bench.ledger.dropMissing(run)).toEqual({ kind: "dropped", rows: 2 });
      expect(await bench.ledger.dropMissing(run)).toEqual({ kind: "dropped", rows: 0 });
      expect(await states(bench.ledger, run)).toEqual([
        ...["failed", "waiting", "waiting", "skipped", "skipped"],
      ]);
      expect((await allRows(bench.ledger, run)).map(({ code }) => code).slice(3)).toEqual([
        ...["removed", "removed"],
      ]);
      const d = rows.slice(3, 4);
      expect(await bench.ledger.putRows({ run, rows: d })).toMatchObject({ unchanged: 1 });
      expect((await states(bench.ledger, run))[3]).toBe("waiting");
    });
  });

  describe(`${name}: runs that are over`, () => {
    const bench = new Bench(open);

    it("ended when no row waits or runs any more, and then nothing of what was asked is left", async () => {
      const party = await newParty(bench.ledger);
      const ids = Array.from({ length: 600 }, (_, index) => `r${index}`);
      const loaded = await loadRun(bench.ledger, party, { ids });
      const { run } = loaded;
      const epoch = await take(bench.ledger, run);
      const close = () => bench.ledger.closeRun({ run, to: "ended", epoch });
      expect(await close()).toEqual({ kind: "unsettled", rows: 600 });
      const ends = ids.map((id) => rowEnd(id, "failed"));
      await bench.ledger.endRows({ run, epoch, rows: ends });
      expect(await close()).toMatchObject({ kind: "closed", run: { state: "ended" } });
      expect((await bench.ledger.openRuns()).length).toBe(0);
      const of = { run, after: { position: -1 }, limit: 1_000, withOrders: true } as const;
      const orders = (await bench.ledger.rows(of)).map(({ order }) => order);
      expect(orders).toEqual(ids.map(() => null));
      const cancelled = await bench.ledger.closeRun({ run, to: "cancelled" });
      expect(cancelled).toEqual({ kind: "wrong_state", state: "ended" });
    });

    it("cancelled: what waits is skipped at once, what runs ends as it ends, and comes back to nothing", async () => {
      const party = await newParty(bench.ledger);
      const ids = Array.from({ length: 501 }, (_, index) => `r${index}`);
      const loaded = await loadRun(bench.ledger, party, { ids });
      const { run } = loaded;
      const epoch = await take(bench.ledger, run);
      await claim(bench.ledger, loaded, { epoch, ids: ["r1", "r2"] });
      const closed = await bench.ledger.closeRun({ run, to: "cancelled" });
      expect(closed).toMatchObject({ run: { counts: { waiting: 0, running: 2, skipped: 499 } } });
      const claimed = await bench.ledger.claimRows({ run, epoch, rows: [] });
      expect(claimed).toEqual({ kind: "wrong_state", state: "cancelled" });
      const ends = [rowEnd("r1", "waiting"), rowEnd("r2", "failed")];
      await bench.ledger.endRows({ run, epoch, rows: ends });
      const [, r1, r2] = await allRows(bench.ledger, run);
      expect([r1?.state, r1?.code, r2?.state]).toEqual(["skipped", "cancelled", "failed"]);
    });

    it("what a start must care for: runs that ran, and a closing that was cut off", async () => {
      const party = await newParty(bench.ledger);
      const [one, other] = [
        await loadRun(bench.ledger, party, { ids: ["a"] }),
        await loadRun(bench.ledger, party, { ids: ["a"] }),
      ];
      await loadRun(bench.ledger, party, { ids: ["a"] });
      const epoch = await take(bench.ledger, one.run);
      await bench.ledger.closeRun({ run: other.run, to: "cancelled" });
      expect((await bench.ledger.openRuns()).map(({ id }) => id)).toEqual([one.run.id]);
      await bench.ledger.setRun({ run: one.run, from: ["running"], epoch, state: "stopped" });
      expect(await bench.ledger.openRuns()).toEqual([]);
      expect(nextId("run")).not.toBe(one.run.id);
    });
  });
}
