import { createHash } from "node:crypto";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import type { NewRow, RowEnd, RowState, Run, RunRef, RunRow } from "../../src/ledger/runs-port.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { holdOf, nextId, type Party, usd } from "./fixtures.ts";

/** Runs whose rows are one flat image each, at 0.05 USD. */

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Rows of these ids, in their order; what is asked for follows from `prompt`. */
export function rowsOf(run: RunRef, ids: readonly string[], prompt = "a cup"): readonly NewRow[] {
  return ids.map((row, position) => {
    const content = sha256(`${prompt} ${row}`);
    const intent = sha256(`${run.id} ${row} ${content}`);
    const order = JSON.stringify({ prompt, row });
    return { row, position, line: position + 2, content, intent, order };
  });
}

export type Loaded = {
  readonly run: RunRef;
  readonly party: Party;
  readonly rows: readonly NewRow[];
};

/** A run in state `ready`, with a row of each id. */
export async function loadRun(
  ledger: Ledger,
  party: Party,
  of: { readonly ids: readonly string[]; readonly maxCost?: string },
): Promise<Loaded> {
  const run = { accountId: party.accountId, id: nextId("run") };
  const made = await ledger.createRun({
    ...{ ...run, keyId: party.keyId, name: "cups", settings: { out: "x" } },
    maxCost: of.maxCost === undefined ? null : usd(of.maxCost),
  });
  if (made.kind !== "created") throw new Error(made.kind);
  const rows = rowsOf(run, of.ids);
  await ledger.putRows({ run, rows });
  await ledger.setRun({ run, from: ["loading"], state: "ready" });
  return { run, party, rows };
}

/** Takes a run. Returns its epoch. */
export async function take(ledger: Ledger, run: RunRef, process = "gw_1"): Promise<number> {
  const taken = await ledger.takeRun({ run, process });
  if (taken.kind !== "taken") throw new Error(`${run.id}: ${taken.kind}`);
  return taken.epoch;
}

/** The hold of a row, made as the gateway makes it. */
export function holdOfRow(
  { run, party, rows }: Loaded,
  row: string,
  process = "gw_1",
): HoldRequest {
  const asked = rows.find((each) => each.row === row);
  if (asked === undefined) throw new Error(`no row ${row}`);
  const intent = { scope: asked.intent, body: asked.content };
  return { ...holdOf(party), run: { id: run.id, row }, admission: { process, intent } };
}

/** Claims rows at the price of their image. Returns what became of each. */
export async function claim(
  ledger: Ledger,
  { run, rows }: Loaded,
  of: { readonly epoch: number; readonly ids: readonly string[]; readonly ceiling?: string },
) {
  const claims = of.ids.map((id) => ({
    row: id,
    intent: rows.find((row) => row.row === id)?.intent ?? "0".repeat(64),
    ceiling: usd(of.ceiling ?? "0.05"),
  }));
  const claimed = await ledger.claimRows({ run, epoch: of.epoch, rows: claims });
  if (claimed.kind !== "decided") throw new Error(`${run.id}: ${claimed.kind}`);
  return claimed.rows;
}

export function rowEnd(row: string, state: RowEnd["state"], of: Partial<RowEnd> = {}): RowEnd {
  return { row, state, receiptId: null, code: null, detail: null, ...of };
}

/** What a run's figures are, as text. */
export function money(run: Run | undefined) {
  if (run === undefined) throw new Error("no such run");
  const { settled, held, exposed } = run;
  return [formatUsd(settled), formatUsd(held), formatUsd(exposed)];
}

/** All rows in the order of the file. */
export function allRows(ledger: Ledger, run: RunRef): Promise<readonly RunRow[]> {
  return ledger.rows({ run, after: { position: -1 }, limit: 1_000 });
}

/** The state of each row, in the order of the file. */
export async function states(ledger: Ledger, run: RunRef): Promise<readonly RowState[]> {
  return (await allRows(ledger, run)).map((row) => row.state);
}
