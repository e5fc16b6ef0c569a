import { setTimeout as pause } from "node:timers/promises";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { readAnswer } from "../wire.ts";
import { runPath } from "./load.ts";
import type { PictureSink } from "./picture-sink.ts";
import type { RunProgress } from "./run-progress.ts";
import { type Run, type RunRowEnded, rowsAnswer, runAnswer } from "./wire.ts";

const PAGE_ROWS = 1_000;
/** How long the gateway may wait for something new, in seconds: as often the line on the terminal moves. */
const WAIT_SECONDS = 2;
/** A gateway that is started anew is waited for so long. */
const AWAY_MS_MAX = 60_000;
const AWAY_PAUSE_MS = 500;

export type Following = {
  readonly gateway: Gateway;
  readonly run: string;
  /** Takes rows as they end; undefined only watches. */
  readonly sink: PictureSink | undefined;
  readonly progress: RunProgress;
  /** Aborted by whoever only watches: the run goes on. */
  readonly signal: AbortSignal;
};

/**
 * Follows a run until it stands and all that ended is in its place. A disk that can't take more pauses it: nothing that
 * was paid is lost, the gateway keeps it.
 *
 * @returns the run as it stands then.
 * @throws Refused, the disk's last.
 */
export async function followRun(following: Following): Promise<Run> {
  const { gateway, run: id, sink, progress, signal } = following;
  let [after, isPausing] = [0, false];
  for (;;) {
    const run = await fetchRun(gateway, id);
    progress.at(run);
    const goesOn = isLive(run);
    if (signal.aborted) return run;
    const page = await fetchRows(gateway, { id, after, wait: goesOn ? WAIT_SECONDS : 0 });
    after = page.next;
    await sink?.take(page.data);
    if (sink?.broken !== undefined && goesOn && !isPausing) {
      isPausing = true;
      progress.note(`${sink.broken.message}; pausing the run`);
      await pauseRun(gateway, id);
    }
    if (goesOn || page.data.length > 0) continue;
    if (sink?.broken !== undefined) throw sink.broken;
    return run;
  }
}

/** A run that stands may still have calls under way: they are waited for. */
function isLive({ state, counts }: Run): boolean {
  return state === "running" || counts.running > 0;
}

export async function fetchRun(gateway: Gateway, id: string): Promise<Run> {
  const answer = await patientlyAway(() => gateway.call({ method: "GET", path: runPath(id) }));
  return readAnswer(runAnswer, answer.body);
}

export async function pauseRun(gateway: Gateway, id: string): Promise<void> {
  try {
    await gateway.call({ method: "POST", path: `${runPath(id)}/pause`, body: {} });
  } catch (cause) {
    // It stands already: that is all that was wanted.
    if (!(cause instanceof Refused) || cause.said.code === "gateway_unreachable") throw cause;
  }
}

async function fetchRows(
  gateway: Gateway,
  { id, after, wait }: { readonly id: string; readonly after: number; readonly wait: number },
): Promise<{ readonly data: readonly RunRowEnded[]; readonly next: number }> {
  const path = `${runPath(id)}/rows?after=${after}&limit=${PAGE_ROWS}&wait=${wait}`;
  const answer = await patientlyAway(() => gateway.call({ method: "GET", path }));
  return readAnswer(rowsAnswer, answer.body);
}

/** Asks again while nobody answers there, for a minute. @throws Refused */
async function patientlyAway<T>(work: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      const isAway = cause instanceof Refused && AWAY.has(cause.said.code ?? "");
      if (!isAway || performance.now() - startMs > AWAY_MS_MAX) throw cause;
      await pause(AWAY_PAUSE_MS);
    }
  }
}

const AWAY = new Set(["gateway_unreachable", "answer_broken_off", "ledger_unavailable"]);
