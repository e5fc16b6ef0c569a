import {
  formatUsd,
  minUsd,
  type PicoUsd,
  parseUsd,
  subtractUsd,
  sumUsd,
} from "../../money/pico-usd.ts";
import { bar, progressLine } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import type { Run, RunCounts } from "./wire.ts";

/** The pace is that of the last minute. */
const PACE_MS = 60_000;

/** Says how far a run is: a line that is redrawn on a terminal, elsewhere one whenever another tenth is done. */
export type RunProgress = {
  readonly at: (run: Run) => void;
  readonly note: (line: string) => void;
  readonly end: () => void;
};

export function createRunProgress(terminal: Terminal): RunProgress {
  const line = progressLine();
  const pace = new Pace();
  let tenths = 0;
  return {
    at: (run) => {
      const { done, all } = farness(run.counts);
      pace.add(performance.now(), { done, images: run.images });
      const text = progressText(run, pace);
      line.show(text);
      const reached = all === 0 ? 0 : Math.floor((done * 10) / all);
      if (process.stderr.isTTY || terminal.json || reached <= tenths) return;
      tenths = reached;
      terminal.note(text);
    },
    note: (text) => {
      line.end();
      terminal.note(text);
    },
    end: line.end,
  };
}

/** Rows that ended, whichever way, of those that are to. */
function farness(counts: RunCounts): { readonly done: number; readonly all: number } {
  const { waiting, running } = counts;
  const done = counts.done + failedOf(counts);
  return { done, all: done + waiting + running };
}

function failedOf(counts: RunCounts): number {
  const { blocked, moderated, refused, failed, unknown } = counts;
  return blocked + moderated + refused + failed + unknown;
}

/** What a cap still allows: cap − settled − held − exposure; undefined where there is none. */
export function capLeft(run: Run): PicoUsd | undefined {
  if (run.max_cost === null) return undefined;
  const used = sumUsd([run.settled, run.held, run.exposure].map((text) => parseUsd(text)));
  const cap = parseUsd(run.max_cost);
  return subtractUsd(cap, minUsd(used, cap));
}

function progressText(run: Run, pace: Pace): string {
  const { done, all } = farness(run.counts);
  const left = capLeft(run);
  const { imagesAMinute, minutesLeft } = pace.of(all - done);
  return [
    `${bar(done, all)} ${run.counts.done} done`,
    `${failedOf(run.counts)} failed`,
    `spent ${run.settled} USD`,
    ...(left === undefined ? [] : [`${formatUsd(left)} of the cap left`]),
    ...(imagesAMinute === undefined ? [] : [`${imagesAMinute} images/min`]),
    ...(minutesLeft === undefined ? [] : [`${minutesLeft} left`]),
  ].join(", ");
}

type Far = { readonly done: number; readonly images: number };

/** How fast rows end, by those that ended in the last minute. */
class Pace {
  #samples: (Far & { readonly ms: number })[] = [];

  add(ms: number, far: Far): void {
    this.#samples.push({ ms, ...far });
    const isOld = (place: number): boolean => (this.#samples[place]?.ms ?? ms) < ms - PACE_MS;
    while (isOld(1)) this.#samples.shift();
  }

  /** Undefined until something has ended. */
  of(rows: number): {
    readonly imagesAMinute: number | undefined;
    readonly minutesLeft: string | undefined;
  } {
    const [first, last] = [this.#samples.at(0), this.#samples.at(-1)];
    const nothing = { imagesAMinute: undefined, minutesLeft: undefined };
    if (first === undefined || last === undefined) return nothing;
    const minutes = (last.ms - first.ms) / 60_000;
    const ended = last.done - first.done;
    if (minutes === 0 || ended <= 0) return nothing;
    const images = Math.round((last.images - first.images) / minutes);
    return {
      imagesAMinute: images === 0 ? undefined : images,
      minutesLeft: rows === 0 ? undefined : durationText((rows * minutes) / ended),
    };
  }
}

function durationText(minutes: number): string {
  if (minutes < 1) return `${Math.ceil(minutes * 60)} s`;
  const whole = Math.ceil(minutes);
  return whole < 120 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}
