import type { Capabilities, Model } from "../catalog/schema.ts";
import { Refusal } from "../refusals.ts";
import { refusalsOf } from "./gates.ts";
import type { ImageOrder, PromptMeasure, ResolvedSize } from "./order.ts";
import { referenceRefusals } from "./references.ts";
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
  const [refusal] = [...referenceRefusals(order, model), ...refusalsOf(order, can, prompt)];
  if (refusal !== undefined) throw refusal;
  return {
    order,
    model,
    size: resolveSize(order, sizesFor(order, can)),
    quality: order.quality === "auto" ? undefined : order.quality,
    prompt,
  };
}

/** Everything that a model can't do of an order, in the order of the gates; empty when `accept` takes it. */
export function blockersOf(
  order: ImageOrder,
  model: Model,
  prompt: PromptMeasure,
): readonly Refusal[] {
  const can: Capabilities = model.capabilities;
  return [
    ...referenceRefusals(order, model),
    ...refusalsOf(order, can, prompt),
    ...sizeRefusal(order, can),
  ];
}

function sizeRefusal(order: ImageOrder, can: Capabilities): readonly Refusal[] {
  try {
    resolveSize(order, sizesFor(order, can));
    return [];
  } catch (cause) {
    if (cause instanceof Refusal) return [cause];
    throw cause;
  }
}
