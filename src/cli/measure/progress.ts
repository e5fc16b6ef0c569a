import { formatUsd, type PicoUsd } from "../../money/pico-usd.ts";
import { bar, progressLine } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

/** How far a run is. */
export type Standing = {
  readonly done: number;
  readonly calls: number;
  readonly spent: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** Says how far a run is: a bar on a terminal, elsewhere a line whenever another tenth is done. */
export type Progress = {
  readonly at: (standing: Standing, doing: string) => void;
  /** How far the quoting is. */
  readonly quoted: (done: number, all: number) => void;
  /** A line that stays: a wait, a failure. */
  readonly note: (line: string) => void;
  readonly end: () => void;
};

export function createProgress(terminal: Terminal): Progress {
  const line = progressLine();
  let tenths = 0;
  return {
    at: (standing, doing) => {
      const { done, calls } = standing;
      line.show(`${barText(standing)}  ${doing}`);
      const reached = calls === 0 ? 0 : Math.floor((done * 10) / calls);
      if (process.stderr.isTTY || reached <= tenths) return;
      tenths = reached;
      terminal.note(barText(standing));
    },
    quoted: (done, all) => {
      line.show(`quoting ${done} of ${all}`);
      if (done === all) line.end();
    },
    note: (text) => {
      line.end();
      terminal.note(text);
    },
    end: line.end,
  };
}

/** "[######------------------] 22/87 calls, spent 0.4312 of at most 5.21 USD" */
function barText({ done, calls, spent, ceiling }: Standing): string {
  return `${bar(done, calls)} ${done}/${calls} calls, spent ${formatUsd(spent)} of at most ${formatUsd(ceiling)} USD`;
}
