import { describe, it } from "vitest";
import { newHome } from "../ledger/new-home.ts";
import { inspect } from "./inspect.ts";
import { plant, takeStep } from "./steps.ts";
import { type SimulatedStore, World } from "./world.ts";

const { SEED, SOAK } = process.env;
const STEPS = 1_000;
/** Seeds that every run throws again, beside a new one. */
const KEPT_SEEDS = [1, 2];
const SOAK_SEEDS = 60;

function newSeed(): number {
  return Math.floor(Math.random() * 4_294_967_296);
}

function seeds(): readonly number[] {
  if (SEED !== undefined) return [Number(SEED)];
  const fresh = Array.from({ length: SOAK === "1" ? SOAK_SEEDS : 1 }, newSeed);
  return [...KEPT_SEEDS, ...fresh];
}

/**
 * Thousands of random orders, late results, limit changes, moves, crashes, spool replays and clock jumps;
 * an auditor that shares no code with the ledger predicts every outcome and every figure. `SEED=…` throws
 * one seed again; `SOAK=1` throws many.
 */
export function simulation(store: SimulatedStore): void {
  describe(`${store.name}: a simulated life`, () => {
    it.each(seeds())(
      `SEED=%i: ${STEPS} steps, and the ledger says and shows what the auditor does`,
      async (seed) => {
        const world = new World({ seed, store, home: newHome() });
        try {
          await plant(world);
          while (world.step < STEPS) await takeStep(world);
          await inspect(world);
        } finally {
          for (const client of world.clients) await world.loseClient(client);
        }
      },
    );
  });
}
