import type { Command, Commands } from "../src/ledger/engine/commands.ts";
import { serverClock } from "../src/ledger/postgres/clock.ts";
import { openPool, withConnection } from "../src/ledger/postgres/connections.ts";
import { Known } from "../src/ledger/postgres/known.ts";
import { openQuery } from "../src/ledger/postgres/query.ts";
import { transact } from "../src/ledger/postgres/transaction.ts";
import { CHECKPOINT_EVERY } from "../src/ledger/sql/checkpoints.ts";
import { ledgerOn } from "../src/ledger/sql/ledger-on.ts";
import type { Store } from "./ledger-run.ts";

/** As the store's own connections are told. */
const SETTINGS =
  "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off";

/**
 * What a PostgreSQL ledger without groups would be: the same journal, rules, statements and cache, one
 * transaction a call. One at a time, as the lock on the root would have it anyway; the rows are kept in
 * memory as in the store, so that the difference is the groups and nothing else.
 */
export async function openPlainPostgres(url: string): Promise<Store> {
  const pool = openPool({ url, name: "spotmeter bench", max: 1, settings: SETTINGS });
  const reads = openPool({ url, name: "spotmeter bench", max: 1 });
  const clock = serverClock();
  const roots = new Map<string, Known>();
  let last: Promise<unknown> = Promise.resolve();

  async function run(root: string, command: Command): Promise<unknown> {
    const known = roots.get(root) ?? new Known(root);
    roots.set(root, known);
    const of = { root, commands: [command], known, clock, emulated: true, slice: 1 };
    const transaction = { ...of, checkpointEvery: CHECKPOINT_EVERY };
    const results = await withConnection(pool, (client) => transact(client, transaction));
    if (results === "begun too early") throw new Error(`a ${command.name} was begun too early`);
    return results[0];
  }

  return ledgerOn({
    ask: async (root, name, argument) => {
      // Name ties argument and result together; a union of commands can't say so.
      const asked = last.then(() => run(root, { name, argument } as unknown as Command));
      last = asked.catch(() => undefined);
      return (await asked) as Commands[typeof name]["result"];
    },
    query: openQuery(reads),
    nowMs: clock.nowMs,
    close: async () => {
      await Promise.all([pool.end(), reads.end()]);
    },
  });
}
