/** A request waiting for its transaction. */
type Member<Command, Reply> = {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
};

/** What became of a batch. */
export type Decided<Reply> = {
  /** To every member, in its order. */
  readonly replies: readonly Reply[];
  /** Nobody is told anything before it resolves. Absent where the replies are durable already. */
  readonly durable?: Promise<void>;
};

/** Bounds the time of one transaction, and with it the wait of whoever comes next. */
const BATCH_MAX = 512;
/** So few are never divided: a transaction costs more than its members. */
const UNDIVIDED = 16;

/**
 * Groups requests into batches: whatever arrives while one is in flight shares the next, in arrival order.
 * This is what makes 64 concurrent holds cost one fsync and not 64. A batch that is decided and only waits
 * to become durable is out of the next one's way.
 *
 * @param run answers every member of a batch in its order; a rejection rejects them all. It is alone when
 *   nothing else was asked for and not answered.
 * @param inFlightMax how many batches may be undecided; above one, `run` must keep their order.
 */
export function openBatcher<Command, Reply>(
  run: (commands: readonly Command[], isAlone: boolean) => Promise<Decided<Reply>>,
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
  /** Batches whose members were not told yet. */
  const telling = new Set<Promise<void>>();
  /** Members that were not told yet and wait no more. */
  let underWay = 0;
  let failure: Error | undefined;

  function start(): void {
    if (running.size >= inFlightMax) return;
    const runner = runAll().finally(() => running.delete(runner));
    running.add(runner);
  }

  async function runAll(): Promise<void> {
    // Everything asked for in this turn of the loop joins the first batch.
    await Promise.resolve();
    while (waiting.length > 0) await runOne(waiting.splice(0, share()));
  }

  /**
   * Where several batches may be in flight none takes more than its share of all that is asked for. Else
   * those who ask again when they are answered would all end up in one, and while it is being synced and
   * answered there would be nothing to decide.
   */
  function share(): number {
    // `splice` takes the whole part of it.
    const fair = (waiting.length + underWay) / inFlightMax;
    return Math.min(BATCH_MAX, Math.max(UNDIVIDED, fair));
  }

  /** Resolves when the next batch may begin. */
  async function runOne(batch: readonly Member<Command, Reply>[]): Promise<void> {
    const isAlone = underWay + waiting.length === 0;
    underWay += batch.length;
    const commands = batch.map((member) => member.command);
    const decided = run(commands, isAlone);
    const told = durableReplies(decided)
      .finally(() => {
        underWay -= batch.length;
        telling.delete(told);
      })
      .then(
        (replies) => tellAll(batch, replies),
        (error: unknown) => rejectAll(batch, error),
      );
    telling.add(told);
    await decided.catch(() => undefined);
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
      while (running.size + telling.size > 0) await Promise.all([...running, ...telling]);
    },
  };
}

async function durableReplies<Reply>(decided: Promise<Decided<Reply>>): Promise<readonly Reply[]> {
  const { replies, durable } = await decided;
  await durable;
  return replies;
}

function tellAll<Reply>(batch: readonly Member<unknown, Reply>[], replies: readonly Reply[]): void {
  if (replies.length !== batch.length) {
    const error = new Error(`${replies.length} replies to ${batch.length} commands`);
    rejectAll(batch, error);
    return;
  }
  for (const [index, reply] of replies.entries()) batch[index]?.resolve(reply);
}

function rejectAll(batch: readonly Pick<Member<never, never>, "reject">[], error: unknown): void {
  const reason = error instanceof Error ? error : new Error(String(error));
  for (const member of batch) member.reject(reason);
}
