import { isWhole, type JsonObject } from "../json.ts";
import { refuseParameter } from "./errors.ts";

/** Reads one field of a request body; null counts as omitted (openai.md §2.1: nullable, the rest [guess]). */
export function field(body: JsonObject, name: string): unknown {
  return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
}

/** 400 `unknown_parameter` for the first field that the model does not take (openai.md §5 [seen]). */
export function refuseUnknown(body: JsonObject, known: readonly string[]): void {
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) {
      throw refuseParameter("unknown_parameter", name, `Unknown parameter: '${name}'.`);
    }
  }
}

/** A whole number in a range; codes by the pattern seen on other integers (openai.md §5). */
export function wholeField(
  body: JsonObject,
  name: string,
  range: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  const value = field(body, name);
  if (value === undefined) return range.fallback;
  if (!isWhole(value)) throw wrongType(name, "an integer", value);
  if (value > range.max) {
    throw refuseParameter(
      "integer_above_max_value",
      name,
      `Invalid '${name}': integer above maximum value. Expected a value <= ${range.max}, but got ${value} instead.`,
    );
  }
  if (value < range.min) {
    throw refuseParameter(
      "integer_below_min_value",
      name,
      `Invalid '${name}': integer below minimum value. Expected a value >= ${range.min}, but got ${value} instead.`,
    );
  }
  return value;
}

/** One of a list of words. */
export function choiceField<Choice extends string>(
  body: JsonObject,
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  const value = field(body, name);
  if (value === undefined) return fallback;
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalidChoice(name, value, choices);
  return found;
}

/** True or false. */
export function flagField(body: JsonObject, name: string): boolean {
  const value = field(body, name);
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
  return value;
}

/** A text of 1 to `charactersMax` characters. */
export function promptField(body: JsonObject, charactersMax: number): string {
  const value = field(body, "prompt");
  if (value === undefined) {
    throw refuseParameter(
      "missing_required_parameter",
      "prompt",
      "Missing required parameter: 'prompt'.",
    );
  }
  if (typeof value !== "string") throw wrongType("prompt", "a string", value);
  if (value === "") {
    throw refuseParameter(
      "empty_string",
      "prompt",
      "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    );
  }
  if (value.length > charactersMax) {
    throw refuseParameter(
      "string_above_max_length",
      "prompt",
      `Invalid 'prompt': string too long. Expected a string with maximum length ${charactersMax}, but got a string with length ${value.length} instead.`,
    );
  }
  return value;
}

export function wrongType(name: string, expected: string, value: unknown): Error {
  const got = Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return refuseParameter(
    "invalid_type",
    name,
    `Invalid type for '${name}': expected ${expected}, but got ${got} instead.`,
  );
}

/** The wording seen for sizes (openai.md §5, pollinations 5037). */
export function invalidChoice(name: string, value: unknown, choices: readonly string[]): Error {
  const quoted = choices.map((choice) => `'${choice}'`);
  const list = [...quoted.slice(0, -1), `and ${quoted.at(-1) ?? ""}`].join(", ");
  return refuseParameter(
    "invalid_value",
    name,
    `Invalid value: '${String(value)}'. Supported values are: ${list}.`,
  );
}
