import type { PicoUsd } from "../../money/pico-usd.ts";
import type { RowState, RunFigures, RunRow, RunState } from "../runs-port.ts";

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

/** What is stored of a row word for word as it is told. */
type RowAsTold = Pick<
  RunRow,
  | "position"
  | "line"
  | "content"
  | "intent"
  | "state"
  | "attempts"
  | "quote"
  | "shared"
  | "code"
  | "seq"
>;

export type RunRowRecord = RowAsTold & {
  readonly root: string;
  readonly run: string;
  readonly id: string;
  /** What of a claim is held still. */
  readonly ceiling: PicoUsd;
  /** Of a row that runs: the hold made under its claim. Of others: as they ended. */
  readonly receipt: string | null;
  /** JSON text. */
  readonly detail: string;
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
