import type { LimitsChange, NodeSettings } from "./accounts-port.ts";
import type { CanonicalValue } from "./canonical-text.ts";
import { assertAmount, assertStorable, type Entry, entry, type Origin } from "./journal.ts";
import { settingsBody } from "./settings-text.ts";

/** The entries about the tree of accounts and keys: memos, who did what, before and after. Pure. */

export function accountEntry(
  account: {
    readonly name: string;
    readonly prepaid: boolean;
    readonly limits: LimitsChange;
    readonly settings: NodeSettings;
    readonly parent: string | null;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  assertStorable(account.name);
  const { name, prepaid, actor } = account;
  const parent = account.parent ?? undefined;
  const body = { name, prepaid, actor, parent, ...setAtNode(account) };
  return entry({ id: origin.account, kind: "account", postings: [] }, origin, body);
}

/** The node that a change is about: the account of the entry, or one of its keys. */
type ChangedNode = { readonly id: string; readonly kind: "account" | "key" };

export function limitEntry(
  of: {
    readonly entryId: string;
    readonly actor: string;
    readonly node: ChangedNode;
    readonly before: LimitsChange;
    readonly limits: LimitsChange;
  },
  origin: Origin,
): Entry {
  const { entryId: id, actor } = of;
  const [before, limits] = [limitsBody(of.before), limitsBody(of.limits)];
  const body = { actor, ...keyOnly(of.node), before, limits };
  return entry({ id, kind: "limit", postings: [] }, origin, body);
}

/** What a node is called and what is set at it. */
export type NodeFacts = { readonly name: string; readonly settings: NodeSettings };

export function nodeChangeEntry(
  of: {
    readonly entryId: string;
    readonly actor: string;
    readonly node: ChangedNode;
    readonly before: NodeFacts;
    readonly after: NodeFacts;
  },
  origin: Origin,
): Entry {
  assertStorable(of.after.name);
  const facts = ({ name, settings }: NodeFacts) => ({ name, settings: settingsBody(settings) });
  const { entryId: id, actor, node } = of;
  const [before, after] = [facts(of.before), facts(of.after)];
  const body = { event: "changed", actor, ...keyOnly(node), before, after };
  return entry({ id, kind: node.kind, postings: [] }, origin, body);
}

function keyOnly({ id, kind }: ChangedNode): { readonly key?: string } {
  return kind === "key" ? { key: id } : {};
}

export function keyEntry(
  key: {
    readonly id: string;
    readonly name: string;
    readonly sha256: string;
    readonly limits: LimitsChange;
    readonly settings: NodeSettings;
    readonly actor: string;
  },
  origin: Origin,
): Entry {
  assertStorable(key.name);
  const { id, name, sha256, actor } = key;
  const body = { key: id, event: "created", name, sha256, actor, ...setAtNode(key) };
  return entry({ id, kind: "key", postings: [] }, origin, body);
}

/** Limits and settings that a node begins with. */
function setAtNode(node: { readonly limits: LimitsChange; readonly settings: NodeSettings }) {
  return { limits: limitsBody(node.limits), settings: settingsBody(node.settings) };
}

export function revokeEntry(
  key: { readonly id: string; readonly actor: string },
  origin: Origin,
): Entry {
  const body = { key: key.id, event: "revoked", actor: key.actor };
  return entry({ id: `${key.id}.revoked`, kind: "key", postings: [] }, origin, body);
}

export function moveEntry(
  move: {
    readonly entryId: string;
    readonly actor: string;
    readonly from: string;
    readonly to: string;
  },
  origin: Origin,
): Entry {
  const { entryId: id, actor, from, to } = move;
  return entry({ id, kind: "move", postings: [] }, origin, { actor, before: from, after: to });
}

export function restoreEntry(
  restore: { readonly entryId: string; readonly actor: string; readonly note: string },
  origin: Origin,
): Entry {
  const { entryId: id, actor, note } = restore;
  assertStorable(note);
  return entry({ id, kind: "restore", postings: [] }, origin, { actor, note });
}

function limitsBody({ day, month, total }: LimitsChange): CanonicalValue {
  const limits = { day: day ?? undefined, month: month ?? undefined, total: total ?? undefined };
  for (const limit of Object.values(limits)) {
    if (limit !== undefined) assertAmount(limit, "a limit");
  }
  return limits;
}
