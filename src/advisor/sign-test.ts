import { decimalText } from "./decimal-text.ts";

/** Pairs that were judged one against the other, each by itself; both counts at least 0. */
export type JudgedPairs = {
  /** Pairs in which the first was chosen. */
  readonly first: bigint;
  /** Pairs in which the second was chosen. */
  readonly second: bigint;
};

/**
 * How often pure chance would part as many pairs at least as unevenly: an exact fraction, 0 < p <= 1.
 * `partsPerMillion` is rounded up, so that no result looks rarer than it is.
 */
export type SignTest = {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly partsPerMillion: bigint;
};

/**
 * The exact two-sided sign test: if both were equally good and each pair fell either way with one chance in
 * two, this is how often the division would be at least as uneven as it is, in either direction. Pairs without a
 * difference say nothing about a direction and are left out by the caller, as the test asks.
 * No pairs at all are 1: nothing was seen.
 *
 * 5 of 5 is 2 x 1/32 = 0.0625.
 *
 * @throws RangeError for a negative count.
 */
export function signTest({ first, second }: JudgedPairs): SignTest {
  if (first < 0n || second < 0n) throw new RangeError(`${first} against ${second} are no pairs`);
  const pairs = first + second;
  const fewer = first < second ? first : second;
  const denominator = 1n << pairs;
  // As many ways as pairs can be divided: 1, n, n(n-1)/2, … each from the one before, without a remainder.
  let ways = 1n;
  let asUneven = 0n;
  for (let count = 0n; count <= fewer; count += 1n) {
    asUneven += ways;
    ways = (ways * (pairs - count)) / (count + 1n);
  }
  // Both directions are counted; where they meet in the middle they are everything, and not more.
  const both = 2n * asUneven;
  const numerator = both < denominator ? both : denominator;
  const partsPerMillion = (numerator * 1_000_000n + denominator - 1n) / denominator;
  return { numerator, denominator, partsPerMillion };
}

/** The p of a sign test as a plain decimal of at most six places, rounded up: "0.0625". */
export function signTestText(test: SignTest): string {
  return decimalText(test.partsPerMillion, 6);
}
