declare const brand: unique symbol;

/**
 * US dollars in units of 10^-12 USD. The only money type in the core.
 *
 * Why pico: vendors quote per 1,000,000 tokens with up to six decimals, so tokens x rate is always a
 * whole number of picodollars and rating never rounds.
 * Range in a signed 64-bit column: about +-9.2 million USD.
 */
export type PicoUsd = bigint & { readonly [brand]: "PicoUsd" };

const DECIMALS = 12;
const PICO_PER_USD = 10n ** 12n;

/** No money at all. */
export const ZERO_USD = 0n as PicoUsd;

/** One amount is below 1,000,000 USD (MONEY §5). */
export const USD_AMOUNT_LIMIT = (1_000_000n * PICO_PER_USD) as PicoUsd;

/**
 * Reads a decimal string such as "30.00" as USD, exactly: up to six whole digits and twelve decimals,
 * never negative.
 *
 * @throws RangeError on numbers in another notation: signs, exponents, separators, over-precise input.
 */
export function parseUsd(text: string): PicoUsd {
  const match = /^(\d{1,6})(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) throw new RangeError(`not a USD amount: ${JSON.stringify(text)}`);
  const [, whole = "", fraction = ""] = match;
  return BigInt(whole + fraction.padEnd(DECIMALS, "0")) as PicoUsd;
}

/** Prints an amount as a plain decimal: no exponent, no trailing zeros, "0" for nothing. */
export function formatUsd(amount: PicoUsd): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DECIMALS + 1, "0");
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** Reads picodollars that a store wrote as an integer. The one door through which stored money comes back. */
export function picoUsd(picodollars: bigint): PicoUsd {
  return picodollars as PicoUsd;
}

export function addUsd(left: PicoUsd, right: PicoUsd): PicoUsd {
  return (left + right) as PicoUsd;
}

export function subtractUsd(from: PicoUsd, amount: PicoUsd): PicoUsd {
  return (from - amount) as PicoUsd;
}

export function negateUsd(amount: PicoUsd): PicoUsd {
  return -amount as PicoUsd;
}

export function sumUsd(amounts: readonly PicoUsd[]): PicoUsd {
  return amounts.reduce(addUsd, ZERO_USD);
}

export function minUsd(left: PicoUsd, right: PicoUsd): PicoUsd {
  return left < right ? left : right;
}

/** A whole number of times an amount. */
export function timesUsd(amount: PicoUsd, times: bigint): PicoUsd {
  return (amount * times) as PicoUsd;
}

/**
 * Divides without rounding: a price per 1,000,000 tokens becomes the price of one.
 *
 * @throws RangeError when the division leaves a remainder: such a rate can't be billed exactly.
 */
export function divideExact(amount: PicoUsd, by: bigint): PicoUsd {
  if (by <= 0n || amount % by !== 0n) {
    throw new RangeError(`${formatUsd(amount)} USD does not divide exactly by ${by}`);
  }
  return (amount / by) as PicoUsd;
}

/** Divides and rounds up to the next picodollar, so that a bound stays a bound. For amounts >= 0. */
export function divideUp(amount: PicoUsd, by: bigint): PicoUsd {
  if (by <= 0n || amount < 0n) throw new RangeError(`cannot divide ${amount} p$ up by ${by}`);
  return ((amount + by - 1n) / by) as PicoUsd;
}
