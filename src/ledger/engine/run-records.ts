import type { PicoUsd } from "../../money/pico-usd.ts";
import type { RowQuote, RowState, RunFigures, RunState } from "../runs-port.ts";

/**
 * The rows of runs as both stores keep them: what was asked of whom and how far it has come. No money but what
 * the journal says of their calls. Root id leads every key.
 */

export type RunRecord = RunFigures & {
  readonly root: string;
  readonly id: string;
  readonly account: string;
  readonly key: string;
  readonly name: string | null;
  readonly state: RunState;
  /** JSON texts. */
  readonly settings: string;
  readonly stopped: string;
  readonly pricing: string;
  readonly maxCost: PicoUsd | null;
  readonly held: PicoUsd;
  readonly counts: { readonly [state in RowState]: number };
  readonly seq: number;
  readonly revision: number;
  readonly epoch: number;
  readonly process: string | null;
  /** No order is left of a run that is over. */
  readonly tidy: boolean;
  readonly createdMs: number;
  readonly changedMs: number;
};

export type RunRowRecord = {
  readonly root: string;
  readonly run: string;
  readonly id: string;
  readonly position: number;
  readonly line: number | null;
  readonly content: string;
  readonly intent: string;
  readonly state: RowState;
  readonly attempts: number;
  /** What of a claim is held still. */
  readonly ceiling: PicoUsd;
  readonly quote: RowQuote | null;
  /** Of a row that runs: the hold made under its claim. Of others: as they ended. */
  readonly receipt: string | null;
  readonly shared: boolean;
  readonly code: string | null;
  /** JSON text. */
  readonly detail: string;
  readonly seq: number | null;
  /** The loading that brought it last; 0 for one that is no longer in the file. */
  readonly revision: number;
};

/** The order of a row; null erases it. */
export type OrderRecord = {
  readonly root: string;
  readonly run: string;
  readonly id: string;
  readonly json: string | null;
};
