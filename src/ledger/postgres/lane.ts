import type { Pool } from "pg";
import { openBatcher } from "../batcher.ts";
import type { Command } from "../engine/commands.ts";
import { LedgerUnavailable } from "../port.ts";
import type { Clock } from "./clock.ts";
import { withConnection } from "./connections.ts";
import { isWorthAnotherTry } from "./errors.ts";
import { Known } from "./known.ts";
import { type Result, transact } from "./transaction.ts";

/** What became of a command. Said only after the commit. */
export type Outcome =
  | { readonly kind: "done"; readonly result: Result }
  /** `LedgerUnavailable`, or a bug: a broken invariant or a violated constraint. */
  | { readonly kind: "failed"; readonly error: Error };

/** The transactions of one root: in this process one at a time. */
export type Lane = {
  readonly ask: (command: Command) => Promise<Outcome>;
  /** Resolves when nothing waits. */
  readonly drained: () => Promise<void>;
  /** How many keys it keeps in memory. */
  readonly size: () => number;
};

export type LaneOptions = {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly emulated: boolean;
  /** Entries of a root from one checkpoint to the next. */
  readonly checkpointEvery: bigint;
};

/** Tries of a batch that was rolled back through no fault of its own. */
const TRIES = 4;
/** Few enough that the server has work soon, many enough that statements don't cost more than rows. */
const SLICE = 16;

export function openLane(root: string, { pool, ...of }: LaneOptions): Lane {
  const known = new Known(root);
  const batcher = openBatcher(async (commands: readonly Command[]) => ({
    replies: await run(commands),
  }));

  /**
   * Runs commands in one transaction, in the order in which they arrived. A refused one is a result like
   * any other. One that throws is a bug: each is run in a transaction of its own, so that it takes no
   * other down.
   */
  async function run(commands: readonly Command[]): Promise<readonly Outcome[]> {
    try {
      const results = await tryToRun(commands);
      return results.map((result) => ({ kind: "done", result }));
    } catch (error) {
      known.forget();
      if (!(error instanceof LedgerUnavailable || commands.length === 1)) {
        return runOneByOne(commands);
      }
      const failed = error instanceof Error ? error : new Error(String(error));
      return commands.map(() => ({ kind: "failed", error: failed }));
    }
  }

  async function runOneByOne(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const [index, command] of commands.entries()) {
      const alone = await run([command]);
      outcomes.push(...alone);
      // Once the server is away, nobody waits for it again.
      const [outcome] = alone;
      if (outcome?.kind === "failed" && outcome.error instanceof LedgerUnavailable) {
        return [...outcomes, ...commands.slice(index + 1).map(() => outcome)];
      }
    }
    return outcomes;
  }

  async function tryToRun(commands: readonly Command[]): Promise<readonly Result[]> {
    let slice = SLICE;
    for (let tries = 1; ; tries += 1) {
      const transaction = { ...of, root, commands, known, slice };
      try {
        const results = await withConnection(pool, (client) => transact(client, transaction));
        if (results !== "begun too early") return results;
        slice = commands.length;
      } catch (error) {
        if (tries === TRIES || !isWorthAnotherTry(error)) throw error;
        known.forget();
      }
    }
  }

  return { ask: batcher.ask, drained: batcher.drained, size: () => known.size };
}
