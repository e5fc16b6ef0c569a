import { usePostgres } from "../postgres/use-postgres.ts";
import { postgresStore } from "./postgres-store.ts";
import { simulation } from "./simulation.ts";

// Shorter lives than over a file: every step is asked of three processes, and waits for a server.
simulation(postgresStore(usePostgres()), { steps: 400, keptSeeds: [1], soakSeeds: 30 });
