/**
 * Pictures of two candidates held against what two tries of one candidate differ by. Two tries of the same order are
 * never the same picture: a difference between candidates says nothing as long as it is no larger than that one.
 */

/** Differences of one row, 0 to 1. */
export type RowDifference = {
  readonly row: string;
  /** Between the candidates, first tries. */
  readonly between: number;
  /** Between two tries of each of them. */
  readonly within: readonly [number, number];
};

export type TwoTries = {
  readonly rows: number;
  /** Medians over the rows; of `within` the larger candidate's counts. */
  readonly between: number;
  readonly within: number;
  /** Whether candidates differ no more than two tries of one of them do. */
  readonly noMore: boolean;
};

/** With fewer rows a median says nothing. */
const TWO_TRIES_ROWS_MIN = 6;

/** Undefined where too few rows have both tries of both. */
export function twoTriesOf(rows: readonly RowDifference[]): TwoTries | undefined {
  if (rows.length < TWO_TRIES_ROWS_MIN) return undefined;
  const between = median(rows.map((row) => row.between));
  const within = Math.max(
    median(rows.map((row) => row.within[0])),
    median(rows.map((row) => row.within[1])),
  );
  return { rows: rows.length, between, within, noMore: between <= within };
}

/** In words: never that one is as good as the other. */
export function twoTriesText(
  [one, other]: readonly [string, string],
  { rows, between, within, noMore }: TwoTries,
): string {
  const figures = `${percentOf(between)} between them, ${percentOf(within)} between two tries; medians of ${rows} rows`;
  return noMore
    ? `${one} and ${other} differ no more than two tries (${figures})`
    : `${one} and ${other} differ more than two tries (${figures})`;
}

function percentOf(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** Of at least one value; the mean of the middle two where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
  return (lower + upper) / 2;
}
