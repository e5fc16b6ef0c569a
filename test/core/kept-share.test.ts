import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptShare, shareText } from "../../src/advisor/kept-share.ts";

const MILLION = 1_000_000n;

/** How many ways there are to take `count` of `tries`. */
function ways(tries: bigint, count: bigint): bigint {
  let product = 1n;
  for (let i = 1n; i <= count; i += 1n) product = (product * (tries - count + i)) / i;
  return product;
}

/** The chance of exactly `count` of `tries`, times 1,000,000^tries: a whole number, nothing rounded. */
function chance(tries: bigint, count: bigint, share: bigint): bigint {
  return ways(tries, count) * share ** count * (MILLION - share) ** (tries - count);
}

/** The same of `from` to `to`. */
function chances(tries: bigint, [from, to]: readonly [bigint, bigint], share: bigint): bigint {
  let sum = 0n;
  for (let count = from; count <= to; count += 1n) sum += chance(tries, count, share);
  return sum;
}

const counts = fc
  .tuple(fc.bigInt(1n, 60n), fc.bigInt(0n, 60n))
  .map(([judged, some]) => ({ judged, kept: some % (judged + 1n) }));

describe("keptShare", () => {
  it.each([
    // Nothing kept: the upper end solves (1 - p)^30 = 1/40, p = 1 - e^(-3.6888795/30) = 1 - 0.8842967…
    { kept: 0n, judged: 30n, share: "0", low: "0", high: "0.115704" },
    // All kept is its mirror image: p^30 = 1/40.
    { kept: 30n, judged: 30n, share: "1", low: "0.884296", high: "1" },
    // One of one: p = 1/40 itself is met once in 40, and less than that only below.
    { kept: 1n, judged: 1n, share: "1", low: "0.024999", high: "1" },
    { kept: 0n, judged: 1n, share: "0", low: "0", high: "0.975001" },
    // Two of two: p^2 = 1/40, p = 0.15811388…, rounded down.
    { kept: 2n, judged: 2n, share: "1", low: "0.158113", high: "1" },
    // One of two: 1 - (1 - p)^2 = 1/40, p = 1 - sqrt(0.975) = 0.01257911…; the upper end mirrors it.
    { kept: 1n, judged: 2n, share: "0.5", low: "0.012579", high: "0.987421" },
    // Tables of the binomial give 73.5 % to 97.9 % for 27 of 30.
    { kept: 27n, judged: 30n, share: "0.9", low: "0.734711", high: "0.978883" },
    // 3p^2 - 2p^3 = 1/40 at p = 0.0942993…; 1 - p^3 = 1/40 at p = 0.9915962…
    { kept: 2n, judged: 3n, share: "0.666667", low: "0.094299", high: "0.991597" },
  ])("$kept of $judged is $share, from $low to $high", ({ kept, judged, ...expected }) => {
    const { share, low, high } = keptShare(kept, judged);
    expect({ share: shareText(share), low: shareText(low), high: shareText(high) }).toEqual(
      expected,
    );
  });

  it("the ends are the last whole millionths at which chance gives less than once in 40", () => {
    fc.assert(
      fc.property(counts, ({ kept, judged }) => {
        const { low, high } = keptShare(kept, judged);
        const all = MILLION ** judged;
        const atLeast = (share: bigint) => chances(judged, [kept, judged], share) * 40n < all;
        const atMost = (share: bigint) => chances(judged, [0n, kept], share) * 40n < all;
        expect(kept === 0n ? low === 0n : atLeast(low) && !atLeast(low + 1n)).toBe(true);
        expect(kept === judged ? high === MILLION : atMost(high) && !atMost(high - 1n)).toBe(true);
      }),
    );
  });

  it("covers the true share at least 95 times in 100, whatever it is", () => {
    const judged = 30n;
    const intervals = Array.from({ length: 31 }, (_, kept) => keptShare(BigInt(kept), judged));
    fc.assert(
      fc.property(fc.bigInt(0n, MILLION), (truth) => {
        const covering = intervals.filter(({ low, high }) => low <= truth && truth <= high);
        const covered = covering.reduce((sum, { kept }) => sum + chance(judged, kept, truth), 0n);
        expect(covered * 100n >= MILLION ** judged * 95n).toBe(true);
      }),
    );
  });

  it("holds its own share, rises with every picture kept and narrows with every one judged", () => {
    fc.assert(
      fc.property(counts, fc.bigInt(2n, 5n), ({ kept, judged }, times) => {
        const one = keptShare(kept, judged);
        expect(one.low <= one.share && one.share <= one.high).toBe(true);
        if (kept < judged) {
          const more = keptShare(kept + 1n, judged);
          expect(more.low > one.low && more.share > one.share && more.high > one.high).toBe(true);
        }
        const larger = keptShare(kept * times, judged * times);
        expect(larger.share).toBe(one.share);
        expect(larger.high - larger.low < one.high - one.low).toBe(true);
      }),
    );
  });

  it("what was rejected is the mirror image of what was kept", () => {
    fc.assert(
      fc.property(counts, ({ kept, judged }) => {
        const one = keptShare(kept, judged);
        const other = keptShare(judged - kept, judged);
        expect([other.low, other.high]).toEqual([MILLION - one.high, MILLION - one.low]);
      }),
    );
  });

  it("of a hundred thousand is as exact, and near to what the normal curve gives", () => {
    // 0.9 +- 1.96 x sqrt(0.09 / 100,000) = 0.9 +- 0.001859
    const { low, high } = keptShare(90_000n, 100_000n);
    expect(low > 898_100n && low < 898_160n).toBe(true);
    expect(high > 901_840n && high < 901_900n).toBe(true);
  });

  it.each([
    { kept: 0n, judged: 0n },
    { kept: -1n, judged: 3n },
    { kept: 4n, judged: 3n },
  ])("$kept of $judged is refused", ({ kept, judged }) => {
    expect(() => keptShare(kept, judged)).toThrow(`${kept} kept of ${judged} judged is no share`);
  });
});
