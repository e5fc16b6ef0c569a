import type { KeyPolicy } from "../ledger/accounts-port.ts";
import type { Deps } from "./deps.ts";

/** What the owner of a key has set about orders and their price. */
export type OrderPolicy = Pick<KeyPolicy, "autoAs" | "settings" | "margin" | "retain">;

/** What preparing needs beside the order. */
export type PreparedFor = {
  readonly deps: Deps;
  /** The account's id and those of all above it: which connections it may use. */
  readonly accountPath: readonly string[];
  /** Of the key that asks. */
  readonly policy: OrderPolicy;
};
