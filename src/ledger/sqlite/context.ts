import { addUsd } from "../../money/pico-usd.ts";
import { type CanonicalValue, canonicalText } from "../canonical-text.ts";
import { chainHash } from "../chain.ts";
import type { Entry, Origin, Posting } from "../journal.ts";
import { NOTHING_USED, type NodeState, type RootState, type Used } from "../limits.ts";
import type { Chain, StoredPrice } from "../port.ts";
import { TOTAL_WINDOW, type Windows, windowsAt } from "../windows.ts";
import type { DeskStatements } from "./desk.ts";
import type { NodeRow, RootRow } from "./statements.ts";

/** What every operation of a batch works with. */
export type Context = {
  readonly statements: DeskStatements;
  readonly emulated: boolean;
  /** The store's clock: one instant a transaction. */
  readonly nowMs: number;
};

/** Where an operation's entries are written. */
export function originOf(node: { root: string; account: string }, context: Context): Origin {
  const { emulated, nowMs } = context;
  return { root: node.root, account: node.account, createdMs: nowMs, emulated };
}

/** Appends entries to the chain of a root and moves its books, in one step. Returns their places. */
export function append(
  root: string,
  entries: readonly [Entry, ...Entry[]],
  context: Context,
): readonly [Chain, ...Chain[]] {
  const row = requireRoot(root, context.statements);
  const [first, ...rest] = entries;
  let head = appendOne(row, first, context.statements);
  const chains: [Chain, ...Chain[]] = [chainOf(head)];
  for (const entry of rest) {
    head = appendOne(head, entry, context.statements);
    chains.push(chainOf(head));
  }
  context.statements.moveRoot(head);
  return chains;
}

function appendOne(head: RootRow, entry: Entry, statements: DeskStatements): RootRow {
  const sequence = head.sequence + 1n;
  const hash = chainHash(head.hash, sequence, entry.text);
  statements.insertEntry({ root: head.root, sequence, hash }, entry);
  return { root: head.root, sequence, hash, books: addPostings(head.books, entry.postings) };
}

function addPostings(books: RootRow["books"], postings: readonly Posting[]): RootRow["books"] {
  const moved = { ...books };
  for (const { book, amount } of postings) moved[book] = addUsd(moved[book], amount);
  return moved;
}

function chainOf(row: RootRow): Chain {
  return { sequence: Number(row.sequence), hash: row.hash };
}

function requireRoot(root: string, statements: DeskStatements): RootRow {
  const row = statements.root(root);
  if (row === undefined) throw new Error(`root ${root} isn't there`);
  return row;
}

/** The nodes from this one up to its root, itself first. */
export function pathFrom(node: NodeRow, statements: DeskStatements): readonly NodeRow[] {
  const path = [node];
  for (let parent = node.parent; parent !== null; ) {
    const above = statements.node(parent);
    if (above === undefined) throw new Error(`node ${parent} isn't there`);
    path.push(above);
    parent = above.parent;
  }
  return path;
}

/** What the limits of a path are decided on, at the instant of the transaction. */
export function roomState(
  path: readonly NodeRow[],
  context: Context,
): { readonly root: RootState; readonly nodes: readonly NodeState[] } {
  const top = path.at(-1);
  if (top === undefined) throw new Error("a path has at least one node");
  const { books } = requireRoot(top.root, context.statements);
  const windows = windowsAt(context.nowMs);
  return {
    root: {
      id: top.id,
      prepaid: top.prepaid,
      available: books.available,
      held: books.held,
      vendorPayable: books.vendor_payable,
    },
    nodes: path.map((node) => nodeState(node, windows, context.statements)),
  };
}

function nodeState(node: NodeRow, windows: Windows, statements: DeskStatements): NodeState {
  const used = (window: string): Used =>
    statements.counter({ root: node.root, node: node.id, window });
  // A window without a limit decides nothing, so that it isn't read.
  return {
    id: node.id,
    limits: node.limits,
    used: {
      day: node.limits.day === null ? NOTHING_USED : used(windows.day),
      month: node.limits.month === null ? NOTHING_USED : used(windows.month),
      total: used(TOTAL_WINDOW),
    },
  };
}

/** Stores a price version at its first use; refuses another content under a name already used. */
export function storePrice(price: StoredPrice, statements: DeskStatements): void {
  if (statements.hasPrice(price.sha256)) return;
  if (statements.priceNamed(price.id) !== undefined) {
    throw new Error(`price version ${price.id} was used with another content`);
  }
  statements.insertPrice(price);
}

/** Whether a stored entry says the same under a field as the canonical text of what is posted now. */
export function saysTheSame(stored: string, field: string, text: string): boolean {
  const members: { readonly [key: string]: CanonicalValue } = JSON.parse(stored);
  return canonicalText(members[field] ?? null) === text;
}
