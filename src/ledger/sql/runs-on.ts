import type { JsonValue } from "../../json.ts";
import type { RunName } from "../engine/run-edit.ts";
import type { RunRecord } from "../engine/run-records.ts";
import type { RunEdits } from "../engine/runs.ts";
import {
  type LedgerRuns,
  type NewRow,
  ORDER_BYTES_MAX,
  PUT_ROWS_MAX,
  RUN_JSON_BYTES_MAX,
  type Run,
  type RunChange,
  type RunRef,
} from "../runs-port.ts";
import type { Store } from "./ledger-on.ts";
import { readBreakdown, readOpenRuns, readRows, readRun, readRuns, runOf } from "./run-reads.ts";

/** The part of the ledger's port that is about runs, on a store. */

/** @param rootOf the root of an account; undefined for one that isn't there. */
export function runsOn(
  { ask, query, beats }: Store,
  rootOf: (accountId: string) => Promise<string | undefined>,
): LedgerRuns {
  /** Decides in the root of the run's account; the run of an account that isn't there isn't there either. */
  async function inRoot<Result>(
    { accountId, id }: RunRef,
    decide: (name: RunName) => Promise<Result>,
  ): Promise<Result | { readonly kind: "unknown_run" }> {
    const root = await rootOf(accountId);
    if (root === undefined) return { kind: "unknown_run" };
    return decide({ root, account: accountId, id });
  }

  return {
    createRun: async ({ accountId: account, id, keyId: key, name, settings, maxCost }) => {
      const root = await rootOf(account);
      if (root === undefined) return { kind: "unknown_account" };
      const draft = { root, account, id, key, name, settings: jsonText(settings), maxCost };
      const made = await ask(root, "createRun", draft);
      return "run" in made ? told(made) : made;
    },
    run: async ({ accountId, id }) => {
      const root = await rootOf(accountId);
      return root === undefined ? undefined : readRun(query, { root, account: accountId, id });
    },
    listRuns: async (of) => {
      const { accountId } = of;
      return readRuns(query, of, accountId === undefined ? undefined : await rootOf(accountId));
    },
    openRuns: () => readOpenRuns(query),
    rows: async (of) => {
      const { accountId: account, id } = of.run;
      const root = await rootOf(account);
      return root === undefined ? [] : readRows(query, { root, account, id }, of);
    },
    breakdown: async ({ accountId: account, id }) => {
      const root = await rootOf(account);
      return root === undefined ? [] : readBreakdown(query, { root, account, id });
    },
    reviseRun: ({ run, change }) =>
      inRoot(run, async (name) => {
        const revision = { run: name, change: editsOf(change) };
        const revised = await ask(name.root, "reviseRun", revision);
        return "run" in revised ? told(revised) : revised;
      }),
    setRun: ({ run, from, epoch, state, change }) =>
      inRoot(run, async (name) => {
        const asked = { run: name, from, epoch, state, change: editsOf(change) };
        const set = await ask(name.root, "setRun", asked);
        return "run" in set ? told(set) : set;
      }),
    takeRun: ({ run, process, change }) =>
      inRoot(run, async (name) => {
        // Who takes a run lives, also before its first beat.
        await beats?.raise(process);
        const take = { run: name, process, change: editsOf(change) };
        const taken = await ask(name.root, "takeRun", take);
        return "run" in taken ? { ...told(taken), epoch: taken.run.epoch } : taken;
      }),
    leaveRun: async ({ run, epoch }) => {
      await inRoot(run, (name) => ask(name.root, "leaveRun", { run: name, epoch }));
    },
    closeRun: ({ run, to, epoch }) =>
      inRoot(run, async (name) => {
        const closed = await ask(name.root, "closeRun", { run: name, to, epoch });
        if (closed.kind !== "closed") return closed;
        while ((await ask(name.root, "tidyRun", name)).isMore);
        const now = await readRun(query, name);
        return { kind: "closed", run: now ?? runOf(closed.run) };
      }),
    recountRun: (run) => inRoot(run, (name) => ask(name.root, "recountRun", name)),
    ...rowsOn({ ask }, inRoot),
  };
}

type InRoot = <Result>(
  run: RunRef,
  decide: (name: RunName) => Promise<Result>,
) => Promise<Result | { readonly kind: "unknown_run" }>;

function rowsOn({ ask }: Pick<Store, "ask">, inRoot: InRoot) {
  return {
    putRows: async ({ run, rows }) => {
      assertRows(rows);
      return inRoot(run, (name) => ask(name.root, "putRows", { run: name, rows }));
    },
    priceRows: ({ run, rows }) =>
      inRoot(run, async (name) => {
        const priced = rows.map(({ row, quote, blocked }) => ({
          ...{ row, quote },
          blocked:
            blocked === undefined ? null : { code: blocked.code, detail: jsonText(blocked.detail) },
        }));
        return ask(name.root, "priceRows", { run: name, rows: priced });
      }),
    dropMissing: (run) =>
      inRoot(run, async (name) => {
        for (let rows = 0; ; ) {
          const dropped = await ask(name.root, "dropRows", name);
          if (dropped.kind !== "dropped") return dropped;
          rows += dropped.rows;
          if (!dropped.isMore) return { kind: "dropped", rows };
        }
      }),
    claimRows: ({ run, epoch, rows }) =>
      inRoot(run, async (name) => {
        const claimed = await ask(name.root, "claimRows", { run: name, epoch, rows });
        return "run" in claimed ? told(claimed) : claimed;
      }),
    endRows: ({ run, epoch, rows }) =>
      inRoot(run, async (name) => {
        const ends = rows.map(({ detail, shared, ...end }) => ({
          ...end,
          detail: jsonText(detail),
          shared: shared === true,
        }));
        const ended = await ask(name.root, "endRows", { run: name, epoch, rows: ends });
        return "run" in ended ? told(ended) : ended;
      }),
    retryRows: ({ run, epoch, rows }) =>
      inRoot(run, (name) => ask(name.root, "retryRows", { run: name, epoch, rows })),
  } satisfies Partial<LedgerRuns>;
}

const ROW_ID_MAX = 200;

/** Whoever reads files and requests has said so before, and better: here it is a bug. */
function assertRows(rows: readonly NewRow[]): void {
  if (rows.length > PUT_ROWS_MAX) throw new RangeError(`${rows.length} rows at once`);
  for (const { row, order } of rows) {
    if (row === "" || row.length > ROW_ID_MAX)
      throw new RangeError(`row id ${JSON.stringify(row)}`);
    const bytes = Buffer.byteLength(order);
    if (bytes > ORDER_BYTES_MAX) throw new RangeError(`row ${row}: an order of ${bytes} bytes`);
  }
}

/** @throws RangeError for more than a run keeps. */
function jsonText(value: JsonValue): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > RUN_JSON_BYTES_MAX) throw new RangeError(`${bytes} bytes of JSON in a run`);
  return text;
}

function editsOf(change: RunChange = {}): RunEdits {
  const { keyId: key, name, settings, maxCost, stopped, pricing } = change;
  return {
    ...(key === undefined ? {} : { key }),
    ...(name === undefined ? {} : { name }),
    ...(settings === undefined ? {} : { settings: jsonText(settings) }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(stopped === undefined ? {} : { stopped: jsonText(stopped) }),
    ...(pricing === undefined ? {} : { pricing: jsonText(pricing) }),
  };
}

/** A result with the run as the port tells it. */
function told<Result extends { readonly run: RunRecord }>(
  result: Result,
): Omit<Result, "run"> & { readonly run: Run } {
  return { ...result, run: runOf(result.run) };
}
