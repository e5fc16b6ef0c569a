import { formatUsd, type PicoUsd, picoUsd, sumUsd } from "../../money/pico-usd.ts";
import { type Finding, placeOf, placesOf, receiptsOf } from "./finding.ts";
import { amountOff, inTerms, type Slot, sizeOf, type Terms } from "./slots.ts";
import type { Unit } from "./units.ts";

/** The same used up, at another price than the journal's. */
export function priceFinding(unit: Unit, slot: Slot, amount: PicoUsd): Finding {
  const counted = slot.quantity === null ? "" : ` for ${slot.quantity.billed}`;
  const versions = [...new Set(unit.calls.map(({ priceVersion }) => priceVersion))].join(", ");
  return {
    kind: "price_differs",
    ...placeOf(unit),
    meter: slot.name,
    quantity: slot.quantity,
    amount,
    text: `${slot.name}: billed ${formatUsd(slot.billed)} USD${counted}, by ${versions} it is ${formatUsd(slot.expected)}`,
    lines: placesOf(slot.lines),
    receipts: receiptsOf(unit.calls),
  };
}

/**
 * Every slot is off by the same factor, which tells of a price and not of calls: there are at least two, and the
 * difference is not that of whole calls, such as one more of the kind that was made twice.
 */
export function sameFactor(slots: readonly Slot[], unit: Unit, terms: Terms): boolean {
  const [first, ...rest] = slots.filter(({ expected }) => expected > 0n);
  if (first === undefined || rest.length === 0) return false;
  const same = rest.every((slot) => {
    const crossed = slot.billed * first.expected - first.billed * slot.expected;
    const slack = slot.slack * first.expected + first.slack * slot.expected;
    return (crossed < 0n ? -crossed : crossed) <= slack;
  });
  return same && !isWholeCalls(slots, unit, terms);
}

/** Whether what lies between bill and journal is a number of calls like one of these. */
function isWholeCalls(slots: readonly Slot[], { calls }: Unit, terms: Terms): boolean {
  return calls.some(({ known }) => {
    const of = (slot: Slot): PicoUsd =>
      inTerms(
        sumUsd(
          known
            .filter(({ meter }) => slot.name === "all" || meter === slot.name)
            .map(({ amount }) => amount),
        ),
        terms,
      );
    const [first] = slots;
    const one = first === undefined ? 0n : of(first);
    if (first === undefined || one === 0n) return false;
    const off = sizeOf(amountOff(first));
    const times = (off + one / 2n) / one;
    return (
      times > 0n &&
      slots.every(
        (slot) => sizeOf(picoUsd(sizeOf(amountOff(slot)) - of(slot) * times)) <= slot.slack,
      )
    );
  });
}
