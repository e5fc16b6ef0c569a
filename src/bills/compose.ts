import type { Meter } from "../catalog/schema.ts";
import { addUsd, negateUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import { picoOf, slackOf, writtenDecimal } from "./amount.ts";
import { type DaySpan, spanIn } from "./day.ts";
import type { BillLine, BillLineKind, BillProblem } from "./line.ts";
import type { TableRow } from "./table.ts";

/** Makes lines of the cells of one row, and remembers what was wrong with them. */

/** What every line of a row has in common. */
export type RowFacts = DaySpan & {
  readonly place: string;
  readonly model: string | null;
  readonly label: string;
  readonly meter: Meter | null;
  readonly quantity: bigint | null;
  readonly requestId?: string | null;
  readonly projects?: readonly string[];
  readonly elsewhere?: string | null;
};

/** The amounts of a row, as far as a bill tells them apart. */
export type RowAmounts = {
  readonly kind: BillLineKind;
  /** To be paid before tax: after discount, coupons and truncation. */
  readonly net: PicoUsd;
  /** Before any discount; undefined where the bill doesn't say. */
  readonly list?: PicoUsd | undefined;
  /** What coupons and credits took off, at least 0. */
  readonly coupon?: PicoUsd;
  /** What was cut off behind the last decimal, at least 0. */
  readonly truncated?: PicoUsd;
  readonly tax?: PicoUsd;
};

/** Collects the lines of one file; amounts are as exact as the most decimals that any of them has. */
export class BillComposer {
  readonly problems: BillProblem[] = [];
  readonly notes: string[] = [];
  readonly #file: string;
  readonly #lines: BillLine[] = [];
  #decimals: number;

  /** @param decimals at least so many are taken to be meant, for formats that drop zeros at the end. */
  constructor(file: string, decimals = 0) {
    this.#file = file;
    this.#decimals = decimals;
  }

  problem(place: string, message: string): void {
    this.problems.push({ place, message });
  }

  /** An amount as written; undefined, and a problem, for what is none. An empty cell is undefined alone. */
  amount(place: string, heading: string, text: string): PicoUsd | undefined {
    if (text.trim() === "") return undefined;
    const written = writtenDecimal(text);
    if (written === undefined) {
      this.problem(place, `${heading}: not an amount: ${JSON.stringify(text)}`);
      return undefined;
    }
    this.#decimals = Math.max(this.#decimals, written.decimals);
    return picoOf(written);
  }

  /** The amount in a cell. */
  cell<Name extends string>(row: TableRow<Name>, name: Name): PicoUsd | undefined {
    return this.amount(row.place, row.heading(name), row.cell(name));
  }

  /** A day, month or instant; undefined, and a problem, for what is none. */
  span(place: string, heading: string, text: string, zone: string): DaySpan | undefined {
    const span = spanIn(text, zone);
    if (span === undefined) {
      this.problem(place, `${heading}: not a day, a month or an instant: ${JSON.stringify(text)}`);
    }
    return span;
  }

  /** Only US dollars are compared with the journal; another currency is a problem, named. */
  dollars(place: string, currency: string): boolean {
    if (/^(usd|us\$|\$)?$/i.test(currency.trim())) return true;
    this.problem(
      place,
      `currency ${currency.trim()}: only USD can be matched; ask the vendor for a bill in USD`,
    );
    return false;
  }

  /** A row becomes a usage line and lines of its own for what coupons, rounding and taxes did to it. */
  add(facts: RowFacts, amounts: RowAmounts): void {
    const { coupon = ZERO_USD, truncated = ZERO_USD, tax = ZERO_USD, net } = amounts;
    const billed = addUsd(addUsd(net, coupon), truncated);
    // Less than nothing takes off what was billed, whatever the row calls itself.
    const kind = amounts.kind === "usage" && billed < ZERO_USD ? "credit" : amounts.kind;
    if (kind !== "usage") {
      if (net !== ZERO_USD) this.#push(facts, kind, net);
    } else {
      const { list } = amounts;
      const itemised = list !== undefined;
      this.#push(facts, kind, billed, itemised ? { list, itemised } : undefined);
      if (coupon !== ZERO_USD) this.#push(facts, "credit", negateUsd(coupon));
      if (truncated !== ZERO_USD) this.#push(facts, "rounding", negateUsd(truncated));
    }
    if (tax !== ZERO_USD) this.#push(facts, "tax", tax);
  }

  /** All lines, with how exact their amounts are. */
  lines(): readonly BillLine[] {
    const slack = slackOf(this.#decimals);
    return this.#lines.map((line) => ({ ...line, slack }));
  }

  #push(
    facts: RowFacts,
    kind: BillLineKind,
    billed: PicoUsd,
    stated?: { readonly list: PicoUsd; readonly itemised: boolean },
  ): void {
    const { requestId = null, projects = [], elsewhere = null, ...rest } = facts;
    this.#lines.push({
      file: this.#file,
      ...rest,
      kind,
      ...(kind === "usage" ? {} : { quantity: null }),
      list: stated?.list ?? billed,
      billed,
      itemised: stated?.itemised ?? false,
      slack: ZERO_USD,
      ...{ requestId, projects, elsewhere },
    });
  }
}

/** What a bill's own word for a row means: usage where it says nothing else. */
export function kindOf(word: string): BillLineKind {
  if (/\btax|\bvat\b|\bgst\b|税/i.test(word)) return "tax";
  if (/round|抹零/i.test(word)) return "rounding";
  if (/refund|credit|coupon|promotion|adjust|free.?tier|退款|调账|代金券/i.test(word))
    return "credit";
  if (/discount|savings|优惠|折扣/i.test(word)) return "discount";
  return "usage";
}
