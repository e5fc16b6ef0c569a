import { copyFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { chainHash } from "../../src/ledger/chain.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import {
  holdOf,
  newParty,
  nextId,
  type Party,
  settleFlat,
  settleOf,
  tokenPrice,
  usd,
  voidOf,
} from "./fixtures.ts";
import { newHome } from "./new-home.ts";

const NOON = Date.UTC(2026, 5, 19, 12);

/** The ids that the tamperings below aim at. */
type Story = {
  readonly file: string;
  readonly party: Party;
  readonly settled: string;
  readonly voided: string;
  readonly open: string;
};

const tokenCeiling = [
  { meter: "text_input_tokens", quantity: 85n },
  { meter: "image_output_tokens", quantity: 196n },
] as const;

/** A ledger in which everything has happened that this part of the ledger knows. */
async function tellStory(): Promise<Story> {
  const home = newHome();
  const ledger = await openLedger({ home, world: "sandbox", nowMs: () => NOON });
  const party = await newParty(ledger, { fund: "10", limits: { day: "5" } });
  const settled = holdOf(party, { n: 2 });
  await ledger.hold(settled);
  await ledger.end(settleFlat(settled));
  const refused = holdOf(party);
  await ledger.hold(refused);
  await ledger.end(voidOf(refused.id));
  await tokenCalls(ledger, party);
  await recoveredCall(ledger, party);
  const { accountId } = party;
  const limits = { day: usd("9"), month: usd("90") };
  await ledger.changeNode({ nodeId: accountId, limits, actor: "me" });
  const spare = { id: nextId("key"), accountId, name: "spare", sha256: "f".repeat(64) };
  await ledger.createKey({ ...spare, actor: "me" });
  await ledger.revokeKey({ keyId: spare.id, actor: "me" });
  const second = await newParty(ledger);
  const other = holdOf(second);
  await ledger.hold(other);
  await ledger.end(settleFlat(other));
  const open = holdOf(party);
  await ledger.hold(open);
  await ledger.noteTask({ holdId: open.id, taskId: "task-1" });
  await ledger.close();
  const file = ledgerFile(home, "sandbox");
  return { file, party, settled: settled.id, voided: refused.id, open: open.id };
}

/** Overrun, missing usage, an echoed model, images counted and not received, a void with a known cost. */
async function tokenCalls(ledger: Ledger, party: Party): Promise<void> {
  const tokenHold = (n = 1): HoldRequest =>
    holdOf(party, { n, price: tokenPrice, ceilingItems: tokenCeiling });
  const reported = (tokens: bigint) =>
    ({
      kind: "reported",
      items: [
        { meter: "text_input_tokens", quantity: 21n },
        { meter: "image_output_tokens", quantity: tokens },
      ],
    }) as const;
  const dear = {
    ...tokenPrice,
    id: "made-up-dear@2026-01-01",
    terms: tokenPrice.terms.map((term) => ({ ...term, usd: "60.00" })),
  };
  const [over, missing, echoed, costly] = [tokenHold(), tokenHold(2), tokenHold(), tokenHold()];
  const fewer = holdOf(party, { n: 4 });
  for (const hold of [over, missing, echoed, costly, fewer]) await ledger.hold(hold);
  await ledger.end(settleOf(over, { usage: reported(900n), images: 1n }));
  await ledger.end(settleOf(missing, { usage: { kind: "missing", reason: "absent" }, images: 1n }));
  await ledger.end(settleOf(echoed, { usage: reported(100n), images: 1n, echoedPrice: dear }));
  const items = [{ meter: "output_images", quantity: 4n }] as const;
  await ledger.end(settleOf(fewer, { usage: { kind: "reported", items }, images: 3n }));
  const rated = settleOf(costly, { usage: reported(100n), images: 1n });
  const { vendorCost, items: used } = rated;
  await ledger.end({ ...voidOf(costly.id), outcome: "failed", vendorCost, items: used });
}

async function recoveredCall(ledger: Ledger, party: Party): Promise<void> {
  const hold = holdOf(party);
  await ledger.hold(hold);
  await ledger.end(recoveredVoid({ ...hold, holdId: hold.id }));
  await ledger.end(settleFlat(hold));
}

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

