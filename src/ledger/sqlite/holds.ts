import { subtractUsd } from "../../money/pico-usd.ts";
import type { EndingDraft, HoldDraft } from "../draft.ts";
import { endEntries, endingId, holdEntry, lateEntry, lateId, taskEntry } from "../journal.ts";
import { roomExceeded } from "../limits.ts";
import type { HoldResult, OpenHold, PostedEnding, StoredPrice, TaskMemo } from "../port.ts";
import { TOTAL_WINDOW, windowsAt } from "../windows.ts";
import {
  append,
  type Context,
  originOf,
  pathFrom,
  roomState,
  saysTheSame,
  storePrice,
} from "./context.ts";
import type { DeskStatements } from "./desk.ts";
import type { StoredCall } from "./protocol.ts";
import type { EntryRow, HoldRow, NodeRow } from "./statements.ts";

/** Reserves the ceiling if it fits every limit on the path; every check comes before the first write. */
export function hold(request: HoldDraft, context: Context): HoldResult {
  const { statements, nowMs } = context;
  const known = statements.hold(request.id);
  if (known !== undefined) return heldBefore(request, known, statements);
  const account = statements.node(request.accountId);
  if (account === undefined || account.kind !== "account") return { kind: "unknown_account" };
  const path = [keyOf(request, statements), ...pathFrom(account, statements)];
  const { root, nodes } = roomState(path, context);
  const room = roomExceeded(request.amount, root, nodes);
  if (room !== undefined) return { kind: "refused", required: request.amount, ...room };
  storePrice(request.price, statements);
  const windows = windowsAt(nowMs);
  const ids = path.map((node) => node.id);
  const origin = originOf({ root: account.root, account: account.id }, context);
  append(account.root, [holdEntry(request, { path: ids, windows }, origin)], context);
  statements.insertHold({
    root: account.root,
    holdId: request.id,
    accountId: account.id,
    path: JSON.stringify(ids),
    ...windows,
    amount: request.amount,
    vendor: request.vendor,
    connection: request.connection,
    createdMs: nowMs,
  });
  for (const node of ids) {
    for (const window of [windows.day, windows.month, TOTAL_WINDOW]) {
      statements.addHeld({ root: account.root, node, window }, request.amount);
    }
  }
  return { kind: "held", createdMs: nowMs };
}

function heldBefore(request: HoldDraft, known: HoldRow, statements: DeskStatements): HoldResult {
  const entry = requireEntry(request.id, statements);
  if (!saysTheSame(entry.text, "request", request.text)) {
    throw new Error(`hold ${request.id} was posted with another content`);
  }
  return { kind: "held", createdMs: known.createdMs };
}

/** A revoked key still holds: the request was let in before, and its hold is the same money. */
function keyOf(request: HoldDraft, statements: DeskStatements): NodeRow {
  const key = statements.node(request.keyId);
  if (key === undefined || key.kind !== "key" || key.parent !== request.accountId) {
    throw new Error(`hold ${request.id}: no key ${request.keyId} of ${request.accountId}`);
  }
  return key;
}

/** Ends a hold in exactly the nodes and windows that it was counted at. */
export function end(ending: EndingDraft, context: Context): PostedEnding {
  const { statements, nowMs } = context;
  const held = requireHold(ending.holdId, statements);
  if (held.ended) return endedBefore(ending, held, context);
  const { root, holdId, amount } = held;
  const origin = originOf({ root, account: held.accountId }, context);
  const entries = endEntries(ending, { id: holdId, amount }, origin);
  if (ending.echoedPrice !== null) storePrice(ending.echoedPrice, statements);
  const [chain] = append(root, entries, context);
  const charge = ending.charge.total;
  statements.insertEnding({
    root,
    hold: holdId,
    kind: ending.kind,
    outcome: ending.outcome,
    charge,
    released: subtractUsd(amount, charge),
    createdMs: nowMs,
  });
  const path: readonly string[] = JSON.parse(held.path);
  for (const node of path) {
    for (const window of [held.day, held.month, TOTAL_WINDOW]) {
      statements.endHeld({ root, node, window }, { amount, charge });
    }
  }
  return { kind: "posted", chain };
}

