import type { Capabilities, Model } from "../catalog/schema.ts";
import { passGates } from "./gates.ts";
import type { ImageOrder, PromptMeasure, ResolvedSize } from "./order.ts";
import { passReferenceGates } from "./references.ts";
import { resolveSize, sizesFor } from "./size.ts";

/** An order that a model can do: every gate passed, its size resolved. Nothing in it was changed. */
export type AcceptedOrder = {
  readonly order: ImageOrder;
  readonly model: Model;
  readonly size: ResolvedSize;
  /** The tier asked for; undefined when omitted or `auto`. */
  readonly quality: string | undefined;
  readonly prompt: PromptMeasure;
};

/**
 * Lets an order through to the quote, or refuses it: runs before any quote, hold or vendor call.
 *
 * @throws Refusal naming the parameter, what was sent and what is allowed.
 */
export function accept(order: ImageOrder, model: Model, prompt: PromptMeasure): AcceptedOrder {
  const can: Capabilities = model.capabilities;
  passReferenceGates(order, model);
  passGates(order, can, prompt);
  return {
    order,
    model,
    size: resolveSize(order, sizesFor(order, can)),
    quality: order.quality === "auto" ? undefined : order.quality,
    prompt,
  };
}
