import { decimalText, divideHalfUp } from "./decimal-text.ts";

/**
 * How large a part of judged pictures was kept, with an interval that says how little a sample knows.
 * All figures are whole parts per million, found in integers: no floating point comes near them.
 */

/** A whole, in the unit of every share here. */
export const PARTS_PER_MILLION = 1_000_000n;

/** What the interval leaves out on each side: one in 40, so that it covers the true share 95 times in 100. */
const SIDE = 40n;

/** A share of judged pictures. `share`, `low` and `high` are parts per million, 0 to 1,000,000. */
export type KeptShare = {
  readonly kept: bigint;
  readonly judged: bigint;
  /** kept / judged, a half rounded up. */
  readonly share: bigint;
  /** The lower end of the 95 % interval, rounded down. */
  readonly low: bigint;
  /** The upper end of the 95 % interval, rounded up. */
  readonly high: bigint;
};

/**
 * The share that was kept of those judged, with its exact 95 % interval (Clopper and Pearson, "The use of
 * confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934).
 *
 * The lower end is the largest share, in whole parts per million, at which as many kept as these, or more, would
 * come by chance less than once in 40; the upper end the smallest at which as few, or fewer, would. Every
 * rounding on the way widens the interval, so that it covers the true share at least 95 times in 100, whatever
 * that share is; in small samples it covers more often than that, and is wider than an approximation would be.
 *
 * @throws RangeError without a judged picture, or for counts that can't be.
 */
export function keptShare(kept: bigint, judged: bigint): KeptShare {
  if (judged < 1n || kept < 0n || kept > judged) {
    throw new RangeError(`${kept} kept of ${judged} judged is no share`);
  }
  return {
    kept,
    judged,
    share: divideHalfUp(kept * PARTS_PER_MILLION, judged),
    low: lowerEnd(kept, judged),
    // What was not kept is a share too: the upper end of one is what the lower end of the other leaves.
    high: PARTS_PER_MILLION - lowerEnd(judged - kept, judged),
  };
}

/** A share as a plain decimal: 900,000 parts per million are "0.9". */
export function shareText(partsPerMillion: bigint): string {
  return decimalText(partsPerMillion, 6);
}

/** The largest share at which `successes` or more of `tries` come less than once in 40; 0 where none is. */
function lowerEnd(successes: bigint, tries: bigint): bigint {
  if (successes === 0n) return 0n;
  // The chance grows with the share. At share 0 it is nothing; at successes / tries it is about a half.
  let below = 0n;
  let above = (successes * PARTS_PER_MILLION + tries - 1n) / tries;
  while (above - below > 1n) {
    const middle = (below + above) / 2n;
    if (lessThanOnceInForty(successes, tries, middle)) below = middle;
    else above = middle;
  }
  return below;
}

/** The weight of the likeliest count; all others are parts of it. */
const WEIGHT = 1n << 80n;

/**
 * Whether `successes` or more of `tries` come less than once in 40 where each comes with `share`, 0 < share < 1.
 * Says no where the integers below leave it open, which can only widen the interval.
 *
 * The chances of all counts are weighed against the likeliest count's: neighbours differ by a ratio of small
 * integers, and the sum of all is the whole, so no factorial and no power is ever computed. Going outwards
 * from the likeliest count every ratio is at most 1, so a weight that is floored j times is too small by less
 * than j, and one that has become 0 stands for less than j as well; the sum of these is the slack.
 */
function lessThanOnceInForty(successes: bigint, tries: bigint, share: bigint): boolean {
  const other = PARTS_PER_MILLION - share;
  const likeliest = ((tries + 1n) * share) / PARTS_PER_MILLION;
  let reached = 0n;
  let whole = 0n;
  let steps = 0n;
  const weigh = (count: bigint, weight: bigint) => {
    whole += weight;
    if (count >= successes) reached += weight;
    steps += 1n;
  };
  weigh(likeliest, WEIGHT);
  for (let count = likeliest, weight = WEIGHT; count < tries && weight > 0n; ) {
    weight = (weight * (tries - count) * share) / ((count + 1n) * other);
    count += 1n;
    weigh(count, weight);
  }
  for (let count = likeliest, weight = WEIGHT; count > 0n && weight > 0n; ) {
    weight = (weight * count * other) / ((tries - count + 1n) * share);
    count -= 1n;
    weigh(count, weight);
  }
  const slack = (steps + tries) * (steps + 1n);
  return (reached + slack) * SIDE < whole;
}
