import { type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { assertAmount, assertStorable } from "../journal.ts";
import {
  type Busy,
  ROW_STATES,
  type RunFigures,
  type RunRefusal,
  type RunState,
  type Unsettled,
} from "../runs-port.ts";
import { accountOf, type Context, nodeOf } from "./context.ts";
import { findRun, isRefusal, RunEdit, type RunName, saveChanged } from "./run-edit.ts";
import { figuresOf, rowOf, runOf } from "./run-money.ts";
import type { RunRecord } from "./run-records.ts";

/** Runs as a whole: made, taken by a process, changed, closed. Their rows: `run-rows.ts`. */

/** JSON as text. */
export type RunDraft = RunName & {
  readonly key: string;
  readonly name: string | null;
  readonly settings: string;
  readonly maxCost: PicoUsd | null;
};

/** Absent leaves it. JSON as text. */
export type RunEdits = Partial<
  Pick<RunRecord, "key" | "name" | "settings" | "maxCost" | "stopped" | "pricing">
>;

export type NewRunRecord =
  | { readonly kind: "created" | "exists"; readonly run: RunRecord }
  | { readonly kind: "taken" | "unknown_account" };

export function createRun(draft: RunDraft, context: Context): NewRunRecord {
  const { set, nowMs } = context;
  const { root, account, id } = draft;
  if (accountOf(account, set) === undefined) return { kind: "unknown_account" };
  const before = runOf(root, id, set);
  if (before !== undefined) {
    return before.account === account ? { kind: "exists", run: before } : { kind: "taken" };
  }
  assertStorable(id);
  assertChange(draft, draft, context);
  const run: RunRecord = {
    ...draft,
    ...{ state: "loading", stopped: "null", pricing: "null", held: ZERO_USD },
    // Holds may have named it before it was there.
    ...figuresOf(root, id, context),
    counts: noRows(),
    ...{ seq: 0, revision: 1, epoch: 0, process: null, tidy: true },
    ...{ createdMs: nowMs, changedMs: nowMs },
  };
  return { kind: "created", run: saveChanged(run, context) };
}

function noRows(): RunRecord["counts"] {
  const entries = ROW_STATES.map((state) => [state, 0]);
  return Object.fromEntries(entries) as RunRecord["counts"];
}

/** The key that pays must be the account's. */
function assertChange(
  { id, account }: Pick<RunRecord, "id" | "account">,
  { key, name, maxCost }: RunEdits,
  { set }: Context,
): void {
  if (key !== undefined && nodeOf(key, set)?.parent !== account) {
    throw new Error(`run ${id}: no key ${key} of ${account}`);
  }
  if (name != null) assertStorable(name);
  if (maxCost != null) assertAmount(maxCost, `the cap of run ${id}`);
}

type Revised = { readonly kind: "revised"; readonly run: RunRecord };

/** From every state in which nobody runs it. */
export function reviseRun(
  { run: name, change }: { readonly run: RunName; readonly change: RunEdits },
  context: Context,
): Revised | Busy | Unsettled | RunRefusal {
  const run = findRun(name, {}, context);
  if (isRefusal(run)) return run;
  const busy = busyWith(run, context);
  if (busy !== undefined) return busy;
  if (run.state === "running") return { kind: "wrong_state", state: run.state };
  if (run.counts.running > 0) return { kind: "unsettled", rows: run.counts.running };
  assertChange(run, change, context);
  const revised: RunRecord = {
    ...run,
    // A loading that was cut off goes on as another.
    ...{ state: "loading", stopped: "null", pricing: "null", tidy: true },
    ...change,
    revision: run.revision + 1,
    // Whoever ran it says nothing of its rows any more.
    epoch: run.epoch + 1,
  };
  return { kind: "revised", run: saveChanged(revised, context) };
}

function busyWith({ process }: RunRecord, { set }: Context): Busy | undefined {
  return process !== null && set.reads.lives(process) ? { kind: "busy", process } : undefined;
}

export type RunSet = {
  readonly run: RunName;
  readonly from: readonly RunState[];
  readonly epoch: number | undefined;
  readonly state: RunState | undefined;
  readonly change: RunEdits;
};

export function setRun(
  { run: name, from, epoch, state, change }: RunSet,
  context: Context,
): { readonly kind: "set"; readonly run: RunRecord } | RunRefusal {
  const run = findRun(name, { epoch, states: from }, context);
  if (isRefusal(run)) return run;
  assertChange(run, change, context);
  const next = { ...run, ...change, state: state ?? run.state };
  return { kind: "set", run: saveChanged(next, context) };
}

/** In which a run may be taken: from `running` when who ran it is dead, or has left it. */
const TAKEN_FROM: readonly RunState[] = ["ready", "paused", "stopped", "sampled", "running"];

export function takeRun(
  of: { readonly run: RunName; readonly process: string; readonly change: RunEdits },
  context: Context,
): { readonly kind: "taken"; readonly run: RunRecord } | Busy | RunRefusal {
  const run = findRun(of.run, {}, context);
  if (isRefusal(run)) return run;
  // Before its state: who runs it says more than that it runs.
  const busy = busyWith(run, context);
  if (busy !== undefined) return busy;
  if (!TAKEN_FROM.includes(run.state)) return { kind: "wrong_state", state: run.state };
  const { process, change } = of;
  assertChange(run, change, context);
  const taken: RunRecord = {
    ...run,
    ...{ state: "running", stopped: "null", ...change, process, epoch: run.epoch + 1 },
  };
  return { kind: "taken", run: saveChanged(taken, context) };
}

export function leaveRun(
  { run: name, epoch }: { readonly run: RunName; readonly epoch: number },
  context: Context,
): null {
  const run = findRun(name, { epoch }, context);
  if (!isRefusal(run) && run.process !== null) saveChanged({ ...run, process: null }, context);
  return null;
}

/** From which a run may end, and be cancelled; again is harmless. */
const CLOSED_FROM: { readonly [to in "ended" | "cancelled"]: readonly RunState[] } = {
  ended: ["ready", "running", "paused", "stopped", "sampled", "ended"],
  cancelled: ["loading", "ready", "running", "paused", "stopped", "sampled", "cancelled"],
};

export function closeRun(
  of: {
    readonly run: RunName;
    readonly to: "ended" | "cancelled";
    readonly epoch: number | undefined;
  },
  context: Context,
): { readonly kind: "closed"; readonly run: RunRecord } | Unsettled | RunRefusal {
  const { to, epoch } = of;
  const run = findRun(of.run, { epoch, states: CLOSED_FROM[to] }, context);
  if (isRefusal(run)) return run;
  const rows = run.counts.waiting + run.counts.running;
  if (to === "ended" && rows > 0) return { kind: "unsettled", rows };
  if (run.state === to) return { kind: "closed", run };
  // Its rows and orders go a chunk at a time, so that nobody's hold waits for a hundred thousand of them.
  return { kind: "closed", run: saveChanged({ ...run, state: to, tidy: false }, context) };
}

/** One chunk of what is left of a run that is over. Nothing for one that has been opened again. */
export function tidyRun(name: RunName, context: Context): { readonly isMore: boolean } {
  const { set } = context;
  const run = findRun(name, { states: ["ended", "cancelled"] }, context);
  if (isRefusal(run) || run.tidy) return { isMore: false };
  const { root, id } = run;
  const edit = new RunEdit(run, context);
  const waiting = run.state === "cancelled" ? set.reads.waitingRows(root, id) : [];
  for (const found of waiting) {
    const row = rowOf(run, found.id, set);
    if (row?.state !== "waiting") continue;
    edit.end(row, { state: "skipped", code: "cancelled", detail: "null" });
  }
  const orders = set.reads.orders(root, id);
  for (const order of orders)
    set.orders.set(`${root} ${id} ${order}`, { root, run: id, id: order, json: null });
  const isMore = waiting.length + orders.length > 0;
  edit.save({ tidy: !isMore });
  return { isMore };
}

/** What it comes to now, and what its figures said. */
export function recountRun(
  name: RunName,
  context: Context,
):
  | { readonly kind: "counted"; readonly before: RunFigures; readonly after: RunFigures }
  | RunRefusal {
  const run = findRun(name, {}, context);
  if (isRefusal(run)) return run;
  const after = figuresOf(run.root, run.id, context);
  const { settled, exposed, images } = run;
  const before = { settled, exposed, images };
  const isSame = settled === after.settled && exposed === after.exposed && images === after.images;
  if (!isSame) saveChanged({ ...run, ...after }, context);
  return { kind: "counted", before, after };
}
