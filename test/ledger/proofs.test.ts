import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { headsFolder, readHeadFile, writeHeads } from "../../src/audit/head-files.ts";
import { readReceiptFiles } from "../../src/audit/receipt-files.ts";
import { verify } from "../../src/audit/verify.ts";
import { receiptJson } from "../../src/gateway/receipt-json.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { openSnapshot } from "../../src/ledger/sqlite/snapshot.ts";
import { headsKeeper } from "../../src/start/daily-heads.ts";
import { NOON } from "./bench.ts";
import { holdOf, newParty, settleFlat, voidOf } from "./fixtures.ts";
import { newHome } from "./new-home.ts";
import { rewrite, tampered, withMargin } from "./story.ts";

/** An edit that no table and no sum gives away once the chain was written anew. */
const actor = { from: '"actor":"test"', to: '"actor":"none"' };

/** A ledger with three calls, its heads of that day, and what came after them. */
async function kept() {
  const home = newHome();
  const ledger = await openLedger({ home, world: "sandbox", nowMs: () => NOON });
  const party = await newParty(ledger);
  const [settled, voided, dearer] = [holdOf(party), holdOf(party), withMargin(holdOf(party))];
  for (const hold of [settled, voided, dearer]) await ledger.hold(hold);
  await ledger.end(settleFlat(settled));
  await ledger.end(voidOf(voided.id));
  await ledger.end(settleFlat(dearer));
  const folder = headsFolder(home);
  const head = await writeHeads({ ledger, folder, world: "sandbox", nowMs: NOON });
  const receipts = await printReceipts(ledger, home, [settled.id, voided.id, dearer.id]);
  await ledger.hold(holdOf(party));
  const file = ledgerFile(home, "sandbox");
  return {
    home,
    ledger,
    party,
    folder,
    head: head ?? "",
    receipts,
    file,
    settled: settled.id,
    dearer: dearer.id,
  };
}

/** As `GET /v1/receipts/{id}` answers, in a folder. */
async function printReceipts(ledger: Ledger, home: string, ids: readonly string[]) {
  const folder = path.join(home, "receipts");
  mkdirSync(folder);
  for (const id of ids) {
    const call = await ledger.call(id);
    if (call === undefined) throw new Error(`no call ${id}`);
    writeFileSync(path.join(folder, `${id}.json`), JSON.stringify(receiptJson(call, "sandbox")));
  }
  return folder;
}

let story: Awaited<ReturnType<typeof kept>>;
beforeAll(async () => {
  story = await kept();
  await story.ledger.close();
});

async function verifyCopy(
  edit: Parameters<typeof rewrite>[1] | undefined,
  request: { readonly head?: string; readonly receipts?: string },
) {
  const { head, receipts } = request;
  const file = tampered(story.file, (database) => {
    if (edit !== undefined) rewrite(database, edit);
  });
  using snapshot = openSnapshot(file);
  return await verify({
    query: snapshot.query,
    ...(head === undefined ? {} : { heads: await readHeadFile(head, "sandbox") }),
    ...(receipts === undefined ? {} : { receipts: await readReceiptFiles(receipts) }),
  });
}

describe("daily heads", () => {
  it("stand in a file of their day, one line a root, readable by the owner alone", () => {
    expect(path.basename(story.head)).toBe("sandbox-2026-06-19.jsonl");
    expect(statSync(story.head).mode & 0o777).toBe(0o600);
    const lines = readFileSync(story.head, "utf8").trimEnd().split("\n");
    // Account, key, three holds, settle and cost, void, settle and cost.
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ world: "sandbox", root: story.party.accountId, sequence: 10 },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it("are written once a day and never changed: the day is UTC's", async () => {
    const { ledger, folder, head } = await kept();
    const before = readFileSync(head, "utf8");
    const write = (nowMs: number) => writeHeads({ ledger, folder, world: "sandbox", nowMs });
    expect(await write(Date.UTC(2026, 5, 19, 23, 59, 59, 999))).toBeUndefined();
    expect(readFileSync(head, "utf8")).toBe(before);
    expect(await write(Date.UTC(2026, 5, 20))).toBe(path.join(folder, "sandbox-2026-06-20.jsonl"));
    expect(readdirSync(folder)).toEqual(["sandbox-2026-06-19.jsonl", "sandbox-2026-06-20.jsonl"]);
    await ledger.close();
  });

  it("of a ledger without accounts are no heads: the day's file is left to later", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "live" });
    const folder = headsFolder(home);
    const of = { ledger, folder, world: "live", nowMs: NOON } as const;
    expect(await writeHeads(of)).toBeUndefined();
    await newParty(ledger);
    expect(await writeHeads(of)).toBe(path.join(folder, "live-2026-06-19.jsonl"));
    await ledger.close();
  });

  it("a gateway writes them at its start, and an unwritable folder stops no order", async () => {
    const { home, ledger } = await kept();
    const alarms: string[] = [];
    const log = { error: (_: object, text: string) => void alarms.push(text) };
    await headsKeeper({ ledger, home, world: "sandbox", log })();
    const today = new Date().toISOString().slice(0, 10);
    expect(readdirSync(headsFolder(home))).toContain(`sandbox-${today}.jsonl`);
    const blocked = newHome();
    writeFileSync(headsFolder(blocked), "a file where the folder should be");
    await headsKeeper({ ledger, home: blocked, world: "sandbox", log })();
    expect(alarms).toEqual(["today's heads could not be written"]);
    await ledger.close();
  });

  it("lie on the chain of a ledger that has only grown since", async () => {
    expect(await verifyCopy(undefined, { head: story.head })).toMatchObject({
      ...{ ok: true, entries: 11, heads_checked: 1 },
    });
  });

  it("show a chain that was written anew, sound as it is in itself", async () => {
    const edit = { id: story.party.accountId, ...actor };
    expect(await verifyCopy(edit, {})).toMatchObject({ ok: true });
    const found = await verifyCopy(edit, { head: story.head });
    expect(found).toMatchObject({
      ok: false,
      first_discrepancy: { what: "head", root: story.party.accountId, sequence: 10 },
    });
  });

  it("show a ledger that ends before them: entries were cut off", async () => {
    const { sequence, ...rest } = JSON.parse(readFileSync(story.head, "utf8"));
    const head = path.join(newHome(), "later.jsonl");
    writeFileSync(head, `${JSON.stringify({ ...rest, sequence: sequence + 2 })}\n`);
    expect((await verifyCopy(undefined, { head })).first_discrepancy).toMatchObject({
      ...{ what: "head", sequence: 12, stored: "nothing", computed: rest.hash },
    });
  });

  it.each([
    { law: "another world's", text: () => readFileSync(story.head, "utf8"), world: "live" },
    { law: "no JSON", text: () => "{", world: "sandbox" },
    { law: "something else", text: () => '{"root":"r"}', world: "sandbox" },
    { law: "empty", text: () => "\n", world: "sandbox" },
  ] as const)("are refused when the file is $law", async ({ text, world }) => {
    const file = path.join(newHome(), "head.jsonl");
    writeFileSync(file, text());
    await expect(readHeadFile(file, world)).rejects.toMatchObject({ name: "ProofUnreadable" });
  });
});

