import { z } from "zod";
import type { Catalog } from "../catalog/find.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { FieldPath } from "../catalog/source-text.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import { choiceFields, readChoice } from "../gateway/choice-fields.ts";
import { knownRegions, readConstraints, withIds } from "../gateway/constraints.ts";
import { Refusal } from "../refusals.ts";
import type { StartError } from "./errors.ts";

/** The owner's presets of a choice, as `spotmeter.yaml` has them under `routes`. */
export const routesSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be of a-z, 0-9 and -, at most 64"),
  z.strictObject(choiceFields),
);

/** What presets are read against. */
export type PresetsGiven = {
  readonly catalog: Catalog;
  readonly ratings: Ratings;
  readonly asOf: string;
  readonly connections: readonly { readonly region?: string | undefined }[];
};

/**
 * Checks every preset as a request would be, so that none that can't be called is kept.
 *
 * @throws StartError naming file, line and field of the first that is wrong.
 */
export function readPresets(
  routes: z.infer<typeof routesSchema>,
  { catalog, ratings, asOf, connections }: PresetsGiven,
  complain: (path: FieldPath, message: string) => StartError,
): ReadonlyMap<string, ChoiceAsked> {
  const regions = knownRegions(catalog.models, connections);
  const entries = Object.entries(routes).map(([name, fields]) => {
    const at = `routes.${name}`;
    const words = { catalog, ratings, asOf, regions, at };
    try {
      const asked = withIds(readChoice(fields) ?? {}, words);
      readConstraints(asked, words);
      return [name, asked] as const;
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      const { param = at } = cause.details;
      throw complain(["routes", name, ...param.slice(at.length + 1).split(".")], cause.message);
    }
  });
  return new Map(entries);
}