/** Verifies a copy of the story after somebody with a shell has been at it. */
async function verifyAfter(tamper: (database: DatabaseSync) => void) {
  const file = path.join(newHome(), "sandbox.sqlite");
  copyFileSync(story.file, file);
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec("DROP TRIGGER entries_are_not_edited; DROP TRIGGER entries_are_not_deleted");
  tamper(database);
  database.close();
  return verify({ file });
}

describe("verify", () => {
  it("finds an untouched ledger sound, and counts it", async () => {
    const seen: number[] = [];
    const result = await verify({ file: story.file, onProgress: (entries) => seen.push(entries) });
    // Party 3, settled 3, refused 2, five token calls 17, recovered and late 4, limit 1, spare key 2,
    // second account with its call 5, open hold with its task 2.
    expect(result).toEqual({
      ok: true,
      entries: 39,
      receipts: 9,
      holds_open: 1,
      first_discrepancy: null,
    });
    expect(seen.at(-1)).toBe(39);
  });

  it("reads a ledger beside its running owner", async () => {
    const home = newHome();
    const ledger = await openLedger({ home, world: "live" });
    const party = await newParty(ledger, { fund: "1" });
    await ledger.hold(holdOf(party));
    const file = ledgerFile(home, "live");
    expect(await verify({ file })).toMatchObject({ ok: true, entries: 4, holds_open: 1 });
    await ledger.close();
  });

  it("the journal can't be edited or deleted without taking its guard away", () => {
    const file = path.join(newHome(), "copy.sqlite");
    copyFileSync(story.file, file);
    const database = new DatabaseSync(file);
    expect(() => database.exec("UPDATE entries SET text = ''")).toThrow("only appends");
    expect(() => database.exec("DELETE FROM entries")).toThrow("only appends");
    database.close();
  });

  const ending = () => `${story.settled}.end`;
  it.each<{ law: string; sql: () => string; what: string; entry?: () => string }>([
    {
      law: "an edited text",
      sql: () =>
        `UPDATE entries SET text = replace(text, '"user"', '"User"') WHERE id = '${story.settled}'`,
      what: "hash",
      entry: () => story.settled,
    },
    {
      law: "an edited hash",
      sql: () => `UPDATE entries SET hash = '${"0".repeat(64)}' WHERE id = '${ending()}'`,
      what: "hash",
      entry: ending,
    },
    {
      law: "a deleted entry",
      sql: () => `DELETE FROM entries WHERE id = '${ending()}'`,
      what: "sequence",
      entry: () => `${story.settled}.cost`,
    },
    {
      law: "deleted last entries",
      sql: () =>
        `DELETE FROM entries WHERE root = '${story.party.accountId}' AND sequence =
         (SELECT sequence FROM roots WHERE root = '${story.party.accountId}')`,
      what: "roots.sequence",
    },
    {
      law: "an edited column",
      sql: () => `UPDATE entries SET kind = 'void' WHERE id = '${ending()}'`,
      what: "column kind",
      entry: ending,
    },
    {
      law: "an edited amount of a hold",
      sql: () => `UPDATE holds SET amount = amount + 1 WHERE id = '${story.settled}'`,
      what: "holds.amount",
      entry: () => story.settled,
    },
    {
      law: "an edited charge",
      sql: () => `UPDATE endings SET charge = charge - 1 WHERE hold = '${story.settled}'`,
      what: "endings.charge",
      entry: ending,
    },
    {
      law: "an ending that no entry makes",
      sql: () => `UPDATE holds SET ended = 1 WHERE id = '${story.open}'`,
      what: "open holds",
    },
    {
      law: "an edited book",
      sql: () => "UPDATE roots SET available = available + 1, held = held - 1 WHERE held > 0",
      what: "roots.available",
    },
    {
      law: "an edited counter",
      sql: () =>
        `UPDATE counters SET settled = settled - 1
         WHERE node = '${story.party.accountId}' AND window = '2026-06'`,
      what: "counters.settled",
    },
    {
      law: "a raised limit",
      sql: () => `UPDATE nodes SET limit_day = NULL WHERE id = '${story.party.accountId}'`,
      what: "nodes.limit_day",
    },
    {
      law: "a key brought back",
      sql: () => "UPDATE nodes SET revoked_ms = NULL WHERE name = 'spare'",
      what: "nodes.revoked_ms",
    },
    {
      law: "an edited price",
      sql: () => `UPDATE price_versions SET json = replace(json, '0.05', '0.04')`,
      what: "entry",
    },
    {
      law: "a world that was changed",
      sql: () => "UPDATE ledger SET world = 'live'",
      what: "emulated",
    },
    {
      law: "entries of a root that isn't there",
      sql: () => `DELETE FROM roots WHERE root = '${story.party.accountId}'`,
      what: "rows of entries outside every root",
    },
  ])("names $law", async ({ sql, what, entry }) => {
    const result = await verifyAfter((database) => database.exec(sql()));
    expect(result.ok).toBe(false);
    expect(result.first_discrepancy?.what).toContain(what);
    if (entry !== undefined) expect(result.first_discrepancy?.entry).toBe(entry());
  });

  it("says what was stored and what was computed", async () => {
    const result = await verifyAfter((database) =>
      database.exec(`UPDATE endings SET charge = 99999999999 WHERE hold = '${story.settled}'`),
    );
    // Two flat images at 0.05 USD.
    expect(result.first_discrepancy).toMatchObject({
      entry: ending(),
      root: story.party.accountId,
      what: "endings.charge",
      stored: "99999999999",
      computed: "100000000000",
    });
  });

  // Who rewrites the chain too is caught by the bill: the amounts follow from facts and prices.
  it.each<{ law: string; from: string; to: string; id: () => string; what: string }>([
    {
      law: "a ceiling of another amount",
      from: '"amount":"100000000000","asOf"',
      to: '"amount":"100000000001","asOf"',
      id: () => story.settled,
      what: "postings",
    },
    {
      law: "fewer images than were billed",
      from: '"imagesMade":"2"',
      to: '"imagesMade":"1"',
      id: ending,
      what: "charge",
    },
    {
      law: "another quantity in the items",
      from: '"items":[{"meter":"output_images","quantity":"2"}]',
      to: '"items":[{"meter":"output_images","quantity":"1"}]',
      id: ending,
      what: "charge",
    },
    {
      law: "a line with another unit price",
      from: '"lines":[{"amount":"100000000000","meter":"output_images","quantity":"2","unitPrice":"50000000000"}],"overrun"',
      to: '"lines":[{"amount":"100000000000","meter":"output_images","quantity":"1","unitPrice":"100000000000"}],"overrun"',
      id: ending,
      what: "lines",
    },
    {
      law: "a posting to another book",
      from: '"book":"revenue"',
      to: '"book":"house"',
      id: ending,
      what: "postings",
    },
    {
      law: "another window",
      from: '"day":"2026-06-19"',
      to: '"day":"2026-06-18"',
      id: () => story.settled,
      what: "windows",
    },
    {
      law: "a field that nobody knows",
      from: '"account":',
      to: '"aaa":"1","account":',
      id: () => story.settled,
      what: "entry",
    },
  ])("names $law under a chain that was written anew", async ({ from, to, id, what }) => {
    const result = await verifyAfter((database) => {
      rewrite(database, { id: id(), from, to });
    });
    expect(result.first_discrepancy).toMatchObject({ entry: id(), what });
  });
});

/** Edits a text and computes every later hash anew. */
function rewrite(database: DatabaseSync, edit: { id: string; from: string; to: string }): void {
  const one = database.prepare("SELECT root, text FROM entries WHERE id = ?").get(edit.id) ?? {};
  if (!textIn(one, "text").includes(edit.from)) throw new Error(`no ${edit.from} in it`);
  database
    .prepare("UPDATE entries SET text = replace(text, ?, ?) WHERE id = ?")
    .run(edit.from, edit.to, edit.id);
  const root = textIn(one, "root");
  let hash = "0".repeat(64);
  const rows = database
    .prepare("SELECT text FROM entries WHERE root = ? ORDER BY sequence")
    .all(root);
  for (const [index, row] of rows.entries()) {
    hash = chainHash(hash, BigInt(index + 1), textIn(row, "text"));
    database
      .prepare("UPDATE entries SET hash = ? WHERE root = ? AND sequence = ?")
      .run(hash, root, index + 1);
  }
  database.prepare("UPDATE roots SET hash = ? WHERE root = ?").run(hash, root);
}
