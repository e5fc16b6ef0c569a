/** The store can't be used as the ledger that was asked for. Said to the owner: at a start, or of a file to read. */
export class LedgerRefused extends Error {
  override readonly name = "LedgerRefused";
}
