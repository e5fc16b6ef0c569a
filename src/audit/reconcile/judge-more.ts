import type { BillLine } from "../../bills/line.ts";
import { formatUsd, type PicoUsd, picoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { type Difference, type Explained, type JudgedBy, NO_DIFFERENCE } from "./difference.ts";
import { type Finding, placeOf, placesOf, receiptsOf } from "./finding.ts";
import type { JournalCall } from "./journal-call.ts";
import { isMultiple } from "./judge-less.ts";
import { priceFinding, sameFactor } from "./price-finding.ts";
import { amountOff, inTerms, quantityOff, type Slot, sizeOf, type Terms } from "./slots.ts";
import type { Unit } from "./units.ts";

/** The bill has more than the journal: a line twice, a call that was void, a higher price, or nobody knows what. */

type By = JudgedBy & { readonly slots: readonly Slot[] };

export function judgeMore(unit: Unit, more: readonly Slot[], by: By): Explained {
  const differences = new Map<Slot, Difference>();
  const findings: Finding[] = [];
  const extras: { readonly slot: Slot; readonly amount: PicoUsd }[] = [];
  for (const slot of more) {
    const { extra, price } = split(slot, more, { ...by, unit });
    differences.set(slot, { ...NO_DIFFERENCE, theirsOnly: extra, priceDiffers: price });
    if (price !== ZERO_USD) findings.push(priceFinding(unit, slot, price));
    if (extra === ZERO_USD) continue;
    const twin = twiceIn(slot, extra, by.terms);
    if (twin === undefined) extras.push({ slot, amount: extra });
    else findings.push(twiceFinding(unit, slot, { amount: extra, twin }));
  }
  if (extras.length > 0) findings.push(extraFinding(unit, extras, by.terms));
  return { differences, findings };
}

/** What of a slot's difference was billed beyond the journal, and what is another price. */
function split(
  slot: Slot,
  more: readonly Slot[],
  { slots, terms, unit }: By & { readonly unit: Unit },
): { readonly extra: PicoUsd; readonly price: PicoUsd } {
  const off = amountOff(slot);
  if (slot.list === ZERO_USD) return { extra: off, price: ZERO_USD };
  const quantity = quantityOff(slot);
  if (quantity === null) {
    if (twiceIn(slot, off, terms) !== undefined) return { extra: off, price: ZERO_USD };
    const alone = slots.length > 1 && more.length < slots.length;
    const price =
      alone || sameFactor(slots, unit, terms) || (slots.length === 1 && !isMultiple(slot, terms));
    return price ? { extra: ZERO_USD, price: off } : { extra: off, price: ZERO_USD };
  }
  if (quantity === 0n) return { extra: ZERO_USD, price: off };
  if (quantity < 0n || slot.unitPrice === null) return { extra: off, price: ZERO_USD };
  const extra = inTerms(picoUsd(slot.unitPrice * quantity), terms);
  const price = subtractUsd(off, extra);
  return { extra, price: sizeOf(price) <= slot.slack ? ZERO_USD : price };
}

type Twin = readonly [BillLine, BillLine];

/** Two lines that are the same but for their place, one of which is all that there is too much. */
function twiceIn(slot: Slot, extra: PicoUsd, terms: Terms): Twin | undefined {
  const off = quantityOff(slot);
  for (const [index, line] of slot.lines.entries()) {
    const amount = terms.itemises ? line.list : line.billed;
    if (sizeOf(subtractUsd(amount, extra)) > slot.slack) continue;
    if (off !== null && line.quantity !== off) continue;
    const twin = slot.lines.slice(index + 1).find((other) => sameLine(line, other));
    if (twin !== undefined) return [line, twin];
  }
  return undefined;
}

function sameLine(left: BillLine, right: BillLine): boolean {
  const of = (line: BillLine) =>
    [
      line.from,
      line.to,
      line.label,
      line.quantity,
      line.list,
      line.billed,
      line.requestId,
      ...line.projects,
    ].join("\n");
  return of(left) === of(right);
}

function twiceFinding(
  unit: Unit,
  slot: Slot,
  { amount, twin }: { readonly amount: PicoUsd; readonly twin: Twin },
): Finding {
  return {
    kind: "billed_twice",
    ...placeOf(unit),
    meter: slot.name,
    quantity: slot.quantity,
    amount,
    text: `${slot.name}: the same line stands there twice, ${formatUsd(amount)} USD too much`,
    lines: placesOf(twin),
    receipts: receiptsOf(unit.calls),
  };
}

function extraFinding(
  unit: Unit,
  extras: readonly { readonly slot: Slot; readonly amount: PicoUsd }[],
  terms: Terms,
): Finding {
  const [first] = extras;
  const amount = extras.reduce((sum, each) => picoUsd(sum + each.amount), ZERO_USD);
  const voided = unit.calls.filter((call) => mayHaveCost(call, extras, terms));
  const sure = unit.requestId !== null && voided.length === unit.calls.length && voided.length > 0;
  const usd = formatUsd(amount);
  const outcomes = [...new Set(voided.map(({ outcome }) => outcome))].join(", ");
  const text =
    voided.length === 0
      ? `${usd} USD more than all calls of this connection come to: billed wrongly, or spent with the same key elsewhere`
      : sure
        ? `${usd} USD billed for a call that was ${outcomes}, and should have cost nothing`
        : `${usd} USD more than the calls that made pictures come to: perhaps for one that was void (${outcomes})`;
  return {
    kind: voided.length === 0 ? "theirs_only" : "billed_though_void",
    ...placeOf(unit),
    meter: extras.length === 1 ? (first?.slot.name ?? null) : null,
    quantity: extras.length === 1 ? (first?.slot.quantity ?? null) : null,
    amount,
    text,
    lines: placesOf(extras.flatMap(({ slot }) => slot.lines)),
    receipts: receiptsOf(voided.length === 0 ? unit.calls : voided),
  };
}

/** A call from which nothing was expected, and whose ceiling has room for all that there is too much. */
function mayHaveCost(
  call: JournalCall,
  extras: readonly { readonly slot: Slot; readonly amount: PicoUsd }[],
  terms: Terms,
): boolean {
  if (call.known.length > 0 || call.unsure.length > 0) return false;
  return extras.every(({ slot, amount }) => {
    const lines = call.ceiling.filter(({ meter }) => slot.name === "all" || meter === slot.name);
    const most = lines.reduce((sum, line) => picoUsd(sum + inTerms(line.amount, terms)), ZERO_USD);
    const quantity = lines.reduce((sum, line) => sum + line.quantity, 0n);
    const off = quantityOff(slot);
    return amount <= picoUsd(most + slot.slack) && (off === null || off <= quantity);
  });
}
