import { afterEach, describe, expect, it } from "vitest";
import { type Ledger, LedgerUnavailable } from "../../src/ledger/port.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/store.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { figures, NOON } from "./bench.ts";
import {
  flatPrice,
  holdOf,
  keyHash,
  newAccount,
  newParty,
  nextId,
  type Party,
  settleFlat,
  usd,
  voidOf,
} from "./fixtures.ts";
import { connect, expectExact, pidThatWaits, rowsIn } from "./postgres-audit.ts";
import { startCuttingProxy } from "./postgres-proxy.ts";

const postgres = usePostgres();
const opened: Ledger[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
});

/** Opens a ledger, as one more process would; closed after the test. */
async function open(url: string, nowMs: () => number = () => NOON): Promise<Ledger> {
  const ledger = await openPostgresLedger({
    url,
    world: "sandbox",
    createdMs: NOON,
    catalogPrices: [],
    nowMs,
  });
  opened.push(ledger);
  return ledger;
}

let sharedUrl: string | undefined;

/** The database of all tests that change no table, and a ledger on it. */
async function shared(): Promise<{ readonly url: string; readonly ledger: Ledger }> {
  sharedUrl ??= await postgres().createDatabase();
  return { url: sharedUrl, ledger: await open(sharedUrl) };
}

/** A database of a test's own, and a ledger on it. */
async function fresh(): Promise<{ readonly url: string; readonly ledger: Ledger }> {
  const url = await postgres().createDatabase();
  return { url, ledger: await open(url) };
}

async function secondKey(ledger: Ledger, party: Party): Promise<Party> {
  const id = nextId("key");
  await ledger.createKey({ ...party, id, name: "k", sha256: keyHash(), actor: "test" });
  return { ...party, keyId: id };
}

function kinds(results: readonly PromiseSettledResult<{ readonly kind: string }>[]): string[] {
  return results.map((result) =>
    result.status === "fulfilled" ? result.value.kind : result.reason.name,
  );
}

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
    const outside = await connect(url);
    await outside.query("BEGIN");
    await outside.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [locked.accountId]);
    const waiting = ledger.hold(holdOf(locked));
    await pidThatWaits(await watcherOf(url));
    expect(await ledger.hold(holdOf(free))).toMatchObject({ kind: "held" });
    await outside.query("COMMIT");
    expect(await waiting).toMatchObject({ kind: "held" });
    await outside.end();
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

async function watcherOf(url: string) {
  const watcher = await connect(url);
  watchers.push(watcher);
  return watcher;
}

const watchers: Awaited<ReturnType<typeof connect>>[] = [];
afterEach(async () => {
  await Promise.all(watchers.splice(0).map((watcher) => watcher.end()));
});

describe("a connection that is lost", () => {
  it("while a batch waits for its root: unavailable, and nothing is written", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "1" });
    const outside = await watcherOf(url);
    await outside.query("BEGIN");
    await outside.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [party.accountId]);
    const hold = holdOf(party);
    const waiting = expect(ledger.hold(hold)).rejects.toThrow(LedgerUnavailable);
    const watcher = await watcherOf(url);
    await watcher.query("SELECT pg_terminate_backend($1)", [await pidThatWaits(watcher)]);
    await waiting;
    await outside.query("COMMIT");
    expect(await ledger.call(hold.id)).toBeUndefined();
    expect(await ledger.hold(hold)).toMatchObject({ kind: "held" });
    expect(await figures(ledger, party)).toMatchObject({ held: "0.05", available: "0.95" });
    await expectExact(url);
  });

  it("in the middle of writing: nothing is half written", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "1" });
    const outside = await watcherOf(url);
    await outside.query("BEGIN");
    // Entries and calls can be written, counters can't.
    await outside.query("LOCK TABLE counters IN SHARE MODE");
    const holds = Array.from({ length: 40 }, () => holdOf(party));
    const waiting = Promise.allSettled(holds.map((hold) => ledger.hold(hold)));
    const watcher = await watcherOf(url);
    await watcher.query("SELECT pg_terminate_backend($1)", [await pidThatWaits(watcher)]);
    expect(new Set(kinds(await waiting))).toEqual(new Set(["LedgerUnavailable"]));
    await outside.query("COMMIT");
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

