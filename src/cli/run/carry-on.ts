import { setTimeout as pause } from "node:timers/promises";
import { confirmSpending } from "../confirm.ts";
import { EXIT, Refused, refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { Session } from "../session.ts";
import { onStopSignal } from "../stop-signal.ts";
import { fetchRun, followRun, pauseRun } from "./follow.ts";
import { type RowChanges, runPath } from "./load.ts";
import { Manifest } from "./manifest.ts";
import { PictureSink } from "./picture-sink.ts";
import { FILES, type RunPlace } from "./place.ts";
import type { RunNames } from "./run-folder.ts";
import { createRunProgress, type RunProgress } from "./run-progress.ts";
import { afterText, counted, stoppedText } from "./run-text.ts";
import type { StartFlags } from "./start-flags.ts";
import type { Run } from "./wire.ts";

/** Between two looks at a run that is being paused. */
const LOOK_MS = 250;

/** A run, and where its pictures go. */
export type Carried = {
  readonly run: Run;
  readonly place: RunPlace;
  readonly names: RunNames;
  /** Of a file that was just loaded. */
  readonly changes: RowChanges | undefined;
  /** What the start changes; undefined doesn't start it, for it has ended. */
  readonly start: Readonly<Record<string, unknown>> | undefined;
};

/**
 * Asks before anything is spent, unless nothing can be.
 *
 * @throws Refused `not_confirmed`
 */
export async function askToStart(
  run: Run,
  of: {
    readonly yes: boolean;
    /** What is to be made again. */
    readonly again: Pick<StartFlags, "retryUnknown" | "retryFailed">;
    /** As the command line calls its place. */
    readonly target: string;
  },
): Promise<void> {
  const rows = run.remaining?.rows ?? run.counts.waiting;
  const unknown = of.again.retryUnknown ? run.counts.unknown : 0;
  const failed = of.again.retryFailed ? run.counts.failed : 0;
  if (of.yes || rows + unknown + failed === 0) return;
  const { expected, ceiling } = run.remaining ?? run;
  const parts = [
    ...(rows === 0
      ? []
      : [`run ${counted(rows, "row")}, expected ${expected} USD, at most ${ceiling} USD`]),
    ...(unknown === 0
      ? []
      : [`make ${counted(unknown, "unknown row")} again, which may be billed twice`]),
    ...(failed === 0 ? [] : [`make ${counted(failed, "failed row")} again`]),
    ...(run.max_cost === null ? [] : [`cap ${run.max_cost} USD`]),
  ];
  try {
    await confirmSpending(`${parts.join(", ")}${run.emulated ? " (not real)" : ""}`);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    throw refused(
      "not_confirmed",
      `${cause.message}; ${run.id} is loaded: spotmeter run resume ${of.target} starts it`,
      { cause },
    );
  }
}

/** Starts a run or finds it running, follows it, brings its pictures, and tells what it came to. */
export async function carryOn(
  session: Session,
  gateway: Gateway,
  { run, place, names, changes, start }: Carried,
): Promise<void> {
  const { terminal } = session;
  const progress = createRunProgress(terminal);
  const manifest = await Manifest.open(place);
  const sink = new PictureSink({
    ...{ gateway, place, manifest, names },
    run: run.id,
    emulated: run.emulated,
  });
  const stopListening = onStopSignal(() => {
    progress.note("pausing: calls under way are waited for (again to stop at once)");
    pauseRun(gateway, run.id).catch((cause: unknown) => {
      progress.note(`it could not be paused: ${cause instanceof Error ? cause.message : cause}`);
    });
  });
  try {
    if (start !== undefined) await startRun(gateway, { run, start, progress });
    const { signal } = new AbortController();
    const ended = await followRun({ gateway, run: run.id, sink, progress, signal });
    const pictures = (await manifest.finish(names.order)).length;
    await sink.outcomes.write(place, names.order);
    progress.end();
    const { moderated, failures } = sink.outcomes;
    const files = {
      ...{ out: place.text, pictures, manifest: FILES.manifest },
      ...{ moderated, failures, fetched: sink.fetched },
    };
    terminal.result({ ...ended, changes: changes ?? null, files }, () =>
      afterText(ended, { out: place.text, pictures, moderated, failures }, (text) =>
        terminal.style("bold", text),
      ),
    );
    if (!isGood(ended)) terminal.endWith(EXIT.refused);
  } catch (cause) {
    progress.end();
    if (!(cause instanceof Refused)) throw cause;
    terminal.note(`what was paid is kept; to go on: spotmeter run resume ${place.text}`);
    throw cause;
  } finally {
    stopListening();
  }
}

/** Follows a run whose pictures somebody else writes; Ctrl-C ends the watching, not the run. */
export async function watchRun(session: Session, gateway: Gateway, id: string): Promise<void> {
  const { terminal } = session;
  const progress = createRunProgress(terminal);
  const stop = new AbortController();
  const stopListening = onStopSignal(() => stop.abort());
  try {
    const { signal } = stop;
    const run = await followRun({ gateway, run: id, sink: undefined, progress, signal });
    progress.end();
    terminal.result(run, () => statusText(run));
  } finally {
    progress.end();
    stopListening();
  }
}

function statusText(run: Run): string {
  const { counts, settled } = run;
  return [`${run.id}: ${run.state}, ${counts.done} done, ${settled} USD settled`]
    .concat(stoppedText(run))
    .join("\n");
}

function isGood({ state }: Run): boolean {
  return state === "ended" || state === "sampled";
}

/**
 * Starts a run that stands. One that runs already, because its gateway took it up or somebody was faster, is only
 * followed; where something is to be changed it is paused for that.
 *
 * @throws Refused
 */
async function startRun(
  gateway: Gateway,
  of: {
    readonly run: Run;
    readonly start: Readonly<Record<string, unknown>>;
    readonly progress: RunProgress;
  },
): Promise<void> {
  const { run, start, progress } = of;
  const changes = Object.keys(start).length > 0;
  if (run.state === "running" && !changes) return;
  const call = () =>
    gateway.call({ method: "POST", path: `${runPath(run.id)}/start`, body: start });
  try {
    await call();
  } catch (cause) {
    if (!(cause instanceof Refused) || cause.said.code !== "run_busy") throw cause;
    if (!changes) return progress.note(`${run.id} runs already: following it`);
    progress.note(`${run.id} runs already: it is paused to be changed`);
    await pauseRun(gateway, run.id);
    await standing(gateway, run.id);
    await call();
  }
}

/** Until the calls of a paused run have ended. */
async function standing(gateway: Gateway, id: string): Promise<void> {
  while ((await fetchRun(gateway, id)).counts.running > 0) await pause(LOOK_MS);
}
