import { LEVELS_MAX } from "../ledger/accounts-port.ts";
import { canonicalText } from "../ledger/canonical-text.ts";
import type { NodeState } from "../ledger/limits.ts";
import { settingsBody } from "../ledger/settings-text.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryOf } from "./entry-text.ts";
import { type ModelNode, nodeIn, pathIn, type RootModel } from "./root-model.ts";

/** Accounts and keys: what their entries make of the tree (MONEY §5). Every `before` is what was so far. */

export function applyAccount(model: RootModel, entry: EntryOf<"account">, compare: Compare): void {
  if (entry.event === "changed") {
    changeFacts(model, entry.account, entry, compare);
    return;
  }
  const { name, prepaid, createdMs, parent = null, settings = {} } = entry;
  compare("id of the account", entry.id, entry.account);
  compare("account made before", model.nodes.has(entry.account), false);
  compare("account without a parent", parent === null, entry.account === model.root);
  compare("prepaid below the root", prepaid && parent !== null, false);
  if (parent !== null) compareParent(model, parent, 1, compare);
  model.nodes.set(entry.account, {
    ...{ parent, kind: "account", name, prepaid, settings, createdMs },
    limits: limitsOf(entry.limits),
    ...{ sha256: null, revokedMs: null },
  });
}

/** A parent is an account, and what hangs below it stays within the levels of a tree. */
function compareParent(model: RootModel, parent: string, levels: number, compare: Compare): void {
  compare("parent is an account", nodeIn(model, parent).kind, "account");
  const depth = pathIn(model, parent).length + levels;
  if (depth > LEVELS_MAX) compare("levels of accounts", depth, `at most ${LEVELS_MAX}`);
}

export function applyKey(model: RootModel, entry: EntryOf<"key">, compare: Compare): void {
  const { key, account, createdMs } = entry;
  if (entry.event === "created") {
    const { name, sha256, settings = {} } = entry;
    compare("id of the key", entry.id, key);
    compare("key made before", model.nodes.has(key), false);
    compare("account of the key", nodeIn(model, account).kind, "account");
    model.nodes.set(key, {
      ...{ parent: account, kind: "key", name, prepaid: false, settings, createdMs },
      limits: limitsOf(entry.limits ?? {}),
      ...{ sha256, revokedMs: null },
    });
    return;
  }
  const node = nodeIn(model, key);
  compare("account of the key", account, node.parent);
  if (entry.event === "changed") {
    changeFacts(model, key, entry, compare);
    return;
  }
  compare("key revoked before", node.revokedMs, null);
  model.nodes.set(key, { ...node, revokedMs: createdMs });
}

/** Name and settings. */
function changeFacts(
  model: RootModel,
  id: string,
  entry: Extract<EntryOf<"account"> | EntryOf<"key">, { event: "changed" }>,
  compare: Compare,
): void {
  const node = nodeIn(model, id);
  compare("kind of the node", node.kind, entry.kind);
  compare("before", factsText(entry.before), factsText(node));
  model.nodes.set(id, { ...node, name: entry.after.name, settings: entry.after.settings });
}

function factsText({ name, settings }: Pick<ModelNode, "name" | "settings">): string {
  return canonicalText({ name, settings: settingsBody(settings) });
}

export function applyLimit(model: RootModel, entry: EntryOf<"limit">, compare: Compare): void {
  const id = entry.key ?? entry.account;
  const node = nodeIn(model, id);
  if (entry.key !== undefined) compare("account of the key", entry.account, node.parent);
  if (entry.before !== undefined) {
    const before = limitsOf(entry.before);
    compare("before", canonicalText(before), canonicalText(node.limits));
  }
  model.nodes.set(id, { ...node, limits: limitsOf(entry.limits) });
}

/** Limits as nodes keep them: unlimited is null. */
export function limitsOf(limits: EntryOf<"limit">["limits"]): NodeState["limits"] {
  const { day = null, month = null, total = null } = limits;
  return { day, month, total };
}

export function applyMove(model: RootModel, entry: EntryOf<"move">, compare: Compare): void {
  const { account, before, after } = entry;
  const node = nodeIn(model, account);
  compare("moved account", node.kind, "account");
  compare("before", before, node.parent);
  compare("moved below itself", pathIn(model, after).includes(account), false);
  compareParent(model, after, levelsOf(model, account), compare);
  model.nodes.set(account, { ...node, parent: after });
}

/** How many levels of accounts there are from this one down, itself included. */
function levelsOf(model: RootModel, account: string): number {
  let level = new Set([account]);
  let levels = 0;
  while (level.size > 0) {
    levels += 1;
    const above = level;
    const below = [...model.nodes].filter(
      ([, node]) => node.kind === "account" && node.parent !== null && above.has(node.parent),
    );
    level = new Set(below.map(([id]) => id));
  }
  return levels;
}
