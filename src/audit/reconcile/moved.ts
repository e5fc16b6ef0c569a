import { beginOfDay } from "../../bills/day.ts";
import type { JournalCall } from "./journal-call.ts";
import { agrees, signOf, slotsOf, type Terms } from "./slots.ts";
import { follows, type Unit } from "./units.ts";

/** Calls near midnight in the vendor's zone that the bill counts to the other day. */

/**
 * A vendor dates a call by its own clock, at its beginning, its end or when its meters report; a call so near
 * to midnight may stand on either day. Vendors say that bills follow calls by minutes.
 */
export const MIDNIGHT_MS = 900_000;

/** Calls looked at one by one around a midnight: subsets of more would take too long. */
const SUBSET_MAX = 10;

/** A call that the bill has on another day than the journal. */
export type Move = { readonly call: JournalCall; readonly from: string; readonly to: string };

/** Moves calls across midnight where that makes a day agree that didn't, and leaves the other one no worse. */
export function moveCalls(
  units: readonly Unit[],
  zone: string,
  terms: Terms,
): { readonly units: readonly Unit[]; readonly moves: readonly Move[] } {
  const days = units.filter(({ requestId }) => requestId === null);
  const moves: Move[] = [];
  for (const [index, unit] of days.entries()) {
    const next = days[index + 1];
    if (next === undefined || !follows(unit, next)) continue;
    const midnightMs = beginOfDay(next.from, zone);
    const pair = [unit, next] as const;
    const forth = movable(pair, "forth", { midnightMs, terms });
    const back = forth.length > 0 ? [] : movable(pair, "back", { midnightMs, terms });
    const [from, to, calls] = forth.length > 0 ? [unit, next, forth] : [next, unit, back];
    if (calls.length === 0) continue;
    moves.push(...calls.map((call) => ({ call, from: from.from, to: to.from })));
    const without = { ...from, calls: from.calls.filter((call) => !calls.includes(call)) };
    const having = { ...to, calls: [...to.calls, ...calls] };
    days[index] = forth.length > 0 ? without : having;
    days[index + 1] = forth.length > 0 ? having : without;
  }
  return { units: [...units.filter(({ requestId }) => requestId !== null), ...days], moves };
}

/** The calls whose move makes their own day agree. */
function movable(
  [first, second]: readonly [Unit, Unit],
  way: "forth" | "back",
  { midnightMs, terms }: { readonly midnightMs: number; readonly terms: Terms },
): readonly JournalCall[] {
  const [from, to] = way === "forth" ? [first, second] : [second, first];
  const before = slotsWith(from.lines, from.calls, terms);
  if (!before.some((slot) => signOf(slot) < 0)) return [];
  const near = from.calls
    .filter((call) => isNear(call, way, midnightMs) && call.known.length > 0)
    .filter(({ unsure }) => unsure.length === 0)
    .toSorted((left, right) => distance(left, midnightMs) - distance(right, midnightMs));
  const fits = (calls: readonly JournalCall[]): boolean => {
    const rest = from.calls.filter((call) => !calls.includes(call));
    if (!slotsWith(from.lines, rest, terms).every(agrees)) return false;
    return slotsWith(to.lines, [...to.calls, ...calls], terms).every((slot) => signOf(slot) >= 0);
  };
  for (let count = 1; count <= near.length; count += 1) {
    const calls = near.slice(0, count);
    if (fits(calls)) return calls;
  }
  return subsets(near.slice(0, SUBSET_MAX)).find(fits) ?? [];
}

function slotsWith(lines: Unit["lines"], calls: readonly JournalCall[], terms: Terms) {
  return slotsOf(
    lines,
    calls.flatMap(({ known }) => known),
    terms,
  );
}

function isNear(call: JournalCall, way: "forth" | "back", midnightMs: number): boolean {
  if (distance(call, midnightMs) <= MIDNIGHT_MS) return true;
  return way === "back" && call.startedMs < midnightMs;
}

function distance({ endedMs }: JournalCall, midnightMs: number): number {
  return Math.abs(endedMs - midnightMs);
}

/** All subsets but the empty one, small ones first. */
export function subsets<Item>(items: readonly Item[]): Item[][] {
  const all: Item[][] = [[]];
  for (const item of items) all.push(...all.map((subset) => subset.concat(item)));
  return all.slice(1).toSorted((left, right) => left.length - right.length);
}
