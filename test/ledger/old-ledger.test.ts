import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import { NOON } from "./bench.ts";
import { holdOf, settleFlat, usd } from "./fixtures.ts";
import { newHome } from "./new-home.ts";

/** A ledger of the first version, with everything that its program could do, as that program wrote it. */
function oldHome(): string {
  const home = newHome();
  const dump = new URL("./fixtures/version-1.sql", import.meta.url);
  const database = new DatabaseSync(ledgerFile(home, "sandbox"));
  database.exec(readFileSync(dump, "utf8"));
  database.close();
  return home;
}

const nowMs = () => NOON + 30 * 86_400_000;

async function migrated() {
  const home = oldHome();
  const ledger = await openLedger({ home, world: "sandbox", nowMs });
  return { ledger, file: ledgerFile(home, "sandbox") };
}

describe("a ledger of the first version", () => {
  // Among them a hold in an hour in which 6 USD were lost already: its program limited no losses, and
  // later rules measure no earlier hold.
  it("is brought up to date at a start, and every bill in it still verifies", async () => {
    const { ledger, file } = await migrated();
    await ledger.close();
    expect(await verify({ file })).toEqual({
      ok: true,
      entries: 46,
      receipts: 11,
      holds_open: 2,
      first_discrepancy: null,
    });
  });

  it("keeps odd tags and names, and says nothing of what it never recorded", async () => {
    const { ledger } = await migrated();
    const call = await ledger.call("rcpt_settled");
    expect(call?.hold).toMatchObject({
      tags: { 'a"b': "c\\d\té – 图", team: "shop" },
      user: 'O\'Neil "x" 图',
    });
    expect(call?.hold).not.toHaveProperty("vendorAmount");
    const rows = await ledger.usage({
      from: "2026-06-30",
      to: "2026-06-30",
      by: ["quality_asked"],
    });
    expect(rows.map((row) => row.keys)).toEqual([[null]]);
    await ledger.close();
  });

  it("its open holds end, its charges can be corrected, and it verifies after that", async () => {
    const { ledger, file } = await migrated();
    expect(await ledger.openHolds()).toMatchObject([
      { holdId: "rcpt_bare", taskId: null, process: null },
      { holdId: "rcpt_open", taskId: "task-1", process: null },
    ]);
    for (const id of ["rcpt_open", "rcpt_bare"]) {
      const call = await ledger.call(id);
      if (call === undefined) throw new Error(`${id} is gone`);
      await ledger.end(settleFlat(call.hold));
    }
    const mended = [
      ["rcpt_settled.end", "0.04"],
      ["rcpt_feared.exposure", "5.5"],
      ["rcpt_late.late", "0"],
    ] as const;
    for (const [corrects, amount] of mended) {
      const entryId = `fix_${corrects}`;
      const request = { entryId, corrects, amount: usd(amount), reason: "the bill", actor: "me" };
      expect(await ledger.correct(request)).toMatchObject({ kind: "corrected" });
    }
    await ledger.close();
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 53, holds_open: 0 });
  });

  it("new calls go on where the old ones ended", async () => {
    const { ledger, file } = await migrated();
    const [account] = await ledger.listAccounts();
    const [key] = await ledger.listKeys(account?.id);
    const party = { accountId: account?.id ?? "", keyId: key?.id ?? "" };
    const hold = holdOf(party);
    expect(await ledger.hold(hold)).toMatchObject({ kind: "held" });
    await ledger.end(settleFlat(hold));
    await ledger.close();
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 49, receipts: 12 });
  });
});
