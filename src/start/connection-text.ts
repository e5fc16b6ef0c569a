import type { ListedConnection } from "../catalog/connections.ts";
import type { ConnectedVendor } from "../gateway/connected-vendor.ts";
import { formatUsd } from "../money/pico-usd.ts";

/** A connection in one line, for whoever starts the gateway: where it goes, how fast, and at what risk. Never its key. */
export function connectionText({
  connection,
  accounts,
  pace,
  houseLimits,
}: ConnectedVendor): string {
  const { id, vendor, baseUrl, region } = connection;
  const { exposureHour, vendorCostDay, vendorCostMonth } = houseLimits;
  const house = [
    ...(exposureHour === undefined ? [] : [`${formatUsd(exposureHour)} USD exposed an hour`]),
    ...(vendorCostDay === undefined ? [] : [`${formatUsd(vendorCostDay)} USD a day`]),
    ...(vendorCostMonth === undefined ? [] : [`${formatUsd(vendorCostMonth)} USD a month`]),
  ];
  return [
    `${id}: ${vendor} at ${new URL(baseUrl).host}`,
    ...(region === undefined ? [] : [`region ${region}`]),
    ...(accounts === undefined ? [] : [`for ${accounts.join(", ")} only`]),
    ...(pace.imagesPerMinute === undefined
      ? []
      : [`${counted(pace.imagesPerMinute, "image")} a minute`]),
    ...(pace.concurrent === undefined ? [] : [`${counted(pace.concurrent, "call")} at a time`]),
    ...(house.length === 0 ? [] : [`house: ${house.join(", ")}`]),
  ].join(", ");
}

/** Why a listed connection is not used. No other key takes its place. */
export function leftOutText({ id, keyVariable, at }: ListedConnection): string {
  return `${id}: ${keyVariable} is not set (${at("key")})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
