import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { books } from "../journal.ts";
import { COUNTER_MAX, NOTHING_USED, type Used } from "../limits.ts";
import type { CounterKey, NodeRow, RootRow, Statements } from "./statements.ts";

/** What operations work with: the statements, the busiest rows by way of the desk. */
export type DeskStatements = ReturnType<typeof openDesk>["statements"];

/** What one transaction has read of the few rows that every call touches, and what it made of them. */
type Desk = {
  readonly roots: Map<string, Kept<RootRow>>;
  readonly counters: Map<string, Kept<Used> & { readonly key: CounterKey }>;
  readonly nodes: Map<string, NodeRow>;
  /** Hashes of price versions that are stored. */
  readonly prices: Set<string>;
};

/** A row's newest value; `changed` once it is no longer what the file says. */
type Kept<Value> = { value: Value; changed: boolean };

/**
 * The statements of one transaction, over a desk: a root's head and books, counters and nodes are read
 * once and, changed however often, written once by `flush`, before the commit. Journal entries, holds and
 * endings are written at once. The SQL constraints hold for what is flushed; each step in between is
 * asserted here.
 *
 * Never outlives its transaction: who else writes the file is seen by the next one.
 */
export function openDesk(statements: Statements) {
  const { setCounter, ...others } = statements;
  const desk: Desk = {
    roots: new Map(),
    counters: new Map(),
    nodes: new Map(),
    prices: new Set(),
  };
  return {
    statements: {
      ...others,
      ...rootsOn(desk, statements),
      ...nodesOn(desk, statements),
      ...countersOn(desk, statements),
    },
    flush: (): void => {
      for (const { value, changed } of desk.roots.values()) {
        if (changed) statements.moveRoot(value);
      }
      for (const { key, value, changed } of desk.counters.values()) {
        if (changed) setCounter(key, value);
      }
    },
  };
}

function rootsOn({ roots, prices }: Desk, statements: Statements) {
  return {
    root: (id: string): RootRow | undefined => {
      const kept = roots.get(id);
      if (kept !== undefined) return kept.value;
      const value = statements.root(id);
      if (value !== undefined) roots.set(id, { value, changed: false });
      return value;
    },
    moveRoot: (row: RootRow): void => {
      assertBooks(row);
      roots.set(row.root, { value: row, changed: true });
    },
    hasPrice: (sha256: string): boolean => {
      if (prices.has(sha256)) return true;
      if (!statements.hasPrice(sha256)) return false;
      prices.add(sha256);
      return true;
    },
  };
}

function nodesOn({ nodes }: Desk, statements: Statements) {
  return {
    node: (id: string): NodeRow | undefined => {
      const kept = nodes.get(id) ?? statements.node(id);
      if (kept !== undefined) nodes.set(id, kept);
      return kept;
    },
    setNodeLimits: (of: Parameters<Statements["setNodeLimits"]>[0]): void => {
      nodes.delete(of.id);
      statements.setNodeLimits(of);
    },
    revokeNode: (of: Parameters<Statements["revokeNode"]>[0]): void => {
      nodes.delete(of.id);
      statements.revokeNode(of);
    },
  };
}

function countersOn({ counters }: Desk, statements: Statements) {
  function keep(key: CounterKey) {
    // Neither ids nor windows hold a space, and an id belongs to one root.
    const name = `${key.node} ${key.window}`;
    const kept = counters.get(name);
    if (kept !== undefined) return kept;
    const value = statements.counter(key);
    const made = { key, value: value ?? NOTHING_USED, changed: false };
    counters.set(name, made);
    return made;
  }
  function change(key: CounterKey, by: { held: PicoUsd; settled: PicoUsd }): void {
    const kept = keep(key);
    const { settled, held } = kept.value;
    kept.value = { settled: addUsd(settled, by.settled), held: addUsd(held, by.held) };
    kept.changed = true;
    assertCounter(key, kept.value);
  }
  return {
    counter: (key: CounterKey): Used => keep(key).value,
    addHeld: (key: CounterKey, amount: PicoUsd): void =>
      change(key, { held: amount, settled: ZERO_USD }),
    endHeld: (key: CounterKey, of: { amount: PicoUsd; charge: PicoUsd }): void =>
      change(key, { held: subtractUsd(ZERO_USD, of.amount), settled: of.charge }),
  };
}

/** The range of a counter, as the table's CHECK says it. */
function assertCounter(key: CounterKey, { settled, held }: Used): void {
  if (settled < ZERO_USD || settled > COUNTER_MAX || held < ZERO_USD || held > COUNTER_MAX) {
    throw new Error(`counter ${key.window} of ${key.node}: settled ${settled}, held ${held} p$`);
  }
}

/** What each book may hold, as the table's CHECKs say it; sums are kept by balanced postings. */
function assertBooks({ root, books: row }: RootRow): void {
  for (const book of books) {
    const amount = row[book];
    const below = book === "cash" || book === "house" || book === "available";
    const above = book !== "cash" && book !== "house";
    const least = below ? -COUNTER_MAX : 0n;
    const most = above ? COUNTER_MAX : 0n;
    if (amount < least || amount > most) throw new Error(`book ${book} of ${root}: ${amount} p$`);
  }
}
