import { defineConfig } from "vitest/config";

/** What decides whether a mutant of the bill lives: the tests of the pure core, and of the ledger's laws. */
export default defineConfig({
  test: {
    pool: "forks",
    include: ["test/core/**/*.test.ts", "test/ledger/sqlite.test.ts", "test/ledger/verify.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
