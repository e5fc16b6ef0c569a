import { setImmediate } from "node:timers/promises";
import { type Choice, isOpen } from "./choice.ts";
import { LeverFinder } from "./find-levers.ts";
import type { WholeMarket } from "./market.ts";
import type { PastCall } from "./past-call.ts";
import { rerate } from "./rerate.ts";
import { type Sums, Tally } from "./tally.ts";

/** Requests that are rated before others have their turn: each takes up to a few milliseconds. */
const TURN = 10;

/**
 * Rates past requests under a choice and adds up; without a choice it finds levers, each a change alone. Holds
 * sums only, however many requests there are.
 */
export async function whatIf(
  calls: AsyncIterable<PastCall>,
  choice: Choice,
  of: {
    readonly markets: (day: string) => WholeMarket;
    /** Told how many requests have been looked at. */
    readonly progress?: (requests: number) => void;
  },
): Promise<Sums> {
  const tally = new Tally();
  const finder = new LeverFinder();
  const open = isOpen(choice);
  let looked = 0;
  for await (const call of calls) {
    if (open) {
      tally.look(call);
      for (const lever of finder.find(call, of.markets(call.day))) tally.lever(call, lever, lever);
    } else tally.add(call, rerate(call, choice, of.markets));
    looked += 1;
    if (looked % TURN !== 0) continue;
    of.progress?.(looked);
    await setImmediate();
  }
  return tally.sums();
}
