import { signTest } from "../../advisor/sign-test.ts";

/**
 * What a sample of so many rows could not have seen, whatever it showed.
 *
 * The rarest defect is the share p at which a sample without any comes once in twenty: (1 - p)^rows = 0.05. One
 * that is rarer may well not have shown at all.
 *
 * The least difference is the fewest rows, all of them against one candidate and none against the other, with which
 * the exact sign test comes below 0.05. Kept shares that are nearer to each other can't be told apart here.
 */
export type Unseen = {
  readonly rows: number;
  /** Thousandths, rounded up. */
  readonly defectPerMille: number;
  /** Rows, and their share in thousandths rounded up; undefined where no division of so few rows would tell. */
  readonly difference: { readonly rows: number; readonly perMille: number } | undefined;
};

const CHANCE = 0.05;
const CHANCE_PARTS_PER_MILLION = 50_000n;

/** @param rows at least 1. */
export function unseenBy(rows: number): Unseen {
  const least = leastTold();
  const defect = 1 - CHANCE ** (1 / rows);
  return {
    rows,
    defectPerMille: Math.ceil(defect * 1_000),
    difference:
      rows < least ? undefined : { rows: least, perMille: Math.ceil((least * 1_000) / rows) },
  };
}

/** The fewest pairs that, all falling one way, come by chance less often than once in twenty. */
function leastTold(): number {
  let pairs = 1;
  while (signTest({ first: BigInt(pairs), second: 0n }).partsPerMillion >= CHANCE_PARTS_PER_MILLION)
    pairs += 1;
  return pairs;
}

/** Both in words. */
export function unseenText({ rows, defectPerMille, difference }: Unseen): readonly string[] {
  const counted = `${rows} row${rows === 1 ? "" : "s"}`;
  return [
    `A defect that strikes ${percent(defectPerMille)} of pictures shows at least once in 95 of 100 samples of ${counted}. A rarer one may well not have been seen.`,
    difference === undefined
      ? `No difference between candidates can be told from ${counted}.`
      : `Kept shares that differ by less than ${percent(difference.perMille)} (${difference.rows} of ${counted}) can't be told apart.`,
  ];
}

/** "11.8 %" */
export function percent(perMille: number): string {
  return `${(perMille / 10).toFixed(1)} %`;
}
