import type { PicoUsd } from "../money/pico-usd.ts";

/** What the months of a root came to, as its entries tell it: `model-statements.ts` fills it. */

/** Where a month begins: what stood before its first entry. */
export type MonthMark = {
  readonly month: string;
  readonly after: bigint;
  readonly hash: string;
  /** What was funded so far, less what was charged. */
  readonly balance: PicoUsd;
};

/** What a month came to for an account with all below it. */
export type MonthSums = {
  readonly calls: number;
  readonly images: number;
  readonly settled: PicoUsd;
  readonly corrected: PicoUsd;
  readonly credited: PicoUsd;
};

/** What the entries of a root say of its months. */
export type MonthModel = {
  /** In the order of the chain; months without an entry have none. */
  readonly marks: MonthMark[];
  /** By `account month`. */
  readonly sums: Map<string, MonthSums>;
  /** Fundings and their corrections, by month. */
  readonly funds: Map<string, { readonly funded: PicoUsd; readonly corrected: PicoUsd }>;
  /** Statements issued, by their month. */
  readonly issued: Map<string, number>;
  /** The latest month of any entry so far. */
  month: string;
  /** Months up to this one began before the run did, and can't be computed. Empty for a whole chain. */
  unknownUntil: string;
  statements: number;
};

export function emptyMonths(): MonthModel {
  return {
    ...{ marks: [], sums: new Map(), funds: new Map(), issued: new Map() },
    ...{ month: "", unknownUntil: "", statements: 0 },
  };
}
