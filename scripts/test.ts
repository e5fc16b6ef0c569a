import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment } from "./clean-environment.ts";
import { type Counts, closingLine, countsOf, sum } from "./suite-report.ts";
import { type Suite, suites } from "./suites.ts";

/**
 * `npm test [-- suite …]`: runs the suites one after the other and ends with one line that counts them all.
 * Fails when a test fails, when a suite has no tests, or when one hangs.
 */

const { SOAK } = process.env;
/** A suite that takes this many times its budget hangs; SOAK=1 lets suites run long. */
const HANGS_AFTER_BUDGETS = SOAK === "1" ? 120 : 3;

type Result = { readonly suite: Suite; readonly counts: Counts; readonly seconds: number };

let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killRunning();
    process.exit(1);
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => suites.every((suite) => suite.name !== name));
  if (unknown !== undefined) {
    const known = suites.map((suite) => suite.name).join(", ");
    console.error(`no suite is named ${unknown}; there are ${known}`);
    return 2;
  }
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name));
  const results: Result[] = [];
  for (const suite of chosen) results.push(await run(suite));
  console.log(`\nNode ${process.versions.node}`);
  for (const result of results) console.log(summaryLine(result));
  const total = sum(results.map((result) => result.counts));
  console.log(`\n${closingLine(total)}`);
  return total.failed > 0 ? 1 : 0;
}

async function run(suite: Suite): Promise<Result> {
  console.log(`\n== ${suite.name}`);
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  const report = join(folder, "report.json");
  const startMs = performance.now();
  try {
    const exitCode = await runVitest(suite, report);
    const counts = countsOf(readIfThere(report), exitCode);
    return { suite, counts, seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a process group of its own, so that a suite that hangs ends with everything that it started. */
function runVitest({ name, budgetSeconds }: Suite, report: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        `--project=${name}`,
        "--passWithNoTests",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
      ],
      { stdio: "inherit", detached: true, env: environment() },
    );
    running = child;
    const timer = setTimeout(
      () => {
        console.error(`${name} hangs: ended after ${HANGS_AFTER_BUDGETS} times its budget`);
        killRunning();
      },
      budgetSeconds * HANGS_AFTER_BUDGETS * 1_000,
    );
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      // What a test left running must not disturb the next suite.
      killRunning();
      running = undefined;
      resolve(code);
    });
  });
}

/** A log gets no colours, or its lines can't be searched. */
function environment(): Record<string, string> {
  const clean = cleanEnvironment(process.env);
  return process.stdout.isTTY ? clean : { ...clean, NO_COLOR: "1" };
}

function killRunning(): void {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function summaryLine({ suite, counts, seconds }: Result): string {
  const time = `${seconds.toFixed(1)} s of ${suite.budgetSeconds} s`;
  const verdict = verdictOf(counts, seconds > suite.budgetSeconds);
  return `  ${suite.name.padEnd(10)} ${closingLine(counts).padEnd(36)} ${time}${verdict}`;
}

function verdictOf(counts: Counts, isSlow: boolean): string {
  if (counts.failed > 0) return "  FAILED";
  return isSlow ? "  over its budget" : "";
}
