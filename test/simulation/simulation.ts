import { describe, it } from "vitest";
import { newHome } from "../ledger/new-home.ts";
import { inspect } from "./inspect.ts";
import { plant, takeStep } from "./steps.ts";
import { type SimulatedStore, World } from "./world.ts";

const { SEED, SOAK } = process.env;
/** A seed that is thrown again, and every one of a soak, lives as long as this. */
const LONG_LIFE = 1_000;

/** How many lives an ordinary run lets a store live, and how long ones. */
type Lives = {
  readonly steps: number;
  /** Seeds that every run throws again, beside a new one. */
  readonly keptSeeds: readonly number[];
  /** New ones in a soak. */
  readonly soakSeeds: number;
};

function newSeed(): number {
  return Math.floor(Math.random() * 4_294_967_296);
}

function seedsOf({ keptSeeds, soakSeeds }: Lives): readonly number[] {
  if (SEED !== undefined) return [Number(SEED)];
  const fresh = Array.from({ length: SOAK === "1" ? soakSeeds : 1 }, newSeed);
  return [...keptSeeds, ...fresh];
}

/**
 * Thousands of random orders, late results, limit changes, moves, crashes, spool replays and clock jumps;
 * an auditor that shares no code with the ledger predicts every outcome and every figure. `SEED=…` throws
 * one seed again; `SOAK=1` throws many. What is asked at once of several processes the store takes in an
 * order of its own, so that with those a seed may have to be thrown a few times.
 */
export function simulation(store: SimulatedStore, lives: Lives): void {
  const steps = SEED === undefined && SOAK !== "1" ? lives.steps : LONG_LIFE;
  describe(`${store.name}: a simulated life`, () => {
    it.each(seedsOf(lives))(
      `SEED=%i: ${steps} steps, and the ledger says and shows what the auditor does`,
      async (seed) => {
        const world = new World({ seed, store, home: newHome() });
        try {
          await plant(world);
          while (world.step < steps) await takeStep(world);
          await inspect(world);
        } finally {
          for (const client of world.clients) await world.loseClient(client);
        }
      },
    );
  });
}
