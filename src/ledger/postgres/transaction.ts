import type { PoolClient } from "pg";
import { type Command, type Commands, decide } from "../engine/commands.ts";
import { type Context, contextAt } from "../engine/context.ts";
import { WorkingSet } from "../engine/working-set.ts";
import { rootRow } from "../sql/decode.ts";
import { rootShape } from "../sql/encode.ts";
import { integerIn } from "../sql/rows.ts";
import type { Clock } from "./clock.ts";
import { type Answers, inOneFlight } from "./connections.ts";
import type { Known } from "./known.ts";
import { Writing } from "./write.ts";

/** Commands that share a transaction, and what it is run with. */
export type Transaction = {
  readonly root: string;
  readonly commands: readonly Command[];
  readonly known: Known;
  readonly clock: Clock;
  readonly emulated: boolean;
  /** Entries of the root from one checkpoint to the next. */
  readonly checkpointEvery: bigint;
  /** So many commands are decided and sent; the server writes them while the next are decided. */
  readonly slice: number;
};

export type Result = Commands[Command["name"]]["result"];

/** Decisions of a transaction: each time more is known. A path and then its counters need three. */
const DECISIONS_MAX = 20;

// Whatever the database's own default is: a statement must see what the lock before it has waited for.
const BEGIN = { text: "BEGIN ISOLATION LEVEL READ COMMITTED" } as const;
const COMMIT = { text: "COMMIT" } as const;
const ROLLBACK = { text: "ROLLBACK" } as const;
const LOCK = `SELECT ${rootShape.columns.join(", ")} FROM roots WHERE root = $1 FOR UPDATE`;
// After the lock: a hold belongs to the windows that are open when it is its turn.
const NOW = {
  name: "now",
  text: "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms",
} as const;

/**
 * Locks the root, decides the commands in their order, writes what came of them and commits: when nothing
 * has to be loaded, in two flights to the server and back.
 *
 * @returns what each command came to, once it is durable; or that a decision asked for rows which were
 *   never loaded, when earlier ones had been sent to the server already: nothing is stored then, and it
 *   has to be run again with all its commands in one slice.
 * @throws whatever a decision or a statement threw, once all is rolled back; the error of a connection that
 *   broke: then nobody knows what is stored.
 */
export async function transact(
  client: PoolClient,
  transaction: Transaction,
): Promise<readonly Result[] | "begun too early"> {
  const nowMs = await begin(client, transaction);
  const { root, known, emulated } = transaction;
  for (let decisions = 0; decisions < DECISIONS_MAX; decisions += 1) {
    const set = new WorkingSet(known.reads);
    const results = await decideAll(client, transaction, contextAt({ set, emulated, nowMs }));
    if (results !== "missing") return results;
    const { statements, fill } = known.missing();
    fill(await inOneFlight(client, statements));
  }
  await inOneFlight(client, [ROLLBACK]);
  throw new Error(`root ${root}: still missing something after ${DECISIONS_MAX} decisions`);
}

/** Locks the root and brings along what the commands will ask for. Returns the transaction's instant. */
async function begin(
  client: PoolClient,
  { root, commands, known, clock }: Transaction,
): Promise<number> {
  const { statements, fill } = known.foresee(commands, clock.nowMs());
  const lock = { name: "lock_root", text: LOCK, values: [root] };
  const answers = await inOneFlight(client, [BEGIN, lock, NOW, ...statements]);
  const [, locked, now, ...loaded] = answers;
  const [row] = locked?.rows ?? [];
  known.lock(row === undefined ? undefined : rootRow(row));
  fill(loaded);
  return clock.read(Number(integerIn(now?.rows[0] ?? {}, "now_ms")));
}

/**
 * Decides and writes slice by slice, and commits. When a decision asked for something that was never loaded
 * and nothing has been written yet, the transaction stays open and waits for it.
 */
async function decideAll(
  client: PoolClient,
  { commands, known, slice, checkpointEvery }: Transaction,
  context: Context,
): Promise<readonly Result[] | "missing" | "begun too early"> {
  const { set } = context;
  const writing = new Writing(set, checkpointEvery);
  const results: Result[] = [];
  const flights: Promise<Answers>[] = [];
  const rollBack = () => Promise.allSettled([...flights, inOneFlight(client, [ROLLBACK])]);
  try {
    for (let at = 0; at < commands.length; at += slice) {
      results.push(...decideSlice(commands.slice(at, at + slice), known, context));
      if (known.isMissingSomething) {
        if (flights.length === 0) return "missing";
        await rollBack();
        return "begun too early";
      }
      flights.push(inOneFlight(client, writing.next()));
    }
  } catch (error) {
    await rollBack();
    throw error;
  }
  set.seal();
  flights.push(inOneFlight(client, [...writing.rest(), COMMIT]));
  await assertCommitted(flights);
  known.keep(set, writing.calls.values());
  return results;
}

function decideSlice(
  commands: readonly Command[],
  known: Known,
  context: Context,
): readonly Result[] {
  const results: Result[] = [];
  for (const command of commands) {
    try {
      results.push(decide(command, context));
    } catch (error) {
      // Decided on too little it may say anything, and is decided again.
      if (!known.isMissingSomething) throw error;
    }
  }
  return results;
}

/** After a statement that failed, all later ones fail too, and the server takes COMMIT as ROLLBACK. */
async function assertCommitted(flights: readonly Promise<Answers>[]): Promise<void> {
  const landed = await Promise.allSettled(flights);
  for (const flight of landed) if (flight.status === "rejected") throw flight.reason;
  const last = landed.at(-1);
  const command = last?.status === "fulfilled" ? last.value.at(-1)?.command : undefined;
  if (command !== "COMMIT") throw new Error(`the server answered COMMIT with ${command}`);
}
