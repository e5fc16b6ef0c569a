import { LedgerRefused } from "../ledger-refused.ts";

/** A ledger from before its last migration has other tables. @throws LedgerRefused naming both versions. */
export function assertNewestVersion(version: number, newest: number): void {
  if (version === newest) return;
  throw new LedgerRefused(
    `the ledger is of version ${version}, this program reads version ${newest}: the gateway's next start brings an older one up to date`,
  );
}
