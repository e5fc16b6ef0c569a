/** Shows how far something is, on a terminal's standard error; nothing elsewhere. */
export function progressLine(): {
  readonly show: (text: string) => void;
  readonly end: () => void;
} {
  const { stderr } = process;
  if (!stderr.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show: (text) => void stderr.write(`\r\u001b[K${text}`),
    end: () => void stderr.write("\r\u001b[K"),
  };
}

const BAR_CELLS = 24;
/** A terminal that is written to more often only flickers. */
const REDRAW_MS = 100;

/** How far something is: `[######------------------]`. */
export function bar(done: number, of: number): string {
  const filled = of === 0 ? BAR_CELLS : Math.min(BAR_CELLS, Math.floor((done * BAR_CELLS) / of));
  return `[${"#".repeat(filled)}${"-".repeat(BAR_CELLS - filled)}]`;
}

/** A bar for bytes whose end is known, a count where it isn't; nothing where there is no terminal. */
export function progressBar(label: string): {
  readonly show: (bytes: number, of: number | undefined) => void;
  readonly end: () => void;
} {
  const line = progressLine();
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    show: (bytes, of) => {
      const nowMs = performance.now();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      const far =
        of === undefined || of === 0
          ? `${Math.floor(bytes / 1024)} KiB`
          : `${bar(bytes, of)} ${Math.floor((Math.min(bytes, of) * 100) / of)} %`;
      line.show(`${label} ${far}`);
    },
    end: line.end,
  };
}
