import { ZERO_USD } from "../../money/pico-usd.ts";
import { assertAmount, assertStorable } from "../journal.ts";
import type {
  ClaimedRow,
  DuplicateRows,
  EndedRow,
  NewRow,
  PutRows,
  RowClaim,
  RowEnd,
  RowQuote,
  RunRefusal,
} from "../runs-port.ts";
import { type Context, requireCall } from "./context.ts";
import type { EndedCall } from "./rows.ts";
import { findRun, isRefusal, RunEdit, type RunName } from "./run-edit.ts";
import { roomOf, rowOf } from "./run-money.ts";
import type { RunRecord, RunRowRecord } from "./run-records.ts";

/** Rows of runs: loaded, priced, claimed under the cap, ended. */

const DUPLICATES_TOLD = 100;

export function putRows(
  { run: name, rows }: { readonly run: RunName; readonly rows: readonly NewRow[] },
  context: Context,
): PutRows | DuplicateRows | RunRefusal {
  const run = findRun(name, { states: ["loading"] }, context);
  if (isRefusal(run)) return run;
  const again = broughtAgain(run, rows, context);
  if (again.length > 0) return { kind: "duplicate", rows: again.slice(0, DUPLICATES_TOLD) };
  const edit = new RunEdit(run, context);
  const put = { added: 0, changed: 0, unchanged: 0 };
  for (const row of rows) put[putRow(row, edit, context)] += 1;
  edit.save();
  return { kind: "put", ...put };
}

/** Rows that this loading has brought already as something else. The same ones again are a request sent twice. */
function broughtAgain(
  run: RunRecord,
  rows: readonly NewRow[],
  { set }: Context,
): readonly string[] {
  const brought = new Map<string, Pick<NewRow, "content" | "position">>();
  return rows.flatMap((row) => {
    const known = rowOf(run, row.row, set);
    const before = brought.get(row.row) ?? (known?.revision === run.revision ? known : undefined);
    brought.set(row.row, row);
    const isSame =
      before === undefined || (before.content === row.content && before.position === row.position);
    return isSame ? [] : [row.row];
  });
}

function putRow(asked: NewRow, edit: RunEdit, context: Context): Exclude<keyof PutRows, "kind"> {
  const { root, id: run, revision } = edit.run;
  const { row: id, position, line, content, intent } = asked;
  assertStorable(id);
  const before = rowOf(edit.run, id, context.set);
  if (before?.state === "running")
    throw new Error(`row ${id} of ${run} runs and can't be replaced`);
  const place = { position, line, revision };
  const isSame = before?.content === content;
  const after: RunRowRecord =
    before !== undefined && isSame
      ? { ...before, ...place, ...(waitsAgain(before) ? WAITING : {}) }
      : { ...{ root, run, id, content, intent }, ...place, ...WAITING, attempts: 0, quote: null };
  edit.put(before, after);
  // A picture that is there is never asked for again.
  const json = after.state === "done" ? null : asked.order;
  context.set.orders.set(`${root} ${run} ${id}`, { root, run, id, json });
  if (before === undefined) return "added";
  return isSame ? "unchanged" : "changed";
}

/** No vendor was asked: what was in the way may be gone. */
function waitsAgain({ state }: RunRowRecord): boolean {
  return state === "blocked" || state === "skipped";
}

const WAITING = {
  state: "waiting",
  ceiling: ZERO_USD,
  receipt: null,
  shared: false,
  code: null,
  detail: "null",
  seq: null,
} as const;

/** JSON as text. */
export type RowPrice = {
  readonly row: string;
  readonly quote: RowQuote | null;
  readonly blocked: { readonly code: string; readonly detail: string } | null;
};

