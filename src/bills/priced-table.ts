import type { Meter } from "../catalog/schema.ts";
import { negateUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import { wholeUnits, writtenDecimal } from "./amount.ts";
import { BillComposer, kindOf } from "./compose.ts";
import type { BillContext, ReadBill } from "./format.ts";
import { type Headings, readTable, type TableRow } from "./table.ts";

/**
 * Bills of clouds that write a row as gross amount, discount, what was cut off, coupon and net: the same
 * sums under other headings. What a row counts is its vendor's to say.
 */

export const pricedColumns = [
  "day",
  "product",
  "kind",
  "quantity",
  "unit",
  "gross",
  "net",
  "coupon",
  "truncated",
  "tax",
  "currency",
] as const;
export type PricedColumn = (typeof pricedColumns)[number];

/** What of a row only its vendor's reader understands. */
export type Counted = {
  readonly model: string | null;
  readonly label: string;
  readonly meter: Meter | null;
  readonly projects: readonly string[];
  readonly elsewhere: string | null;
};

/** The columns that must be there. */
export const pricedNeeded = ["day", "net"] as const;

export function readPricedTable<More extends string>(
  text: string,
  of: {
    readonly headings: Headings<PricedColumn | More>;
    readonly needed: readonly (PricedColumn | More)[];
    readonly counted: (row: TableRow<PricedColumn | More>) => Counted;
  },
  context: BillContext,
): ReadBill {
  const table = readTable(text, of.headings, of.needed);
  const compose = new BillComposer(context.file);
  if (!table.has("currency") && table.rows.length > 0) {
    compose.notes.push("no currency is named: amounts are taken for US dollars");
  }
  for (const row of table.rows) {
    readRow(row, of.counted(row), { context, compose });
  }
  return {
    lines: compose.lines(),
    counts: [],
    notes: compose.notes,
    problems: [...table.problems, ...compose.problems],
  };
}

function readRow(
  row: TableRow<PricedColumn>,
  counted: Counted,
  { context, compose }: { readonly context: BillContext; readonly compose: BillComposer },
): void {
  const { place } = row;
  const net = compose.cell(row, "net");
  if (row.cell("net") === "") compose.problem(place, `${row.heading("net")}: empty`);
  const span = compose.span(place, row.heading("day"), row.cell("day"), context.zone);
  const amounts = {
    list: compose.cell(row, "gross"),
    coupon: sizeOf(compose.cell(row, "coupon")),
    truncated: sizeOf(compose.cell(row, "truncated")),
    tax: compose.cell(row, "tax") ?? ZERO_USD,
  };
  if (net === undefined || span === undefined) return;
  if (!compose.dollars(place, row.cell("currency"))) return;
  const written = writtenDecimal(row.cell("quantity"));
  compose.add(
    {
      ...span,
      place,
      ...counted,
      quantity:
        written === undefined ? null : (wholeUnits(written, unitsOf(row.cell("unit"))) ?? null),
    },
    { kind: kindOf(row.cell("kind")), net, ...amounts },
  );
}

/** Deductions are written with or without a minus. */
function sizeOf(amount: PicoUsd | undefined): PicoUsd {
  if (amount === undefined) return ZERO_USD;
  return amount < ZERO_USD ? negateUsd(amount) : amount;
}

/** How many a unit of the bill stands for: `1K tokens`, `KTokens`, `千tokens`, `Million tokens`. */
function unitsOf(unit: string): bigint {
  const plain = unit.toLowerCase().replace(/\s/g, "");
  if (/^(1?k|1,?000|千)(token|tokens|个)?/.test(plain) && /token|千/.test(plain)) return 1_000n;
  if (/^(1?m|million|1,?000,?000|百万)(token|tokens|个)?/.test(plain) && /token|百万/.test(plain)) {
    return 1_000_000n;
  }
  return 1n;
}
