import { Auditor } from "./auditor.ts";
import { type Order, type Outcome, show } from "./language.ts";

/** An order that was given at the same time as others, and its answer; undefined when nobody heard it. */
export type Answered = { readonly order: Order; readonly outcome: Outcome | undefined };

/** The search gives up after so many predictions: an order of things that a store chose is found in far fewer. */
const PREDICTIONS_MAX = 4_000;

/**
 * Looks for an order of events that explains every answer, and the figures after the last: what was asked
 * at the same time may have been decided in any order, but it must have been one.
 *
 * @param inTurn only the order in which they were asked will do.
 * @returns the auditor after it; undefined when there is no such order, so that the ledger is wrong.
 */
export function explain(of: {
  readonly before: Auditor;
  readonly answered: readonly Answered[];
  readonly nowMs: number;
  readonly inTurn: boolean;
  /** Whether an auditor at the end says what the ledger shows. */
  readonly agrees: (after: Auditor) => boolean;
}): Auditor | undefined {
  const { before, answered, nowMs, inTurn, agrees } = of;
  const straight = new Auditor(before);
  const asSaid = answered.every(({ order, outcome }) => fits(straight.take(order, nowMs), outcome));
  if (asSaid && agrees(straight)) return straight;
  if (inTurn) return undefined;
  const search = openSearch({ nowMs, agrees, predictions: PREDICTIONS_MAX });
  return search(before, answered);
}

function openSearch(of: {
  readonly nowMs: number;
  readonly agrees: (after: Auditor) => boolean;
  readonly predictions: number;
}) {
  let left = of.predictions;

  /** The auditor after this order, if that is what came of it. */
  function after(sofar: Auditor, { order, outcome }: Answered): Auditor | undefined {
    left -= 1;
    if (left < 0) return undefined;
    const next = new Auditor(sofar);
    return fits(next.take(order, of.nowMs), outcome) ? next : undefined;
  }

  return function search(sofar: Auditor, open: readonly Answered[]): Auditor | undefined {
    if (open.length === 0) return of.agrees(sofar) ? sofar : undefined;
    // What changed nothing may have come now as well as later.
    const idle = open.find((each) => changedNothing(each) && after(sofar, each) !== undefined);
    if (idle !== undefined) return search(sofar, without(open, idle));
    for (const next of firstOfAKind(open)) {
      const taken = after(sofar, next);
      const found = taken === undefined ? undefined : search(taken, without(open, next));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

const idleKinds = [
  "refused",
  "house_refused",
  "rate_limited",
  "intent",
  "intent_reused",
  "unknown",
];

function changedNothing({ outcome }: Answered): boolean {
  const { kind } = outcome ?? { kind: "" };
  return ["bug", "conflict", ...idleKinds].includes(kind);
}

function without(open: readonly Answered[], one: Answered): readonly Answered[] {
  return open.filter((other) => other !== one);
}

/** Of orders that are alike, with the same answer, one stands for all. */
function firstOfAKind(open: readonly Answered[]): readonly Answered[] {
  const kinds = new Map<string, Answered>();
  for (const each of open) {
    const kind = `${shape(each.order)} ${show(each.outcome)}`;
    if (!kinds.has(kind)) kinds.set(kind, each);
  }
  return [...kinds.values()];
}

function fits(predicted: Outcome, outcome: Outcome | undefined): boolean {
  return outcome === undefined || show(predicted) === show(outcome);
}

/** An order but for its own ids. */
function shape(order: Order): string {
  if (order.do !== "hold") return show(order);
  return show({ ...order, hold: "", content: "" });
}
