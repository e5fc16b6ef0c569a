const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Calls back at the first SIGINT or SIGTERM and ends the process at once at the second.
 *
 * @returns stops listening.
 */
export function onStopSignal(first: () => void): () => void {
  let seen = 0;
  const listener = (signal: keyof typeof SIGNALS): void => {
    seen += 1;
    if (seen === 1) first();
    else process.exit(SIGNALS[signal]);
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return () => {
    process.off("SIGINT", listener);
    process.off("SIGTERM", listener);
  };
}
