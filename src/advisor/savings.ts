import { formatUsd, type PicoUsd, picoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import { decimalText, divideHalfUp } from "./decimal-text.ts";

/** What a cheaper choice comes to beside the dearer one, as text: exact integers, each rounded once, by name. */

/** How the two ratios below are rounded, as answers say it. */
export const ROUNDINGS = {
  percent: "half away from zero, two decimals",
  kept_ratio_break_even: "up, four decimals",
} as const;

/**
 * The change from `actual` to `whatIf` in percent of `actual`, such as "-71.43"; rounded half away from zero to
 * two decimals. Null where nothing was paid: nothing is a part of nothing.
 */
export function percentOf(actual: PicoUsd, whatIf: PicoUsd, decimals = 2): string | null {
  if (actual === ZERO_USD) return null;
  const scaled = subtractUsd(whatIf, actual) * 100n * 10n ** BigInt(decimals);
  return decimalText(divideHalfUp(scaled, actual), decimals);
}

/**
 * The part of the pictures that has to be kept for the cheaper choice to be the cheaper one still: what it
 * costs for a kept picture is its price divided by that part. Rounded up to four decimals, so that what is
 * said of it stays true. Null where the choice isn't cheaper at all.
 */
export function keptRatio(actual: PicoUsd, whatIf: PicoUsd, decimals = 4): string | null {
  if (whatIf >= actual) return null;
  const scaled = whatIf * 10n ** BigInt(decimals);
  return decimalText((scaled + actual - 1n) / actual, decimals);
}

const PICO_PER_CENT = 10_000_000_000n;

/** The size of an amount for a sentence: from a dollar on in cents, a half up, below it exactly. Never its sign. */
export function dollarsText(amount: PicoUsd): string {
  const magnitude = amount < 0n ? -amount : amount;
  const cents = (2n * magnitude + PICO_PER_CENT) / (2n * PICO_PER_CENT);
  if (cents < 100n) return `$${formatUsd(picoUsd(magnitude))}`;
  const digits = cents.toString();
  const grouped = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `$${grouped}.${digits.slice(-2)}`;
}
