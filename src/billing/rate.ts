import type { Mark, Meter, PriceVersion, Term } from "../catalog/schema.ts";
import { marks as markOrder } from "../catalog/schema.ts";
import {
  divideExact,
  type PicoUsd,
  parseUsd,
  sumUsd,
  timesUsd,
  ZERO_USD,
} from "../money/pico-usd.ts";
import type { UsageItem } from "./usage.ts";

/**
 * The version of the law in this file and in `charge.ts`, written into every hold. A change that alters
 * any recorded bill takes a new number and keeps the old function (MONEY §4).
 */
export const RATING_VERSION = 1;

/** The facts of a request, beside its usage, that its price can depend on. */
export type PricedFacts = {
  readonly quality?: string;
  /** Exact output size as WxH, for price tables by size. */
  readonly size?: string;
  readonly promptExtend?: boolean;
  readonly serviceTier?: "batch" | "flex" | "priority";
};

/** One line of a bill: amount = quantity x unit price, exactly. */
export type BillLine = {
  readonly meter: Meter | "overrun" | "margin";
  readonly quantity: bigint;
  readonly unitPrice: PicoUsd;
  readonly amount: PicoUsd;
  readonly mark: Mark;
};

export type Bill = { readonly lines: readonly BillLine[]; readonly total: PicoUsd };

/** Usage x price version -> bill. Pure: no clock, no database, no vendor names. */
export function rateItems(
  items: readonly UsageItem[],
  price: PriceVersion,
  facts: PricedFacts,
): Bill {
  const lines: BillLine[] = [];
  const used = new Map<Term, bigint>();
  for (const item of items) {
    if (item.quantity < 0n) throw new Error(`negative ${item.meter}: ${item.quantity}`);
    if (item.quantity === 0n) continue;
    const term = termFor(item, price, facts);
    if (term === undefined) continue;
    const before = used.get(term) ?? 0n;
    used.set(term, before + item.quantity);
    lines.push(...linesOf(item, term, price, before));
  }
  const merged = mergeLines(lines);
  return { lines: merged, total: sumUsd(merged.map((line) => line.amount)) };
}

/**
 * The one term that prices an item; undefined only for references of a model that charges none.
 *
 * @throws Error when no term or more than one fits: the catalog's loader proves that this can't happen.
 */
export function termFor(
  item: UsageItem,
  price: PriceVersion,
  facts: PricedFacts,
): Term | undefined {
  const fitting = price.terms.filter((term) => fits(term, item, facts));
  if (!isPriced(item, fitting)) {
    throw new Error(
      `${price.id}: ${fitting.length} terms price ${item.meter} (area ${item.areaPixels ?? "unknown"})`,
    );
  }
  return fitting[0];
}

/** Whether a price version has exactly one price for every item: asked before rating by a price nobody quoted. */
export function canRate(
  items: readonly UsageItem[],
  price: PriceVersion,
  facts: PricedFacts,
): boolean {
  return items.every((item) =>
    isPriced(
      item,
      price.terms.filter((term) => fits(term, item, facts)),
    ),
  );
}

function isPriced(item: UsageItem, fitting: readonly Term[]): boolean {
  // A flat model without a reference term includes its references in the price of the picture.
  return fitting.length === 1 || (fitting.length === 0 && item.meter === "reference_images");
}

function fits(term: Term, item: UsageItem, facts: PricedFacts): boolean {
  const when = term.when;
  if (term.meter !== item.meter) return false;
  if (when?.serviceTier !== facts.serviceTier) return false;
  if (when === undefined) return true;
  if (!isAmong(when.quality, facts.quality)) return false;
  if (!isAmong(when.sizes, facts.size)) return false;
  if (when.promptExtend !== undefined && when.promptExtend !== (facts.promptExtend ?? false)) {
    return false;
  }
  return areaFits(when, item.areaPixels);
}

/** What a request doesn't say is on no list. */
function isAmong(listed: readonly string[] | undefined, said: string | undefined): boolean {
  return listed === undefined || listed.some((each) => each === said);
}

/** An unknown area is priced by the dearest tier: above every boundary. */
function areaFits(
  when: { readonly areaUpTo?: number | undefined; readonly areaAbove?: number | undefined },
  area: bigint | undefined,
): boolean {
  if (when.areaUpTo !== undefined && (area === undefined || area > BigInt(when.areaUpTo))) {
    return false;
  }
  return when.areaAbove === undefined || area === undefined || area > BigInt(when.areaAbove);
}

/** The price of one unit of a term. */
export function unitPrice(term: Term): PicoUsd {
  return divideExact(parseUsd(term.usd), BigInt(term.per));
}

function linesOf(item: UsageItem, term: Term, price: PriceVersion, before: bigint): BillLine[] {
  const mark = term.mark ?? price.mark;
  const freeLeft = term.free === undefined ? 0n : BigInt(term.free) - before;
  const free = freeLeft > item.quantity ? item.quantity : freeLeft > 0n ? freeLeft : 0n;
  const paid = item.quantity - free;
  const unit = unitPrice(term);
  const lines: BillLine[] = [];
  if (free > 0n) {
    lines.push({ meter: item.meter, quantity: free, unitPrice: ZERO_USD, amount: ZERO_USD, mark });
  }
  if (paid > 0n) {
    const amount = timesUsd(unit, paid);
    lines.push({ meter: item.meter, quantity: paid, unitPrice: unit, amount, mark });
  }
  return lines;
}

/** Lines of one meter at one unit price become one line, in order of first appearance. */
function mergeLines(lines: readonly BillLine[]): BillLine[] {
  const merged: BillLine[] = [];
  for (const line of lines) {
    const index = merged.findIndex(
      (other) => other.meter === line.meter && other.unitPrice === line.unitPrice,
    );
    const found = merged[index];
    if (found === undefined) {
      merged.push(line);
      continue;
    }
    const quantity = found.quantity + line.quantity;
    merged[index] = { ...found, quantity, amount: timesUsd(found.unitPrice, quantity) };
  }
  return merged;
}

/** The weakest of some marks: what a total that rests on all of them may claim. */
export function weakestMark(marks: readonly Mark[]): Mark | undefined {
  return markOrder.findLast((mark) => marks.includes(mark));
}
