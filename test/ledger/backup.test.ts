import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { backUp } from "../../src/audit/backup.ts";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { openSpool, spoolFolder } from "../../src/ledger/spool.ts";
import { markRestored, restoreLedger } from "../../src/start/restore.ts";
import { NOON } from "./bench.ts";
import { holdOf, newParty, type Party, settleFlat } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { allRows, claim, holdOfRow, loadRun, money, rowEnd, take } from "./run-fixtures.ts";
import { rewrite, tampered } from "./story.ts";

/** A home whose ledger has two roots and an open hold, and a backup of it. */
async function backedUp() {
  const home = newHome();
  const ledger = await openLedger({ home, world: "live" });
  const party = await newParty(ledger, { fund: "1" });
  await newParty(ledger);
  const [settled, open] = [holdOf(party), holdOf(party, { n: 2 })];
  for (const hold of [settled, open]) await ledger.hold(hold);
  await ledger.end(settleFlat(settled));
  const file = ledgerFile(home, "live");
  const to = path.join(newHome(), "backup.sqlite");
  const backup = await backUp({ file, to });
  return { home, ledger, party, settled, open, file, to, backup };
}

function restore(home: string, from: string, replace = false) {
  return restoreLedger({ home, from, replace, nowMs: NOON });
}

/** What a ledger's entries of a kind say under a field. */
function said(file: string, kind: string, field: string): readonly unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database
    .prepare("SELECT text FROM entries WHERE kind = ? ORDER BY root, sequence")
    .all(kind);
  database.close();
  return rows.map((row) => JSON.parse(String(row["text"]))[field]);
}

/** Calls after each other until told to stop. */
async function keepCalling(
  ledger: Ledger,
  party: Party,
  until: { over: boolean },
): Promise<number> {
  let calls = 0;
  while (!until.over) {
    const hold = holdOf(party);
    await ledger.hold(hold);
    await ledger.end(settleFlat(hold));
    calls += 1;
  }
  return calls;
}

/** A run of two rows, one done and one to go, whose process has it. */
async function halfRun(ledger: Ledger) {
  const loaded = await loadRun(ledger, await newParty(ledger), { ids: ["a", "b"], maxCost: "0.1" });
  const epoch = await take(ledger, loaded.run);
  await claim(ledger, loaded, { epoch, ids: ["a", "b"] });
  const hold = holdOfRow(loaded, "a");
  await ledger.hold(hold);
  await ledger.end(settleFlat(hold));
  const rows = [rowEnd("a", "done", { receiptId: hold.id })];
  await ledger.endRows({ run: loaded.run, epoch, rows });
  return loaded;
}

