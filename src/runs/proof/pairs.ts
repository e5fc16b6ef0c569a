import { blindName, coin, drawn } from "./draw.ts";
import type { Job } from "./job.ts";
import { type Made, pictureOf } from "./made.ts";

/** Two pictures of one row, at two candidates. */
export type Pair = {
  /** Tells nothing of what it is of. */
  readonly id: string;
  readonly row: string;
  /** Names of the candidates, in the order in which the proof names them. */
  readonly candidates: readonly [string, string];
  /** Files of their pictures, in the same order. */
  readonly pictures: readonly [string, string];
  /** Whether the second one is shown on the left. */
  readonly swapped: boolean;
};

/**
 * Every two candidates of a row held against each other, in the order in which they are shown. A row that a
 * candidate has no picture of has no pair with it.
 */
export function pairsOf(job: Job, made: readonly Made[]): readonly Pair[] {
  const { seed, secret } = job;
  const names = job.candidates.map(({ name }) => name);
  const pairs = job.rows.flatMap(({ id: row }) =>
    names.flatMap((one, place) =>
      names.slice(place + 1).flatMap((other): Pair[] => {
        const left = pictureOf(made, { row, candidate: one, try: 1 });
        const right = pictureOf(made, { row, candidate: other, try: 1 });
        if (left === undefined || right === undefined) return [];
        return [
          {
            id: blindName(secret, row, one, other),
            row,
            candidates: [one, other],
            pictures: [left.file, right.file],
            swapped: coin(seed, row, one, other),
          },
        ];
      }),
    ),
  );
  return drawn(pairs, { seed, what: "pair", id: ({ row, candidates }) => `${row} ${candidates}` });
}

/** A pair as it is shown: nothing of it says which side is which candidate. */
export function blindPair({ id, row, pictures: [one, other], swapped }: Pair) {
  const [left, right] = swapped ? [other, one] : [one, other];
  return { id, row, left, right };
}
