const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

/** Shows on standard error that something is under way, and for how long; nothing when that is no terminal. */
export async function withSpinner<T>(label: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!stderr.isTTY) return await work();
  const startMs = performance.now();
  let frame = 0;
  const draw = (): void => {
    const seconds = Math.floor((performance.now() - startMs) / 1_000);
    stderr.write(`\r\u001b[K${FRAMES[frame % FRAMES.length] ?? ""} ${label} ${seconds} s`);
    frame += 1;
  };
  const timer = setInterval(draw, FRAME_MS);
  draw();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    stderr.write("\r\u001b[K");
  }
}
