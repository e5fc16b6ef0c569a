import { formatUsd, subtractUsd } from "../../money/pico-usd.ts";
import { type Difference, type Explained, NO_DIFFERENCE } from "./difference.ts";
import { type Finding, placeOf, placesOf, receiptsOf } from "./finding.ts";
import { quantityOff, type Slot, sizeOf } from "./slots.ts";
import type { Unit } from "./units.ts";

/**
 * What the journal has under one meter, and the bill, in the same quantity, under one that none of these calls
 * used. Without quantities the amounts must be the same.
 */
export function judgeWrongMeter(unit: Unit, slots: readonly Slot[]): Explained {
  const differences = new Map<Slot, Difference>();
  const findings: Finding[] = [];
  const strangers = slots.filter(({ list, lines }) => list === 0n && lines.length > 0);
  for (const lost of slots.filter(({ list, lines }) => list > 0n && lines.length === 0)) {
    const found = strangers.find((each) => !differences.has(each) && isTheSame(lost, each));
    if (found === undefined) continue;
    const amount = subtractUsd(found.billed, lost.expected);
    // What was expected is covered, by another name: the lost slot gives its amount to the found one.
    differences.set(lost, { ...NO_DIFFERENCE, priceDiffers: subtractUsd(amount, found.billed) });
    differences.set(found, { ...NO_DIFFERENCE, priceDiffers: found.billed });
    findings.push({
      kind: "wrong_meter",
      ...placeOf(unit),
      meter: lost.name,
      quantity: found.quantity && {
        expected: expectedOf(unit, lost),
        billed: found.quantity.billed,
      },
      amount,
      text: `${lost.name} of the journal stand on the bill as ${found.name}: ${formatUsd(found.billed)} USD in the place of ${formatUsd(lost.expected)}`,
      lines: placesOf(found.lines),
      receipts: receiptsOf(unit.calls),
    });
  }
  return { differences, findings };

  function isTheSame(lost: Slot, found: Slot): boolean {
    const billed = quantityOff(found);
    if (billed !== null) return billed === expectedOf(unit, lost);
    return sizeOf(subtractUsd(found.billed, lost.expected)) <= found.slack;
  }
}

function expectedOf({ calls }: Unit, { name }: Slot): bigint {
  return calls
    .flatMap(({ known }) => known)
    .filter(({ meter }) => meter === name)
    .reduce((sum, { quantity }) => sum + quantity, 0n);
}
