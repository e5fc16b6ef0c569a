import { Worker } from "node:worker_threads";
import { type Decided, openBatcher } from "../batcher.ts";
import type { Command, CommandName, Commands, Reply } from "../engine/commands.ts";
import { LedgerRefused } from "../ledger-refused.ts";
import { type Ledger, LedgerUnavailable } from "../port.ts";
import { ledgerOn } from "../sql/ledger-on.ts";
import type { Query } from "../sql/rows.ts";
import { openLogCopies } from "./log-copies.ts";
import { type LogSyncs, openLogSyncs, type Sync } from "./log-syncs.ts";
import type { Batch, FromReader, FromWriter, ToReader, ToWriter, WriterStart } from "./protocol.ts";

export type StoreOptions = WriterStart & {
  /** The store's clock: decides the windows that a hold belongs to. */
  readonly nowMs: () => number;
  /** Called once when the ledger is lost for this process, which must end (MONEY §6). */
  readonly onFatal: (error: Error) => void;
  /** What a test does to every sync of the log; then none is left to a commit. */
  readonly wrapSync?: (sync: Sync) => Sync;
};

/** One is decided and committed while the next is written and read by the event loop's thread. */
const BATCHES_IN_FLIGHT = 2;

/**
 * The SQLite ledger: a client of the thread that owns the file, and of the one that reads it. Commits are
 * synced from here, so that the thread that owns the file decides meanwhile.
 *
 * @throws LedgerRefused when the file can't be used: another world, a newer version, a changed price.
 */
export async function openSqliteLedger(options: StoreOptions): Promise<Ledger> {
  const { nowMs, onFatal, wrapSync, ...start } = options;
  const writer = await startWriter(start, onFatal);
  const syncs = await syncsOf(start.file, { writer, wrapSync });
  const reader = startReader(start.file, onFatal);
  const noteCommitted = openLogCopies({ copy: reader.copyLog, finish: writer.copyLog });
  /** Batches that may be committed and are not synced. */
  let unsynced = 0;

  /** Resolves when all that is committed now is on the disk. */
  async function durable(): Promise<void> {
    try {
      await syncs.next();
    } catch (error) {
      // Nobody knows what the disk holds: as when a commit fails.
      const lost = new Error(`the ledger could not sync: ${messageOf(error)}`, { cause: error });
      writer.lose(lost);
      throw new LedgerUnavailable(lost.message, { cause: lost });
    }
  }

  /** While one batch is synced the next is decided; where there is none, nothing is gained by two steps. */
  async function run(commands: readonly Command[], isAlone: boolean): Promise<Decided<Reply>> {
    const sync = isAlone && wrapSync === undefined;
    const batch = { kind: "batch", nowMs: nowMs(), commands, sync } as const;
    if (sync) {
      const replies = await writer.run(batch);
      noteCommitted(commands.length);
      return { replies };
    }
    unsynced += 1;
    try {
      const replies = await writer.run(batch);
      noteCommitted(commands.length);
      return { replies, durable: durable().finally(() => (unsynced -= 1)) };
    } catch (error) {
      unsynced -= 1;
      throw error;
    }
  }

  const batcher = openBatcher(run, BATCHES_IN_FLIGHT);
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await batcher.drained();
    batcher.fail(new LedgerUnavailable("the ledger is closed"));
    await reader.close();
    await writer.close();
    await syncs.close();
  }

  return ledgerOn({
    ask: async (_root, name, argument) => {
      // Name ties argument and result together; a union of commands can't say so.
      const reply = await batcher.ask({ name, argument } as unknown as Command);
      return resultOf(reply);
    },
    query: async (readings) => {
      if (writer.isOver()) throw new LedgerUnavailable("the ledger's thread is gone");
      const rows = await reader.query(readings);
      // They may show what is committed and not yet synced, which nobody is told.
      if (unsynced > 0) await durable();
      return rows;
    },
    nowMs,
    close: () => {
      closing ??= close();
      return closing;
    },
  });
}

