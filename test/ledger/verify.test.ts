import { copyFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import { holdOf, newParty } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { auditedSqlite } from "./sqlite-audited.ts";
import { type Story, tampered, tellStory } from "./story.ts";
import { tamperContract } from "./tamper-contract.ts";

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

tamperContract("SQLite", auditedSqlite);

describe("verify", () => {
  it("finds an untouched ledger sound, and counts it", async () => {
    const seen: number[] = [];
    const result = await verify({ file: story.file, onProgress: (entries) => seen.push(entries) });
    // Party 3, funding and its correction 2, tree 3 and its changes 5, corrected call 6, refused 2, five
    // token calls 17 and a correction, unknown call 6, late call 6, restore 1, keys 4, outcomes 3, second account
    // with its call 5, open hold with its task 2.
    expect(result).toEqual({
      ok: true,
      entries: 66,
      receipts: 10,
      holds_open: 1,
      first_discrepancy: null,
    });
    expect(seen.at(-1)).toBe(66);
  });

  it("reads a ledger beside its running owner, as of one instant", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "live" });
    const party = await newParty(ledger, { fund: "1" });
    await ledger.hold(holdOf(party));
    const file = ledgerFile(home, "live");
    using snapshot = openSnapshot(file);
    await ledger.hold(holdOf(party));
    expect(await verify({ query: snapshot.query })).toMatchObject({ ok: true, entries: 4 });
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 5, holds_open: 2 });
    await ledger.close();
  });

  it("says what it can't read: no file, no ledger, one of another version", async () => {
    const none = path.join(newHome(), "none.sqlite");
    await expect(verify({ file: none })).rejects.toMatchObject({ name: "LedgerRefused" });
    const other = path.join(newHome(), "other.sqlite");
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE ledger (x)");
    database.close();
    await expect(verify({ file: other })).rejects.toThrow("can't be read as a ledger");
    const file = tampered(story.file, (edited) => edited.exec("PRAGMA user_version = 1"));
    await expect(verify({ file })).rejects.toThrow(/of version 1, this program reads version \d+/);
  });

  it("the journal can't be edited or deleted without taking its guard away", () => {
    const file = path.join(newHome(), "copy.sqlite");
    copyFileSync(story.file, file);
    const database = new DatabaseSync(file);
    expect(() => database.exec("UPDATE entries SET text = ''")).toThrow("only appends");
    expect(() => database.exec("DELETE FROM entries")).toThrow("only appends");
    database.close();
  });

  it("corrections side by side each have their row, whatever they mend", () => {
    using snapshot = openSnapshot(story.file);
    const { corrections } =
      snapshot.database
        .prepare("SELECT count(*) AS corrections FROM corrections WHERE hold = ?")
        .get(story.settled) ?? {};
    expect(corrections).toBe(3n);
  });
});
