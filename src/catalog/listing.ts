import { lifeCycleAt, priceAt } from "./find.ts";
import type { Model, PriceVersion } from "./schema.ts";

/** What the catalog alone says of calling a model on a day: its price, or the first thing that stands in the way. */
export type Listing =
  | {
      readonly kind: "listed";
      readonly price: PriceVersion;
      /** What a caller should know of its life cycle. */
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: "obstacle";
      readonly code:
        | "model_not_served"
        | "unpriced_model"
        | "model_retired"
        | "model_not_available";
      /** Without the model's name, or a sentence that begins with it. */
      readonly why: string;
      /** Id of the model that took its place; undefined where none did, or this one may come back. */
      readonly replacement: string | undefined;
    };

/**
 * Looks a model up as of a day.
 *
 * @param asOf YYYY-MM-DD.
 * @param endsRefuse whether proven life-cycle dates refuse, as they do against vendors; emulators never retire.
 */
export function listingOn(
  model: Model,
  asOf: string,
  { endsRefuse }: { readonly endsRefuse: boolean },
): Listing {
  const { replacement } = model.lifeCycle;
  if (!model.served) {
    const why = `not served: ${model.notServedBecause ?? "it is listed for its history only"}`;
    return { kind: "obstacle", code: "model_not_served", why, replacement };
  }
  const price = priceAt(model, asOf);
  if (price === undefined) {
    const why = "no price in US dollars is known, so it can't be billed";
    return { kind: "obstacle", code: "unpriced_model", why, replacement: undefined };
  }
  const { state, warnings } = lifeCycleAt(model, asOf);
  if (state === "available" || !endsRefuse) return { kind: "listed", price, warnings };
  const [why = `${model.id} is not available`] = warnings;
  return state === "retired"
    ? { kind: "obstacle", code: "model_retired", why, replacement }
    : { kind: "obstacle", code: "model_not_available", why, replacement: undefined };
}
