import { createInterface } from "node:readline/promises";
import { formatUsd, type PicoUsd, parseUsd } from "../money/pico-usd.ts";
import { refused } from "./failures.ts";

/**
 * Refuses what may cost more than `--max-cost` allows.
 *
 * @param what for people: what would be sent, such as "12 calls".
 * @throws Refused `max_cost_exceeded`
 */
export function passMaxCost(
  what: string,
  cost: { readonly expected: PicoUsd; readonly ceiling: PicoUsd },
  maxCost: string | undefined,
): void {
  if (maxCost === undefined || cost.ceiling <= parseUsd(maxCost)) return;
  const [expected, ceiling] = [formatUsd(cost.expected), formatUsd(cost.ceiling)];
  throw refused(
    "max_cost_exceeded",
    `--max-cost ${maxCost}: ${what} may cost up to ${ceiling} USD (expected ${expected}); nothing was sent`,
  );
}

/**
 * Asks on standard error before money is spent.
 *
 * @throws Refused `not_confirmed` when the answer is no, or nobody is there to ask.
 */
export async function confirmSpending(question: string): Promise<void> {
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) {
    throw refused("not_confirmed", `${question}: nobody is there to ask, so --yes is needed`);
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(`${question}? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw refused("not_confirmed", "not confirmed: nothing was spent");
}
