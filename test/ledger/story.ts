import { copyFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { chainHash } from "../../src/ledger/chain.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import { NOON, type OpenStore } from "./bench.ts";
import {
  holdOf,
  keyHash,
  newAccount,
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

/** A ledger in which everything has happened that an entry can tell of, for those who tamper with it. */
export type Story = {
  /** Of SQLite. */
  readonly file: string;
  readonly home: string;
  /** A prepaid root with a key of its own. */
  readonly party: Party;
  /** An account below it, moved once, and its key. */
  readonly team: Party;
  /** Two flat images, of which the charge was lowered twice; both were judged, the second one twice. */
  readonly settled: string;
  /** The first of its corrections. */
  readonly correction: string;
  readonly voided: string;
  /** Ended by recovery; its result came late. */
  readonly late: string;
  /** An exposure that was billed. */
  readonly billed: string;
  /** Still open, with a task. */
  readonly open: string;
  readonly fund: string;
};

const tokenCeiling = [
  { meter: "text_input_tokens", quantity: 85n },
  { meter: "image_output_tokens", quantity: 196n },
] as const;

/**
 * @param checkpointEvery entries of a root from one checkpoint to the next; none are written when left out.
 * @param openStore which store; SQLite when left out.
 */
export async function tellStory(
  checkpointEvery?: bigint,
  openStore: OpenStore = openLedger,
): Promise<Story> {
  const home = newHome();
  let now = NOON;
  const ledger = await openStore({
    ...{ home, world: "sandbox", nowMs: () => now },
    ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
  });
  const party = await newParty(ledger, { limits: { day: "5" }, fund: "10" });
  const fund = await lowerFunding(ledger, party);
  const team = await growTree(ledger, party);
  const { settled, correction } = await correctedCall(ledger, team);
  const refused = holdOf(team);
  await ledger.hold(refused);
  await ledger.end(voidOf(refused.id));
  await tokenCalls(ledger, party);
  const billed = await unknownCall(ledger, party);
  const late = await recoveredCall(ledger, party, () => {
    now += 3_600_000;
  });
  await ledger.noteRestore({ actor: "me", note: "a backup of noon" });
  await changeKeys(ledger, party);
  await judge(ledger, settled);
  const second = await newParty(ledger);
  const other = holdOf(second);
  await ledger.hold(other);
  await ledger.end(settleFlat(other));
  const open = withMargin(holdOf(team));
  await ledger.hold(open);
  await ledger.noteTask({ holdId: open.id, taskId: "task-1" });
  await ledger.close();
  const file = ledgerFile(home, "sandbox");
  const ids = { settled, correction, voided: refused.id, late, billed, open: open.id, fund };
  return { file, home, party, team, ...ids };
}

function correct(ledger: Ledger, corrects: string, amount: string): Promise<string> {
  const entryId = nextId("fix");
  const request = { entryId, corrects, amount: usd(amount), reason: "the bill", actor: "me" };
  return ledger.correct(request).then((result) => {
    if (result.kind === "refused") throw new Error(`${corrects}: ${result.reason}`);
    return entryId;
  });
}

/** One picture is kept at once, the other after a second look. */
async function judge(ledger: Ledger, holdId: string): Promise<void> {
  const first = { image: 0, kept: true, reason: null };
  const second = { image: 1, kept: false, reason: "off-colour" };
  await ledger.noteOutcomes({ holdId, outcomes: [first, second], actor: "me" });
  const again = { image: 1, kept: true, reason: "good-enough" };
  await ledger.noteOutcomes({ holdId, outcomes: [again], actor: "another" });
}

/** Two dollars too many were booked. */
async function lowerFunding(ledger: Ledger, { accountId }: Party): Promise<string> {
  const entryId = nextId("fund");
  await ledger.fund({ accountId, amount: usd("3"), actor: "me", entryId });
  await correct(ledger, entryId, "1");
  return entryId;
}

/** An account two levels below the root, with limits and settings of its own, hung one level up later. */
async function growTree(ledger: Ledger, { accountId }: Party): Promise<Party> {
  const below = { prepaid: false, limits: {}, actor: "me" };
  const shop = await newAccount(ledger, { ...below, name: "Shop", parentId: accountId });
  const team = await newAccount(ledger, {
    ...{ ...below, name: "Team", parentId: shop.id, limits: { month: usd("4") } },
    settings: { autoAs: { quality: "low" }, tags: { team: "shop" } },
  });
  const keyId = nextId("key");
  await ledger.createKey({
    ...{ id: keyId, accountId: team.id, name: "web", sha256: keyHash(), actor: "me" },
    ...{ limits: { day: usd("2") }, settings: { rate: { requestsPerMinute: 600 } } },
  });
  const house = { exposureHour: usd("3"), vendorCostDay: usd("8") };
  await ledger.changeNode({ nodeId: accountId, settings: { house }, actor: "me" });
  await ledger.changeNode({
    nodeId: team.id,
    name: "Team A",
    limits: { day: usd("3") },
    actor: "me",
  });
  await ledger.changeNode({ nodeId: keyId, limits: { day: null, total: usd("9") }, actor: "me" });
  await ledger.moveAccount({ accountId: team.id, parentId: accountId, actor: "me" });
  return { accountId: team.id, keyId };
}

/** Charge and cost are mended, the charge twice and side by side. */
async function correctedCall(ledger: Ledger, team: Party) {
  const asked = holdOf(team, { n: 2 });
  const settled: HoldRequest = {
    ...asked,
    run: { id: "run_told", row: "cup-1" },
    ...{ vendorAmount: asked.amount, margin: null },
    facts: { ...asked.facts, qualityAsked: "low" },
  };
  await ledger.hold(settled);
  await ledger.end({ ...settleFlat(settled), qualityBilled: "medium" });
  const [correction] = await Promise.all([
    correct(ledger, `${settled.id}.end`, "0.07"),
    correct(ledger, `${settled.id}.end`, "0.04"),
    correct(ledger, `${settled.id}.cost`, "0.12"),
  ]);
  return { settled: settled.id, correction };
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
  await correct(ledger, `${costly.id}.cost`, "0");
}

/** Feared at 0.05, billed at 0.04, then found not to be billed at all, then billed after all. */
async function unknownCall(ledger: Ledger, party: Party): Promise<string> {
  const hold = withMargin(holdOf(party));
  await ledger.hold(hold);
  const exposure = { amount: usd("0.05"), reason: "timeout" };
  await ledger.end({ ...voidOf(hold.id), outcome: "unknown", code: "outcome_unknown", exposure });
  for (const billed of ["0.04", "0", "0.03"]) await correct(ledger, `${hold.id}.exposure`, billed);
  return hold.id;
}

/** Ten percent and a tenth of a cent on one flat image at 0.05 USD. */
export function withMargin(hold: HoldRequest): HoldRequest {
  const margin = { basisPoints: 1_000, fixed: usd("0.001") };
  return { ...hold, amount: usd("0.056"), vendorAmount: usd("0.05"), margin };
}

async function recoveredCall(ledger: Ledger, party: Party, wait: () => void): Promise<string> {
  const hold = withMargin(holdOf(party));
  await ledger.hold(hold);
  await ledger.end(recoveredVoid({ ...hold, holdId: hold.id }));
  wait();
  await ledger.end(settleFlat(hold));
  await correct(ledger, `${hold.id}.late`, "0.06");
  await correct(ledger, `${hold.id}.exposure`, "0");
  return hold.id;
}

async function changeKeys(ledger: Ledger, { accountId }: Party): Promise<void> {
  const limits = { day: usd("9"), month: usd("90") };
  await ledger.changeNode({ nodeId: accountId, limits, actor: "me" });
  const spare = { id: nextId("key"), accountId, name: "spare", sha256: "f".repeat(64) };
  await ledger.createKey({ ...spare, actor: "me" });
  await ledger.changeNode({ nodeId: spare.id, settings: { expiresMs: NOON }, actor: "me" });
  await ledger.revokeKey({ keyId: spare.id, actor: "me" });
}

/** A copy of a ledger after somebody with a shell has been at it. */
export function tampered(of: string, tamper: (database: DatabaseSync) => void): string {
  const { file, database } = unguardedCopy(of);
  tamper(database);
  database.close();
  return file;
}

/** A copy without triggers and constraints. */
export function unguardedCopy(of: string): {
  readonly file: string;
  readonly database: DatabaseSync;
} {
  const file = path.join(newHome(), "sandbox.sqlite");
  copyFileSync(of, file);
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec(
    `PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA ignore_check_constraints = ON;
     DROP TRIGGER entries_are_not_edited; DROP TRIGGER entries_are_not_deleted;
     DROP TRIGGER statements_are_not_edited; DROP TRIGGER statements_are_not_deleted`,
  );
  return { file, database };
}

/** Edits the text of an entry and computes every later hash anew, as who owns the whole file can. */
export function rewrite(
  database: DatabaseSync,
  edit: { readonly id: string; readonly from: string; readonly to: string },
): void {
  const one = database.prepare("SELECT root, text FROM entries WHERE id = ?").get(edit.id) ?? {};
  if (!textIn(one, "text").includes(edit.from)) {
    throw new Error(`no ${edit.from} in ${textIn(one, "text")}`);
  }
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
