import type { PicoUsd } from "../../money/pico-usd.ts";
import { canonicalText } from "../canonical-text.ts";
import { CHAIN_START } from "../chain.ts";
import { accountEntry, fundEntry, keyEntry, limitEntry, revokeEntry } from "../journal.ts";
import { COUNTER_MAX, tightestRoom } from "../limits.ts";
import type {
  Account,
  ApiKey,
  Credits,
  FundRequest,
  FundResult,
  Limits,
  NewAccount,
  NewKey,
} from "../port.ts";
import { TOTAL_WINDOW } from "../windows.ts";
import { append, type Context, originOf, pathFrom, roomState, saysTheSame } from "./context.ts";
import type { KeyRevocation, LimitChange } from "./protocol.ts";
import type { NodeRow } from "./statements.ts";

/** Makes an account that is a root of its own, with an empty chain. */
export function createAccount(
  request: NewAccount & { readonly id: string },
  context: Context,
): Account {
  const { statements, nowMs } = context;
  const { id, name, prepaid } = request;
  const origin = originOf({ root: id, account: id }, context);
  const entry = accountEntry(request, origin);
  statements.createRoot({ root: id, hash: CHAIN_START });
  append(id, [entry], context);
  const node: NodeRow = {
    root: id,
    id,
    parent: null,
    kind: "account",
    name,
    prepaid,
    limits: limitColumns(request.limits),
    createdMs: nowMs,
    sha256: null,
    revokedMs: null,
  };
  statements.insertNode(node);
  return account(node, context);
}

export function listAccounts(_: null, context: Context): readonly Account[] {
  return context.statements.accounts().map((node) => account(node, context));
}

/** The figures of an account; undefined for an id that is no account. */
export function credits(accountId: string, context: Context): Credits | undefined {
  const node = accountNode(accountId, context);
  return node === undefined ? undefined : creditsOf(node, context);
}

/** Adds to a prepaid balance; the same entry id posts once. */
export function fund(request: FundRequest, context: Context): FundResult {
  const { statements } = context;
  const node = accountNode(request.accountId, context);
  if (node === undefined) return { kind: "refused", reason: "unknown_account" };
  if (!node.prepaid) return { kind: "refused", reason: "not_prepaid" };
  const known = statements.entry(request.entryId);
  if (known === undefined) {
    const entry = fundEntry(request, originOf({ root: node.root, account: node.id }, context));
    const books = statements.root(node.root)?.books;
    if (books === undefined) throw new Error(`root ${node.root} isn't there`);
    // Cash never sinks, so that it is the first of the books to leave the range.
    if (request.amount - books.cash > COUNTER_MAX) return { kind: "refused", reason: "range" };
    append(node.root, [entry], context);
  } else if (
    !saysTheSame(known.text, "kind", canonicalText("fund")) ||
    !saysTheSame(known.text, "account", canonicalText(node.id)) ||
    !saysTheSame(known.text, "amount", canonicalText(request.amount))
  ) {
    throw new Error(`entry ${request.entryId} was posted with another content`);
  }
  const { available } = creditsOf(node, context);
  return { kind: "funded", entryId: request.entryId, available };
}

/** Replaces the limits of an account; an entry says who did. */
export function setLimits(change: LimitChange, context: Context): Account | undefined {
  const { statements } = context;
  const node = accountNode(change.accountId, context);
  if (node === undefined) return undefined;
  const { root, id } = node;
  append(root, [limitEntry(change, originOf({ root, account: id }, context))], context);
  const limits = limitColumns(change.limits);
  statements.setNodeLimits({ root, id, limits });
  return account({ ...node, limits }, context);
}

export function createKey(request: NewKey, context: Context): ApiKey | undefined {
  const { statements, nowMs } = context;
  const owner = accountNode(request.accountId, context);
  if (owner === undefined) return undefined;
  const { root } = owner;
  append(root, [keyEntry(request, originOf({ root, account: owner.id }, context))], context);
  const node: NodeRow = {
    root,
    id: request.id,
    parent: owner.id,
    kind: "key",
    name: request.name,
    prepaid: false,
    limits: limitColumns({}),
    createdMs: nowMs,
    sha256: request.sha256,
    revokedMs: null,
  };
  statements.insertNode(node);
  return apiKey(node);
}

export function findKey(keyId: string, context: Context): ApiKey | undefined {
  const node = context.statements.node(keyId);
  return node === undefined || node.kind !== "key" ? undefined : apiKey(node);
}

export function listKeys(accountId: string | null, context: Context): readonly ApiKey[] {
  return context.statements
    .keys()
    .filter((node) => accountId === null || node.parent === accountId)
    .map(apiKey);
}

/** Revokes a key for good; revoking it again changes nothing. */
export function revokeKey(request: KeyRevocation, context: Context): ApiKey | undefined {
  const { statements, nowMs } = context;
  const node = statements.node(request.keyId);
  if (node === undefined || node.kind !== "key") return undefined;
  if (node.revokedMs !== null) return apiKey(node);
  const { root, id } = node;
  const origin = originOf({ root, account: parentOf(node) }, context);
  append(root, [revokeEntry({ id, actor: request.actor }, origin)], context);
  statements.revokeNode({ root, id, revokedMs: nowMs });
  return apiKey({ ...node, revokedMs: nowMs });
}

function accountNode(id: string, context: Context): NodeRow | undefined {
  const node = context.statements.node(id);
  return node === undefined || node.kind !== "account" ? undefined : node;
}

function account(node: NodeRow, context: Context): Account {
  const { id, name, prepaid, createdMs } = node;
  const { day, month, total } = node.limits;
  const limits: Limits = {
    ...(day === null ? {} : { day }),
    ...(month === null ? {} : { month }),
    ...(total === null ? {} : { total }),
  };
  return { id, name, prepaid, limits, createdMs, credits: creditsOf(node, context) };
}

function creditsOf(node: NodeRow, context: Context): Credits {
  const { statements } = context;
  const path = pathFrom(node, statements);
  const { root, nodes } = roomState(path, context);
  const counter = { root: node.root, node: node.id, window: TOTAL_WINDOW };
  const { settled, held } = statements.counter(counter);
  const available = tightestRoom(root, nodes)?.available ?? null;
  return { settled, held, available, prepaid: root.prepaid };
}

function apiKey(node: NodeRow): ApiKey {
  const { id, name, createdMs, revokedMs } = node;
  if (node.sha256 === null) throw new Error(`key ${id} has no hash`);
  return { id, accountId: parentOf(node), name, sha256: node.sha256, createdMs, revokedMs };
}

function parentOf(node: NodeRow): string {
  if (node.parent === null) throw new Error(`key ${node.id} has no account`);
  return node.parent;
}

/** Unlimited is NULL. */
function limitColumns(limits: Limits): {
  readonly day: PicoUsd | null;
  readonly month: PicoUsd | null;
  readonly total: PicoUsd | null;
} {
  return { day: limits.day ?? null, month: limits.month ?? null, total: limits.total ?? null };
}
