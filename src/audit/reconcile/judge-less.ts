import {
  addUsd,
  formatUsd,
  negateUsd,
  type PicoUsd,
  picoUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import { type Difference, type Explained, type JudgedBy, NO_DIFFERENCE } from "./difference.ts";
import { type Finding, type FindingKind, placeOf, placesOf, receiptsOf } from "./finding.ts";
import type { JournalCall } from "./journal-call.ts";
import { MIDNIGHT_MS, subsets } from "./moved.ts";
import { priceFinding, sameFactor } from "./price-finding.ts";
import {
  agrees,
  amountOff,
  inTerms,
  quantityOff,
  type Slot,
  sizeOf,
  slotsOf,
  type Terms,
} from "./slots.ts";
import type { Unit } from "./units.ts";

/** The bill has less than the journal: calls that are missing, or a lower price. */

/** Calls looked at in all combinations; of more only single ones are. */
const COMBINED_MAX = 10;

type By = JudgedBy & { readonly slots: readonly Slot[] };

export function judgeLess(unit: Unit, less: readonly Slot[], by: By): Explained {
  if (less.length === 0) return { differences: new Map(), findings: [] };
  const missing = missingCalls(unit, by);
  if (missing !== undefined) return whole(unit, less, { missing, by });
  const differences = new Map<Slot, Difference>();
  const findings: Finding[] = [];
  for (const slot of less) {
    const { missing: amount, price } = split(slot, less, { ...by, unit });
    differences.set(slot, { ...NO_DIFFERENCE, missing: amount, priceDiffers: price });
    if (amount !== ZERO_USD)
      findings.push(missingFinding(unit, [slot], { amount, calls: unit.calls, by }));
    if (price !== ZERO_USD) findings.push(priceFinding(unit, slot, price));
  }
  return { differences, findings };
}

/** Whether what is less is a call that isn't there at all. */
export function hasMissingCall(unit: Unit, less: readonly Slot[], by: By): boolean {
  return less.length > 0 && missingCalls(unit, by) !== undefined;
}

/** Calls without which the unit agrees. */
function missingCalls(unit: Unit, { terms }: By): readonly JournalCall[] | undefined {
  const rated = unit.calls.filter(({ known }) => known.length > 0);
  if (unit.lines.length === 0) return rated;
  const fits = (calls: readonly JournalCall[]): boolean =>
    slotsOf(
      unit.lines,
      rated.filter((call) => !calls.includes(call)).flatMap(({ known }) => known),
      terms,
    ).every(agrees);
  const single = rated.find((call) => fits([call]));
  if (single !== undefined) return [single];
  return rated.length > COMBINED_MAX ? undefined : subsets(rated).find(fits);
}

function whole(
  unit: Unit,
  less: readonly Slot[],
  { missing, by }: { readonly missing: readonly JournalCall[]; readonly by: By },
): Explained {
  const differences = less.map((slot) => {
    const lines = missing.flatMap(({ known }) =>
      known.filter(({ meter }) => slot.name === "all" || meter === slot.name),
    );
    const amount =
      slot.lines.length === 0
        ? slot.expected
        : inTerms(sumUsd(lines.map((line) => line.amount)), by.terms);
    return [slot, { ...NO_DIFFERENCE, missing: amount }] as const;
  });
  const amount = sumUsd(differences.map(([, difference]) => difference.missing));
  return {
    differences: new Map(differences),
    findings: [missingFinding(unit, less, { amount, calls: missing, by })],
  };
}

/** What of a slot's difference is missing, and what is another price. Together they are all of it. */
function split(
  slot: Slot,
  less: readonly Slot[],
  { slots, terms, unit }: By & { readonly unit: Unit },
): { readonly missing: PicoUsd; readonly price: PicoUsd } {
  const off = amountOff(slot);
  if (slot.lines.length === 0) return { missing: slot.expected, price: ZERO_USD };
  const quantity = quantityOff(slot);
  if (quantity === null) {
    // Without a count: one meter of several, or all by the same factor, is a price; else something is missing.
    const price =
      less.length < slots.length || sameFactor(slots, unit, terms) || !isMultiple(slot, terms);
    return price ? { missing: ZERO_USD, price: off } : { missing: negateUsd(off), price: ZERO_USD };
  }
  if (quantity === 0n) return { missing: ZERO_USD, price: off };
  if (quantity > 0n || slot.unitPrice === null) return { missing: negateUsd(off), price: ZERO_USD };
  const missing = inTerms(picoUsd(slot.unitPrice * -quantity), terms);
  const price = addUsd(off, missing);
  return { missing, price: sizeOf(price) <= slot.slack ? ZERO_USD : price };
}

/** Whether a difference is whole units at the one price that there is, as far as the bill's decimals tell. */
export function isMultiple(slot: Slot, terms: Terms): boolean {
  if (slot.unitPrice === null || slot.unitPrice === ZERO_USD) return slot.list === ZERO_USD;
  const unit = inTerms(slot.unitPrice, terms);
  if (slot.slack * 2n >= unit) return true;
  const rest = sizeOf(amountOff(slot)) % unit;
  return rest <= slot.slack || unit - rest <= slot.slack;
}

function missingFinding(
  unit: Unit,
  slots: readonly Slot[],
  of: { readonly amount: PicoUsd; readonly calls: readonly JournalCall[]; readonly by: By },
): Finding {
  const { amount, calls, by } = of;
  const [slot] = slots;
  const kind: FindingKind = calls.every((call) => atEdge(call, by))
    ? "edge_of_period"
    : "ours_only";
  const what = calls.length === 1 ? "a call" : `${calls.length} calls`;
  const text =
    kind === "edge_of_period"
      ? `${what} at the edge of the period, ${formatUsd(amount)} USD, may stand on the bill before or after`
      : `${formatUsd(amount)} USD of the journal are not on the bill (${what})`;
  return {
    kind,
    ...placeOf(unit),
    meter: slots.length === 1 ? (slot?.name ?? null) : null,
    quantity: slots.length === 1 ? (slot?.quantity ?? null) : null,
    amount: negateUsd(amount),
    text,
    lines: placesOf(unit.lines),
    receipts: receiptsOf(calls),
  };
}

function atEdge({ startedMs, endedMs }: JournalCall, { edges }: JudgedBy): boolean {
  return startedMs < edges.fromMs + MIDNIGHT_MS || endedMs >= edges.beforeMs - MIDNIGHT_MS;
}
