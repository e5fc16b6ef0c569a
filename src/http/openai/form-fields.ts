import { z } from "zod";
import { Refusal } from "../../refusals.ts";
import { orderBody, shown } from "./parse-order.ts";

/**
 * The parameters of a form, typed as a JSON body would have them: numbers and booleans are read strictly from
 * their text, `tags` and `spotmeter` are JSON, everything else is the text as it stands.
 *
 * @throws Refusal `invalid_value` for a text that is none of its parameter's type.
 */
export function typedFields(fields: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries([...fields].map(([name, text]) => [name, typed(name, text)]));
}

const shape: Readonly<Record<string, z.ZodType>> = orderBody.shape;

function typed(name: string, text: string): unknown {
  const schema = shape[name];
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodNumber) return number(name, text);
  if (inner instanceof z.ZodBoolean) return boolean(name, text);
  if ([z.ZodRecord, z.ZodObject, z.ZodUnknown].some((kind) => inner instanceof kind)) {
    return json(name, text);
  }
  return text;
}

/** As JSON writes numbers, and exact: a longer one would come out as its neighbour. */
function number(name: string, text: string): number {
  const value = Number(text);
  const isNumber = /^-?(0|[1-9]\d{0,15})(\.\d{1,15})?$/.test(text);
  if (isNumber && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw wrong(name, text, "a number such as 1");
}

function boolean(name: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw wrong(name, text, "true or false");
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(name, text, "JSON, as in a JSON body", cause);
  }
}

function wrong(name: string, text: string, what: string, cause?: unknown): Refusal {
  const message = `${name}=${shown(text)}: must be ${what}`;
  return new Refusal("invalid_value", message, { param: name, sent: shown(text), cause });
}
