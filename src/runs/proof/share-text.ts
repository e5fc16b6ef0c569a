import { percent } from "./unseen.ts";

const rounders = { nearest: Math.round, down: Math.floor, up: Math.ceil } as const;

/** A share such as "0.916667" as a percentage: "91.7 %". Ends of intervals are rounded outwards. */
export function sharePercent(share: string, to: keyof typeof rounders = "nearest"): string {
  // A share has at most six decimals: its parts per million are a whole number.
  const partsPerMillion = Math.round(Number(share) * 1_000_000);
  return percent(rounders[to](partsPerMillion / 1_000));
}

/** Both ends of an interval: "73.0 to 99.0 %". */
export function intervalText({
  low,
  high,
}: {
  readonly low: string;
  readonly high: string;
}): string {
  return `${sharePercent(low, "down").replace(" %", "")} to ${sharePercent(high, "up")}`;
}
