/** How rows are tried again on which nothing was spent. */
export type Pauses = {
  /** Before the second try; doubled before each further one. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Tries of one row in one life of the engine; the last one's refusal is its end. */
  readonly triesMax: number;
};

export const PAUSES: Pauses = { firstMs: 250, longestMs: 60_000, triesMax: 8 };

/** How long a row waits that was tried so often, at least 1; never less than the vendor told. */
export function pauseAfter(
  tries: number,
  toldSeconds: number | undefined,
  { firstMs, longestMs }: Pauses,
): number {
  const own = Math.min(longestMs, firstMs * 2 ** (tries - 1));
  return Math.max(own, (toldSeconds ?? 0) * 1_000);
}
