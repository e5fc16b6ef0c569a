import { TOTAL_WINDOW } from "../windows.ts";
import { type Counted, type Counter, inner } from "./counters.ts";
import type { CallRow } from "./rows.ts";
import type { WorkingSet } from "./working-set.ts";

/** A node's counters in the windows of a hold. */
export type NodeCounters = {
  readonly day: Counter;
  readonly month: Counter;
  readonly total: Counter;
};

/** What the house may be billed, in the windows of a hold. */
export type CostCounters = {
  /** At which it is counted. */
  readonly node: string;
  readonly day: Counter;
  readonly month: Counter;
};

/** Every counter that a call moves, from its hold on. */
export type CallCounters = {
  /** Of its path: from the key up to the root. */
  readonly path: readonly NodeCounters[];
  /** Of the root's house: for all connections together. */
  readonly house: CostCounters;
  /** Of the root's house: for the call's connection. */
  readonly connection: CostCounters;
};

/** Where and when a call counts, for good. */
export type Place = Pick<CallRow, "root" | "path" | "connection" | "day" | "month">;

/** The node at which a root's house counts, beside one for each connection. No account has such an id. */
const HOUSE = "house";

/**
 * The counters of a call. Looked up once for all calls of a place: they read and change them a dozen at a
 * time. Every one is asked for before any is counted on and may complain: a store that knows none of them
 * yet loads them all at once, not one for each time that it is decided.
 */
export function countersOf(place: Place, set: WorkingSet): CallCounters {
  const { path, connection, day } = place;
  // A day lies in one month, and a path in one root.
  const byDay = inner(inner(set.callCounters, path), connection);
  const known = byDay.get(day);
  if (known !== undefined) return known;
  const found = lookUp(place, set);
  byDay.set(day, found);
  return found;
}

function lookUp({ root, path, connection, day, month }: Place, set: WorkingSet): CallCounters {
  const at = (node: string, window: string): Counter => set.counters.at(root, node, window);
  const costs = (node: string) => ({ node, day: at(node, day), month: at(node, month) });
  return {
    path: path.split(" ").map((id) => ({ ...costs(id), total: at(id, TOTAL_WINDOW) })),
    house: costs(HOUSE),
    connection: costs(`${HOUSE}:${connection}`),
  };
}

/** Counts what accounts pay, at every node and window of a call. */
export function countSpent({ path }: CallCounters, by: Counted): void {
  for (const { day, month, total } of path) {
    day.add(by);
    month.add(by);
    total.add(by);
  }
}

/** Counts what vendors bill, in the windows of a call. */
export function countCost({ house, connection }: CallCounters, by: Counted): void {
  for (const { day, month } of [house, connection]) {
    day.add(by);
    month.add(by);
  }
}
