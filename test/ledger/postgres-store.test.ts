import { describe, expect, it } from "vitest";
import { type Ledger, LedgerUnavailable } from "../../src/ledger/port.ts";
import { figures } from "./bench.ts";
import { flatPrice, holdOf, newAccount, newParty, settleFlat, usd, voidOf } from "./fixtures.ts";
import { expectExact, pidThatWaits, rowsIn } from "./postgres-audit.ts";
import { kinds, secondKey, useLedgers } from "./postgres-ledgers.ts";
import { startCuttingProxy } from "./postgres-proxy.ts";

const { postgres, open, shared, fresh, outside } = useLedgers();

// First, because a server that comes back syncs every file of every database.
it("what was acknowledged survives kill -9 of the server, and the ledger goes on by itself", async () => {
  const { url, ledger } = await fresh();
  const party = await newParty(ledger, { fund: "1" });
  const hold = holdOf(party);
  await ledger.hold(hold);
  await postgres().halt("kill");
  await expect(ledger.hold(holdOf(party))).rejects.toThrow(LedgerUnavailable);
  await expect(ledger.findKey(party.keyId)).rejects.toThrow(LedgerUnavailable);
  await postgres().resume();
  expect(await ledger.end(settleFlat(hold))).toMatchObject({ kind: "posted" });
  expect(await figures(ledger, party)).toEqual({ settled: "0.05", held: "0", available: "0.95" });
  await expectExact(url);
});

