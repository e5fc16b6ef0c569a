import { addUsd, formatUsd, type PicoUsd, picoUsd, ZERO_USD } from "../money/pico-usd.ts";

/** Figures of tables: whole numbers divided once, at the end, and rounded half up where a digit is left out. */

/** `left` divided by `right` with so many decimals: 7024n / 196n is "35.8". "-" where nothing is divided by. */
export function ratioText(left: bigint, right: bigint, decimals = 1): string {
  if (right <= 0n || left < 0n) return "-";
  const scale = 10n ** BigInt(decimals);
  const scaled = (left * scale * 2n + right) / (right * 2n);
  const digits = scaled.toString().padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** A part of a whole: "98.2 %". */
export function percentText(part: bigint, whole: bigint): string {
  return whole <= 0n ? "-" : `${ratioText(part * 100n, whole)} %`;
}

/** A whole number with commas between thousands. */
export function grouped(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString();
  return (value < 0n ? "-" : "") + digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "+0.001", "-0.001" or "0". */
export function signedUsd(amount: PicoUsd): string {
  return amount > 0n ? `+${formatUsd(amount)}` : formatUsd(amount);
}

/** An amount split over so many images: exact where it divides, else rounded half up to one picodollar. */
export function perImage(amount: PicoUsd, images: number): PicoUsd {
  const by = BigInt(Math.max(1, images));
  return picoUsd((amount * 2n + by) / (by * 2n));
}

/** Smallest, middle (the lower of two) and largest. */
export type Spread<T extends bigint> = { readonly min: T; readonly median: T; readonly max: T };

/** Undefined for no values at all. */
export function spreadOf<T extends bigint>(values: readonly T[]): Spread<T> | undefined {
  const sorted = values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const min = sorted[0];
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const max = sorted.at(-1);
  if (min === undefined || median === undefined || max === undefined) return undefined;
  return { min, median, max };
}

/** One figure where all are alike, else "median (min to max)". */
export function spreadText<T extends bigint>(
  spread: Spread<T>,
  text: (value: T) => string,
): string {
  const { min, median, max } = spread;
  return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}

/** The sum of amounts. */
export function totalUsd(amounts: readonly PicoUsd[]): PicoUsd {
  return amounts.reduce(addUsd, ZERO_USD);
}
