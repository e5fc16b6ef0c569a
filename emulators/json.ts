/** A parsed JSON object whose fields are not yet known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for `{…}`; false for arrays, null and everything else. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses JSON; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Every vendor answers this in its own words, so the caller decides.
    return undefined;
  }
}

/** A whole number inside the safe range; vendors refuse 1.5 and "1" alike. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