describe("several processes on one root", () => {
  it("64 parallel holds over two processes with money for exactly 5: 5 are held, 59 refused", async () => {
    const { url, ledger } = await shared();
    const ledgers = [ledger, await open(url)];
    const party = await newParty(ledger, { fund: "0.25" });
    const holds = Array.from({ length: 64 }, () => holdOf(party));
    const results = await Promise.allSettled(
      holds.map((hold, index) => ledgers[index % 2]?.hold(hold) ?? expect.fail()),
    );
    expect(kinds(results).filter((kind) => kind === "held")).toHaveLength(5);
    expect(kinds(results).filter((kind) => kind === "refused")).toHaveLength(59);
    expect(await figures(ledger, party)).toEqual({ settled: "0", held: "0.25", available: "0" });
    await expectExact(url);
  });

  it("holds and endings by turns: every process decides on what the others wrote", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger, { limits: { total: "0.15" } });
    const [first, second, third] = [holdOf(party), holdOf(party), holdOf(party)];
    expect(await ledger.hold(first)).toMatchObject({ kind: "held" });
    expect(await other.hold(second)).toMatchObject({ kind: "held" });
    expect(await ledger.hold(third)).toMatchObject({ kind: "held" });
    expect(await other.hold(holdOf(party))).toMatchObject({ kind: "refused", limit: "total" });
    // Given back by the process that didn't make it.
    await other.end(voidOf(third.id));
    expect(await ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
    await other.end(settleFlat(first));
    expect(await ledger.hold(holdOf(party))).toMatchObject({ kind: "refused", limit: "total" });
    await expectExact(url);
  });

  it("a limit lowered in one process refuses in the other, which had room a moment ago", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger, { limits: { total: "1" } });
    expect(await other.hold(holdOf(party))).toMatchObject({ kind: "held" });
    await ledger.changeNode({
      nodeId: party.accountId,
      actor: "test",
      limits: { total: usd("0.07") },
    });
    expect(await other.hold(holdOf(party))).toMatchObject({ kind: "refused", limit: "total" });
  });

  it("a hundred pairs over three processes: chain, books and counters are exact", async () => {
    const { url, ledger } = await shared();
    const ledgers = [ledger, await open(url), await open(url)];
    const party = await newParty(ledger, { fund: "10" });
    const another = await secondKey(ledger, party);
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const hold = holdOf(index % 3 === 0 ? another : party);
        await ledgers[index % 3]?.hold(hold);
        await ledgers[(index + 1) % 3]?.end(settleFlat(hold));
      }),
    );
    // 100 images at 0.05 USD.
    expect(await figures(ledger, party)).toEqual({ settled: "5", held: "0", available: "5" });
    await expectExact(url);
  });

  it("the same ending by two processes at once is one ending", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger, { fund: "1" });
    const hold = holdOf(party);
    await ledger.hold(hold);
    const ended = await Promise.all([ledger.end(settleFlat(hold)), other.end(settleFlat(hold))]);
    expect(ended[0]).toEqual(ended[1]);
    expect(await figures(other, party)).toEqual({ settled: "0.05", held: "0", available: "0.95" });
    await expectExact(url);
  });

  it("an intent that comes to two at once is held once", async () => {
    const { url, ledger } = await shared();
    const ledgers = [ledger, await open(url)];
    const party = await newParty(ledger, { fund: "1" });
    const intent = { scope: "1".repeat(64), body: "2".repeat(64) };
    const results = await Promise.allSettled(
      ledgers.map((each) => each.hold({ ...holdOf(party), admission: { intent } })),
    );
    expect(kinds(results).sort()).toEqual(["held", "intent"]);
  });

  it("a call that two would adopt at once goes to one of them", async () => {
    const { url, ledger } = await shared();
    const ledgers = [ledger, await open(url)];
    const party = await newParty(ledger, { fund: "1" });
    const [left, body] = [holdOf(party), "3".repeat(64)];
    await ledger.hold(left);
    await ledger.noteAdoptable({ holdId: left.id, untilMs: 1_000, body });
    const results = await Promise.allSettled(
      ledgers.map((each) => each.hold({ ...holdOf(party), admission: { adopt: body } })),
    );
    expect(kinds(results).sort()).toEqual(["adopted", "held"]);
    expect(await figures(ledger, party)).toMatchObject({ held: "0.1" });
  });

  it("a key's rate is counted over all of them", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger);
    const settings = { rate: { requestsPerMinute: 3 } };
    await ledger.changeNode({ nodeId: party.keyId, actor: "test", settings });
    const by = [ledger, other, ledger, other, ledger];
    const results: string[] = [];
    for (const each of by) results.push((await each.hold(holdOf(party))).kind);
    expect(results).toEqual(["held", "held", "held", "rate_limited", "rate_limited"]);
  });

  it("an alert is said once by all of them", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger, { limits: { total: "0.20" } });
    const said: (readonly number[])[] = [];
    for (const each of [ledger, other, ledger, other]) {
      const result = await each.hold(holdOf(party));
      if (result.kind === "held") said.push(result.alerts.map((alert) => alert.threshold));
    }
    // 0.05, 0.10, 0.15 and 0.20 of 0.20 USD.
    expect(said).toEqual([[], [50], [], [100]]);
  });

  it("each mends and moves what another posted", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    const party = await newParty(ledger, { fund: "1" });
    const hold = holdOf(party);
    await ledger.hold(hold);
    await ledger.end(settleFlat(hold));
    const mend = (by: Ledger, entryId: string, amount: string) =>
      by.correct({
        ...{ entryId: `${hold.id}${entryId}`, corrects: `${hold.id}.end`, amount: usd(amount) },
        ...{ reason: "test", actor: "test" },
      });
    expect(await mend(other, "a", "0.03")).toMatchObject({ kind: "corrected", after: usd("0.03") });
    expect(await mend(ledger, "b", "0.01")).toMatchObject({ before: usd("0.03") });
    expect(await mend(other, "b", "0.01")).toMatchObject({ kind: "corrected" });
    expect(await figures(other, party)).toEqual({ settled: "0.01", held: "0", available: "0.99" });
    const below = { parentId: party.accountId, prepaid: false, limits: {}, actor: "test" };
    const [first, second] = [
      await newAccount(ledger, { ...below, name: "a" }),
      await newAccount(other, { ...below, name: "b" }),
    ];
    const move = { accountId: first.id, parentId: second.id, actor: "test" };
    expect(await other.moveAccount(move)).toEqual({ kind: "moved" });
    const back = { accountId: second.id, parentId: first.id, actor: "test" };
    expect(await ledger.moveAccount(back)).toEqual({ kind: "refused", reason: "cycle" });
    await expectExact(url);
  });

  it("each raises its own beat, and sees those of all", async () => {
    const { url, ledger } = await shared();
    const other = await open(url);
    await ledger.beats?.raise("a");
    await ledger.beats?.raise("a");
    await other.beats?.raise("b");
    expect(await other.beats?.all()).toEqual(
      new Map([
        ["a", 2n],
        ["b", 1n],
      ]),
    );
    await other.beats?.forget("a");
    expect(await ledger.beats?.all()).toEqual(new Map([["b", 1n]]));
  });
});

