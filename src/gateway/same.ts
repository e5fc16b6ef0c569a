import { createHash } from "node:crypto";
import type { Intent } from "../ledger/port.ts";

/**
 * What makes two requests the same (MONEY §7). Of a request the ledger keeps hashes only: nothing of what was
 * asked can be read out of them.
 */

/** What a request is compared by. At most one of the two is set. */
export type Sameness = {
  /** With an `Idempotency-Key`. */
  readonly intent: Intent | null;
  /** Without one: under which a call is offered, once its client has left, and may be taken over. Null when it may not. */
  readonly adopt: string | null;
};

/** A request that is like no other. */
export const unique: Sameness = { intent: null, adopt: null };

/** A file that was sent along, in the order in which it was sent. */
export type SentFile = {
  readonly name: string;
  /** Of its bytes, lower-case hex. */
  readonly sha256: string;
};

/**
 * SHA-256 (hex) of everything that was asked: fields in name order, null as if left out, and the files by
 * their own hashes. Neither the order of fields nor spaces nor multipart boundaries count.
 */
export function bodyIdentity(
  fields: Readonly<Record<string, unknown>>,
  files: readonly SentFile[],
): string {
  const byName = files.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const sent = byName.map(({ name, sha256 }) => [name, sha256]);
  return sha256Of([sorted(fields), sent]);
}

/** What a request with this `Idempotency-Key` on a route is compared by. */
export function keyedSameness(
  of: { readonly keyId: string; readonly route: string; readonly idempotencyKey: string },
  body: string,
): Sameness {
  const scope = sha256Of([of.keyId, of.route, of.idempotencyKey]);
  return { intent: { scope, body }, adopt: null };
}

/** What a request without one is compared by, among those of its API key, as the ledger looks for it. */
export function adoptableSameness(route: string, body: string): Sameness {
  return { intent: null, adopt: sha256Of([route, body]) };
}

function sha256Of(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/**
 * A JSON value with names in order at every depth and nulls gone from every object. Objects become pairs:
 * their own order would put names that look like numbers first.
 */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return { list: value.map(sorted) };
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  kept.sort(([a], [b]) => (a < b ? -1 : 1));
  return { pairs: kept.map(([name, member]) => [name, sorted(member)]) };
}
