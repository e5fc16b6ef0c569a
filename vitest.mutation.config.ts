import { defineConfig } from "vitest/config";

/**
 * What decides whether a mutant of the bill lives: the tests of the pure core and of the ledger's laws. Only
 * those without a store: some mutants meet every test, and a test of seconds would only show as a time-out.
 */
export default defineConfig({
  test: {
    pool: "forks",
    include: [
      "test/core/{money,rate,quote,charge,legs,margin,split-usage}.test.ts",
      "test/core/{openai-bill,byteplus-bill,alibaba-usage,google-usage}.test.ts",
      "test/ledger/{journal,journal-books,entry-texts,rebill}.test.ts",
    ],
  },
});
