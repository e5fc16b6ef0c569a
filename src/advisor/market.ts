import type { Ratings } from "../catalog/ratings.ts";
import type { Model } from "../catalog/schema.ts";
import type { ImageOrder } from "../gates/order.ts";
import type { Refusal } from "../refusals.ts";
import type { Priceable } from "./price-order.ts";

/** Something that keeps a model from an order: a gate, a constraint of the caller's, or its life cycle. */
export type Blocker = {
  /** A code of `refusals.ts`, or one of the constraints' own. */
  readonly code: string;
  readonly param: string;
  readonly sent: unknown;
  /** What would have been accepted; null where nothing would. */
  readonly allowed: unknown;
  readonly why: string;
};

/** What may be looked at for an order, as of a day. */
export type Market = {
  /** The day as which catalog and ratings are read, YYYY-MM-DD. */
  readonly asOf: string;
  readonly ratings: Ratings;
  readonly models: readonly MarketModel[];
};

/** A model, and how to price orders on it or why it can't be called at all. */
export type MarketModel = {
  readonly model: Model;
  /** Undefined where it can't be called: `obstacles` then says why. */
  readonly priceable: Priceable | undefined;
  /** What stands in the way of any order whatever: not served, retired, no price, no connection, not this key's. */
  readonly obstacles: readonly Blocker[];
  /** Somebody says, without proof, that the vendor doesn't answer for it: nobody is led to it. */
  readonly doubtful: boolean;
  /** Where it can be called. */
  readonly regions: readonly string[];
  readonly warnings: readonly string[];
  /** What the owner's defaults make of an order on it; absent: nothing. */
  readonly adapt?: (order: ImageOrder) => ImageOrder;
};

/** A refusal as one of several things that stand in the way. */
export function blockerOf({ code, message, details }: Refusal): Blocker {
  const { param = "model", sent = null, allowed = null } = details;
  return { code, param, sent, allowed, why: message };
}
