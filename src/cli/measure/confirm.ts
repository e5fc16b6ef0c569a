import { formatUsd } from "../../money/pico-usd.ts";
import { confirmSpending, passMaxCost } from "../confirm.ts";
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
): Promise<void> {
  passMaxCost(`these ${cost.calls} calls`, cost, maxCost);
  if (yes || cost.calls === 0) return;
  const [expected, ceiling] = [formatUsd(cost.expected), formatUsd(cost.ceiling)];
  const world = emulated ? " (not real)" : "";
  await confirmSpending(
    `make ${cost.calls} calls, expected ${expected} USD, at most ${ceiling} USD${world}`,
  );
}
