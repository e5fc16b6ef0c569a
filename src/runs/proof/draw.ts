import { createHash } from "node:crypto";

/**
 * Everything that a proof leaves to chance is decided by its seed: which rows are taken, which picture stands on
 * which side, in which order pairs are shown. The same seed and the same rows always decide alike, whatever the
 * order of the file.
 */

/** A number of 256 bits that a seed gives to some words, as lower-case hex. */
function chance(seed: string, words: readonly string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([seed, ...words]))
    .digest("hex");
}

/** All of them in the order in which they are drawn: the first n are a sample of n. */
export function drawn<T>(
  all: readonly T[],
  of: {
    readonly seed: string;
    /** What is drawn: so that two draws by one seed are two. */
    readonly what: string;
    readonly id: (each: T) => string;
  },
): readonly T[] {
  const { seed, what, id } = of;
  return all
    .map((each) => ({ each, place: chance(seed, [what, id(each)]) }))
    .toSorted((left, right) => (left.place < right.place ? -1 : 1))
    .map(({ each }) => each);
}

/** One chance in two. */
export function coin(seed: string, ...words: readonly string[]): boolean {
  return Number.parseInt(chance(seed, ["coin", ...words]).slice(0, 2), 16) % 2 === 1;
}

/** A name that tells nobody what it stands for who doesn't have the secret. */
export function blindName(secret: string, ...words: readonly string[]): string {
  return chance(secret, ["name", ...words]).slice(0, 24);
}
