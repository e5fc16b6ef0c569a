import type { Meter } from "../../catalog/schema.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import { placesOf } from "./finding.ts";
import { agrees, type Slot, type Terms, WHOLE_FACTOR } from "./slots.ts";
import type { Unit } from "./units.ts";

/** A unit price that stands on a bill as the catalog has it. */
export type Confirmable = {
  readonly priceVersion: string;
  readonly meter: Meter;
  readonly unitPrice: PicoUsd;
  readonly quantity: bigint;
  readonly from: string;
  readonly to: string;
  readonly lines: readonly string[];
};

/** An amount confirms a price where its decimals leave less than half a percent open. */
const SLACK_PARTS = 200n;

/**
 * The price that a slot confirms: bill and journal agree, every call of it is priced by one version at one unit
 * price, and the amount is told exactly enough. Under an accepted discount a bill says nothing of list prices.
 */
export function confirmableOf(slot: Slot, unit: Unit, terms: Terms): Confirmable[] {
  const { name, unitPrice, quantity, lines } = slot;
  const { calls, from, to } = unit;
  if (name === "all" || unitPrice === null || !agrees(slot) || lines.length === 0) return [];
  if (terms.factor !== WHOLE_FACTOR && !terms.itemises) return [];
  if (slot.expected === 0n || slot.slack * SLACK_PARTS > slot.expected) return [];
  if (
    calls.some(({ unsure }) => unsure.some(({ most }) => most.some((line) => line.meter === name)))
  ) {
    return [];
  }
  const using = calls.filter(({ known }) => known.some(({ meter }) => meter === name));
  const versions = new Set(using.map(({ priceVersion }) => priceVersion));
  const [priceVersion] = versions;
  if (versions.size !== 1 || priceVersion === undefined) return [];
  const used = quantity?.expected ?? slot.list / unitPrice;
  return [
    { priceVersion, meter: name, unitPrice, quantity: used, from, to, lines: placesOf(lines) },
  ];
}
