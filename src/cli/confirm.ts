import { createInterface } from "node:readline/promises";
import { Misuse, refused } from "./failures.ts";

/**
 * Asks on standard error before money is spent; `yes` answers for whoever is not there.
 *
 * @throws Misuse without a terminal to ask on. @throws Refused when the answer is no.
 */
export async function confirmSpending(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) {
    throw new Misuse("nobody can be asked here: --yes says that it may be spent");
  }
  const prompt = createInterface({ input, output });
  try {
    const said = await prompt.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(said.trim())) return;
  } finally {
    prompt.close();
  }
  throw refused("not_confirmed", "nothing was sent: the plan was not agreed to");
}
