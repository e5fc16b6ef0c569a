import type { DatabaseSync } from "node:sqlite";
import { type Command, decide, type Reply } from "../engine/commands.ts";
import { contextAt } from "../engine/context.ts";
import { WorkingSet } from "../engine/working-set.ts";
import { CHECKPOINT_EVERY } from "../sql/checkpoints.ts";
import { openReads } from "./load.ts";
import { openWriter } from "./write.ts";

/** A commit failed: what the file holds is unknown, so that the process must end and start anew. */
export class CommitFailed extends Error {
  override readonly name = "CommitFailed";
}

/** Decides commands and writes what came of them. */
export type Batches = {
  /**
   * Runs commands in one transaction, in the order in which they arrived. A refused one is a result like
   * any other. One that throws is a bug: the batch is rolled back and each is run in a transaction of its
   * own, so that it takes no other down.
   *
   * @throws CommitFailed when nobody knows what was stored.
   */
  readonly run: (commands: readonly Command[], nowMs: number) => readonly Reply[];
};

export function openBatches(
  database: DatabaseSync,
  of: { readonly emulated: boolean; readonly checkpointEvery?: bigint },
): Batches {
  const set = new WorkingSet(openReads(database));
  const write = openWriter(database, of.checkpointEvery ?? CHECKPOINT_EVERY);

  function run(commands: readonly Command[], nowMs: number): readonly Reply[] {
    try {
      return inTransaction(database, () => {
        const context = contextAt({ set, emulated: of.emulated, nowMs });
        const replies = commands.map(
          (command): Reply => ({ kind: "done", result: decide(command, context) }),
        );
        set.seal();
        write(set);
        return replies;
      });
    } catch (error) {
      set.forget();
      if (error instanceof CommitFailed) throw error;
      if (isStoreTrouble(error)) return commands.map(() => unavailable(error));
      if (commands.length === 1) return [{ kind: "failed", message: messageOf(error) }];
      return commands.flatMap((command) => run([command], nowMs));
    } finally {
      set.settled();
    }
  }

  return { run };
}

function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
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
