import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { HoldDraft } from "../draft.ts";
import type { HoldResult } from "../port.ts";
import type { RunFigures } from "../runs-port.ts";
import type { Context } from "./context.ts";
import type { CallRow } from "./rows.ts";
import type { RunRecord, RunRowRecord } from "./run-records.ts";
import type { WorkingSet } from "./working-set.ts";

/**
 * How the calls of a run move its figures: in the transactions of their own holds, endings and corrections, so
 * that they are right in every committed state, whatever became of who runs it.
 */

/** A run by its name; undefined for one that isn't there. */
export function runOf(root: string, id: string, set: WorkingSet): RunRecord | undefined {
  return set.runs.get(`${root} ${id}`, () => set.reads.run(root, id));
}

/** A row of a run; undefined for one that isn't there. */
export function rowOf(
  of: { readonly root: string; readonly id: string },
  row: string,
  set: WorkingSet,
): RunRowRecord | undefined {
  const { root, id } = of;
  return set.runRows.get(`${root} ${id} ${row}`, () => set.reads.runRow(root, id, row));
}

export function saveRun(run: RunRecord, { set, nowMs }: Context): void {
  set.runs.set(`${run.root} ${run.id}`, { ...run, changedMs: nowMs });
}

export function saveRow(row: RunRowRecord, { set }: Context): void {
  set.runRows.set(`${row.root} ${row.run} ${row.id}`, row);
}

/**
 * Whether a hold may not be made for the row that it names: its run is this ledger's, and the row isn't claimed
 * under the hold's intent, or for less. Who was taken for dead and wakes up spends nothing.
 */
export function unclaimed(
  root: string,
  request: HoldDraft,
  { set }: Context,
): HoldResult | undefined {
  const { run: name, accountId, admission, amount } = request;
  const run = name === null ? undefined : runOf(root, name.id, set);
  if (name === null || run === undefined) return undefined;
  const row = rowOf(run, name.row, set);
  const isClaimed =
    run.account === accountId &&
    row?.state === "running" &&
    row.intent === admission.intent?.scope &&
    amount <= row.ceiling;
  return isClaimed ? undefined : { kind: "not_claimed" };
}

/** The hold of a row was made: its ending gives back what was claimed. */
export function rowHeld(root: string, request: HoldDraft, context: Context): void {
  const { run: name, id } = request;
  const run = name === null ? undefined : runOf(root, name.id, context.set);
  if (name === null || run === undefined) return;
  const row = rowOf(run, name.row, context.set);
  if (row === undefined) throw new Error(`hold ${id}: row ${name.row} of ${name.id} isn't there`);
  saveRow({ ...row, receipt: id }, context);
}

/** The hold of a row has ended: what was claimed becomes what it came to. */
export function rowCallEnded(
  call: CallRow & { readonly run: string },
  figures: RunFigures,
  context: Context,
): void {
  moveFigures(call, figures, context);
  const run = runOf(call.root, call.run, context.set);
  const row = run && rowOf(run, call.runRow ?? "", context.set);
  if (run === undefined || row?.state !== "running" || row.receipt !== call.id) return;
  saveRow({ ...row, ceiling: ZERO_USD }, context);
  saveRun({ ...run, held: subtractUsd(run.held, row.ceiling) }, context);
}

/** A call of a run came to something else: a correction, a closed exposure. */
export function rowCallMended(
  call: CallRow,
  by: Partial<Pick<RunFigures, "settled" | "exposed">>,
  context: Context,
): void {
  const { run } = call;
  if (run === null) return;
  moveFigures(
    { ...call, run },
    { settled: ZERO_USD, exposed: ZERO_USD, ...by, images: 0 },
    context,
  );
}

function moveFigures(
  { root, run: id }: { readonly root: string; readonly run: string },
  by: RunFigures,
  context: Context,
): void {
  const { set } = context;
  const key = `${root} ${id}`;
  set.runMoves.set(key, added(set.runMoves.get(key) ?? NO_FIGURES, by));
  const run = runOf(root, id, set);
  if (run !== undefined) saveRun({ ...run, ...added(run, by) }, context);
}

const NO_FIGURES: RunFigures = { settled: ZERO_USD, exposed: ZERO_USD, images: 0 };

function added(left: RunFigures, right: RunFigures): RunFigures {
  return {
    settled: addUsd(left.settled, right.settled),
    exposed: addUsd(left.exposed, right.exposed),
    images: left.images + right.images,
  };
}

/** What all calls of a run come to: those that are stored, and what this transaction has made of them. */
export function figuresOf(root: string, id: string, { set }: Context): RunFigures {
  return added(set.reads.runFigures(root, id), set.runMoves.get(`${root} ${id}`) ?? NO_FIGURES);
}

/** What more may be claimed; null without a cap. Below zero where the cap was lowered since. */
export function roomOf(run: RunRecord): PicoUsd | null {
  if (run.maxCost === null) return null;
  return subtractUsd(run.maxCost, addUsd(addUsd(run.settled, run.held), run.exposed));
}
