import { Refusal, type RefusalCode } from "../refusals.ts";

/** A refusal whose message begins with the parameter as it was sent. */
export function refuse(
  code: RefusalCode,
  param: string,
  say: { readonly sent: unknown; readonly allowed: unknown; readonly why: string },
): Refusal {
  const sent = typeof say.sent === "string" ? say.sent : JSON.stringify(say.sent);
  return new Refusal(code, `${param}=${sent}: ${say.why}`, {
    param,
    sent: say.sent,
    allowed: say.allowed,
  });
}

/** For a parameter that a model hasn't got. */
export function unknownTo(param: string, sent: unknown): Refusal {
  return refuse("unsupported_parameter", param, {
    sent,
    allowed: null,
    why: "this model has no such parameter",
  });
}

/** The refusal for a value that isn't in the list; `auto` asks for nothing and passes everywhere. */
export function oneOf(
  param: string,
  asked: string | undefined,
  values: readonly string[] | undefined,
): Refusal | undefined {
  if (asked === undefined || asked === "auto") return undefined;
  if (values === undefined) return unknownTo(param, asked);
  if (values.includes(asked)) return undefined;
  return refuse("unsupported_value", param, {
    sent: asked,
    allowed: values,
    why: `this model takes ${values.join(", ")}`,
  });
}

/** The refusal for a number outside a range, both ends in it. */
export function inRange(
  param: string,
  asked: number | undefined,
  range: { readonly min: number; readonly max: number } | undefined,
): Refusal | undefined {
  if (asked === undefined) return undefined;
  if (range === undefined) return unknownTo(param, asked);
  if (asked >= range.min && asked <= range.max) return undefined;
  return refuse("unsupported_value", param, {
    sent: asked,
    allowed: { min: range.min, max: range.max },
    why: `this model takes ${range.min} to ${range.max}`,
  });
}
