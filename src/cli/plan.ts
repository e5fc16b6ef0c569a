import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { parseUsd } from "../money/pico-usd.ts";
import { makePlan } from "../runs/make-plan.ts";
import { type ComparedRow, diffPlans } from "../runs/plan-diff.ts";
import { comparedRow, planJson, savedRows } from "../runs/plan-json.ts";
import { type ChoiceFlags, withChoice } from "./choice-flags.ts";
import { EXIT, Misuse, refused } from "./failures.ts";
import { day, usd } from "./flags.ts";
import { orFailure } from "./plan-failures.ts";
import { planMarkdown } from "./plan-markdown.ts";
import { type PlanSources, planSources } from "./plan-sources.ts";
import { planText } from "./plan-text.ts";
import { progressBar } from "./progress.ts";
import { assertRowFlags, ROWS_HELP, type RowFlags, withRowFlags } from "./row-flags.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export type PlanFlags = RowFlags &
  ChoiceFlags & {
    readonly budget?: string;
    readonly asOf?: string;
    readonly diff?: string;
    readonly markdown?: true;
  };

const HELP = `
${ROWS_HELP} --band, --at-least, --allow and --deny look for the cheapest assignment.`;

/** `plan FILE`: what the pictures of a file would cost, from the catalog alone. Spends nothing, asks nobody. */
export function addPlan(program: Command, terminal: Terminal): void {
  const command = withRowFlags(
    program
      .command("plan")
      .description("what a file of intended images would cost; offline, spends nothing")
      .argument("<file>", "CSV or JSONL; - reads standard input"),
  )
    .option("--budget <usd>", "whether it is enough, and what would have to go", usd)
    .option("--diff <other>", "compare with another plan: one saved with --json, or a file of rows")
    .option("--markdown", "print it for a comment")
    .option("--as-of <day>", "by the catalog of that day (default: today)", day);
  withChoice(command)
    .addHelpText("after", HELP)
    .action(async (file: string, flags: PlanFlags, self: Command) => {
      if (flags.markdown === true && terminal.json)
        throw new Misuse("--markdown or --json, not both");
      assertRowFlags(flags);
      const sources = await planSources(openSession(self, terminal), flags);
      await runPlan(file, flags, sources, terminal);
    });
}

async function runPlan(
  file: string,
  flags: PlanFlags,
  sources: PlanSources,
  terminal: Terminal,
): Promise<void> {
  const { asked, told } = sources;
  const budget = flags.budget === undefined ? undefined : parseUsd(flags.budget);
  const digests = flags.diff !== undefined || terminal.json;
  const plan = await withBar(`planning ${file}`, (progress) =>
    makePlan(file, { ...asked, budget, digests, progress }),
  );
  const diff =
    flags.diff === undefined
      ? undefined
      : diffPlans(await otherRows(flags.diff, sources), plan.planned.map(comparedRow));
  const of = { ...told, file };
  terminal.result(terminal.json ? planJson(plan, of, diff) : {}, () =>
    flags.markdown === true
      ? planMarkdown(plan, of, diff)
      : planText(plan, of, diff, (text) => terminal.style("bold", text)),
  );
  const isRefused = plan.budget?.fits === false || plan.asked.rows === 0;
  if (isRefused) terminal.endWith(EXIT.refused);
}

/** The rows of the plan to compare with: as they were saved, or of a file that is planned in the same way. */
async function otherRows(other: string, { asked }: PlanSources): Promise<readonly ComparedRow[]> {
  if (!other.endsWith(".json")) {
    const plan = await withBar(`planning ${other}`, (progress) =>
      makePlan(other, { ...asked, assign: undefined, budget: undefined, digests: true, progress }),
    );
    return plan.planned.map(comparedRow);
  }
  const value = await readFile(other, "utf8")
    .then(JSON.parse)
    .catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw refused("unreadable_file", `${other}: ${why}`, { cause });
    });
  const rows = savedRows(value);
  if (rows !== undefined) return rows;
  throw refused("unreadable_file", `${other}: not a plan as plan --json prints it`);
}

async function withBar<T>(
  label: string,
  work: (progress: (done: number, of: number | undefined) => void) => Promise<T>,
): Promise<T> {
  const bar = progressBar(label);
  try {
    return await orFailure("planned", () => work(bar.show));
  } finally {
    bar.end();
  }
}
