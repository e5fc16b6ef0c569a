import type { PreparedFor } from "../../gateway/prepared-for.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import { PUT_ROWS_MAX, type Run, type RunRef } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import { priceRows } from "../../runs/engine/price-run.ts";
import { filesOf, readRowOrder } from "../../runs/engine/row-order.ts";
import { refusedRun } from "../../runs/engine/run-refusals.ts";
import type { ApiDeps } from "../api-deps.ts";
import type { RowsRead } from "./read-rows.ts";

/** Rows on their way into a run, and the end of their loading. */

/** Missing files that one answer names. */
const FILES_MAX = 1_000;
/** Rows that are read at a time. */
const PAGE = 500;

export type Loaded = {
  readonly accepted: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly missing_files: readonly string[];
};

/** @throws Refusal for a run that isn't loading. */
export async function loadRows(run: Run, read: RowsRead, deps: ApiDeps): Promise<Loaded> {
  const { ledger, runs } = deps;
  const sums = { accepted: read.rows.length, added: 0, changed: 0, unchanged: 0 };
  const first = runs.places.take(run, read.rows.length);
  // By its line a row has the same place however often it is sent.
  const rows = read.rows.map((row, index) => ({ ...row, position: row.line ?? first + index }));
  for (let at = 0; at < rows.length; at += PUT_ROWS_MAX) {
    const put = await ledger.putRows({ run, rows: rows.slice(at, at + PUT_ROWS_MAX) });
    if (put.kind === "duplicate") throw sentTwice(put.rows);
    if (put.kind !== "put") throw refusedRun(run.id, put, "given rows");
    sums.added += put.added;
    sums.changed += put.changed;
    sums.unchanged += put.unchanged;
  }
  return { ...sums, missing_files: await missing(run, read.files, deps) };
}

function sentTwice(rows: readonly string[]): Refusal {
  const problems = rows.map((id) => ({ id, param: "id", message: "came before with other words" }));
  const why = `${rows.length} rows have ids that came before in this loading, with other words or in another place`;
  return new Refusal("invalid_value", why, { param: "id", problems });
}

async function missing(
  run: RunRef,
  files: Iterable<string>,
  { runs }: ApiDeps,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files) {
    if (found.length >= FILES_MAX) break;
    if (!(await runs.files.has(run, file))) found.push(file);
  }
  return found;
}

/**
 * Ends the loading of a run: rows that weren't brought again are removed, the others gated and quoted. Spends nothing.
 *
 * @throws Refusal for files that were named and never put, or a run that isn't loading.
 */
export async function priceRun(
  run: Run,
  { key, left }: { readonly key: KeyPolicy; readonly left: AbortSignal },
  deps: ApiDeps,
): Promise<Run> {
  const { ledger, runs } = deps;
  const lost = await missing(run, await filesNamed(run, deps), deps);
  if (lost.length > 0) throw filesMissing(run, lost);
  const dropped = await ledger.dropMissing(run);
  if (dropped.kind !== "dropped") throw refusedRun(run.id, dropped, "priced");
  const by: PreparedFor = { deps, accountPath: key.accountPath, policy: key };
  const blocked = await priceRows(run, { deps, files: runs.files, by, signal: left });
  if (left.aborted) throw new Refusal("conflict", `run ${run.id}: nobody waited for its price`);
  const change = { pricing: { blocked }, stopped: null };
  const set = await ledger.setRun({ run, from: ["loading"], state: "ready", change });
  if (set.kind !== "set") throw refusedRun(run.id, set, "priced");
  runs.places.forget(run);
  return set.run;
}

/** Files of the rows that wait: those of ends are needed no more. */
async function filesNamed(run: Run, { ledger }: ApiDeps): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  let position = -1;
  for (;;) {
    const after = { position, state: "waiting" } as const;
    const rows = await ledger.rows({ run, after, limit: PAGE, withOrders: true });
    for (const { order } of rows) {
      if (order == null) continue;
      for (const file of filesOf(readRowOrder(order))) files.add(file);
    }
    const [last] = rows.slice(-1);
    if (last === undefined) return files;
    position = last.position;
  }
}

function filesMissing({ id }: Run, files: readonly string[]): Refusal {
  const many = files.length === FILES_MAX ? `${FILES_MAX} or more` : String(files.length);
  const why = `${many} files that rows name were not put to this run: PUT /v1/runs/${id}/files/{sha256}`;
  return new Refusal("invalid_value", why, {
    param: "images",
    allowed: { missingFiles: files.map((file) => file) },
  });
}
