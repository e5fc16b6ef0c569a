/** Whole numbers of a small unit as plain decimals, for shares and ratios; money is printed by `formatUsd`. */

/** A whole number of the last decimal's units as a plain decimal, without trailing zeros: 250000 of six is "0.25". */
export function decimalText(scaled: bigint, decimals: number): string {
  const sign = scaled < 0n ? "-" : "";
  const unit = 10n ** BigInt(decimals);
  const magnitude = scaled < 0n ? -scaled : scaled;
  const fraction = (magnitude % unit).toString().padStart(decimals, "0").replace(/0+$/, "");
  const whole = `${sign}${magnitude / unit}`;
  return fraction === "" || decimals === 0 ? whole : `${whole}.${fraction}`;
}

/** Divides by a divisor > 0, a half going away from zero. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const magnitude = dividend < 0n ? -dividend : dividend;
  const quotient = (2n * magnitude + divisor) / (2n * divisor);
  return dividend < 0n ? -quotient : quotient;
}
