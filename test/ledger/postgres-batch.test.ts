import { describe, expect, it } from "vitest";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { figures } from "./bench.ts";
import { holdOf, newParty, settleFlat } from "./fixtures.ts";
import { expectExact, rowsIn } from "./postgres-audit.ts";
import { kinds, secondKey, useLedgers } from "./postgres-ledgers.ts";

const { open, shared, fresh, outside } = useLedgers();

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
    const versionOf = `SELECT version FROM roots WHERE root = '${party.accountId}'`;
    const [before] = await rowsIn(url, versionOf);
    const holds = Array.from({ length: 40 }, (_, index) => holdOf(index < 30 ? party : another));
    const results = await Promise.allSettled(holds.map((hold) => ledger.hold(hold)));
    expect(kinds(results)).toEqual(Array(40).fill("held"));
    expect(await figures(ledger, party)).toMatchObject({ held: "2.05", available: "7.95" });
    // One transaction, though it was begun twice.
    const [after] = await rowsIn(url, versionOf);
    expect(Number(after?.["version"]) - Number(before?.["version"])).toBe(1);
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
    const client = await outside(url);
    await client.query("BEGIN");
    await client.query("SELECT 1 FROM roots WHERE root = $1 FOR UPDATE", [party.accountId]);
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(
      "PostgreSQL: canceling statement due to lock timeout",
    );
    await client.query("COMMIT");
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
    const { url, ledger } = await fresh();
    const party = await newParty(ledger);
    const database = new URL(url).pathname.slice(1);
    await rowsIn(
      url,
      `CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT timestamptz '2031-02-03 23:59:59.999Z' $$`,
    );
    await rowsIn(url, `ALTER DATABASE ${database} SET search_path = public, pg_catalog`);
    const another = await open(url, { nowMs: undefined });
    const hold = holdOf(party);
    await another.hold(hold);
    expect(await rowsIn(url, "SELECT day, month, created_ms FROM calls")).toEqual([
      { day: "2031-02-03", month: "2031-02", created_ms: "1927929599999" },
    ]);
  });
});
