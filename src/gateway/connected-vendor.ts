import { type PicoUsd, parseUsd } from "../money/pico-usd.ts";
import type { Connection, ImageVendor } from "../vendors/port.ts";

/** How fast a connection may be used by this process; undefined is without a limit. */
export type Pace = {
  /** Images sent within any 60 s. */
  readonly imagesPerMinute: number | undefined;
  /** Calls in flight. */
  readonly concurrent: number | undefined;
};

/** What a connection may cost the house (MONEY §5). Left out is without a limit. */
export type HouseLimits = {
  /** Uncharged cost and open exposures, by the hour. */
  readonly exposureHour: PicoUsd;
  readonly vendorCostDay?: PicoUsd;
  readonly vendorCostMonth?: PicoUsd;
};

/** A vendor over one of its connections, and what that connection may be used for. */
export type ConnectedVendor = {
  readonly vendor: ImageVendor;
  readonly connection: Connection;
  /** Ids of the accounts that may use it, each with all below it; undefined allows every account. */
  readonly accounts: readonly string[] | undefined;
  readonly pace: Pace;
  readonly houseLimits: HouseLimits;
};

/** What holds for a connection that nobody set limits for: any account, any pace, 5 USD an hour at risk. */
export const UNLISTED: Pick<ConnectedVendor, "accounts" | "pace" | "houseLimits"> = {
  accounts: undefined,
  pace: { imagesPerMinute: undefined, concurrent: undefined },
  houseLimits: { exposureHour: parseUsd("5") },
};

/** Whether an account may use a connection: it or one above it is named, or nobody is. */
export function allows({ accounts }: ConnectedVendor, accountPath: readonly string[]): boolean {
  return accounts === undefined || accountPath.some((id) => accounts.includes(id));
}

/** Whether so many images in one call fit the connection's minute at all. */
export function carries({ pace }: Pick<ConnectedVendor, "pace">, images: number): boolean {
  return pace.imagesPerMinute === undefined || images <= pace.imagesPerMinute;
}
