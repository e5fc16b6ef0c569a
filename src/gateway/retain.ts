import type { KeyPolicy } from "../ledger/accounts-port.ts";
import type { Caller } from "./caller.ts";

/** What an account's owner says of keeping answers. */
export type Retain = KeyPolicy["retain"];

export const NOT_RETAINED = { "x-spotmeter-retain": "none" } as const;

/** Said to whoever relies on an answer being kept, where it isn't: with an `Idempotency-Key`. */
export function retainHeaders({
  policy,
  same,
}: Pick<Caller, "policy" | "same">): Readonly<Record<string, string>> {
  return policy.retain === "none" && same.intent !== null ? NOT_RETAINED : {};
}
