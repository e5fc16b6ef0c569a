import { describe, expect, it } from "vitest";
import { openBeat } from "../../src/ledger/liveness.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { endOpenHolds } from "../../src/ledger/recovery.ts";
import { newParty, settleFlat, usd } from "./fixtures.ts";
import { useLedgers } from "./postgres-ledgers.ts";
import { allRows, claim, holdOfRow, loadRun, money, rowEnd, take } from "./run-fixtures.ts";

const { open, shared, outside } = useLedgers();

/** Two processes on one database, and a run of these rows that the first has. */
async function twoProcesses(of: { readonly ids: readonly string[]; readonly maxCost: string }) {
  const { url, ledger: first } = await shared();
  const second = await open(url);
  const party = await newParty(first);
  const loaded = await loadRun(first, party, of);
  return { url, first, second, loaded, epoch: await take(first, loaded.run, "gw_1") };
}

/** Two beats of a process, a minute apart, in which nobody else raises his. */
async function missTheOthers(ledger: Ledger, process: string): Promise<void> {
  let monotonicMs = 0;
  const beat = openBeat({
    ...{ ledger, process, monotonicMs: () => monotonicMs },
    recoverHolds: async (holds) => {
      await endOpenHolds(holds, { ledger, resumeTask: () => Promise.resolve("unknown") });
    },
  });
  await beat();
  monotonicMs += 60_000;
  await beat();
}

describe("a run that several processes want", () => {
  it("is one's: of two that ask at once one gets it, the other is told who", async () => {
    const { first, second, loaded, epoch } = await twoProcesses({ ids: [], maxCost: "1" });
    const { run } = loaded;
    await first.leaveRun({ run, epoch });
    const asked = await Promise.all([
      first.takeRun({ run, process: "gw_1" }),
      second.takeRun({ run, process: "gw_2" }),
    ]);
    const taken = asked.findIndex(({ kind }) => kind === "taken");
    expect(asked[1 - taken]).toEqual({ kind: "busy", process: taken === 0 ? "gw_1" : "gw_2" });
  });

  it("claims of both at once stay within its cap", async () => {
    const ids = Array.from({ length: 24 }, (_, index) => `r${index}`);
    const { first, second, loaded, epoch } = await twoProcesses({ ids, maxCost: "0.52" });
    const one = (id: string, index: number) =>
      claim(index % 2 === 0 ? first : second, loaded, { epoch, ids: [id] });
    const claimed = (await Promise.all(ids.map(one))).flat();
    // 10 * 0.05
    expect(claimed.filter(({ kind }) => kind === "claimed")).toHaveLength(10);
    expect(money(await second.run(loaded.run))).toEqual(["0", "0.5", "0"]);
  });

  it("goes to another a minute after its process stopped, which wakes up and spends nothing", async () => {
    const of = { ids: ["a", "b", "c"], maxCost: "0.15" };
    const { first, second, loaded, epoch } = await twoProcesses(of);
    const { run } = loaded;
    await claim(first, loaded, { epoch, ids: ["a", "b", "c"] });
    const [a, b, c] = ["a", "b", "c"].map((row) => holdOfRow(loaded, row));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three holds");
    for (const hold of [a, c]) await first.hold(hold);
    await first.end(settleFlat(c));
    expect(await second.takeRun({ run, process: "gw_2" })).toMatchObject({ kind: "busy" });
    await missTheOthers(second, "gw_2");
    const newer = await take(second, run, "gw_2");
    const found = (await allRows(second, run)).map(({ receiptId }) => receiptId);
    expect(found).toEqual([a.id, null, c.id]);
    const rows = [
      rowEnd("a", "unknown", { receiptId: a.id }),
      rowEnd("b", "waiting"),
      rowEnd("c", "done", { receiptId: c.id }),
    ];
    const kindsOf = async (ledger: Ledger, by: number) => {
      const ended = await ledger.endRows({ run, epoch: by, rows });
      return ended.kind === "decided" ? ended.rows.map(({ kind }) => kind) : ended.kind;
    };
    expect(await kindsOf(second, newer)).toEqual(["ended", "waiting", "ended"]);
    // It wakes up.
    expect(await kindsOf(first, epoch)).toBe("stale");
    expect(await first.hold(b)).toEqual({ kind: "not_claimed" });
    expect(await first.end(settleFlat(a))).toMatchObject({ kind: "late" });
    await claim(second, loaded, { epoch: newer, ids: ["b"] });
    const again = holdOfRow(loaded, "b", "gw_2");
    expect((await second.hold(again)).kind).toBe("held");
    const told = { kind: "intent", state: "running", holdId: again.id };
    expect(await first.hold(b)).toEqual(told);
    await second.end(settleFlat(again));
    expect(money(await first.run(run))).toEqual(["0.1", "0", "0.05"]);
    const same = { settled: usd("0.1"), exposed: usd("0.05"), images: 2 };
    expect(await first.recountRun(run)).toEqual({ kind: "counted", before: same, after: same });
  });

  it("a sum that somebody has been at is put right by a recount, which tells both", async () => {
    const { url, first, loaded, epoch } = await twoProcesses({ ids: ["a"], maxCost: "1" });
    const { run } = loaded;
    await claim(first, loaded, { epoch, ids: ["a"] });
    const hold = holdOfRow(loaded, "a");
    await first.hold(hold);
    await first.end(settleFlat(hold));
    const client = await outside(url);
    await client.query("UPDATE runs SET settled = 7 WHERE id = $1", [run.id]);
    const other = await open(url);
    expect(await other.recountRun(run)).toMatchObject({
      before: { settled: 7n },
      after: { settled: usd("0.05") },
    });
    expect(money(await first.run(run))).toEqual(["0.05", "0", "0"]);
  });
});
