import type { BillLine } from "../../bills/line.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import type { JournalCall } from "./journal-call.ts";
import type { SlotName } from "./slots.ts";
import type { Unit } from "./units.ts";

/** What kinds of difference there are between a bill and the journal. */
export const findingKinds = [
  /** The same quantity at another price. */
  "price_differs",
  /** Quantity of one meter stands under another. */
  "wrong_meter",
  /** The journal has it, the bill doesn't. */
  "ours_only",
  /** The bill has more than all calls of the journal come to. */
  "theirs_only",
  /** A line stands there twice. */
  "billed_twice",
  /** Billed for a call that the vendor said had failed, or refused. */
  "billed_though_void",
  /** A call near midnight that the vendor counts to the other day: explained. */
  "other_day",
  /** A call near the end of the period that the next bill may hold: explained as far as can be. */
  "edge_of_period",
  /** The bill's own discount isn't the accepted one. */
  "discount_differs",
  /** The vendor counted other pictures than were made. */
  "images_differ",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** One difference, with what shows it. */
export type Finding = {
  readonly kind: FindingKind;
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly meter: SlotName | null;
  /** Where the bill counts. */
  readonly quantity: { readonly expected: bigint; readonly billed: bigint } | null;
  /** The bill's amount less the journal's. */
  readonly amount: PicoUsd;
  readonly text: string;
  /** `file: line 7`. */
  readonly lines: readonly string[];
  readonly receipts: readonly string[];
};

/** Kinds that nobody has to do anything about. */
const EXPLAINED: ReadonlySet<FindingKind> = new Set(["other_day", "edge_of_period"]);

/** Whether a difference is one that somebody must look at. */
export function isDrift({ kind }: Pick<Finding, "kind">): boolean {
  return !EXPLAINED.has(kind);
}

/** Named of one finding; the rest is counted. */
const NAMED_MAX = 20;

export function placesOf(lines: readonly BillLine[]): string[] {
  return lines.slice(0, NAMED_MAX).map(({ file, place }) => `${file}: ${place}`);
}

export function receiptsOf(calls: readonly JournalCall[]): string[] {
  return calls.slice(0, NAMED_MAX).map(({ receiptId }) => receiptId);
}

/** What every finding of a unit has in common. */
export function placeOf({ model, from, to }: Unit): Pick<Finding, "model" | "from" | "to"> {
  return { model, from, to };
}
