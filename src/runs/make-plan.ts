import type { Constraints } from "../advisor/constraints.ts";
import type { Market } from "../advisor/market.ts";
import type { PicoUsd } from "../money/pico-usd.ts";
import { type Plan, type PlannedRow, planOf } from "./plan.ts";
import { RowPricer } from "./price-rows.ts";
import { openRowsFile, type RowsFileAsked } from "./rows-file.ts";

/** How a plan is made of a file. */
export type PlanAsked = RowsFileAsked & {
  readonly market: Market;
  /** Constraints of the cheapest assignment; undefined where none is looked for. */
  readonly assign: Constraints | undefined;
  readonly budget: PicoUsd | undefined;
  /** Rows carry digests of what they ask for, to be compared. */
  readonly digests: boolean;
};

/**
 * Reads, checks and prices a file of rows. Spends nothing and asks nobody.
 *
 * @param file its path, or `-` for standard input.
 * @throws BadRows, UnreadableFile.
 */
export async function makePlan(file: string, asked: PlanAsked): Promise<Plan> {
  const { market, assign } = asked;
  const { bounds, rows } = await openRowsFile(file, asked);
  const pricer = new RowPricer({ market, bounds });
  const assigner = assign === undefined ? undefined : new RowPricer({ market, bounds, assign });
  const planned: PlannedRow[] = [];
  for await (const batch of rows()) {
    for (const row of batch) {
      planned.push({
        id: row.id,
        line: row.line,
        price: pricer.price(row),
        assigned: assigner?.price(row),
        digest: asked.digests ? row.digest() : undefined,
      });
    }
  }
  return planOf(planned, asked.budget);
}
