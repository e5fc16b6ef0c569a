import type { OrderFlags } from "../order.ts";

/** Flags of `proof`, by the names that commander gives them. */
export type ProofFlags = OrderFlags & {
  readonly at?: string;
  readonly rows?: number;
  readonly ids?: string;
  readonly drawSeed?: string;
  readonly tries?: number;
  readonly skipBlocked?: true;
  readonly out?: string;
  readonly resume?: string;
  readonly retryFailed?: true;
  readonly retryUnknown?: true;
  readonly concurrency?: number;
  readonly plan?: true;
  readonly yes?: true;
  readonly maxCost?: string;
  readonly prompt?: string;
  readonly template?: string;
  readonly ignoreColumns?: string;
  readonly encoding?: string;
};
