import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { type CanonicalValue, canonicalText } from "../canonical-text.ts";
import { chainHash } from "../chain.ts";
import { books, type Entry, type Origin, type Posting } from "../journal.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { StoredPrice } from "../port.ts";
import { hourAt, type Windows, windowsAt } from "../windows.ts";
import type { CallRow, NodeRow, RootRow } from "./rows.ts";
import type { KeyPath, WorkingSet } from "./working-set.ts";

/** What every decision of a transaction works with. */
export type Context = {
  readonly set: WorkingSet;
  readonly emulated: boolean;
  /** The store's clock: one instant a transaction. */
  readonly nowMs: number;
  /** The windows open at that instant. */
  readonly windows: Windows;
  readonly hour: string;
};

/** What a transaction decides with. */
export function contextAt(of: Pick<Context, "set" | "emulated" | "nowMs">): Context {
  return { ...of, windows: windowsAt(of.nowMs), hour: hourAt(of.nowMs) };
}

/** Where a decision's entries are written. */
export function originOf(node: { root: string; account: string }, context: Context): Origin {
  const { emulated, nowMs } = context;
  return { root: node.root, account: node.account, createdMs: nowMs, emulated };
}

/** Appends entries to the chain of a root and moves its books. Returns the sequence and hash of the first. */
export function append(
  root: string,
  entries: readonly [Entry, ...Entry[]],
  { set }: Context,
): { readonly sequence: bigint; readonly hash: string } {
  const before = requireRoot(root, set);
  let { sequence, hash } = before;
  const moved = { ...before.books };
  const chains = entries.map(({ id, kind, createdMs, postings, text }) => {
    sequence += 1n;
    hash = chainHash(hash, sequence, text);
    set.append({ root, sequence, id, kind, createdMs, text, hash });
    addPostings(moved, postings);
    return { sequence, hash };
  });
  const after = { ...before, sequence, hash, books: moved };
  assertBooks(after);
  set.roots.set(root, after);
  return chains[0] ?? { sequence, hash };
}

function addPostings(
  moved: { -readonly [Book in keyof RootRow["books"]]: PicoUsd },
  postings: readonly Posting[],
): void {
  for (const { book, amount } of postings) moved[book] = addUsd(moved[book], amount);
}

/** What each book may hold, as the tables' CHECKs say it; sums are kept by balanced postings. */
function assertBooks({ root, books: row }: RootRow): void {
  for (const book of books) {
    const amount = row[book];
    const below = book === "cash" || book === "house" || book === "available";
    const above = book !== "cash" && book !== "house";
    if (amount < (below ? -COUNTER_MAX : 0n) || amount > (above ? COUNTER_MAX : 0n)) {
      throw new Error(`book ${book} of ${root}: ${amount} p$`);
    }
  }
}

export function requireRoot(root: string, set: WorkingSet): RootRow {
  const row = set.roots.get(root, () => set.reads.root(root));
  if (row === undefined) throw new Error(`root ${root} isn't there`);
  return row;
}

export function nodeOf(id: string, set: WorkingSet): NodeRow | undefined {
  return set.nodes.get(id, () => set.reads.node(id));
}

export function accountOf(id: string, set: WorkingSet): NodeRow | undefined {
  const node = nodeOf(id, set);
  return node?.kind === "account" ? node : undefined;
}

/** The path of a key, which all its holds share. */
export function pathOfKey(key: NodeRow, set: WorkingSet): KeyPath {
  const known = set.paths.get(key.id);
  if (known !== undefined) return known;
  const nodes = pathFrom(key, set);
  const ids = nodes.map((node) => node.id);
  const path = { nodes, ids, text: ids.join(" ") };
  set.paths.set(key.id, path);
  return path;
}

/** The nodes from this one up to its root, itself first. */
export function pathFrom(node: NodeRow, set: WorkingSet): readonly NodeRow[] {
  const path = [node];
  for (let { parent } = node; parent !== null; ) {
    const above = nodeOf(parent, set);
    if (above === undefined) throw new Error(`node ${parent} isn't there`);
    path.push(above);
    parent = above.parent;
  }
  return path;
}

/** What was held becomes, as far as it was spent, settled. */
export function turned(held: PicoUsd, settled: PicoUsd) {
  return { held: subtractUsd(ZERO_USD, held), settled };
}

export function callOf(root: string, id: string, set: WorkingSet): CallRow | undefined {
  return set.calls.get(id, () => set.reads.call(root, id));
}

export function requireCall(root: string, id: string, set: WorkingSet): CallRow {
  const call = callOf(root, id, set);
  if (call === undefined) throw new Error(`hold ${id} isn't there`);
  return call;
}

/** Stores a price version at its first use; refuses another content under a name already used. */
export function storePrice(price: StoredPrice, set: WorkingSet): void {
  const { sha256, id } = price;
  if (set.prices.get(sha256, () => set.reads.price(sha256)) !== undefined) return;
  if (set.pricesNamed.get(id, () => set.reads.priceNamed(id)) !== undefined) {
    throw new Error(`price version ${id} was used with another content`);
  }
  set.prices.set(sha256, price);
  set.pricesNamed.set(id, price);
}

/** Whether a stored entry says the same under a field as the canonical text of what is posted now. */
export function saysTheSame(stored: string, field: string, text: string): boolean {
  const members: { readonly [key: string]: CanonicalValue } = JSON.parse(stored);
  return canonicalText(members[field] ?? null) === text;
}
