import type { Market } from "../market.ts";
import { batchPrice } from "./batch.ts";
import type { FindLever, Lever, Situation } from "./lever.ts";
import { lowerTiers } from "./lower-tier.ts";
import { oneRequest } from "./one-request.ts";
import { openParameters } from "./open-parameters.ts";
import { otherModel } from "./other-model.ts";
import { otherSize } from "./other-size.ts";
import { smallerReferences } from "./smaller-references.ts";

/** Ways to spend less on the same model. */
const savers: readonly FindLever[] = [
  lowerTiers,
  otherSize,
  smallerReferences,
  oneRequest,
  batchPrice,
];

/**
 * Everything that a caller could change about an order to spend less: what was left open first, the others by
 * what they save, each alone.
 */
export function findLevers(at: Situation, market: Market): readonly Lever[] {
  const saving = [...savers.flatMap((find) => find(at)), ...otherModel(at, market)];
  return [
    ...openParameters(at),
    ...saving.toSorted((left, right) => (left.saves > right.saves ? -1 : 1)),
  ];
}
