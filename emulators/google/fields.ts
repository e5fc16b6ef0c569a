import { isObject, type JsonObject } from "../json.ts";
import { invalidArgument } from "./errors.ts";

/**
 * Reads an object whose fields may be spelled in camelCase or snake_case (google.md §2).
 *
 * The result has camelCase names. An unknown field, or one in both spellings, is the vendor's 400
 * (unknown: [seen S31]; both spellings: [third], wording [guess]).
 */
export function readFields(value: unknown, known: readonly string[], path: string): JsonObject {
  const at = path === "" ? "" : ` at '${path}'`;
  if (!isObject(value)) {
    throw invalidArgument(`Invalid value${at}: expected an object.`);
  }
  const fields: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const camel = toCamel(name);
    if (!known.includes(camel)) {
      throw invalidArgument(
        `Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`,
      );
    }
    if (Object.hasOwn(fields, camel)) {
      throw invalidArgument(
        `Invalid JSON payload received. Field '${camel}'${at} is set more than once.`,
      );
    }
    // null means that the field is not set, as in every JSON form of a protocol buffer.
    if (inner !== null) fields[camel] = inner;
  }
  return fields;
}

/** A list, or the vendor's 400. An absent list is empty. */
export function readList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidArgument(`Invalid value at '${path}': expected a list.`);
  return value;
}

function toCamel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
