import { type PicoUsd, picoUsd } from "../../money/pico-usd.ts";
import type { Claimed } from "./evidence.ts";

const DECIMALS = 12;

/**
 * Reads an amount as a gateway writes it, digit by digit: many print what a binary fraction comes to, some with an
 * exponent. It may be rounded by half of its last digit; beyond twelve decimals by one picodollar.
 *
 * @returns undefined for what is no decimal number.
 */
export function readClaim(text: string, source: string): Claimed | undefined {
  const match = /^(-?)(\d{1,9})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  // Digits as a whole number of 10^-places dollars.
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const shift = DECIMALS - places;
  if (shift >= 0) {
    const unit = 10n ** BigInt(shift);
    return claimed(digits * unit, unit / 2n, source);
  }
  const unit = 10n ** BigInt(-shift);
  return claimed((digits + (digits < 0n ? -unit : unit) / 2n) / unit, 1n, source);
}

/** From one reading of a counter to the next. */
export function difference(after: Claimed, before: Claimed): Claimed {
  return claimed(
    after.amount - before.amount,
    after.within + before.within,
    `${after.source}, after less before`,
  );
}

/** Whether two amounts are the same, as far as they were printed. */
export function agrees(claim: Claimed, amount: PicoUsd, slack: PicoUsd = picoUsd(0n)): boolean {
  const off = claim.amount - amount;
  const most = claim.within + slack;
  return off <= most && off >= -most;
}

function claimed(amount: bigint, within: bigint, source: string): Claimed {
  // Binary fractions are off by a few picodollars once they have been added up.
  return { amount: picoUsd(amount), within: picoUsd(within < 5n ? 5n : within), source };
}
