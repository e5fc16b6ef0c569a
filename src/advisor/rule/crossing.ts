import type { PicoUsd } from "../../money/pico-usd.ts";

/** Where two costs that grow with a whole count change places, solved by division: nothing is tried out. */

/** From `from` on, up to the next piece: `cost` there, and `each` more for every further one. */
export type Piece = { readonly from: bigint; readonly cost: PicoUsd; readonly each: PicoUsd };

/** A cost by a whole count: pieces in ascending order; below the first there is none. */
export type Curve = readonly [Piece, ...Piece[]];

/** From `at` on b is strictly cheaper; one below, a cost at most as much. */
export type Crossing = {
  readonly at: bigint;
  readonly costA: PicoUsd;
  readonly costB: PicoUsd;
};

export function costAt(curve: Curve, count: bigint): PicoUsd {
  const piece = curve.findLast(({ from }) => from <= count);
  if (piece === undefined) throw new Error(`no cost of ${count}, it begins at ${curve[0].from}`);
  return (piece.cost + (count - piece.from) * piece.each) as PicoUsd;
}

/** Every count, up to and with `last`, from which on b is strictly cheaper though a was not dearer one before. */
export function crossings(a: Curve, b: Curve, last: bigint): readonly Crossing[] {
  const begin = a[0].from > b[0].from ? a[0].from : b[0].from;
  const starts = [...new Set([begin, ...a.map(startOf), ...b.map(startOf)])]
    .filter((start) => start >= begin && start <= last)
    .toSorted((left, right) => (left < right ? -1 : 1));
  return starts.flatMap((start, index) => {
    const next = starts[index + 1];
    const end = next === undefined ? last : next - 1n;
    const jump = start > begin && lead(a, b, start - 1n) <= 0n && lead(a, b, start) > 0n;
    const found = jump ? start : withinPiece({ a, b, start, end });
    if (found === undefined) return [];
    return [{ at: found, costA: costAt(a, found), costB: costAt(b, found) }];
  });
}

function startOf({ from }: Piece): bigint {
  return from;
}

/** How much dearer a is. */
function lead(a: Curve, b: Curve, count: bigint): bigint {
  return costAt(a, count) - costAt(b, count);
}

/** The least count of a piece at which a is dearer, where it isn't at the piece's start. */
function withinPiece(of: {
  readonly a: Curve;
  readonly b: Curve;
  readonly start: bigint;
  readonly end: bigint;
}): bigint | undefined {
  const { a, b, start, end } = of;
  const before = lead(a, b, start);
  if (before > 0n || end === start) return undefined;
  const growth = lead(a, b, start + 1n) - before;
  if (growth <= 0n) return undefined;
  const at = start + -before / growth + 1n;
  return at <= end ? at : undefined;
}
