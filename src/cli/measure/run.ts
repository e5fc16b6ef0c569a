import { cellKey } from "../../measure/cell.ts";
import { totalUsd } from "../../measure/figures.ts";
import type { Result } from "../../measure/result.ts";
import { type PicoUsd, parseUsd } from "../../money/pico-usd.ts";
import { isDiskRefusal } from "../disk.ts";
import type { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { callCell, endsRun, type Job, refusedResult } from "./call.ts";
import type { RunFolder } from "./folder.ts";
import { jobText, type QuotedCell } from "./plan.ts";
import type { Progress } from "./progress.ts";

/** How a run ended. */
export type RunEnd = {
  readonly results: readonly Result[];
  /** Why it ended early; undefined where every call was made. */
  readonly early: "stopped" | Refused | undefined;
};

/** The calls that a run still needs, given what was recorded before. */
export function jobsOf(
  quoted: readonly QuotedCell[],
  before: readonly Result[],
  retryFailed: boolean,
): Job[] {
  return quoted.flatMap((planned) => {
    if (planned.kind === "refused") return [];
    const own = before.filter((result) => cellKey(result.sweep, result.cell) === planned.key);
    return Array.from({ length: planned.repeats }, (_, index) => index + 1).flatMap((repeat) => {
      const records = own.filter((result) => result.repeat === repeat);
      const failures = records.filter(
        ({ status, error }) => status === "failed" && !endsRun(error?.code ?? null),
      );
      const last = records.at(-1);
      const settled =
        last !== undefined &&
        (last.status !== "failed" || (!endsRun(last.error?.code ?? null) && !retryFailed));
      return settled ? [] : [{ planned, repeat, tries: failures.length }];
    });
  });
}

/** Refused cells that have no record yet. */
function unrecorded(
  quoted: readonly QuotedCell[],
  before: readonly Result[],
): Extract<QuotedCell, { kind: "refused" }>[] {
  const recorded = new Set(before.map(({ sweep, cell }) => cellKey(sweep, cell)));
  return quoted.filter((cell) => cell.kind === "refused").filter(({ key }) => !recorded.has(key));
}

type RunGiven = {
  readonly folder: RunFolder;
  readonly quoted: readonly QuotedCell[];
  readonly jobs: readonly Job[];
  readonly ceiling: PicoUsd;
  readonly progress: Progress;
  /** Aborted when the run is to stop after the running call. */
  readonly signal: AbortSignal;
};

/**
 * Makes the calls, one after another, and records each before the next begins. Ends early when told to stop, when
 * nothing more can be recorded, or when the gateway refuses whatever would follow; what was recorded is kept.
 */
export async function runJobs(gateway: Gateway, given: RunGiven): Promise<RunEnd> {
  const { folder, progress } = given;
  const fresh: Result[] = [];
  const end = (early: RunEnd["early"]): RunEnd => ({
    results: [...folder.results, ...fresh],
    early,
  });
  try {
    return end(await recordAll(gateway, given, fresh));
  } catch (cause) {
    if (isDiskRefusal(cause)) return end(cause);
    throw cause;
  } finally {
    progress.end();
  }
}

/** Records into `fresh` what came of each call. @returns why it ended early, if it did */
async function recordAll(
  gateway: Gateway,
  given: RunGiven,
  fresh: Result[],
): Promise<RunEnd["early"]> {
  const { folder, progress, signal } = given;
  const record = (result: Result): void => {
    folder.append(result);
    fresh.push(result);
  };
  const patience = {
    signal,
    onWait: (seconds: number, code: string) =>
      progress.note(`waiting ${seconds} s, as the gateway asks (${code})`),
  };
  for (const cell of unrecorded(given.quoted, folder.results)) {
    record(refusedResult(cell, folder.run));
  }
  for (const job of given.jobs) {
    if (signal.aborted) return "stopped";
    progress.at(standing(given, fresh), jobText(job.planned.sweep, job.planned.cell));
    const called = await callCell(gateway, job, { run: folder.run, patience });
    const kept = keeps(folder, job) ? called.pictures : [];
    record(withFiles(called.result, kept));
    if (called.result.status === "failed") progress.note(failureText(job, called.result));
    for (const { file, bytes } of kept) await folder.keepPicture(file, bytes);
    if (called.ends !== undefined) return called.ends;
  }
  progress.at(standing(given, fresh), "done");
  return undefined;
}

function standing({ jobs, ceiling }: RunGiven, fresh: readonly Result[]) {
  return {
    done: fresh.filter(({ status }) => status !== "refused").length,
    calls: jobs.length,
    spent: totalUsd(fresh.map(({ measured }) => parseUsd(measured.total))),
    ceiling,
  };
}

/** The proof sheet needs one picture of each tier; everything else is facts. */
function keeps({ run }: RunFolder, { planned, repeat }: Job): boolean {
  if (run.pictures === "all") return true;
  return run.pictures === "proof" && planned.sweep === "quality" && repeat === 1;
}

function withFiles(result: Result, kept: readonly { readonly file: string }[]): Result {
  const delivered = result.delivered.map((picture, index) => ({
    ...picture,
    file: kept[index]?.file ?? null,
  }));
  return { ...result, delivered };
}

function failureText({ planned }: Job, { error }: Result): string {
  return `failed: ${jobText(planned.sweep, planned.cell)}: ${error?.code ?? "no code"}: ${error?.message ?? ""}`;
}
