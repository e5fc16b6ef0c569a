import { formatUsd, type PicoUsd, parseUsd } from "../../money/pico-usd.ts";

/** A number as a fraction of whole numbers: nothing is rounded before it is printed. */
export type Exact = {
  readonly numerator: bigint;
  /** Above 0. */
  readonly denominator: bigint;
  readonly unit: "usd" | "count" | "times" | "percent";
};

/** Picodollars in a dollar. */
const PICO = 10n ** 12n;

export function exactUsd(amount: PicoUsd): Exact {
  return { numerator: amount, denominator: PICO, unit: "usd" };
}

export function exactCount(count: bigint): Exact {
  return { numerator: count, denominator: 1n, unit: "count" };
}

/** A plain decimal such as `0.0121`, at most twelve decimals, of any unit. */
export function exactDecimal(text: string, unit: Exact["unit"]): Exact {
  const [whole = "", fraction = ""] = text.split(".");
  const denominator = 10n ** BigInt(fraction.length);
  return { numerator: BigInt(whole + fraction), denominator, unit };
}

/** Below 0 where left is less, above where it is more. */
export function compareExact(left: Exact, right: Exact): bigint {
  return left.numerator * right.denominator - right.numerator * left.denominator;
}

/** left / right, as so many times or as percent. Undefined where right is nothing. */
export function divideExactly(
  left: Exact,
  right: Exact,
  unit: "times" | "percent",
): Exact | undefined {
  if (right.numerator === 0n) return undefined;
  const scale = unit === "percent" ? 100n : 1n;
  return {
    numerator: left.numerator * right.denominator * scale,
    denominator: left.denominator * right.numerator,
    unit,
  };
}

export function addExactly(left: Exact, right: Exact): Exact {
  return {
    numerator: left.numerator * right.denominator + right.numerator * left.denominator,
    denominator: left.denominator * right.denominator,
    unit: left.unit,
  };
}

export function negateExactly({ numerator, denominator, unit }: Exact): Exact {
  return { numerator: -numerator, denominator, unit };
}

/** Whether it lies within so many percent of a value above 0, both bounds included. */
export function isWithin(value: Exact, of: Exact, percent: bigint): boolean {
  const scaled = (by: bigint): Exact => ({
    numerator: of.numerator * by,
    denominator: of.denominator * 100n,
    unit: of.unit,
  });
  return (
    compareExact(value, scaled(100n - percent)) >= 0n &&
    compareExact(value, scaled(100n + percent)) <= 0n
  );
}

/** Rounded half away from 0 to so many decimals, all of them printed. */
export function toDecimals({ numerator, denominator }: Exact, decimals: number): string {
  const scale = 10n ** BigInt(decimals);
  const size = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * size * scale + denominator) / (2n * denominator);
  const digits = rounded.toString().padStart(decimals + 1, "0");
  const sign = numerator < 0n && rounded !== 0n ? "-" : "";
  if (decimals === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** How many decimals a printed figure has. */
export function decimalsOf(text: string): number {
  return text.split(".")[1]?.length ?? 0;
}

/** For people: money and counts exactly, factors and shares to two decimals. */
export function exactText(value: Exact): string {
  switch (value.unit) {
    case "usd":
      return usdText(value);
    case "count":
      return toDecimals(value, 0);
    case "times":
      return `${toDecimals(value, 2)} times`;
    case "percent":
      return `${toDecimals(value, 2)} %`;
    default:
      return value.unit satisfies never;
  }
}

function usdText(value: Exact): string {
  const text = toDecimals(value, 12);
  const size = formatUsd(parseUsd(text.replace("-", "")));
  return text.startsWith("-") ? `-${size}` : size;
}
