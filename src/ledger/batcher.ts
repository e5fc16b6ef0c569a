/** A request waiting for its transaction. */
type Member<Command, Reply> = {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
};

/** Bounds the time of one transaction, and with it the wait of whoever comes next. */
const BATCH_MAX = 512;

/**
 * Groups requests into batches: whatever arrives while one is in flight shares the next, in arrival order.
 * This is what makes 64 concurrent holds cost one fsync and not 64.
 *
 * @param run answers every member of a batch in its order; a rejection rejects them all.
 * @param inFlightMax how many batches may be under way; above one, `run` must keep their order.
 */
export function openBatcher<Command, Reply>(
  run: (commands: readonly Command[]) => Promise<readonly Reply[]>,
  inFlightMax = 1,
): {
  readonly ask: (command: Command) => Promise<Reply>;
  /** Rejects everything that waits or comes from now on. */
  readonly fail: (error: Error) => void;
  /** Resolves when nothing waits. */
  readonly drained: () => Promise<void>;
} {
  const waiting: Member<Command, Reply>[] = [];
  const running = new Set<Promise<void>>();
  let failure: Error | undefined;

  function start(): void {
    if (running.size >= inFlightMax) return;
    const runner = runAll().finally(() => running.delete(runner));
    running.add(runner);
  }

  async function runAll(): Promise<void> {
    // Everything asked for in this turn of the loop joins the first batch.
    await Promise.resolve();
    while (waiting.length > 0) await runOne(waiting.splice(0, BATCH_MAX));
  }

  async function runOne(batch: readonly Member<Command, Reply>[]): Promise<void> {
    try {
      const replies = await run(batch.map((member) => member.command));
      if (replies.length !== batch.length) {
        throw new Error(`${replies.length} replies to ${batch.length} commands`);
      }
      for (const [index, reply] of replies.entries()) batch[index]?.resolve(reply);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      for (const member of batch) member.reject(reason);
    }
  }

  return {
    ask: (command) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        waiting.push({ command, resolve, reject });
        start();
      }),
    fail: (error) => {
      failure = error;
      for (const member of waiting.splice(0)) member.reject(error);
    },
    drained: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
