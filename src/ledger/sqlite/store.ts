import { Worker } from "node:worker_threads";
import { newId } from "../../ids.ts";
import { openBatcher } from "../batcher.ts";
import { endingDraft, holdDraft } from "../draft.ts";
import { type Ledger, type LedgerCall, LedgerUnavailable } from "../port.ts";
import { readEndingText, readHoldText } from "../recorded.ts";
import { LedgerRefused } from "./migrations.ts";
import type {
  Command,
  CommandName,
  Commands,
  Reply,
  StoredCall,
  WorkerMessage,
  WorkerStart,
} from "./protocol.ts";

export type StoreOptions = WorkerStart & {
  /** The store's clock: decides the windows that a hold belongs to. */
  readonly nowMs: () => number;
  /** Called once when the ledger is lost for this process, which must end (MONEY §6). */
  readonly onFatal: (error: Error) => void;
};

/**
 * The SQLite ledger: a client of the thread that owns the file.
 *
 * @throws LedgerRefused when the file can't be used: another world, a newer version, a changed price.
 */
export async function openSqliteLedger(options: StoreOptions): Promise<Ledger> {
  const { nowMs, onFatal, ...start } = options;
  const thread = await startThread(start, onFatal);
  const batcher = openBatcher((commands: readonly Command[]) =>
    thread.run({ nowMs: nowMs(), commands }),
  );
  let closing: Promise<void> | undefined;

  async function ask<Name extends CommandName>(
    name: Name,
    argument: Commands[Name]["argument"],
  ): Promise<Commands[Name]["result"]> {
    // Name ties argument and result together; a union of commands can't say so.
    const reply = await batcher.ask({ name, argument } as unknown as Command);
    return resultOf(reply);
  }

  async function close(): Promise<void> {
    await batcher.drained();
    batcher.fail(new LedgerUnavailable("the ledger is closed"));
    await thread.close();
  }

  return {
    hold: async (request) => ask("hold", holdDraft(request)),
    end: async (ending) => ask("end", endingDraft(ending)),
    noteTask: async (task) => {
      await ask("noteTask", task);
    },
    call: async (holdId) => readCall(await ask("call", holdId)),
    credits: (accountId) => ask("credits", accountId),
    findKey: (keyId) => ask("findKey", keyId),
    createAccount: (request) => ask("createAccount", { ...request, id: newId("acct") }),
    listAccounts: () => ask("listAccounts", null),
    fund: (request) => ask("fund", request),
    setLimits: (request) => ask("setLimits", { ...request, entryId: newId("limit") }),
    createKey: (request) => ask("createKey", request),
    listKeys: (accountId) => ask("listKeys", accountId ?? null),
    revokeKey: (request) => ask("revokeKey", request),
    openHolds: () => ask("openHolds", null),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
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

function readCall(stored: StoredCall | undefined): LedgerCall | undefined {
  if (stored === undefined) return undefined;
  const { hold, taskId, ending } = stored;
  return {
    hold: { ...readHoldText(hold.text, hold.price), ...place(hold) },
    taskId,
    ending:
      ending === undefined
        ? undefined
        : { ...readEndingText(ending.text, ending.echoedPrice), ...place(ending) },
  };
}

function place(entry: StoredCall["hold"] | NonNullable<StoredCall["ending"]>) {
  return { createdMs: entry.createdMs, chain: entry.chain };
}

type Thread = {
  readonly run: (batch: {
    readonly nowMs: number;
    readonly commands: readonly Command[];
  }) => Promise<readonly Reply[]>;
  readonly close: () => Promise<void>;
};

/** The message that the thread answers one of ours with. */
type Waiter = {
  readonly resolve: (message: WorkerMessage) => void;
  readonly reject: (error: Error) => void;
};

async function startThread(start: WorkerStart, onFatal: (error: Error) => void): Promise<Thread> {
  // Compiled, this file's neighbour is JavaScript too; the compiler rewrites imports only.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
    workerData: start,
  });
  let waiter: Waiter | undefined;
  let over = false;

  /** The thread is gone: what was asked is unavailable, and unless we ended it, so is the process. */
  function lose(error: Error): void {
    if (over) return;
    over = true;
    waiter?.reject(new LedgerUnavailable(error.message, { cause: error }));
    onFatal(error);
  }

  function answer(): Promise<WorkerMessage> {
    return new Promise((resolve, reject) => {
      if (over) reject(new LedgerUnavailable("the ledger's thread is gone"));
      waiter = { resolve, reject };
    });
  }

  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "fatal") return lose(new Error(message.message));
    if (message.kind === "refused" || message.kind === "closed") over = true;
    waiter?.resolve(message);
  });
  worker.on("error", (error) => lose(error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", (code) => lose(new Error(`the ledger's thread ended with code ${code}`)));

  const first = await answer();
  if (first.kind === "refused") throw new LedgerRefused(first.message);
  return {
    run: async ({ nowMs, commands }) => {
      const answered = answer();
      if (!over) worker.postMessage({ kind: "batch", nowMs, commands });
      const message = await answered;
      if (message.kind !== "replies") throw new Error(`unexpected answer ${message.kind}`);
      return message.replies;
    },
    close: async () => {
      if (over) return;
      const answered = answer();
      worker.postMessage({ kind: "close" });
      await answered;
    },
  };
}
