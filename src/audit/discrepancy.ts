/** One difference between what a ledger stores and what follows from its entries. */
export type Discrepancy = {
  /** The entry that it was found at; null for a projection that no single entry explains. */
  readonly entry: string | null;
  readonly root: string | null;
  readonly sequence: number | null;
  readonly what: string;
  readonly stored: string;
  readonly computed: string;
};

/** Ends a verification: the first discrepancy is the one to look at. */
export class DiscrepancyFound extends Error {
  override readonly name = "DiscrepancyFound";
  readonly discrepancy: Discrepancy;

  constructor(discrepancy: Discrepancy) {
    super(`${discrepancy.what}: stored ${discrepancy.stored}, computed ${discrepancy.computed}`);
    this.discrepancy = discrepancy;
  }
}

/** Where in the journal something is being compared. */
export type Place = Pick<Discrepancy, "entry" | "root" | "sequence">;

/** What can be compared: printed the same way on both sides. */
export type Comparable = string | bigint | number | boolean | null | undefined;

/** Compares one stored value with its computed one. */
export type Compare = (what: string, stored: Comparable, computed: Comparable) => void;

/** @returns a comparison that throws `DiscrepancyFound`, naming the place. */
export function compareAt(place: Place): Compare {
  return (what, stored, computed) => {
    const left = print(stored);
    const right = print(computed);
    if (left !== right) {
      throw new DiscrepancyFound({ ...place, what, stored: left, computed: right });
    }
  };
}

function print(value: Comparable): string {
  return value === undefined || value === null ? "nothing" : value.toString();
}

/** The place of what belongs to no root. */
export const NOWHERE: Place = { entry: null, root: null, sequence: null };

/** What can't be read, or breaks a law of the journal, is a discrepancy at its place and not a crash. */
export function naming<Result>(place: Place, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof DiscrepancyFound || !(error instanceof Error)) throw error;
    const computed = error.message;
    throw new DiscrepancyFound({ ...place, what: "entry", stored: "unsound", computed });
  }
}
