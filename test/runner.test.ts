import { describe, expect, it } from "vitest";
import { cleanEnvironment } from "../scripts/clean-environment.ts";
import { closingLine, countsOf, sum } from "../scripts/suite-report.ts";

type Numbers = { readonly passed?: number; readonly failed?: number; readonly pending?: number };

function report(numbers: Numbers, testResults: readonly object[] = []): string {
  return JSON.stringify({
    numPassedTests: numbers.passed ?? 0,
    numFailedTests: numbers.failed ?? 0,
    numPendingTests: numbers.pending ?? 0,
    numTodoTests: 0,
    testResults,
  });
}

describe("the runner never counts a bad run as good", () => {
  const unloaded = { status: "failed", assertionResults: [] };
  it.each([
    ["all passed", report({ passed: 3 }), 0, "3 passed, 0 failed"],
    ["one failed", report({ passed: 2, failed: 1 }), 1, "2 passed, 1 failed"],
    ["some were left out", report({ passed: 2, pending: 1 }), 0, "2 passed, 0 failed, 1 skipped"],
    ["a file did not load", report({ passed: 2 }, [unloaded]), 1, "2 passed, 1 failed"],
    ["an error outside any test", report({ passed: 2 }), 1, "2 passed, 1 failed"],
    ["killed after its report", report({ passed: 2 }), null, "2 passed, 1 failed"],
    ["no report", undefined, 0, "0 passed, 1 failed"],
    ["no test", report({}), 0, "0 passed, 1 failed"],
  ])("%s", (_case, text, exitCode, line) => {
    expect(closingLine(countsOf(text, exitCode))).toBe(line);
  });

  it("a failed test is counted once, though its file failed too", () => {
    const failed = { status: "failed", assertionResults: [{ status: "failed" }] };
    expect(countsOf(report({ passed: 1, failed: 1 }, [failed]), 1).failed).toBe(1);
  });

  it("suites add up", () => {
    const counts = { passed: 2, failed: 1, skipped: 3 };
    expect(closingLine(sum([counts, counts]))).toBe("4 passed, 2 failed, 6 skipped");
  });
});

describe("the environment of tests", () => {
  it("has no vendor's key or address, and nothing that sets a gateway", () => {
    const names = ["OPENAI_API_KEY", "ARK_API_KEY", "GEMINI_BASE_URL", "MASTER_KEY", "PORT"];
    const others = ["SPOTMETER_MODE", "GOOGLE_API_KEY", "EMULATOR_PICTURES", "HOST"];
    const foreign = Object.fromEntries([...names, ...others].map((name) => [name, "x"]));
    expect(cleanEnvironment({ ...foreign, PATH: "/bin", SOAK: "1", HOME: undefined })).toEqual({
      PATH: "/bin",
      SOAK: "1",
    });
  });

  it("has no way to somebody's ledger, but the database that is meant for tests", () => {
    const ledger = "postgresql://ledger.example.org/spotmeter";
    const foreign = { DATABASE_URL: ledger, PGHOST: "ledger.example.org", PGPASSWORD: "x" };
    const meant = { TEST_DATABASE_URL: "postgresql://127.0.0.1/tests" };
    expect(cleanEnvironment({ ...foreign, ...meant })).toEqual(meant);
  });
});
