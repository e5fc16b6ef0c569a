import { type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { Finding } from "./finding.ts";
import type { Slot, Terms } from "./slots.ts";
import type { Unit } from "./units.ts";

/** How the differences of a unit are told. */

export type JudgedBy = {
  readonly terms: Terms;
  /** First and last instant of the period: a call near them may stand on another bill. */
  readonly edges: { readonly fromMs: number; readonly beforeMs: number };
  /** How many pictures the vendor says it made in a unit; null where it doesn't say. */
  readonly imagesBilled: (unit: Unit) => bigint | null;
};

/** What the differences of one slot come to, in the bill's terms. */
export type Difference = {
  readonly missing: PicoUsd;
  readonly priceDiffers: PicoUsd;
  readonly theirsOnly: PicoUsd;
  readonly settled: PicoUsd;
};

export const NO_DIFFERENCE: Difference = {
  missing: ZERO_USD,
  priceDiffers: ZERO_USD,
  theirsOnly: ZERO_USD,
  settled: ZERO_USD,
};

/** What of a unit's slots was explained, and how. */
export type Explained = {
  readonly differences: ReadonlyMap<Slot, Difference>;
  readonly findings: readonly Finding[];
};
