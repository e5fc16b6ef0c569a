import { type PicoUsd, picoUsd } from "../money/pico-usd.ts";

/** A decimal as a bill writes it: value = units / 10^decimals. */
export type WrittenDecimal = { readonly units: bigint; readonly decimals: number };

const PICO_DECIMALS = 12;
/** More digits than any bill has, and few enough that a made-up exponent can't fill the memory. */
const DIGITS_MAX = 60;

/**
 * Reads a decimal exactly: a sign or parentheses for less than nothing, `$` or `US$`, thousands commas and an
 * exponent are understood; a lone hyphen is zero. Undefined for anything else, a decimal comma included.
 */
export function writtenDecimal(text: string): WrittenDecimal | undefined {
  const bare = text.trim().replace(/\u2212/g, "-");
  if (bare === "-") return { units: 0n, decimals: 0 };
  const inner = /^\((.*)\)$/.exec(bare)?.[1];
  const match =
    /^([+-]?)(?:US)?\$?([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(
      inner ?? bare,
    );
  if (match === null) return undefined;
  const [, outerSign = "", innerSign = "", grouped = "", fraction = "", exponent = "0"] = match;
  const whole = grouped.replaceAll(",", "");
  if (whole === "" && fraction === "") return undefined;
  const shift = Number(exponent);
  const decimals = fraction.length - shift;
  if (whole.length + fraction.length + Math.abs(shift) > DIGITS_MAX) return undefined;
  const signs = [outerSign, innerSign, inner === undefined ? "" : "-"].join("");
  if (signs.length > 1) return undefined;
  const size = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, -decimals));
  return { units: signs === "-" ? -size : size, decimals: Math.max(0, decimals) };
}

/** As picodollars; beyond twelve decimals rounded to the nearest, halves away from zero. */
export function picoOf({ units, decimals }: WrittenDecimal): PicoUsd {
  if (decimals <= PICO_DECIMALS) return picoUsd(units * 10n ** BigInt(PICO_DECIMALS - decimals));
  const by = 10n ** BigInt(decimals - PICO_DECIMALS);
  const size = units < 0n ? -units : units;
  const rounded = (size + by / 2n) / by;
  return picoUsd(units < 0n ? -rounded : rounded);
}

/** One unit of the last of so many decimals: how far an amount that is written with them may be off. */
export function slackOf(decimals: number): PicoUsd {
  return picoUsd(decimals >= PICO_DECIMALS ? 1n : 10n ** BigInt(PICO_DECIMALS - decimals));
}

/** A whole number of units; undefined where it is none, or less than none. */
export function wholeUnits({ units, decimals }: WrittenDecimal, times = 1n): bigint | undefined {
  const by = 10n ** BigInt(decimals);
  const scaled = units * times;
  return scaled >= 0n && scaled % by === 0n ? scaled / by : undefined;
}
