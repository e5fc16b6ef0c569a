import { defineConfig } from "vitest/config";
import { cleanEnvironment } from "./scripts/clean-environment.ts";
import { suites } from "./scripts/suites.ts";

// Also when vitest is started without the runner. Workers are forked later and inherit what is left.
const { SOAK } = process.env;
const kept = cleanEnvironment(process.env);
for (const name of Object.keys(process.env)) {
  if (!(name in kept)) delete process.env[name];
}

// Worker threads and started processes load sources by themselves: compiled once, not at each of thousands of starts.
process.env["NODE_COMPILE_CACHE"] ??= new URL(
  "node_modules/.cache/spotmeter",
  import.meta.url,
).pathname;

export default defineConfig({
  test: {
    // Processes rather than threads: the ledger has worker threads of its own, and some tests change signals.
    pool: "forks",
    // Tests that say they may run side by side mostly wait.
    maxConcurrency: 16,
    projects: suites.map(({ name, include, workers, testMs }) => ({
      extends: true as const,
      test: {
        name,
        include: [...include],
        testTimeout: SOAK === "1" ? testMs * 10 : testMs,
        hookTimeout: 60_000,
        fileParallelism: workers > 1,
        maxWorkers: workers,
      },
    })),
  },
});