/** Rows that don't wait stay as they are. */
export function priceRows(
  { run: name, rows }: { readonly run: RunName; readonly rows: readonly RowPrice[] },
  context: Context,
): { readonly kind: "priced" } | RunRefusal {
  const run = findRun(name, { states: ["loading"] }, context);
  if (isRefusal(run)) return run;
  const edit = new RunEdit(run, context);
  for (const { row: id, quote, blocked } of rows) {
    const row = rowOf(run, id, context.set);
    if (row?.state !== "waiting") continue;
    if (quote !== null) assertAmount(quote.ceiling, `the ceiling of row ${id}`);
    if (blocked === null) edit.put(row, { ...row, quote });
    else edit.end({ ...row, quote }, { state: "blocked", ...blocked });
  }
  edit.save();
  return { kind: "priced" };
}

/** One chunk of the rows that the newest loading didn't bring. */
export function dropRows(
  name: RunName,
  context: Context,
): { readonly kind: "dropped"; readonly rows: number; readonly isMore: boolean } | RunRefusal {
  const { set } = context;
  const run = findRun(name, { states: ["loading"] }, context);
  if (isRefusal(run)) return run;
  const { root, id, revision } = run;
  const edit = new RunEdit(run, context);
  const found = set.reads.olderRows(root, id, revision);
  let rows = 0;
  for (const { id: each } of found) {
    const row = rowOf(run, each, set);
    if (row === undefined || row.revision === REMOVED || row.revision >= revision) continue;
    if (row.state === "running") throw new Error(`row ${each} of ${id} runs and can't be dropped`);
    rows += 1;
    edit.end(row, { state: "skipped", code: "removed", detail: "null", revision: REMOVED });
    set.orders.set(`${root} ${id} ${each}`, { root, run: id, id: each, json: null });
  }
  edit.save();
  return { kind: "dropped", rows, isMore: found.length > 0 };
}

/** No loading: the file says nothing of the row any more. */
const REMOVED = 0;

export type OfEpoch<Row> = {
  readonly run: RunName;
  readonly epoch: number;
  readonly rows: readonly Row[];
};

export function claimRows(
  { run: name, epoch, rows }: OfEpoch<RowClaim>,
  context: Context,
):
  | { readonly kind: "decided"; readonly rows: readonly ClaimedRow[]; readonly run: RunRecord }
  | RunRefusal {
  const run = findRun(name, { epoch, states: ["running"] }, context);
  if (isRefusal(run)) return run;
  const edit = new RunEdit(run, context);
  let isFull = false;
  const claimed = rows.map((claim): ClaimedRow => {
    if (isFull) return { kind: "not_tried", row: claim.row };
    const one = claimRow(claim, edit, context);
    isFull = one.kind === "cap";
    return one;
  });
  return { kind: "decided", rows: claimed, run: edit.save() };
}

function claimRow(
  { row: id, intent, ceiling }: RowClaim,
  edit: RunEdit,
  { set }: Context,
): ClaimedRow {
  assertAmount(ceiling, `the claim of row ${id}`);
  const row = rowOf(edit.run, id, set);
  if (row?.state !== "waiting" || row.intent !== intent) return { kind: "not_waiting", row: id };
  const available = roomOf(edit.run);
  if (available !== null && ceiling > available) {
    return { kind: "cap", row: id, required: ceiling, available };
  }
  const attempts = row.attempts + 1;
  edit.put(row, { ...row, ...WAITING, state: "running", attempts, ceiling });
  return { kind: "claimed", row: id };
}

/** JSON as text. */
export type RowEndDraft = Omit<RowEnd, "detail" | "shared"> & {
  readonly detail: string;
  readonly shared: boolean;
};

export function endRows(
  { run: name, epoch, rows }: OfEpoch<RowEndDraft>,
  context: Context,
):
  | { readonly kind: "decided"; readonly rows: readonly EndedRow[]; readonly run: RunRecord }
  | RunRefusal {
  const run = findRun(name, { epoch }, context);
  if (isRefusal(run)) return run;
  const edit = new RunEdit(run, context);
  const ended = rows.map((row) => endRow(row, edit, context));
  return { kind: "decided", rows: ended, run: edit.save() };
}