/** The same ending again is the same posting; another one is late after recovery, and a bug otherwise. */
function endedBefore(ending: EndingDraft, held: HoldRow, context: Context): PostedEnding {
  const { statements } = context;
  const { root, holdId } = held;
  const { text, ...place } = requireEntry(endingId(holdId), statements);
  const chain = { sequence: place.sequence, hash: place.hash };
  if (saysTheSame(text, "ending", ending.text)) return { kind: "posted", chain };
  if (statements.outcome({ root, hold: holdId }) !== "recovered") {
    throw new Error(`hold ${holdId} was ended before, with another content`);
  }
  const late = lateEntry(ending, originOf({ root, account: held.accountId }, context));
  if (late !== undefined && statements.entry(lateId(holdId)) === undefined) {
    if (ending.echoedPrice !== null) storePrice(ending.echoedPrice, statements);
    append(root, [late], context);
  }
  return { kind: "late", chain };
}

/** Remembers a task; the same one again is the same memo. */
export function noteTask(task: TaskMemo, context: Context): null {
  const { statements } = context;
  const held = requireHold(task.holdId, statements);
  if (held.taskId === task.taskId) return null;
  if (held.ended) throw new Error(`hold ${task.holdId} has ended, task ${task.taskId} is nobody's`);
  if (held.taskId !== null) throw new Error(`hold ${task.holdId} has another task already`);
  const origin = originOf({ root: held.root, account: held.accountId }, context);
  append(held.root, [taskEntry(task, origin)], context);
  statements.setTask({ root: held.root, hold: task.holdId, task: task.taskId });
  return null;
}

/** The stored texts of a hold and its ending. */
export function call(holdId: string, context: Context): StoredCall | undefined {
  const { statements } = context;
  const held = statements.hold(holdId);
  if (held === undefined) return undefined;
  const entry = requireEntry(holdId, statements);
  const price = requirePrice(entry.text, ["request", "price"], statements);
  if (price === null) throw new Error(`hold ${holdId} names no price version`);
  const hold = { ...storedEntry(entry), price };
  if (!held.ended) return { hold, taskId: held.taskId, ending: undefined };
  const ended = requireEntry(endingId(holdId), statements);
  const echoedPrice = requirePrice(ended.text, ["ending", "echoedPrice"], statements);
  return { hold, taskId: held.taskId, ending: { ...storedEntry(ended), echoedPrice } };
}

function storedEntry(entry: EntryRow): StoredCall["hold"] | Omit<StoredCall["hold"], "price"> {
  const { text, createdMs, sequence, hash } = entry;
  return { text, createdMs, chain: { sequence, hash } };
}

/** The price version that an entry names, null where it names none. */
function requirePrice(
  text: string,
  [part, field]: readonly [string, string],
  statements: DeskStatements,
): StoredPrice | null {
  const body: Readonly<Record<string, Record<string, { sha256: string } | null>>> =
    JSON.parse(text);
  const reference = body[part]?.[field];
  if (reference === undefined || reference === null) return null;
  const price = statements.price(reference.sha256);
  if (price === undefined) throw new Error(`price version ${reference.sha256} isn't stored`);
  return price;
}

/** Holds without an ending, oldest first. */
export function openHolds(_: null, context: Context): readonly OpenHold[] {
  return context.statements.openHolds().map((row) => ({
    holdId: row.holdId,
    accountId: row.accountId,
    vendor: row.vendor,
    connection: row.connection,
    amount: row.amount,
    createdMs: row.createdMs,
    taskId: row.taskId,
  }));
}

function requireHold(holdId: string, statements: DeskStatements): HoldRow {
  const held = statements.hold(holdId);
  if (held === undefined) throw new Error(`hold ${holdId} isn't there`);
  return held;
}

function requireEntry(id: string, statements: DeskStatements): EntryRow {
  const entry = statements.entry(id);
  if (entry === undefined) throw new Error(`entry ${id} isn't there`);
  return entry;
}
