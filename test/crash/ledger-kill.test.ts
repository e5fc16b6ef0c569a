import { it } from "vitest";
import { takeOwnerLock } from "../../src/ledger/owner-lock.ts";
import { sqliteStore } from "../simulation/sqlite-store.ts";
import { killRoundAfterRound } from "./kill-loop.ts";

const ROUNDS = process.env["SOAK"] === "1" ? 200 : 8;

it(`kill -9 at any moment: nothing acknowledged is lost, nothing is there twice (${ROUNDS} rounds)`, async () => {
  const store = {
    ...sqliteStore,
    databaseUrl: () => Promise.resolve(undefined),
    // The system has taken the lock back from the dead: whoever comes next is the owner.
    untilGone: async (home: string) => (await takeOwnerLock({ home, waitMs: 0 })).release(),
    acknowledgedMax: 600,
  };
  await killRoundAfterRound(store, ROUNDS);
});