describe("a batch", () => {
  it("a violated constraint is a bug: posted one by one, only the culprit fails", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger, { fund: "1" });
    // The code under test keeps its own rules, so that the constraint is provoked from outside.
    await rowsIn(url, "ALTER TABLE calls ADD CHECK (vendor <> 'bad')");
    const holds = [holdOf(party), { ...holdOf(party), vendor: "bad" }, holdOf(party)];
    const results = await Promise.allSettled(holds.map((hold) => ledger.hold(hold)));
    expect(kinds(results)).toEqual(["held", "Error", "held"]);
    expect(await figures(ledger, party)).toMatchObject({ held: "0.1", available: "0.9" });
    await expectExact(url);
  });

  it("so is a decision that throws late, when others of its batch were on their way already", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "10" });
    await ledger.hold(holdOf(party));
    const holds = Array.from({ length: 40 }, () => holdOf(party));
    const bug = { ...holdOf(party), keyId: "key_none" };
    const results = await Promise.allSettled(
      [...holds.slice(0, 30), bug, ...holds.slice(30)].map((hold) => ledger.hold(hold)),
    );
    expect(kinds(results)).toEqual([...Array(30).fill("held"), "Error", ...Array(10).fill("held")]);
    // 41 holds of 0.05 USD.
    expect(await figures(ledger, party)).toMatchObject({ held: "2.05", available: "7.95" });
    await expectExact(url);
  });

  it("that finds something missing when it was half sent starts over, and holds all", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "10" });
    const another = await secondKey(ledger, party);
    await ledger.hold(holdOf(party));
    const holds = Array.from({ length: 40 }, (_, index) => holdOf(index < 30 ? party : another));
    const results = await Promise.allSettled(holds.map((hold) => ledger.hold(hold)));
    expect(kinds(results)).toEqual(Array(40).fill("held"));
    expect(await figures(ledger, party)).toMatchObject({ held: "2.05", available: "7.95" });
    await expectExact(url);
  });

  it("a hold and its ending may share a transaction", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger, { fund: "1" });
    const hold = holdOf(party);
    await Promise.all([ledger.hold(hold), ledger.end(settleFlat(hold))]);
    expect(await figures(ledger, party)).toEqual({ settled: "0.05", held: "0", available: "0.95" });
    await expectExact(url);
  });

  it("rolled back for the sake of another transaction it is tried again", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger, { fund: "1" });
    await rowsIn(url, "CREATE SEQUENCE tries");
    await rowsIn(
      url,
      `CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') < 3 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
        RETURN new; END $$`,
    );
    await rowsIn(
      url,
      "CREATE TRIGGER collide BEFORE INSERT ON calls FOR EACH ROW EXECUTE FUNCTION collide()",
    );
    expect(await ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
    expect(await rowsIn(url, "SELECT last_value FROM tries")).toEqual([{ last_value: "3" }]);
    await expectExact(url);
  });

  it("a root that somebody holds too long is unavailable", async () => {
    const { url } = await shared();
    const ledger = await open(`${url}?lock_timeout=50`);
    const party = await newParty(ledger, { fund: "1" });
    const outside = await watcherOf(url);
    await outside.query("BEGIN");
    await outside.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [party.accountId]);
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(
      "PostgreSQL: canceling statement due to lock timeout",
    );
    await outside.query("COMMIT");
    expect(await ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
  });

  it("on a server that became a read-only standby is unavailable", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger, { fund: "1" });
    const database = new URL(url).pathname.slice(1);
    await rowsIn(url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    await rowsIn(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(LedgerUnavailable);
    expect(await figures(ledger, party)).toMatchObject({ available: "1" });
  });
});

describe("what comes from outside", () => {
  it("a user that no column can keep holds like any other, and its entry says what was sent", async () => {
    const { url, ledger } = await shared();
    const party = await newParty(ledger);
    const hold = { ...holdOf(party), user: "a\0b\uD800c", tags: { "t\0": "\uDC00" } };
    expect(await ledger.hold(hold)).toMatchObject({ kind: "held" });
    const call = await ledger.call(hold.id);
    expect(call?.hold).toMatchObject({ user: hold.user, tags: hold.tags });
    expect(await rowsIn(url, `SELECT end_user FROM calls WHERE id = '${hold.id}'`)).toEqual([
      { end_user: "a\uFFFDb\uFFFDc" },
    ]);
    await ledger.end(settleFlat(hold));
    await expectExact(url);
  });

  it("an id with a NUL in it is nobody's", async () => {
    const { ledger } = await shared();
    expect(await ledger.call("rcpt_\0")).toBeUndefined();
    expect(await ledger.findKey("key_\0")).toBeUndefined();
    expect(await ledger.account("acct_\0")).toBeUndefined();
  });

  it("a newer program may add a column while this one runs", async () => {
    const { url, ledger } = await fresh();
    const party = await newParty(ledger, { fund: "1" });
    await ledger.hold(holdOf(party));
    expect(await ledger.findKey(party.keyId)).toMatchObject({ id: party.keyId });
    for (const table of ["nodes", "roots", "calls", "counters", "entries"]) {
      await rowsIn(url, `ALTER TABLE ${table} ADD COLUMN newer text`);
    }
    expect(await ledger.findKey(party.keyId)).toMatchObject({ id: party.keyId });
    const another = await secondKey(ledger, party);
    expect(await ledger.hold(holdOf(another))).toMatchObject({ kind: "held" });
    await expectExact(url);
  });

  it("the windows of a hold are those of the server's clock", async () => {
    const { url } = await shared();
    const start = { url, world: "sandbox", createdMs: NOON, catalogPrices: [] } as const;
    const ledger = await openPostgresLedger(start);
    opened.push(ledger);
    const account = await newAccount(ledger, {
      name: "a",
      prepaid: false,
      limits: {},
      actor: "test",
    });
    const [row] = await rowsIn(
      url,
      `SELECT created_ms BETWEEN extract(epoch FROM now()) * 1000 - 60000
         AND extract(epoch FROM now()) * 1000 AS recent FROM nodes WHERE id = '${account.id}'`,
    );
    expect(row).toEqual({ recent: true });
  });
});
