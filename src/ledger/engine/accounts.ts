import { type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import {
  type FundRequest,
  type FundResult,
  LEVELS_MAX,
  type Move,
  type MoveResult,
  type NewAccount,
  type NewAccountResult,
  type NewKey,
  type NodeChange,
} from "../accounts-port.ts";
import { canonicalText } from "../canonical-text.ts";
import { CHAIN_START } from "../chain.ts";
import { books, fundEntry } from "../journal.ts";
import { COUNTER_MAX } from "../limits.ts";
import { changedSettings, settingsIn, settingsText } from "../settings-text.ts";
import {
  accountEntry,
  keyEntry,
  limitEntry,
  moveEntry,
  nodeChangeEntry,
  restoreEntry,
  revokeEntry,
} from "../tree-entries.ts";
import {
  accountOf,
  append,
  type Context,
  nodeOf,
  originOf,
  pathFrom,
  requireRoot,
  saysTheSame,
} from "./context.ts";
import type { NodeLimits, NodeRow } from "./rows.ts";
import type { WorkingSet } from "./working-set.ts";

/** The tree: its nodes, their limits and settings, and the funds of its root. */

type Refused<Result extends { readonly kind: string }> = Extract<Result, { kind: "refused" }>;

export type Created = { readonly kind: "created" } | Refused<NewAccountResult>;

/** Makes an account: a root with an empty chain, or a node below another account. */
export function createAccount(
  request: NewAccount & { readonly id: string },
  context: Context,
): Created {
  const { set, nowMs } = context;
  const { id, name, prepaid, limits, settings = {}, actor } = request;
  const parentId = request.parentId ?? null;
  const parent = parentId === null ? undefined : accountOf(parentId, set);
  if (parentId !== null && parent === undefined) return refused("unknown_parent");
  if (parent !== undefined && prepaid) return refused("prepaid_below_root");
  if (parent !== undefined && pathFrom(parent, set).length >= LEVELS_MAX)
    return refused("too_deep");
  const root = parent?.root ?? id;
  if (parent === undefined) createRoot(id, set);
  const facts = { name, prepaid, limits, settings, actor, parent: parentId };
  append(root, [accountEntry(facts, originOf({ root, account: id }, context))], context);
  set.setNode({
    ...{ root, id, parent: parentId, kind: "account", name, prepaid },
    limits: limitColumns(limits),
    settings: settingsText(settings),
    ...{ createdMs: nowMs, sha256: null, revokedMs: null },
  });
  return { kind: "created" };
}

function refused<Reason extends string>(reason: Reason) {
  return { kind: "refused", reason } as const;
}

function createRoot(root: string, set: WorkingSet): void {
  const nothing = Object.fromEntries(books.map((book) => [book, ZERO_USD]));
  set.roots.get(root, () => set.reads.root(root));
  set.roots.set(root, {
    root,
    sequence: 0n,
    hash: CHAIN_START,
    version: 0n,
    books: nothing as { [book in (typeof books)[number]]: PicoUsd },
    adoptableUntilMs: 0,
  });
}

/** Adds to a prepaid balance; the same entry id posts once. */
export function fund(
  request: FundRequest,
  context: Context,
): { readonly kind: "funded" } | Refused<FundResult> {
  const { set } = context;
  const node = accountOf(request.accountId, set);
  if (node === undefined) return refused("unknown_account");
  if (!node.prepaid) return refused("not_prepaid");
  const { root, id } = node;
  const known = set.entry(root, request.entryId);
  if (known === undefined) {
    const entry = fundEntry(request, originOf({ root, account: id }, context));
    // Cash never sinks by funding, so that it is the first of the books to leave the range.
    if (request.amount - requireRoot(root, set).books.cash > COUNTER_MAX) return refused("range");
    append(root, [entry], context);
  } else if (
    !saysTheSame(known.text, "kind", canonicalText("fund")) ||
    !saysTheSame(known.text, "account", canonicalText(id)) ||
    !saysTheSame(known.text, "amount", canonicalText(request.amount))
  ) {
    return refused("entry_reused");
  }
  return { kind: "funded" };
}

export function createKey(request: NewKey, context: Context): boolean {
  const { set, nowMs } = context;
  const owner = accountOf(request.accountId, set);
  if (owner === undefined) return false;
  const { root, id: parent } = owner;
  const { id, name, sha256, limits = {}, settings = {}, actor } = request;
  const facts = { id, name, sha256, limits, settings, actor };
  append(root, [keyEntry(facts, originOf({ root, account: parent }, context))], context);
  set.nodes.get(id, () => set.reads.node(id));
  set.setNode({
    ...{ root, id, parent, kind: "key", name, prepaid: false },
    limits: limitColumns(limits),
    settings: settingsText(settings),
    ...{ createdMs: nowMs, sha256, revokedMs: null },
  });
  return true;
}

/** Revokes a key for good; revoking it again changes nothing. */
export function revokeKey(
  { keyId, actor }: { readonly keyId: string; readonly actor: string },
  context: Context,
): boolean {
  const { set, nowMs } = context;
  const key = nodeOf(keyId, set);
  if (key === undefined || key.kind !== "key") return false;
  if (key.revokedMs !== null) return true;
  const { root, id, parent } = key;
  const origin = originOf({ root, account: parent ?? root }, context);
  append(root, [revokeEntry({ id, actor }, origin)], context);
  set.setNode({ ...key, revokedMs: nowMs });
  return true;
}

/** Changes a node; limits have an entry of their own, name and settings another. */
export function changeNode(
  change: NodeChange & { readonly entryId: string },
  context: Context,
): boolean {
  const { set } = context;
  const before = nodeOf(change.nodeId, set);
  if (before === undefined) return false;
  const { root, id, kind } = before;
  const { entryId, actor } = change;
  const account = kind === "key" ? (before.parent ?? root) : id;
  const origin = originOf({ root, account }, context);
  const node = { id, kind };
  let after = before;
  if (change.limits !== undefined) {
    const limits = { ...before.limits, ...change.limits };
    const of = { entryId, actor, node, before: before.limits, limits };
    append(root, [limitEntry(of, origin)], context);
    after = { ...after, limits };
  }
  if (change.name !== undefined || change.settings !== undefined) {
    const was = { name: before.name, settings: settingsIn(before.settings) };
    const settings = changedSettings(was.settings, change.settings ?? {});
    const is = { name: change.name ?? before.name, settings };
    const of = { entryId: `${entryId}.settings`, actor, node, before: was, after: is };
    append(root, [nodeChangeEntry(of, origin)], context);
    after = { ...after, name: is.name, settings: settingsText(settings) };
  }
  set.setNode(after);
  return true;
}

/** Hangs an account elsewhere in its tree, with all below it. */
export function moveAccount(
  move: Move & { readonly entryId: string },
  context: Context,
): MoveResult {
  const { set } = context;
  const account = accountOf(move.accountId, set);
  const parent = accountOf(move.parentId, set);
  if (account === undefined) return refused("unknown_account");
  if (parent === undefined) return refused("unknown_parent");
  const { root, id } = account;
  if (account.parent === null) return refused("is_root");
  if (parent.root !== root) return refused("another_root");
  const path = pathFrom(parent, set);
  if (path.some((node) => node.id === id)) return refused("cycle");
  if (path.length + levelsOf(account, set) > LEVELS_MAX) return refused("too_deep");
  if (account.parent === parent.id) return { kind: "moved" };
  const { entryId, actor } = move;
  const of = { entryId, actor, from: account.parent, to: parent.id };
  append(root, [moveEntry(of, originOf({ root, account: id }, context))], context);
  set.setNode({ ...account, parent: parent.id });
  return { kind: "moved" };
}

/** How many levels of accounts a node has, itself included. */
function levelsOf(account: NodeRow, set: WorkingSet): number {
  const stored = set.reads.tree(account.root).map((row) => nodeOf(row.id, set) ?? row);
  // Made in this very transaction, so that the store doesn't know them yet.
  const tree = [...stored, ...set.nodes.changes().inserted];
  let level = [account.id];
  let levels = 0;
  while (level.length > 0) {
    levels += 1;
    const above = new Set(level);
    const below = tree.filter((node) => node.kind === "account" && above.has(node.parent ?? ""));
    level = below.map((node) => node.id);
  }
  return levels;
}

/** Says in the chain of a root that this ledger came from a backup. */
export function noteRestore(
  restore: { root: string; entryId: string; actor: string; note: string },
  context: Context,
): null {
  const { root } = restore;
  append(root, [restoreEntry(restore, originOf({ root, account: root }, context))], context);
  return null;
}

/** Unlimited is null. */
function limitColumns(limits: {
  readonly day?: PicoUsd;
  readonly month?: PicoUsd;
  readonly total?: PicoUsd;
}): NodeLimits {
  return { day: limits.day ?? null, month: limits.month ?? null, total: limits.total ?? null };
}
