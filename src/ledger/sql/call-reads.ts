import type { CorrectionRow, EntryRow } from "../engine/rows.ts";
import { endingId } from "../journal.ts";
import type { LedgerCall, OpenHold, StoredPrice } from "../port.ts";
import { readEndingText, readHoldText } from "../recorded.ts";
import type { Correction } from "../reports-port.ts";
import { callRow, correctionRow, entryRow, priceRow } from "./decode.ts";
import { OUTCOMES_OF, outcomeOf } from "./outcome-reads.ts";
import { type Query, rowsOf, textIn } from "./rows.ts";

/** Reads calls back out of their entries. */

/** Ids are unique, but only within their root there is an index of them. */
const EVERY_ROOT = "root IN (SELECT root FROM roots)";

/**
 * Corrections of a call name entries whose ids begin with its own and a dot, which a slash follows: an index
 * tells them from the many that mending a price may have left in the same root.
 */
const CORRECTIONS = `SELECT * FROM corrections
  WHERE root = ?1 AND corrects > ?3 AND corrects < ?4 AND hold = ?2 ORDER BY sequence`;

export async function readCall(
  query: Query,
  holdId: string,
  priceOf: (sha256: string) => Promise<StoredPrice>,
): Promise<LedgerCall | undefined> {
  const [found] = await rowsOf(query, `SELECT * FROM calls WHERE ${EVERY_ROOT} AND id = ?1`, [
    holdId,
  ]);
  if (found === undefined) return undefined;
  const { root } = callRow(found);
  const [[row] = [], entries = [], corrections = [], outcomes = []] = await query([
    { sql: "SELECT * FROM calls WHERE root = ?1 AND id = ?2", parameters: [root, holdId] },
    {
      sql: "SELECT * FROM entries WHERE root = ?1 AND id IN (?2, ?3)",
      parameters: [root, holdId, endingId(holdId)],
    },
    { sql: CORRECTIONS, parameters: [root, holdId, `${holdId}.`, `${holdId}/`] },
    { sql: OUTCOMES_OF, parameters: [root, holdId] },
  ]);
  if (row === undefined) throw new Error(`hold ${holdId} is gone`);
  const call = callRow(row);
  const byId = new Map(entries.map(entryRow).map((entry) => [entry.id, entry]));
  const held = byId.get(holdId);
  const ended = call.ended === null ? undefined : byId.get(endingId(holdId));
  if (held === undefined || (ended === undefined && call.ended !== null)) {
    throw new Error(`hold ${holdId} has lost an entry`);
  }
  return {
    hold: { ...readHoldText(held.text, await priceIn(held, "request", priceOf)), ...place(held) },
    taskId: call.task,
    ending: ended === undefined ? undefined : await endingIn(ended, priceOf),
    corrections: corrections.map(correctionRow).map(correctionOf),
    outcomes: outcomes.map(outcomeOf),
  };
}

async function endingIn(entry: EntryRow, priceOf: (sha256: string) => Promise<StoredPrice>) {
  const body: { ending: { echoedPrice: { sha256: string } | null } } = JSON.parse(entry.text);
  const reference = body.ending.echoedPrice;
  const echoedPrice = reference === null ? null : await priceOf(reference.sha256);
  return { ...readEndingText(entry.text, echoedPrice), ...place(entry) };
}

async function priceIn(
  entry: EntryRow,
  part: "request",
  priceOf: (sha256: string) => Promise<StoredPrice>,
): Promise<StoredPrice> {
  const body: { [part in "request"]: { price: { sha256: string } } } = JSON.parse(entry.text);
  return priceOf(body[part].price.sha256);
}

function place({ createdMs, sequence, hash }: EntryRow) {
  return { createdMs, chain: { sequence: Number(sequence), hash } };
}

export function correctionOf(row: CorrectionRow): Correction {
  const { id, account, hold, root: _, sequence: __, ...rest } = row;
  return { entryId: id, accountId: account, holdId: hold, ...rest };
}

/** A stored price version by its hash. */
export async function readPrice(query: Query, sha256: string): Promise<StoredPrice> {
  const sql = "SELECT * FROM price_versions WHERE sha256 = ?1";
  const [row] = await rowsOf(query, sql, [sha256]);
  if (row === undefined) throw new Error(`price version ${sha256} isn't stored`);
  return priceRow(row);
}

/** Holds without an ending, oldest first. */
export async function readOpenHolds(
  query: Query,
  process: string | undefined,
): Promise<readonly OpenHold[]> {
  const open = "SELECT * FROM calls WHERE ended_ms IS NULL";
  const order = "ORDER BY created_ms, id";
  const rows =
    process === undefined
      ? await rowsOf(query, `${open} ${order}`, [])
      : await rowsOf(query, `${open} AND process = ?1 ${order}`, [process]);
  return rows.map(callRow).map((call) => ({
    holdId: call.id,
    accountId: call.account,
    vendor: call.vendor,
    connection: call.connection,
    amount: call.amount,
    vendorAmount: call.vendorAmount,
    createdMs: call.createdMs,
    taskId: call.task,
    process: call.process,
  }));
}

/** Whether an `Idempotency-Key` stands for a hold. Looks at every intent: for recoveries, not for calls. */
export async function readHasIntent(query: Query, holdId: string): Promise<boolean> {
  const sql = `SELECT scope FROM intents WHERE ${EVERY_ROOT} AND hold = ?1`;
  return (await rowsOf(query, sql, [holdId])).length > 0;
}

/** The root of a node, a call or an entry; undefined for an id that isn't there. */
export async function readRootOf(
  query: Query,
  what: "nodes" | "calls" | "entries",
  id: string,
): Promise<string | undefined> {
  const where = what === "nodes" ? "id = ?1" : `${EVERY_ROOT} AND id = ?1`;
  const [row] = await rowsOf(query, `SELECT root FROM ${what} WHERE ${where}`, [id]);
  return row === undefined ? undefined : textIn(row, "root");
}