describe("several roots", () => {
  it("run side by side: one that is locked keeps no other waiting", async () => {
    const { url, ledger } = await shared();
    const [locked, free] = [await newParty(ledger), await newParty(ledger)];
    const client = await outside(url);
    await client.query("BEGIN");
    await client.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [locked.accountId]);
    const waiting = ledger.hold(holdOf(locked));
    await pidThatWaits(await outside(url));
    expect(await ledger.hold(holdOf(free))).toMatchObject({ kind: "held" });
    await client.query("COMMIT");
    expect(await waiting).toMatchObject({ kind: "held" });
  });

  it("a price version that several store at once is stored once", async () => {
    const { url, ledger } = await shared();
    const parties = await Promise.all(Array.from({ length: 6 }, () => newParty(ledger)));
    for (const version of [1, 2, 3, 4, 5]) {
      const price = { ...flatPrice, id: `made-up-flat@${version}` };
      const holds = parties.map((party) => ledger.hold(holdOf(party, { price })));
      expect(kinds(await Promise.allSettled(holds))).toEqual(Array(6).fill("held"));
    }
    const named = "SELECT count(*) FROM price_versions WHERE id LIKE 'made-up-flat@_'";
    const [stored] = await rowsIn(url, named);
    expect(stored).toEqual({ count: "5" });
  });

  it("a price name that another root used with another content is a bug of that hold alone", async () => {
    const { url, ledger } = await shared();
    const [first, second] = [await newParty(ledger), await newParty(ledger)];
    const known = holdOf(first);
    await ledger.hold(known);
    const other = await open(url);
    const dearer = holdOf(second, { price: { ...flatPrice, source: "another" } });
    const results = await Promise.allSettled([other.hold(dearer), other.hold(holdOf(second))]);
    expect(kinds(results)).toEqual(["Error", "held"]);
    await expectExact(url);
  });
});

describe("a connection that is lost", () => {
  it("while a batch waits for its root: unavailable, and nothing is written", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "1" });
    const client = await outside(url);
    await client.query("BEGIN");
    await client.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [party.accountId]);
    const hold = holdOf(party);
    const waiting = expect(ledger.hold(hold)).rejects.toThrow(LedgerUnavailable);
    const watcher = await outside(url);
    await watcher.query("SELECT pg_terminate_backend($1)", [await pidThatWaits(watcher)]);
    await waiting;
    await client.query("COMMIT");
    expect(await ledger.call(hold.id)).toBeUndefined();
    expect(await ledger.hold(hold)).toMatchObject({ kind: "held" });
    expect(await figures(ledger, party)).toMatchObject({ held: "0.05", available: "0.95" });
    await expectExact(url);
  });

  it("in the middle of writing: nothing is half written", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "1" });
    const client = await outside(url);
    await client.query("BEGIN");
    // Entries and calls can be written, counters can't.
    await client.query("LOCK TABLE counters IN SHARE MODE");
    const holds = Array.from({ length: 40 }, () => holdOf(party));
    const waiting = Promise.allSettled(holds.map((hold) => ledger.hold(hold)));
    const watcher = await outside(url);
    await watcher.query("SELECT pg_terminate_backend($1)", [await pidThatWaits(watcher)]);
    expect(new Set(kinds(await waiting))).toEqual(new Set(["LedgerUnavailable"]));
    await client.query("COMMIT");
    const root = `WHERE root = '${party.accountId}'`;
    expect(await rowsIn(url, `SELECT id FROM entries ${root} AND kind = 'hold'`)).toEqual([]);
    expect(await rowsIn(url, `SELECT id FROM calls ${root}`)).toEqual([]);
    await expectExact(url);
  });

  it("between a commit and its answer: unavailable, and the same again is the same posting", async () => {
    const { url } = await shared();
    const proxy = await startCuttingProxy(url);
    const ledger = await open(proxy.url);
    const party = await newParty(ledger, { fund: "1" });
    const hold = holdOf(party);
    proxy.cutAfter("COMMIT");
    await expect(ledger.hold(hold)).rejects.toThrow(LedgerUnavailable);
    expect(await ledger.call(hold.id)).toMatchObject({ ending: undefined });
    expect(await ledger.hold(hold)).toMatchObject({ kind: "held" });
    const ending = settleFlat(hold);
    proxy.cutAfter("COMMIT");
    await expect(ledger.end(ending)).rejects.toThrow(LedgerUnavailable);
    expect(await ledger.end(ending)).toMatchObject({ kind: "posted" });
    expect(await figures(ledger, party)).toEqual({ settled: "0.05", held: "0", available: "0.95" });
    await expectExact(url);
    await ledger.close();
    await proxy.close();
  });
});
