import { formatUsd, type PicoUsd, parseUsd, sumUsd } from "../../money/pico-usd.ts";
import type { Job } from "../../runs/proof/job.ts";
import type { Call, Made } from "../../runs/proof/made.ts";
import { isDiskRefusal } from "../disk.ts";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { Patience } from "../measure/patience.ts";
import { bar, progressLine } from "../progress.ts";
import { onStopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";
import { callForProof, type ProofJob } from "./call.ts";
import type { ProofFolder } from "./folder.ts";

/** How the making of a proof ended. */
export type ProofEnd = {
  readonly made: readonly Made[];
  /** Why it ended early; undefined where every call was made. */
  readonly early: "stopped" | Refused | undefined;
};

/**
 * Makes calls, some at a time, and records each as it comes. Ends early when told to stop, when nothing more can be
 * recorded, or when the gateway refuses whatever would follow; calls that are under way are waited for.
 */
export async function makePictures(
  gateway: Gateway,
  of: {
    readonly folder: ProofFolder;
    readonly calls: readonly Call[];
    readonly ceiling: PicoUsd;
    readonly atOnce: number;
    readonly terminal: Terminal;
  },
): Promise<ProofEnd> {
  const { folder, terminal } = of;
  const stop = new AbortController();
  const line = progressLine();
  const fresh: Made[] = [];
  const note = (text: string): void => {
    line.end();
    terminal.note(text);
  };
  const stopListening = onStopSignal(() => {
    note("stopping after the running calls (again to stop at once)");
    stop.abort();
  });
  let early: ProofEnd["early"];
  const endWith = (why: Refused): void => {
    early ??= why;
    stop.abort();
  };
  const patience: Patience = {
    signal: stop.signal,
    onWait: (seconds, code) => note(`waiting ${seconds} s, as the gateway asks (${code})`),
  };
  const work = of.calls.values();
  const worker = async (): Promise<void> => {
    for (const call of work) {
      if (stop.signal.aborted) return;
      const { made, ends } = await callForProof(gateway, jobOf(folder.job, call), {
        folder,
        patience,
      });
      if (ends !== undefined) return endWith(ends);
      folder.append(made);
      fresh.push(made);
      if (made.error !== null) note(failureText(made));
      line.show(`${standing(fresh, of)}  ${call.row} at ${call.candidate}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: of.atOnce }, () => untilRefused(worker, endWith)));
  } finally {
    stopListening();
    line.end();
  }
  early ??= stop.signal.aborted ? "stopped" : undefined;
  return { made: [...folder.made, ...fresh], early };
}

/** A disk that is full, or a reference that is another one now, ends the making and hides nothing. */
async function untilRefused(work: () => Promise<void>, end: (why: Refused) => void): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!isDiskRefusal(cause) && !isEnding(cause)) throw cause;
    end(cause);
  }
}

function isEnding(cause: unknown): cause is Refused {
  const codes: readonly (string | null)[] = ["reference_changed", "unknown_answer"];
  return cause instanceof Refused && codes.includes(cause.said.code);
}

function jobOf(job: Job, call: Call): ProofJob {
  const row = job.rows.find(({ id }) => id === call.row);
  const candidate = job.candidates.find(({ name }) => name === call.candidate);
  if (row === undefined || candidate === undefined) throw new Error("a call of another proof");
  return { call, row, candidate };
}

function standing(
  fresh: readonly Made[],
  of: { readonly calls: readonly Call[]; readonly ceiling: PicoUsd },
): string {
  const spent = formatUsd(sumUsd(fresh.map(({ charged }) => parseUsd(charged))));
  return `${bar(fresh.length, of.calls.length)} ${fresh.length}/${of.calls.length} pictures, spent ${spent} of at most ${formatUsd(of.ceiling)} USD`;
}

function failureText({ row, candidate, error }: Made): string {
  return `failed: ${row} at ${candidate}: ${error?.code ?? "no code"}: ${error?.message ?? ""}`;
}