describe("receipts that were handed out", () => {
  const first = () => `${story.settled}.json`;
  /** The receipts, one of them changed. */
  function edited(change: object, changed = first()): string {
    const folder = newHome();
    for (const name of readdirSync(story.receipts)) {
      const receipt = JSON.parse(readFileSync(path.join(story.receipts, name), "utf8"));
      const said = name === changed ? { ...receipt, ...change } : receipt;
      writeFileSync(path.join(folder, name), JSON.stringify(said));
    }
    return folder;
  }

  it("say what the ledger says", async () => {
    expect(await verifyCopy(undefined, { receipts: story.receipts })).toMatchObject({
      ...{ ok: true, receipts_checked: 3 },
    });
  });

  it("show a chain that was written anew", async () => {
    const edit = { id: story.party.accountId, ...actor };
    const found = await verifyCopy(edit, { receipts: story.receipts });
    expect(found.first_discrepancy).toMatchObject({
      entry: story.settled,
      what: `chain.hash of the receipt ${first()}`,
    });
  });

  it.each([
    ["total", { total: "0.04" }],
    ["ceiling", { ceiling: "0.06" }],
    ["released", { released: "0.01" }],
    ["overrun", { overrun: "0.01" }],
    ["status", { status: "voided" }],
    ["basis", { basis: "usage" }],
    ["account_id", { account_id: "acct_x" }],
    ["key_id", { key_id: "key_x" }],
    ["model", { model: "another" }],
    ["price_version", { price_version: "another" }],
    ["request_id", { request_id: "req_x" }],
    ["expected", { expected: "0.04" }],
    ["emulated", { emulated: false }],
    ["lines", { lines: [] }],
    ["call", { id: "rcpt_x" }],
    ["chain.sequence", { chain: { sequence: 3, hash: "x" } }],
    ["chain.hash", { chain: { sequence: 6, hash: "x" } }],
  ])("that say another %s are named", async (what, change) => {
    const found = await verifyCopy(undefined, { receipts: edited(change) });
    expect(found.first_discrepancy?.what).toBe(`${what} of the receipt ${first()}`);
  });

  it("whose ending was still waiting say nothing of it", async () => {
    const waiting = { status: "posting", chain: null, total: "0", lines: [], released: "0" };
    expect(await verifyCopy(undefined, { receipts: edited(waiting) })).toMatchObject({ ok: true });
  });

  it("under a margin, and there alone, show one line that adds up to the charge", async () => {
    const dearer = `${story.dearer}.json`;
    const { lines, total } = JSON.parse(readFileSync(path.join(story.receipts, dearer), "utf8"));
    // One flat image at 0.05 USD, ten percent and a tenth of a cent.
    expect(total).toBe("0.056");
    expect(lines).toMatchObject([{ meter: "charge", amount: "0.056" }]);
    const wrong = edited({ lines: [{ ...lines[0], amount: "0.06" }] }, dearer);
    expect(await verifyCopy(undefined, { receipts: wrong })).toMatchObject({ ok: false });
    const line = { meter: "charge", quantity: "1", unit_price: "0.05", amount: "0.05" };
    const plain = edited({ lines: [line] });
    expect(await verifyCopy(undefined, { receipts: plain })).toMatchObject({ ok: false });
  });

  it.each([
    ["no receipt", '{"object":"credits"}'],
    ["no JSON", "{"],
  ])("are refused when a file is %s", async (_, text) => {
    const folder = newHome();
    await expect(readReceiptFiles(folder)).rejects.toThrow("no .json files");
    writeFileSync(path.join(folder, "a.json"), text);
    await expect(readReceiptFiles(folder)).rejects.toMatchObject({ name: "ProofUnreadable" });
  });
});
