import { createHash } from "node:crypto";
import type { Model } from "../../catalog/schema.ts";

const known = new WeakMap<Model, string>();

/**
 * SHA-256 of what decides which pictures a model makes: the id that its vendor is called with, how, and what it can
 * do. Prices, life cycle, names and notes don't count. Computed once for a row of the catalog.
 */
export function modelDigest(model: Model): string {
  const before = known.get(model);
  if (before !== undefined) return before;
  const { id, vendor, wireId, wire, capabilities } = model;
  const made = createHash("sha256")
    .update(JSON.stringify([id, vendor, wireId, sorted(wire), sorted(capabilities)]))
    .digest("hex");
  known.set(model, made);
  return made;
}

/** The same whatever the order in which a file names its fields. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([name, each]) => [name, sorted(each)]);
}
