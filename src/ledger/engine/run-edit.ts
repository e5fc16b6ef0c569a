import { addUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { RowState, RunRefusal, RunState } from "../runs-port.ts";
import { type Context, requireRoot } from "./context.ts";
import { runOf, saveRow, saveRun } from "./run-money.ts";
import type { RunRecord, RunRowRecord } from "./run-records.ts";

/** A run as a command names it: by its root, its account and its id. */
export type RunName = { readonly root: string; readonly account: string; readonly id: string };

/** Finds a run, or says why nothing may be done to it now. */
export function findRun(
  { root, account, id }: RunName,
  needs: { readonly epoch?: number | undefined; readonly states?: readonly RunState[] },
  { set }: Context,
): RunRecord | RunRefusal {
  const run = runOf(root, id, set);
  if (run === undefined || run.account !== account) return { kind: "unknown_run" };
  const { epoch, states } = needs;
  if (epoch !== undefined && epoch !== run.epoch) return { kind: "stale", epoch: run.epoch };
  if (states !== undefined && !states.includes(run.state)) {
    return { kind: "wrong_state", state: run.state };
  }
  return run;
}

export function isRefusal(found: RunRecord | RunRefusal): found is RunRefusal {
  return "kind" in found;
}

/** What a row comes to when it ends. */
export type RowEnding = Pick<RunRowRecord, "code" | "detail"> & {
  readonly state: Exclude<RowState, "waiting" | "running">;
} & Partial<Pick<RunRowRecord, "receipt" | "shared" | "revision">>;

/**
 * Changes rows of a run, and with each the run's counts, what it holds and its number of ends: in the same
 * transaction, so that they always say the same.
 */
export class RunEdit {
  readonly #context: Context;
  readonly #counts: { [state in RowState]: number };
  #run: RunRecord;

  constructor(run: RunRecord, context: Context) {
    this.#run = run;
    this.#counts = { ...run.counts };
    this.#context = context;
  }

  /** As it stands with all changes so far; its counts at `save`. */
  get run(): RunRecord {
    return this.#run;
  }

  put(before: RunRowRecord | undefined, after: RunRowRecord): void {
    if (before !== undefined) this.#counts[before.state] -= 1;
    this.#counts[after.state] += 1;
    const more = subtractUsd(after.ceiling, before?.ceiling ?? ZERO_USD);
    this.#run = { ...this.#run, held: addUsd(this.#run.held, more) };
    saveRow(after, this.#context);
  }

  /** Ends a row. Returns its place among all ends of the run. */
  end(row: RunRowRecord, ending: RowEnding): number {
    const seq = this.#run.seq + 1;
    this.#run = { ...this.#run, seq };
    this.put(row, { ...row, ...ending, ceiling: ZERO_USD, seq });
    return seq;
  }

  save(change: Partial<RunRecord> = {}): RunRecord {
    this.#run = { ...this.#run, ...change, counts: this.#counts };
    return saveChanged(this.#run, this.#context);
  }
}

/** Saves a run by itself. Touches its root, so that no other process goes on with a copy of what was before. */
export function saveChanged(run: RunRecord, context: Context): RunRecord {
  const { set, nowMs } = context;
  saveRun(run, context);
  set.roots.set(run.root, { ...requireRoot(run.root, set) });
  return { ...run, changedMs: nowMs };
}
