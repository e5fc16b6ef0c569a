import type { z } from "zod";
import type { ImageOrder } from "../gates/order.ts";
import type { LegacyAliases } from "../gateway/deps.ts";
import { typedFields } from "./openai/form-fields.ts";
import { orderBody, parameterNames, parseOrder } from "./openai/parse-order.ts";

/** The parameters of an order for readers of other things than requests: files of orders, flags. */

/** Every parameter by its name in the API, pictures apart. */
export const orderParameters: readonly string[] = parameterNames;

/**
 * The value of a parameter that came as text, typed as a JSON body would have it.
 *
 * @throws Refusal for a text that is none of its type.
 */
export function typedParameter(name: string, text: string): unknown {
  return typedFields(new Map([[name, text]]))[name];
}

/** What one parameter may be, by itself. */
export function parameterSchema(name: string): z.ZodType {
  const schema = Object.entries(orderBody.shape).find(([each]) => each === name)?.[1];
  if (schema === undefined) throw new Error(`no parameter ${name}`);
  return schema;
}

/**
 * The order that parameters make, by the rules of a request's body.
 *
 * @throws Refusal naming the parameter, what was sent and what is allowed.
 */
export function orderIn(
  body: Readonly<Record<string, unknown>>,
  legacy: LegacyAliases,
): ImageOrder {
  return parseOrder(body, legacy);
}
