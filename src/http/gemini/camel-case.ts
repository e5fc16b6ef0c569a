import { isObject } from "../../json.ts";
import { Refusal } from "../../refusals.ts";

/** A path into a request, as errors name it: `contents[0].parts[1].inlineData`. */
export function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** What a caller sent, short enough to be said back. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

/**
 * A request with every name in camelCase, as this contract takes both spellings; null is left out. What stands
 * in `spotmeter` has names of its own and stays.
 *
 * @throws Refusal for a field that is given in both spellings.
 */
export function camelCased(value: unknown, path = ""): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => camelCased(item, `${path}[${index}]`));
  if (!isObject(value)) return value;
  const fields = new Map<string, unknown>();
  const seen = new Set<string>();
  for (const [name, inner] of Object.entries(value)) {
    const camel = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    const at = joined(path, camel);
    if (seen.has(camel)) {
      const message = `${at} is given twice, in both spellings: give it once`;
      throw new Refusal("invalid_value", message, { param: at });
    }
    seen.add(camel);
    if (inner !== null) fields.set(camel, at === "spotmeter" ? inner : camelCased(inner, at));
  }
  return Object.fromEntries(fields);
}
