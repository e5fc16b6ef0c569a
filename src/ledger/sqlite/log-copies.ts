/** The write-ahead log is copied into the file after so many commands. */
const COMMANDS = 2_000;

/**
 * Says when the log is copied into the file. Thousands of pages and a sync of the file take tens of
 * milliseconds, in which the thread that owns the file would decide nothing: so another thread copies what
 * is there, and the owner only what was written meanwhile. Copied to its end the log begins anew.
 *
 * @param copy resolves when the other thread is done.
 * @param finish has the owner copy the rest.
 * @returns takes note of commands that are committed.
 */
export function openLogCopies({
  copy,
  finish,
}: {
  readonly copy: () => Promise<void>;
  readonly finish: () => void;
}): (commands: number) => void {
  let since = 0;
  let isCopying = false;
  return (commands) => {
    since += commands;
    if (since < COMMANDS || isCopying) return;
    since = 0;
    isCopying = true;
    const over = (): void => {
      isCopying = false;
      // Whatever came of the copy: what is wrong with the file its owner will find and end the process.
      finish();
    };
    void copy().then(over, over);
  };
}
