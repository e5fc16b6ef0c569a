/** A suite of tests: one vitest project, one line of the summary. */
export type Suite = {
  readonly name: string;
  readonly include: readonly string[];
  /** What it may take on two cores without being called slow. */
  readonly budgetSeconds: number;
  /** Test files at a time; 1 where they start processes of their own or measure time. */
  readonly workers: 1 | 2;
  /** How long one test may take. */
  readonly testMs: number;
};

/** Every suite, in the order in which they run: what breaks most tells first. */
export const suites: readonly Suite[] = [
  suite("tidy", { include: ["test/*.test.ts"], budgetSeconds: 20 }),
  suite("core", { budgetSeconds: 90, workers: 2 }),
  suite("ledger", { budgetSeconds: 300, workers: 2, testMs: 60_000 }),
  suite("postgres", { budgetSeconds: 60, testMs: 60_000 }),
  suite("simulation", { budgetSeconds: 150, testMs: 180_000 }),
  suite("emulators", { budgetSeconds: 60, workers: 2 }),
  suite("gateway", { budgetSeconds: 240, workers: 2, testMs: 30_000 }),
  suite("crash", { budgetSeconds: 150, testMs: 180_000 }),
  suite("processes", { budgetSeconds: 120, testMs: 60_000 }),
  suite("cli", { budgetSeconds: 200, workers: 2, testMs: 60_000 }),
  suite("clients", { budgetSeconds: 120, testMs: 60_000 }),
  suite("package", { budgetSeconds: 90, testMs: 180_000 }),
];

function suite(name: string, given: Partial<Suite> & { readonly budgetSeconds: number }): Suite {
  return {
    name,
    include: [`test/${name}/**/*.test.ts`],
    workers: 1,
    testMs: 15_000,
    ...given,
  };
}
