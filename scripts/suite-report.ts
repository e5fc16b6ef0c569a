import { z } from "zod";

/** What one run of a suite came to. */
export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

/**
 * Reads vitest's JSON report. A file that could not be loaded has no tests in it and counts as one failure;
 * so does a run that ended badly though every test passed (an error outside of any test), a run without a
 * report, and a run without any test.
 *
 * @param text the report, undefined when there is none.
 * @param exitCode of vitest itself.
 */
export function countsOf(text: string | undefined, exitCode: number | null): Counts {
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const report = reportSchema.parse(JSON.parse(text));
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((result) => result.status !== "failed"),
  );
  const failed = report.numFailedTests + unloaded.length;
  const passed = report.numPassedTests;
  const isBad = exitCode !== 0 || passed + failed === 0;
  return {
    passed,
    failed: failed === 0 && isBad ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

export function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (total, each) => ({
      passed: total.passed + each.passed,
      failed: total.failed + each.failed,
      skipped: total.skipped + each.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** The line that whoever reads a log looks for: alone, last. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
