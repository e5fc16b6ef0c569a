import { createInterface } from "node:readline/promises";
import { formatUsd, parseUsd } from "../../money/pico-usd.ts";
import { refused } from "../failures.ts";
import type { Terminal } from "../terminal.ts";
import type { SweepCost } from "./plan.ts";

/** How whoever started it agreed beforehand. */
export type Consent = {
  /** `--yes` */
  readonly yes: boolean;
  /** `--max-cost`, in USD. */
  readonly maxCost: string | undefined;
  readonly emulated: boolean;
};

/**
 * Refuses what may cost more than was allowed; then asks, on standard error, unless the answer was given before.
 *
 * @throws Refused `max_cost_exceeded` or `not_confirmed`
 */
export async function confirmCost(
  cost: SweepCost,
  { yes, maxCost, emulated }: Consent,
  terminal: Terminal,
): Promise<void> {
  const [expected, ceiling] = [formatUsd(cost.expected), formatUsd(cost.ceiling)];
  if (maxCost !== undefined && cost.ceiling > parseUsd(maxCost)) {
    throw refused(
      "max_cost_exceeded",
      `--max-cost ${maxCost}: these ${cost.calls} calls may cost up to ${ceiling} USD (expected ${expected}); fewer --models or sweeps cost less`,
    );
  }
  if (yes || cost.calls === 0) return;
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw refused(
      "not_confirmed",
      `${cost.calls} calls for up to ${ceiling} USD (expected ${expected}): nobody is there to ask, so --yes is needed`,
    );
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const world = emulated ? " (not real)" : "";
    const answer = await lines.question(
      `make ${cost.calls} calls, expected ${expected} USD, at most ${ceiling} USD${world}? [y/N] `,
    );
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  terminal.note("nothing was called");
  throw refused("not_confirmed", "not confirmed: nothing was spent");
}
