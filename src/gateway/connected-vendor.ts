import type { HouseLimits } from "../ledger/accounts-port.ts";
import type { Connection, ImageVendor } from "../vendors/port.ts";

/** How fast a connection may be used by this process; undefined is without a limit. */
export type Pace = {
  /** Images sent within any 60 s. */
  readonly imagesPerMinute: number | undefined;
  /** Calls in flight. */
  readonly concurrent: number | undefined;
};

/** A vendor over one of its connections, and what that connection may be used for. */
export type ConnectedVendor = {
  readonly vendor: ImageVendor;
  readonly connection: Connection;
  /** Ids of the accounts that may use it, each with all below it; undefined allows every account. */
  readonly accounts: readonly string[] | undefined;
  readonly pace: Pace;
  /** What it may cost the house in each root; what is left out is as the root says, or without a limit. */
  readonly houseLimits: HouseLimits;
};

/** What holds for a connection that nobody set limits for: any account, any pace, the root's own house limits. */
export const UNLISTED: Pick<ConnectedVendor, "accounts" | "pace" | "houseLimits"> = {
  accounts: undefined,
  pace: { imagesPerMinute: undefined, concurrent: undefined },
  houseLimits: {},
};

/** Whether an account may use a connection: it or one above it is named, or nobody is. */
export function allows({ accounts }: ConnectedVendor, accountPath: readonly string[]): boolean {
  return accounts === undefined || accountPath.some((id) => accounts.includes(id));
}

/** Whether so many images in one call fit the connection's minute at all. */
export function carries({ pace }: Pick<ConnectedVendor, "pace">, images: number): boolean {
  return pace.imagesPerMinute === undefined || images <= pace.imagesPerMinute;
}
