import type { Confirmation } from "./confirmations.ts";

/** A reconciliation as it was answered: JSON, kept as it is. */
export type KeptReconciliation = { readonly id: string; readonly [field: string]: unknown };

/** Where reconciliations are kept, and the prices that they confirmed. */
export type ReconciliationStore = {
  readonly keep: (reconciliation: KeptReconciliation) => Promise<void>;
  /** Newest first, at most so many. */
  readonly list: (most: number) => Promise<readonly KeptReconciliation[]>;
  /** Undefined for an id that isn't there. */
  readonly find: (id: string) => Promise<KeptReconciliation | undefined>;
  /** From now on these prices bear the mark of a bill. Returns those that are new. */
  readonly confirm: (confirmations: readonly Confirmation[]) => Promise<readonly Confirmation[]>;
};
