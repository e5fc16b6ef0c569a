import { measuredOf } from "../../measure/measured.ts";
import type { Result } from "../../measure/result.ts";
import type { RunFile } from "../../measure/run-file.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { onStopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";
import { confirmCost } from "./confirm.ts";
import type { RunFolder } from "./folder.ts";
import { costsOf, planJson, planText, type QuotedCell, quotePlan, totalCost } from "./plan.ts";
import { createProgress } from "./progress.ts";
import { jobsOf, type RunEnd, runJobs } from "./run.ts";

export type CarryOutFlags = {
  readonly yes?: true;
  readonly maxCost?: string;
  readonly retryFailed?: true;
  /** Only says what it would cost. */
  readonly plan?: true;
};

export type CarriedOut =
  | { readonly kind: "planned"; readonly json: object; readonly text: string }
  | { readonly kind: "run"; readonly folder: RunFolder; readonly end: RunEnd };

/**
 * Quotes a run, asks, and makes its calls. The folder is opened only when the spending has been agreed to.
 *
 * @throws Refused when the gateway can't be asked, it may cost more than was allowed, or nobody agreed.
 */
export async function carryOut(
  gateway: Gateway,
  of: {
    readonly run: RunFile;
    readonly before: readonly Result[];
    readonly flags: CarryOutFlags;
    readonly open: () => Promise<RunFolder>;
  },
  terminal: Terminal,
): Promise<CarriedOut> {
  const { run, before, flags } = of;
  const stop = new AbortController();
  const progress = createProgress(terminal);
  const stopListening = onStopSignal(() => {
    progress.note("stopping after the running call (again to stop at once)");
    stop.abort();
  });
  try {
    const quoted = await quoteAll(gateway, run, { progress, signal: stop.signal });
    const jobs = jobsOf(quoted, before, flags.retryFailed ?? false);
    const callsOf = (cell: QuotedCell): number =>
      jobs.filter(({ planned }) => planned.key === cell.key).length;
    const costs = costsOf(quoted, callsOf);
    const cost = totalCost(costs);
    const planned = { ...planJson(costs, quoted), emulated: run.emulated };
    const text = planText(costs, quoted, run.emulated);
    if (flags.plan === true) return { kind: "planned", json: planned, text };
    if (!terminal.json) terminal.note(`${text}\n`);
    const consent = { yes: flags.yes ?? false, maxCost: flags.maxCost, emulated: run.emulated };
    await confirmCost(cost, consent);
    const folder = await of.open();
    const { ceiling } = cost;
    const { signal } = stop;
    const end = await runJobs(gateway, { folder, quoted, jobs, ceiling, progress, signal });
    return { kind: "run", folder, end };
  } finally {
    stopListening();
  }
}

function quoteAll(
  gateway: Gateway,
  run: RunFile,
  of: { readonly progress: ReturnType<typeof createProgress>; readonly signal: AbortSignal },
): Promise<QuotedCell[]> {
  const { progress, signal } = of;
  return quotePlan(gateway, run.cells, {
    prompts: run.prompts,
    runId: run.run_id,
    onQuoted: (done, all) => progress.quoted(done, all),
    patience: {
      signal,
      onWait: (seconds, code) =>
        progress.note(`waiting ${seconds} s, as the gateway asks (${code})`),
    },
  });
}

/** What a run came to, for the command's result. */
export function outcomeOf(folder: RunFolder, { results, early }: RunEnd) {
  const measured = measuredOf(folder.run, results);
  const count = (status: Result["status"]): number =>
    results.filter((result) => result.status === status).length;
  return {
    measured,
    json: {
      object: "measurement",
      folder: folder.path,
      run_id: folder.run.run_id,
      made: count("ok"),
      failed: count("failed"),
      refused: count("refused"),
      missing: measured.missing,
      spent: formatUsd(measured.spent),
      emulated: folder.run.emulated,
      ended_early:
        early === undefined ? null : early instanceof Refused ? early.said : { code: "stopped" },
    },
  };
}
