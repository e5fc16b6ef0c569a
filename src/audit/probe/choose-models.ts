import { type Catalog, findModel, lifeCycleAt } from "../../catalog/find.ts";
import type { Model } from "../../catalog/schema.ts";
import type { probePrompts } from "./pieces.ts";
import { type ModelPlan, planModel } from "./plan.ts";

type Choosing = {
  readonly catalog: Catalog;
  readonly prompts: Awaited<ReturnType<typeof probePrompts>>;
  /** UTC day that prices and lives are read at. */
  readonly day: string;
};

/** A model that was named: its plan, or why there is none. */
export function planNamed(name: string, choosing: Choosing): ModelPlan | { readonly why: string } {
  const model = findModel(choosing.catalog, name);
  if (model === undefined) return { why: `${name} is not in the catalog: no law is known for it` };
  const plan = planModel({ model, name }, choosing.prompts, choosing.day);
  return plan ?? { why: `${name} has no price in the catalog, or makes no pictures from words` };
}

/**
 * The models to probe where none is named: those that the target lists and the catalog knows, the ones first of
 * which the most can be asked, then the cheapest.
 */
export function chooseModels(
  listed: readonly string[],
  count: number,
  choosing: Choosing,
): readonly ModelPlan[] {
  const plans = listed.flatMap((id) => {
    const model = findModel(choosing.catalog, id);
    // A dated snapshot is the same model again, at the same price.
    if (model === undefined || !isAlive(model, choosing.day) || model.snapshots?.includes(bare(id)))
      return [];
    const plan = planNamed(id, choosing);
    return "why" in plan ? [] : [plan];
  });
  return plans.toSorted(byWorth).slice(0, count);
}

function byWorth(left: ModelPlan, right: ModelPlan): number {
  const more = worth(right) - worth(left);
  if (more !== 0) return more;
  return left.expected < right.expected ? -1 : 1;
}

/** A published law of the output is worth more than any number of calls. */
function worth({ model, calls }: ModelPlan): number {
  const { outputLaw: law } = model;
  const isKnown =
    law.kind === "table" || (law.kind === "factor_grid" && law.ceilingTier === undefined);
  return calls.length + (isKnown ? 100 : 0);
}

function isAlive(model: Model, day: string): boolean {
  const life = lifeCycleAt(model, day);
  return model.served && life.state === "available" && life.warnings.length === 0;
}

function bare(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}
