import { negateUsd, subtractUsd, sumUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { type Explained, NO_DIFFERENCE } from "./difference.ts";
import type { JournalCall } from "./journal-call.ts";
import { overrunCorrection, overrunKept, type Proposal } from "./proposals.ts";
import { agrees, amountOff, type Slot, signOf } from "./slots.ts";
import type { Unit } from "./units.ts";

/**
 * An overrun is usage beyond the ceiling, which the house pays. Where the bill has less, and no more than the
 * overrun, and only one call of the unit has one, it was never billed so.
 */
export function settleOverrun(
  unit: Unit,
  slots: readonly Slot[],
): (Explained & { readonly proposals: readonly Proposal[] }) | undefined {
  const overrunning = unit.calls.filter(({ overrun }) => overrun > ZERO_USD);
  const [call] = overrunning;
  const off = slots.filter((slot) => !agrees(slot));
  if (call === undefined || overrunning.length > 1 || off.length === 0) return undefined;
  if (unit.lines.length === 0 || off.some((slot) => signOf(slot) > 0)) return undefined;
  const less = negateUsd(sumUsd(off.map(amountOff)));
  if (less > call.overrun || !beyondCeiling(call, off)) return undefined;
  return {
    differences: new Map(
      off.map((slot) => [slot, { ...NO_DIFFERENCE, settled: amountOff(slot) }] as const),
    ),
    findings: [],
    proposals: [overrunCorrection(unit, call, less)],
  };
}

/** Only meters of which the call used more than its ceiling can have been billed less for it. */
function beyondCeiling(call: JournalCall, off: readonly Slot[]): boolean {
  return off.every((slot) => {
    const of = (lines: JournalCall["known"]) =>
      sumUsd(
        lines
          .filter(({ meter }) => slot.name === "all" || meter === slot.name)
          .map(({ amount }) => amount),
      );
    return negateUsd(amountOff(slot)) <= subtractUsd(of(call.known), of(call.ceiling));
  });
}

/** Overruns that are kept: as billed, or because the bill doesn't tell. */
export function overrunsKept(unit: Unit, clean: boolean): Proposal[] {
  return unit.calls
    .filter(({ overrun }) => overrun > ZERO_USD)
    .map((call) => overrunKept(unit, call, clean));
}
