import type { DatabaseSync } from "node:sqlite";
import * as accounts from "./accounts.ts";
import type { Context } from "./context.ts";
import { openDesk } from "./desk.ts";
import * as holds from "./holds.ts";
import type { Command, CommandName, Commands, Reply } from "./protocol.ts";
import type { Statements } from "./statements.ts";

/** A commit failed: what the file holds is unknown, so that the process must end and start anew. */
export class CommitFailed extends Error {
  override readonly name = "CommitFailed";
}

type Operations = {
  readonly [Name in CommandName]: (
    argument: Commands[Name]["argument"],
    context: Context,
  ) => Commands[Name]["result"];
};

const operations: Operations = {
  hold: holds.hold,
  end: holds.end,
  noteTask: holds.noteTask,
  call: holds.call,
  openHolds: holds.openHolds,
  credits: accounts.credits,
  createAccount: accounts.createAccount,
  listAccounts: accounts.listAccounts,
  fund: accounts.fund,
  setLimits: accounts.setLimits,
  createKey: accounts.createKey,
  findKey: accounts.findKey,
  listKeys: accounts.listKeys,
  revokeKey: accounts.revokeKey,
};

const readers: ReadonlySet<CommandName> = new Set([
  "call",
  "credits",
  "findKey",
  "listAccounts",
  "listKeys",
  "openHolds",
] as const);

/**
 * Runs commands in one transaction, in the order in which they arrived. A refused one is a result like
 * any other. One that throws is a bug: the batch is rolled back and each is run in a transaction of its
 * own, so that it takes no other down.
 *
 * @throws CommitFailed when nobody knows what was stored.
 */
export function runBatch(
  database: DatabaseSync,
  commands: readonly Command[],
  context: Omit<Context, "statements"> & { readonly statements: Statements },
): readonly Reply[] {
  try {
    return inTransaction(database, commands, () => {
      const { statements, flush } = openDesk(context.statements);
      const of = { ...context, statements };
      const replies = commands.map(
        (command): Reply => ({ kind: "done", result: perform(command, of) }),
      );
      flush();
      return replies;
    });
  } catch (error) {
    if (error instanceof CommitFailed) throw error;
    if (isStoreTrouble(error)) return commands.map(() => unavailable(error));
    if (commands.length === 1) return [{ kind: "failed", message: messageOf(error) }];
    return commands.flatMap((command) => runBatch(database, [command], context));
  }
}

function perform<Name extends CommandName>(
  command: Command<Name>,
  context: Context,
): Commands[Name]["result"] {
  return operations[command.name](command.argument, context);
}

function inTransaction<Result>(
  database: DatabaseSync,
  commands: readonly Command[],
  work: () => Result,
): Result {
  // Reads alone need no write lock: each sees everything committed before it.
  if (commands.every((command) => readers.has(command.name))) return work();
  database.exec("BEGIN IMMEDIATE");
  let result: Result;
  try {
    result = work();
  } catch (error) {
    // Some errors of the store have rolled back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
  try {
    database.exec("COMMIT");
  } catch (error) {
    throw new CommitFailed(`the ledger could not commit: ${messageOf(error)}`, { cause: error });
  }
  return result;
}

/**
 * Primary result codes of SQLite that speak of the file and not of the statement: busy, locked, out of
 * memory, read-only, input/output, corrupt, full, can't open, protocol, not a database.
 * Source: https://www.sqlite.org/rescode.html
 */
const TROUBLE_CODES: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 13, 14, 15, 26]);

function isStoreTrouble(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  // The low byte of an extended code is its primary code.
  return typeof error.errcode === "number" && TROUBLE_CODES.has(error.errcode & 0xff);
}

function unavailable(error: unknown): Reply {
  return { kind: "unavailable", message: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