describe("a backup", () => {
  it("carries runs with their rows and orders, verifies beside them, and goes on where they were", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "live" });
    const { run } = await halfRun(ledger);
    const file = path.join(newHome(), "backup.sqlite");
    await backUp({ file: ledgerFile(home, "live"), to: file });
    const told = await allRows(ledger, run);
    await ledger.close();
    const again = newHome();
    await restore(again, file);
    expect(await verify({ file: ledgerFile(again, "live") })).toMatchObject({ ok: true });
    const restored = await openLedger({ home: again, world: "live" });
    expect(await allRows(restored, run)).toEqual(told);
    expect(money(await restored.run(run))).toEqual(["0.05", "0.05", "0"]);
    const epoch = await take(restored, run, "gw_2");
    await restored.endRows({ run, epoch, rows: [rowEnd("b", "waiting")] });
    const after = { position: -1, state: "waiting" } as const;
    const [b] = await restored.rows({ run, after, limit: 9, withOrders: true });
    expect(b?.order).toBe('{"prompt":"a cup","row":"b"}');
    await restored.close();
  });

  it("is one verified file, its owner's alone, described by size, hash and heads", async () => {
    const { ledger, party, to, backup } = await backedUp();
    const bytes = readFileSync(to);
    // Account, fund, key; account, key; two holds; settle and cost.
    expect(backup).toMatchObject({
      file: to,
      world: "live",
      entries: 9,
      receipts: 1,
      holds_open: 1,
    });
    expect(backup.size).toBe(bytes.length);
    expect(backup.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(to))).toEqual(["backup.sqlite"]);
    expect(backup.heads).toEqual(await ledger.heads());
    expect(backup.heads.find(({ root }) => root === party.accountId)?.sequence).toBe(7);
    await ledger.close();
  });

  it("ends beside a gateway that never stops writing, and holds it up for nothing", async () => {
    const { ledger, party, file } = await backedUp();
    const richer = await newParty(ledger);
    // Some megabytes, so that the copy takes more than one step.
    await Promise.all(Array.from({ length: 1_500 }, () => ledger.hold(holdOf(richer))));
    const until = { over: false };
    const lanes = Array.from({ length: 8 }, () => keepCalling(ledger, richer, until));
    const steps: number[] = [];
    const to = path.join(newHome(), "busy.sqlite");
    const backup = await backUp({ file, to, onCopied: (part) => steps.push(part) });
    until.over = true;
    const calls = (await Promise.all(lanes)).reduce((sum, each) => sum + each, 0);
    expect(calls).toBeGreaterThan(8);
    expect(backup.entries).toBeGreaterThanOrEqual(1_509);
    expect(steps.every((part, index) => part >= (steps[index - 1] ?? 0))).toBe(true);
    await ledger.close();
    // Everything in it lies on the chain that went on.
    expect(await verify({ file, heads: backup.heads })).toMatchObject({ ok: true });
    expect(backup.heads.map(({ root }) => root)).toContain(party.accountId);
  });

  it("overwrites nothing", async () => {
    const { ledger, file, to } = await backedUp();
    const before = readFileSync(to);
    await expect(backUp({ file, to })).rejects.toMatchObject({ code: "backup_exists" });
    expect(readFileSync(to).equals(before)).toBe(true);
    const nowhere = path.join(newHome(), "none", "backup.sqlite");
    await expect(backUp({ file, to: nowhere })).rejects.toMatchObject({ code: "backup_failed" });
    await ledger.close();
  });

  it("of a ledger that does not verify is none: no file is left", async () => {
    const { ledger, file } = await backedUp();
    await ledger.close();
    const bad = tampered(file, (database) => database.exec("UPDATE roots SET sequence = 1"));
    const folder = newHome();
    const to = path.join(folder, "backup.sqlite");
    await expect(backUp({ file: bad, to })).rejects.toMatchObject({
      code: "ledger_unsound",
      message: expect.stringContaining("roots.sequence: stored 1, computed 7"),
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a restore", () => {
  it("says so in every chain, voids open holds with their exposure, and verifies", async () => {
    const { ledger, party, open, to, backup } = await backedUp();
    await ledger.close();
    const home = newHome();
    const restored = await restore(home, to);
    const file = ledgerFile(home, "live");
    expect(restored).toEqual({
      ...{ file, world: "live", entries: 9, roots: 2, replaced: null },
      ...{ spooled: 0, voided: 1, problems: [] },
    });
    const note = `backup backup.sqlite, sha256 ${backup.sha256}`;
    expect(said(file, "restore", "note")).toEqual([note, note]);
    // Two flat images at 0.05 USD.
    expect(said(file, "exposure", "amount")).toEqual(["100000000000"]);
    // Two restores, void and exposure.
    const heads = { heads: backup.heads };
    expect(await verify({ file, ...heads })).toMatchObject({
      ok: true,
      entries: 13,
      holds_open: 0,
    });
    const again = await openLedger({ home, world: "live" });
    expect(await again.call(open.id)).toMatchObject({ ending: { outcome: "recovered" } });
    expect((await again.credits(party.accountId))?.held).toBe(0n);
    await again.close();
    expect(readdirSync(home).filter((name) => name.startsWith("restoring-"))).toEqual([]);
  });

  it("posts what the spool kept before it voids anything", async () => {
    const { ledger, open, to } = await backedUp();
    await ledger.close();
    const home = newHome();
    const spool = openSpool(spoolFolder(home));
    await spool.append(settleFlat(open));
    await spool.close();
    expect(await restore(home, to)).toMatchObject({ spooled: 1, voided: 0, problems: [] });
    expect(await verify({ file: ledgerFile(home, "live") })).toMatchObject({
      ok: true,
      receipts: 2,
    });
  });

  it("leaves a ledger that is there alone; told to replace it, it keeps it aside", async () => {
    const { home, ledger, party, to, file } = await backedUp();
    const after = holdOf(party);
    await ledger.hold(after);
    await ledger.close();
    await expect(restore(home, to)).rejects.toMatchObject({ code: "ledger_exists" });
    expect(await verify({ file })).toMatchObject({ entries: 10 });
    const { replaced } = await restore(home, to, true);
    expect(replaced).toBe(path.join(home, "live-replaced-20260619T120000Z.sqlite"));
    expect(await verify({ file: replaced ?? "" })).toMatchObject({ ok: true, entries: 10 });
    const restored = await openLedger({ home, world: "live" });
    expect(await restored.call(after.id)).toBeUndefined();
    await restored.close();
  });

  it("takes no log of the ledger that was there for one of its own", async () => {
    const { home, ledger, to, file } = await backedUp();
    await ledger.close();
    // A log without its owner: that of another file, as a crash and a careless hand may leave it.
    const other = newHome();
    const busy = await openLedger({ home: other, world: "live" });
    await newParty(busy);
    const log = readFileSync(`${ledgerFile(other, "live")}-wal`);
    await busy.close();
    expect(log.length).toBeGreaterThan(0);
    const fresh = newHome();
    writeFileSync(`${ledgerFile(fresh, "live")}-wal`, log);
    const { replaced } = await restore(fresh, to);
    expect(replaced).toBe(path.join(fresh, "live-replaced-20260619T120000Z.sqlite"));
    expect(await verify({ file: ledgerFile(fresh, "live") })).toMatchObject({
      ok: true,
      entries: 13,
    });
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 9 });
    expect(home).not.toBe(fresh);
  });

  it("waits for no gateway: while one owns the home, nothing happens", async () => {
    const { home, ledger, to } = await backedUp();
    await ledger.close();
    const lock = await takeOwnerLock({ home });
    await expect(restore(home, to, true)).rejects.toMatchObject({
      code: "gateway_running",
      message: expect.stringContaining("stop the gateway first"),
    });
    await expect(markRestored({ home, world: "live", note: "by hand" })).rejects.toMatchObject({
      code: "gateway_running",
    });
    lock.release();
  });

  it("of an unsound backup touches nothing", async () => {
    const { home, ledger, to, file, settled } = await backedUp();
    await ledger.close();
    const bad = tampered(to, (database) => {
      const charge = { from: '"charge":"50000000000"', to: '"charge":"40000000000"' };
      rewrite(database, { id: `${settled.id}.end`, ...charge });
    });
    await expect(restore(home, bad, true)).rejects.toMatchObject({ code: "ledger_unsound" });
    expect(readdirSync(home).filter((name) => /replaced|restoring/.test(name))).toEqual([]);
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 9 });
    const none = path.join(newHome(), "none.sqlite");
    await expect(restore(home, none)).rejects.toMatchObject({ name: "LedgerRefused" });
  });

  it("brings a backup of the first version up to date", async () => {
    const old = path.join(newHome(), "old.sqlite");
    const database = new DatabaseSync(old);
    const dump = new URL("./fixtures/version-1.sql", import.meta.url);
    database.exec(readFileSync(dump, "utf8"));
    database.close();
    const home = newHome();
    expect(await restore(home, old)).toMatchObject({
      ...{ world: "sandbox", entries: 46, roots: 2, voided: 2 },
    });
    expect(await verify({ file: ledgerFile(home, "sandbox") })).toMatchObject({ ok: true });
  });

  it("clears away what one that was killed had made ready", async () => {
    const { ledger, to } = await backedUp();
    await ledger.close();
    const home = newHome();
    mkdirSync(path.join(home, "restoring-killed"));
    await restore(home, to);
    expect(readdirSync(home)).not.toContain("restoring-killed");
  });
});

describe("a ledger put back by other means", () => {
  it("says so in every chain and voids its open holds", async () => {
    const { home, ledger, file } = await backedUp();
    await ledger.close();
    expect(await markRestored({ home, world: "live", note: "from a snapshot" })).toEqual({
      ...{ world: "live", roots: 2, spooled: 0, voided: 1, problems: [] },
    });
    expect(said(file, "restore", "note")).toEqual(["from a snapshot", "from a snapshot"]);
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 13, holds_open: 0 });
  });

  it("must be there", async () => {
    const home = newHome();
    await expect(markRestored({ home, world: "live", note: "by hand" })).rejects.toMatchObject({
      code: "no_ledger",
    });
    expect(readdirSync(home)).not.toContain("live.sqlite");
  });
});
