import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { newId } from "../ids.ts";
import type { KeyPolicy } from "../ledger/accounts-port.ts";
import type { World } from "../ledger/open.ts";
import type { Ledger } from "../ledger/port.ts";
import { Refusal } from "../refusals.ts";

/**
 * API keys: `sm_sandbox_<id>_<secret>` (live: `sm_live_…`). The id finds the key's row, the SHA-256 of the
 * whole key proves it, compared in constant time. The key itself is shown once and kept nowhere.
 */

const SECRET_BYTES = 32;
const KEY_FORM = /^sm_(sandbox|live)_([0-9a-z]{26})_[\w-]{43}$/;

/** A fresh key: the text for its owner, and what the ledger keeps of it. */
export function makeKey(world: World): {
  readonly id: string;
  readonly key: string;
  readonly sha256: string;
} {
  const id = newId("key");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  const key = `sm_${world}_${id.slice("key_".length)}_${secret}`;
  return { id, key, sha256: sha256(key) };
}

/**
 * The key's row, when the key is good.
 *
 * @throws Refusal 401: missing, of the other world, unknown, revoked or expired. The presented key is never
 * repeated.
 */
export async function checkKey(
  presented: string | undefined,
  world: World,
  ledger: Pick<Ledger, "findKey">,
  nowMs: number = Date.now(),
): Promise<KeyPolicy> {
  if (presented === undefined || presented === "") {
    throw new Refusal("missing_api_key", "no API key: send it as Authorization: Bearer sm_…");
  }
  const form = KEY_FORM.exec(presented);
  if (form === null) throw unknownKey();
  if (form[1] !== world) {
    throw world === "live"
      ? new Refusal("sandbox_key", "a sandbox key buys nothing in live mode")
      : new Refusal("live_key", "a live key is not used in the sandbox; its money is real");
  }
  const row = await ledger.findKey(`key_${form[2]}`);
  if (row === undefined || !sameHash(presented, row.sha256)) throw unknownKey();
  if (row.revokedMs !== null) throw new Refusal("revoked_api_key", "this API key was revoked");
  const { expiresMs } = row.settings;
  if (expiresMs !== undefined && nowMs >= expiresMs) {
    const since = new Date(expiresMs).toISOString();
    throw new Refusal("expired_api_key", `this API key expired at ${since}`);
  }
  return row;
}

/** Whether a secret has this SHA-256 (hex), in a time that says nothing about where they differ. */
export function sameHash(secret: string, expectedSha256: string): boolean {
  const is = Buffer.from(sha256(secret), "hex");
  const expected = Buffer.from(expectedSha256, "hex");
  return is.length === expected.length && timingSafeEqual(is, expected);
}

/** SHA-256 in lower-case hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function unknownKey(): Refusal {
  return new Refusal("invalid_api_key", "this API key is not known here");
}
