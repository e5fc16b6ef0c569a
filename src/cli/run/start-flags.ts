import type { Command } from "commander";
import { Misuse } from "../failures.ts";
import { integer, usd } from "../flags.ts";

/** What may be said anew whenever a run is started. */
export type StartFlags = {
  readonly maxCost?: string;
  readonly concurrency?: number;
  readonly sample?: number;
  readonly retryUnknown?: true;
  readonly retryFailed?: true;
  readonly yes?: true;
};

export function withStartFlags(command: Command): Command {
  return command
    .option("--max-cost <usd>", "the cap: settled + held + exposure never pass it", usd)
    .option(
      "--concurrency <count>",
      "calls at a time (default: what the connections allow)",
      integer,
    )
    .option("--sample <count>", "stop for a look after so many rows", integer)
    .option("--retry-unknown", "make calls again of which nobody knows what came; may pay twice")
    .option("--retry-failed", "make rows again that failed and cost nothing")
    .option("--yes", "don't ask");
}

/** The same as the API takes it; what was not given is not in it. */
export function startOf(flags: StartFlags): Readonly<Record<string, unknown>> {
  const start = {
    max_cost: flags.maxCost,
    concurrency: flags.concurrency,
    sample: flags.sample,
    retry_unknown: flags.retryUnknown,
    retry_failed: flags.retryFailed,
  };
  return Object.fromEntries(Object.entries(start).filter(([, value]) => value !== undefined));
}

/** @throws Misuse */
export function assertCounts({ concurrency, sample }: StartFlags): void {
  for (const [name, count] of Object.entries({ concurrency, sample })) {
    if (count !== undefined && count < 1) {
      throw new Misuse(`--${name} ${count}: must be at least 1`);
    }
  }
}