function endRow(end: RowEndDraft, edit: RunEdit, context: Context): EndedRow {
  const { row: id, state, code } = end;
  const row = rowOf(edit.run, id, context.set);
  if (row === undefined) return { kind: "ended_before", row: id };
  // A call that was made for it is never forgotten.
  const receipt = end.receiptId ?? row.receipt;
  if (row.seq !== null) {
    const isSame = row.state === state && row.receipt === receipt && row.code === code;
    return isSame ? { kind: "ended", row: id, seq: row.seq } : { kind: "ended_before", row: id };
  }
  const holdId = openCall(row, { state, receipt }, context);
  if (holdId !== undefined) return { kind: "open", row: id, holdId };
  if (state === "done") assertMade(id, receipt, edit.run, context);
  return leaveRow(row, { ...end, receipt }, edit);
}

/**
 * A row's own call, and the one that it is said to have come to, must have ended, and as what is said.
 *
 * @returns the one that is open still.
 */
function openCall(
  { id, root, receipt: own }: RunRowRecord,
  { state, receipt }: { readonly state: RowEnd["state"]; readonly receipt: string | null },
  { set }: Context,
): string | undefined {
  for (const holdId of [own, receipt]) {
    if (holdId === null) continue;
    const { ended } = requireCall(root, holdId, set);
    if (ended === null) return holdId;
    if (holdId !== receipt && ended.outcome === "made") {
      throw new Error(`row ${id} came to ${holdId}, which made its picture, not to ${receipt}`);
    }
    if (state === "waiting") assertUnspent(id, { holdId, ended });
  }
  return undefined;
}

function leaveRow(
  row: RunRowRecord,
  { state, receipt, shared, code, detail }: RowEndDraft & Pick<RunRowRecord, "receipt">,
  edit: RunEdit,
): EndedRow {
  if (state !== "waiting") {
    const seq = edit.end(row, { state, receipt, shared, code, detail });
    return { kind: "ended", row: row.id, seq };
  }
  if (edit.run.state === "cancelled") {
    const seq = edit.end(row, { state: "skipped", code: "cancelled", detail: "null", receipt });
    return { kind: "ended", row: row.id, seq };
  }
  edit.put(row, { ...row, ...WAITING });
  return { kind: "waiting", row: row.id };
}

/** What may have cost anything is never tried again as if it hadn't: its intent is taken for ever. */
function assertUnspent(
  row: string,
  { holdId, ended }: { readonly holdId: string; readonly ended: EndedCall },
): void {
  const { outcome, vendorCost, exposure } = ended;
  if (outcome !== "made" && vendorCost === ZERO_USD && exposure === ZERO_USD) return;
  throw new Error(`row ${row}: its call ${holdId} may have cost something, so that it can't wait`);
}

function assertMade(
  row: string,
  receipt: string | null,
  { root }: RunRecord,
  { set }: Context,
): void {
  if (receipt !== null && requireCall(root, receipt, set).ended?.outcome === "made") return;
  throw new Error(`row ${row} is done, and ${receipt ?? "no call"} made its picture`);
}

/** Rows that wait, run, are done or were paid for stay as they are. */
export function retryRows(
  { run: name, epoch, rows }: OfEpoch<{ readonly row: string; readonly intent: string }>,
  context: Context,
): { readonly kind: "retried"; readonly rows: number } | RunRefusal {
  const run = findRun(name, { epoch, states: ["running"] }, context);
  if (isRefusal(run)) return run;
  const edit = new RunEdit(run, context);
  let retried = 0;
  for (const { row: id, intent } of rows) {
    const row = rowOf(run, id, context.set);
    if (row === undefined || row.seq === null || isPaid(row, context)) continue;
    edit.put(row, { ...row, ...WAITING, intent });
    retried += 1;
  }
  edit.save();
  return { kind: "retried", rows: retried };
}

/** Whether a picture was made for it, whatever became of that: another one would be paid for again. */
function isPaid({ root, state, receipt, shared }: RunRowRecord, { set }: Context): boolean {
  if (state === "done") return true;
  return !shared && receipt !== null && requireCall(root, receipt, set).ended?.outcome === "made";
}
