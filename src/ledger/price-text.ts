import { createHash } from "node:crypto";
import { type PriceVersion, priceVersionSchema } from "../catalog/schema.ts";
import { plainJson } from "./canonical-text.ts";
import type { StoredPrice } from "./port.ts";

/**
 * A price version as the ledger stores it at first use: sorted JSON under its SHA-256.
 *
 * A field that the schema gains later must be optional and without a default: a default would change the
 * text, and with it the hash, of every price already used.
 */
export function storedPrice(price: PriceVersion): StoredPrice {
  const known = written.get(price);
  if (known !== undefined) return known;
  const json = plainJson(price);
  const stored = { id: price.id, sha256: sha256Of(json), json };
  written.set(price, stored);
  return stored;
}

/** Price versions never change once loaded, and every hold cites one: each is written and hashed once. */
const written = new WeakMap<PriceVersion, StoredPrice>();

/**
 * Reads a stored price version back, to rate by it again.
 *
 * @throws Error when the JSON isn't what its hash says.
 */
export function readStoredPrice(stored: StoredPrice): PriceVersion {
  const sha256 = sha256Of(stored.json);
  if (sha256 !== stored.sha256) {
    throw new Error(`price version ${stored.id}: stored as ${stored.sha256}, hashes to ${sha256}`);
  }
  const price = priceVersionSchema.parse(JSON.parse(stored.json));
  if (price.id !== stored.id) throw new Error(`price version ${stored.id} says it is ${price.id}`);
  return price;
}

function sha256Of(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}
