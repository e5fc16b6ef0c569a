import { it, vi } from "vitest";
import { connect } from "../ledger/postgres-audit.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { postgresStore } from "../simulation/postgres-store.ts";
import { killRoundAfterRound } from "./kill-loop.ts";

const ROUNDS = process.env["SOAK"] === "1" ? 100 : 4;
/** Longer than the server works on any statement of the dead. */
const GONE_WITHIN_MS = 30_000;
const postgres = usePostgres();

it(`kill -9 of three processes on one database, each at its own moment: the same (${ROUNDS} rounds)`, async () => {
  const store = postgresStore(postgres);
  const killed = {
    ...store,
    databaseUrl: store.urlOf,
    untilGone: async (home: string, process: string) => untilGone(await store.urlOf(home), process),
    acknowledgedMax: 400,
  };
  await killRoundAfterRound(killed, ROUNDS);
});

/**
 * The server still works on what the dead had asked for, and commits it: for the end of that there is no
 * event. A gateway waits a minute before it takes another for dead (MONEY §6).
 */
async function untilGone(url: string, process: string): Promise<void> {
  const watcher = await connect(url);
  try {
    await vi.waitFor(
      async () => {
        const { rows } = await watcher.query(
          `SELECT pid FROM pg_stat_activity
           WHERE application_name = $1 AND datname = current_database()`,
          [`spotmeter ${process}`],
        );
        if (rows.length > 0) {
          throw new Error(`${process} was killed and still has ${rows.length} connections`);
        }
      },
      { timeout: GONE_WITHIN_MS, interval: 20 },
    );
  } finally {
    await watcher.end();
  }
}
