import { picoOf, writtenDecimal } from "../bills/amount.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/**
 * Reads an amount of US dollars as an export writes it: an exponent or more decimals than a picodollar has are
 * what other programs' floats leave behind. Rounded half away from zero to one picodollar, nowhere else.
 * Undefined for what is no number.
 */
export function readDollars(text: string): PicoUsd | undefined {
  const written = writtenDecimal(text);
  return written === undefined ? undefined : picoOf(written);
}
