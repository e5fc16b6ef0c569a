import { simulation } from "./simulation.ts";
import { sqliteStore } from "./sqlite-store.ts";

console.log(sqliteStore.name);
simulation(sqliteStore, { steps: 1_000, keptSeeds: [1, 2], soakSeeds: 60 });
