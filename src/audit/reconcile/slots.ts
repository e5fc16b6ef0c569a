import type { BillLine } from "../../bills/line.ts";
import type { Meter } from "../../catalog/schema.ts";
import {
  addUsd,
  negateUsd,
  type PicoUsd,
  picoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import type { MeterLine } from "./journal-call.ts";

/** A unit meter by meter. `all` stands for every meter, where the bill doesn't tell them apart. */
export type SlotName = Meter | "all";

/** How amounts of a bill compare with the journal's, which are at list price. */
export type Terms = {
  /** The bill tells list from billed: lists are compared. Otherwise what was billed, with the accepted factor. */
  readonly itemises: boolean;
  /** Of the list price, in millionths: 1,000,000 is no discount. */
  readonly factor: bigint;
};

export const WHOLE_FACTOR = 1_000_000n;

/** What the journal expects of one meter, what the bill says, and what lies between. */
export type Slot = {
  readonly name: SlotName;
  /** Null where the bill doesn't count this meter. */
  readonly quantity: { readonly expected: bigint; readonly billed: bigint } | null;
  /** At list price. */
  readonly list: PicoUsd;
  /** The same as the bill should have it. */
  readonly expected: PicoUsd;
  /** As the bill has it, in the same terms. */
  readonly billed: PicoUsd;
  /** What is really to be paid for it. */
  readonly net: PicoUsd;
  /** How far `billed` may be off by its decimals. */
  readonly slack: PicoUsd;
  readonly lines: readonly BillLine[];
  /** The one price of all that is expected; null where there are several or none. */
  readonly unitPrice: PicoUsd | null;
};

/** The slots of a unit: of every meter that the journal or the bill knows. */
export function slotsOf(
  lines: readonly BillLine[],
  known: readonly MeterLine[],
  terms: Terms,
): Slot[] {
  const apart = lines.every(({ meter }) => meter !== null);
  const nameOf = (meter: Meter | null): SlotName => (apart && meter !== null ? meter : "all");
  const names = new Set([...known, ...lines].map(({ meter }) => nameOf(meter)));
  return [...names].map((name) =>
    slotOf(
      name,
      lines.filter(({ meter }) => nameOf(meter) === name),
      known.filter(({ meter }) => nameOf(meter) === name),
      terms,
    ),
  );
}

function slotOf(
  name: SlotName,
  lines: readonly BillLine[],
  known: readonly MeterLine[],
  terms: Terms,
): Slot {
  const list = sumUsd(known.map(({ amount }) => amount));
  const expected = known.reduce((sum, line) => sum + line.quantity, 0n);
  const counts = name !== "all" && lines.every(({ quantity }) => quantity !== null);
  const billed = lines.reduce((sum, line) => sum + (line.quantity ?? 0n), 0n);
  const prices = new Set(known.map(({ unitPrice }) => unitPrice));
  const [price = null] = prices;
  const slack = sumUsd(lines.map((line) => line.slack));
  return {
    name,
    quantity: counts ? { expected, billed } : null,
    list,
    expected: inTerms(list, terms),
    billed: sumUsd(lines.map((line) => (terms.itemises ? line.list : line.billed))),
    net: sumUsd(lines.map((line) => line.billed)),
    // The factor is rounded to a picodollar.
    slack: terms.factor === WHOLE_FACTOR ? slack : addUsd(slack, picoUsd(1n)),
    lines,
    unitPrice: prices.size === 1 ? price : null,
  };
}

/** A list price as the bill should have it. */
export function inTerms(list: PicoUsd, { itemises, factor }: Terms): PicoUsd {
  if (itemises || factor === WHOLE_FACTOR) return list;
  return divideNearest(list * factor, WHOLE_FACTOR);
}

/** The list price of something that the bill has in its own terms. */
export function atList(billed: PicoUsd, { itemises, factor }: Terms): PicoUsd {
  if (itemises || factor === WHOLE_FACTOR) return billed;
  return divideNearest(billed * WHOLE_FACTOR, factor);
}

/** Nearest whole number, halves away from zero. */
export function divideNearest(amount: bigint, by: bigint): PicoUsd {
  const size = amount < 0n ? -amount : amount;
  const rounded = (size + by / 2n) / by;
  return picoUsd(amount < 0n ? -rounded : rounded);
}

/** By how much the bill is above the journal. */
export function amountOff({ billed, expected }: Slot): PicoUsd {
  return subtractUsd(billed, expected);
}

/** By how many units the bill is above the journal; null where it doesn't count. */
export function quantityOff({ quantity }: Slot): bigint | null {
  return quantity === null ? null : quantity.billed - quantity.expected;
}

export function sizeOf(amount: PicoUsd): PicoUsd {
  return amount < ZERO_USD ? negateUsd(amount) : amount;
}

/** Bill and journal say the same, as far as the bill's decimals tell. */
export function agrees(slot: Slot): boolean {
  return (quantityOff(slot) ?? 0n) === 0n && sizeOf(amountOff(slot)) <= slot.slack;
}

/** 1 where the bill has more than the journal, -1 where it has less, 0 where they agree. */
export function signOf(slot: Slot): -1 | 0 | 1 {
  if (agrees(slot)) return 0;
  const quantity = quantityOff(slot) ?? 0n;
  const off = quantity === 0n ? amountOff(slot) : quantity;
  return off > 0n ? 1 : -1;
}
