/** Heads or receipts that a ledger was to be checked against can't be read: nothing was checked. */
export class ProofUnreadable extends Error {
  override readonly name = "ProofUnreadable";
}

/** An error's own words. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
