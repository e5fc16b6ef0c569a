import { sameHash } from "../gateway/api-keys.ts";
import type { Log } from "../gateway/deps.ts";
import { Refusal } from "../refusals.ts";

/** Reads one header of a request by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** The key that a request presents: `Authorization: Bearer`, `api-key` or `x-goog-api-key`, in this order. */
export function presentedKey(header: HeaderReader): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(header("authorization") ?? "")?.[1];
  return bearer ?? header("api-key") ?? header("x-goog-api-key");
}

/** Who may use the admin routes: whoever holds one of these secrets, known by their SHA-256 (hex). */
export type AdminSecrets = {
  readonly masterKeySha256: string;
  /** The random token of `run.json`, for the command line on this machine. */
  readonly adminTokenSha256: string;
};

/**
 * Who acts, for the journal.
 *
 * @throws Refusal 403 for anybody else; an ordinary API key is never enough.
 */
export function adminActor(header: HeaderReader, secrets: AdminSecrets, log: Log): string {
  const presented = presentedKey(header);
  if (presented === undefined) {
    throw new Refusal(
      "missing_api_key",
      "the admin routes need the master key as Authorization: Bearer …",
    );
  }
  // Both are compared always, so that the time doesn't tell which one nearly fitted.
  const isMaster = sameHash(presented, secrets.masterKeySha256);
  const isOwner = sameHash(presented, secrets.adminTokenSha256);
  if (isMaster) return "master_key";
  if (isOwner) return "command_line";
  log.warn({}, "an admin route was called with a wrong key");
  throw new Refusal("master_key_required", "this key does not open the admin routes");
}
