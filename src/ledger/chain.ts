import { hash } from "node:crypto";

/** The hash that the first entry of a root follows. */
export const CHAIN_START = "0".repeat(64);

/**
 * The hash of an entry: SHA-256 over the previous hash, the sequence and the entry's text as stored, so
 * that no entry can be edited, dropped or moved without changing every later hash.
 */
export function chainHash(previous: string, sequence: bigint, text: string): string {
  return hash("sha256", `${previous}\n${sequence}\n${text}`, "hex");
}