async function syncsOf(
  file: string,
  of: { readonly writer: Writer; readonly wrapSync: ((sync: Sync) => Sync) | undefined },
): Promise<LogSyncs> {
  try {
    return await openLogSyncs(file, of.wrapSync);
  } catch (error) {
    await of.writer.close();
    throw new LedgerRefused(`the ledger ${file} can't be synced: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function resultOf<Name extends CommandName>(reply: Reply): Commands[Name]["result"] {
  switch (reply.kind) {
    case "done":
      return reply.result as Commands[Name]["result"];
    case "failed":
      throw new Error(reply.message);
    case "unavailable":
      throw new LedgerUnavailable(reply.message);
    default:
      return reply satisfies never;
  }
}

/** Compiled, this file's neighbours are JavaScript too; the compiler rewrites imports only. */
function neighbour(name: string): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`./${name}.${extension}`, import.meta.url);
}

/** What is told to whoever waits for a message of a thread. */
type Waiter<Message> = {
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
};

type Writer = {
  readonly run: (batch: Batch) => Promise<readonly Reply[]>;
  readonly copyLog: () => void;
  readonly isOver: () => boolean;
  /** Ends it for a reason that it doesn't know of. */
  readonly lose: (error: Error) => void;
  readonly close: () => Promise<void>;
};

async function startWriter(start: WriterStart, onFatal: (error: Error) => void): Promise<Writer> {
  const worker = new Worker(neighbour("writer-worker"), { workerData: start });
  // Answers come in the order of the questions.
  const waiters: Waiter<FromWriter>[] = [];
  let over = false;

  /** The thread is gone: what was asked is unavailable, and unless we ended it, so is the process. */
  function lose(error: Error): void {
    if (over) return;
    over = true;
    const lost = new LedgerUnavailable(error.message, { cause: error });
    for (const waiter of waiters.splice(0)) waiter.reject(lost);
    void worker.terminate();
    onFatal(error);
  }

  function answer(): Promise<FromWriter> {
    return new Promise((resolve, reject) => {
      if (over) reject(new LedgerUnavailable("the ledger's thread is gone"));
      else waiters.push({ resolve, reject });
    });
  }

  worker.on("message", (message: FromWriter) => {
    if (message.kind === "fatal") return lose(new Error(message.message));
    if (message.kind === "refused" || message.kind === "closed") over = true;
    waiters.shift()?.resolve(message);
  });
  worker.on("error", (error) => lose(error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", (code) => lose(new Error(`the ledger's thread ended with code ${code}`)));

  const first = await answer();
  if (first.kind === "refused") throw new LedgerRefused(first.message);
  return {
    run: async (batch) => {
      const answered = answer();
      if (!over) worker.postMessage(batch);
      const message = await answered;
      if (message.kind !== "replies") throw new Error(`unexpected answer ${message.kind}`);
      return message.replies;
    },
    copyLog: () => worker.postMessage({ kind: "copy_log" } satisfies ToWriter),
    isOver: () => over,
    lose,
    close: async () => {
      if (over) return;
      const answered = answer();
      worker.postMessage({ kind: "close" } satisfies ToWriter);
      await answered;
    },
  };
}

type Reader = {
  readonly query: Query;
  readonly copyLog: () => Promise<void>;
  readonly close: () => Promise<void>;
};

function startReader(file: string, onFatal: (error: Error) => void): Reader {
  const worker = new Worker(neighbour("reader-worker"), { workerData: file });
  const waiters = new Map<number, Waiter<FromReader>>();
  let asked = 0;
  let over = false;
  const CLOSE = -1;

  function lose(error: Error): void {
    if (over) return;
    over = true;
    const lost = new LedgerUnavailable(error.message, { cause: error });
    for (const waiter of waiters.values()) waiter.reject(lost);
    onFatal(error);
  }

  function ask(id: number, message: ToReader): Promise<FromReader> {
    return new Promise((resolve, reject) => {
      if (over) return reject(new LedgerUnavailable("the ledger is closed"));
      waiters.set(id, { resolve, reject });
      worker.postMessage(message);
    });
  }

  worker.on("message", (message: FromReader) => {
    const id = message.kind === "closed" ? CLOSE : message.id;
    if (message.kind === "closed") over = true;
    const waiter = waiters.get(id);
    waiters.delete(id);
    waiter?.resolve(message);
  });
  worker.on("error", (error) => lose(error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", (code) => lose(new Error(`the ledger's reader ended with code ${code}`)));

  async function rowsFor(message: Exclude<ToReader, { kind: "close" }>) {
    const answered = await ask(message.id, message);
    if (answered.kind === "failed") throw new Error(answered.message);
    if (answered.kind !== "rows") throw new Error(`unexpected answer ${answered.kind}`);
    return answered.rows;
  }

  return {
    query: (readings) => {
      asked += 1;
      return rowsFor({ kind: "read", id: asked, readings });
    },
    copyLog: async () => {
      asked += 1;
      await rowsFor({ kind: "copy_log", id: asked });
    },
    close: async () => {
      if (!over) await ask(CLOSE, { kind: "close" });
    },
  };
}
