import { statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { endingDraft, holdDraft } from "../../src/ledger/draft.ts";
import type { Command } from "../../src/ledger/engine/commands.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { CommitFailed, openBatches } from "../../src/ledger/sqlite/batch.ts";
import { migrate } from "../../src/ledger/sqlite/migrations.ts";
import { holdOf, newParty, settleFlat } from "./fixtures.ts";
import { newHome } from "./new-home.ts";

/** A home with one funded account, closed again. */
async function closedHome() {
  const home = newHome();
  const ledger = await openLedger({ home, world: "sandbox" });
  const party = await newParty(ledger, { fund: "1" });
  await ledger.close();
  return { home, party, file: ledgerFile(home, "sandbox") };
}

describe("the SQLite file", () => {
  it("each world has its own, readable by its owner only", async () => {
    const { home, file } = await closedHome();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const live = await openLedger({ home, world: "live" });
    expect(await live.listAccounts()).toEqual([]);
    await live.close();
  });

  it("a sandbox ledger will not open as live", async () => {
    const { home, file } = await closedHome();
    const database = new DatabaseSync(file);
    const live = path.join(home, "live.sqlite");
    database.exec(`VACUUM INTO '${live}'`);
    database.close();
    await expect(openLedger({ home, world: "live" })).rejects.toThrow(
      `the ledger ${live} can't be opened: it is a sandbox ledger and will not open as live`,
    );
  });

  it("a file of a newer program is refused untouched", async () => {
    const { home, file } = await closedHome();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(openLedger({ home, world: "sandbox" })).rejects.toThrow(
      /is of version 99, this program knows versions up to \d+: start a newer one/,
    );
  });

  it("a file that is no ledger is refused", async () => {
    const home = newHome();
    const other = new DatabaseSync(ledgerFile(home, "sandbox"));
    other.exec("CREATE TABLE ledger (x)");
    other.close();
    await expect(openLedger({ home, world: "sandbox" })).rejects.toThrow("can't be opened");
  });

  it("a writer that doesn't let go makes the ledger unavailable, not wrong", async () => {
    const { home, party, file } = await closedHome();
    const ledger = await openLedger({ home, world: "sandbox" });
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(LedgerUnavailable);
    other.exec("ROLLBACK");
    other.close();
    expect(await ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
    await ledger.close();
  });
});

describe("a batch", () => {
  async function openDatabase() {
    const { party, file } = await closedHome();
    const database = new DatabaseSync(file, { readBigInts: true });
    migrate(database);
    return { party, file, database, batches: openBatches(database, { emulated: true }) };
  }

  it("a violated constraint rolls back and posts one by one: only the culprit fails", async () => {
    const { party, file, database, batches } = await openDatabase();
    // The code under test keeps its own rules, so that the constraint is provoked from outside.
    database.exec(
      `CREATE TRIGGER provoked BEFORE INSERT ON calls WHEN new.vendor = 'bad'
       BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: provoked'); END`,
    );
    const holds = [holdOf(party), { ...holdOf(party), vendor: "bad" }, holdOf(party)];
    const commands = holds.map(
      (argument): Command => ({ name: "hold", argument: holdDraft(argument) }),
    );
    const replies = batches.run(commands, 0);
    expect(replies.map((reply) => reply.kind)).toEqual(["done", "failed", "done"]);
    database.close();
    expect(await verify({ file })).toMatchObject({ ok: true, holds_open: 2 });
  });

  it("a hold and its ending may share a transaction", async () => {
    const { party, file, database, batches } = await openDatabase();
    const hold = holdOf(party);
    const root = party.accountId;
    const replies = batches.run(
      [
        { name: "hold", argument: holdDraft(hold) },
        { name: "end", argument: { root, ending: endingDraft(settleFlat(hold)) } },
      ],
      0,
    );
    expect(replies.map((reply) => reply.kind)).toEqual(["done", "done"]);
    database.close();
    expect(await verify({ file })).toMatchObject({ ok: true, receipts: 1 });
  });

  it("a commit that fails is fatal: nobody knows what was stored", async () => {
    const { party, database, batches } = await openDatabase();
    // A deferred foreign key is checked at the commit only.
    database.exec(
      `CREATE TABLE parent (id INTEGER PRIMARY KEY);
       CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
       CREATE TRIGGER provoked AFTER INSERT ON calls BEGIN INSERT INTO child VALUES (1); END`,
    );
    const command: Command = { name: "hold", argument: holdDraft(holdOf(party)) };
    expect(() => batches.run([command], 0)).toThrow(CommitFailed);
    database.close();
  });

  it("a lost ledger says so once, and everything after is unavailable", async () => {
    const { home, party, file } = await closedHome();
    const prepared = new DatabaseSync(file);
    prepared.exec(
      `CREATE TABLE parent (id INTEGER PRIMARY KEY);
       CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
       CREATE TRIGGER provoked AFTER INSERT ON calls BEGIN INSERT INTO child VALUES (1); END`,
    );
    prepared.close();
    const fatal: string[] = [];
    const onFatal = (error: Error) => {
      fatal.push(error.message);
    };
    const ledger = await openLedger({ home, world: "sandbox", onFatal });
    await expect(ledger.hold(holdOf(party))).rejects.toThrow(LedgerUnavailable);
    await expect(ledger.listAccounts()).rejects.toThrow(LedgerUnavailable);
    await ledger.close();
    expect(fatal).toEqual(["the ledger could not commit: FOREIGN KEY constraint failed"]);
  });
});
