import { keptFigures } from "../../advisor/price-per-kept.ts";
import type { World } from "../../ledger/open.ts";
import type { UsageRow } from "../../ledger/reports-port.ts";
import { addUsd, divideUp, formatUsd, type PicoUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { csvText } from "./csv.ts";
import type { UsageAsked } from "./query.ts";

/** What was used, as it was asked for: rows from the ledger, and who reads them. */
export type UsageReport = Pick<UsageAsked, "from" | "to" | "by"> & {
  readonly rows: readonly UsageRow[];
  readonly world: World;
  /** With the house's own figures, which no client sees. */
  readonly house: boolean;
};

type Figures = Omit<UsageRow, "keys">;

const nothing: Figures = {
  calls: 0,
  settled: 0,
  images: 0,
  charge: ZERO_USD,
  held: ZERO_USD,
  vendorCost: ZERO_USD,
  overrun: ZERO_USD,
  exposure: ZERO_USD,
  outcomes: 0,
  kept: 0,
  judgedCharge: ZERO_USD,
};

/** A report as JSON: a row for every combination that occurs, under the names that it was asked by. */
export function usageJson({ from, to, by, rows, world, house }: UsageReport) {
  return {
    object: "usage",
    from,
    to,
    by,
    currency: "USD",
    data: rows.map((row) => ({
      ...Object.fromEntries(by.map((name, index) => [name, row.keys[index] ?? null])),
      ...figuresJson(row, house),
    })),
    total: figuresJson(rows.reduce(added, nothing), house),
    emulated: world === "sandbox",
  };
}

/** The same rows as a table; an empty cell where a call says nothing of a dimension. */
export function usageCsv({ by, rows, world, house }: UsageReport): string {
  const emulated = world === "sandbox" ? "true" : "false";
  const names = Object.keys(figuresJson(nothing, house));
  return csvText([
    [...by, ...names, "currency", "emulated"],
    ...rows.map((row) => [
      ...by.map((_, index) => row.keys[index] ?? ""),
      ...Object.values(figuresJson(row, house)).map((value) => String(value ?? "")),
      "USD",
      emulated,
    ]),
  ]);
}

function figuresJson(of: Figures, house: boolean) {
  return {
    calls: of.calls,
    settled: of.settled,
    images: of.images,
    charge: formatUsd(of.charge),
    held: formatUsd(of.held),
    average_per_image: averagePerImage(of),
    ...keptFigures(of),
    ...(house
      ? {
          vendor_cost: formatUsd(of.vendorCost),
          overrun: formatUsd(of.overrun),
          exposure: formatUsd(of.exposure),
        }
      : {}),
  };
}

/** What was charged for an image, rounded up to one picodollar; null where none was made. */
function averagePerImage({ charge, images }: Figures): string | null {
  return images === 0 ? null : formatUsd(divideUp(charge, BigInt(images)));
}

function added(sum: Figures, row: Figures): Figures {
  const both = (figure: (of: Figures) => PicoUsd): PicoUsd => addUsd(figure(sum), figure(row));
  return {
    calls: sum.calls + row.calls,
    settled: sum.settled + row.settled,
    images: sum.images + row.images,
    charge: both((of) => of.charge),
    held: both((of) => of.held),
    vendorCost: both((of) => of.vendorCost),
    overrun: both((of) => of.overrun),
    exposure: both((of) => of.exposure),
    outcomes: sum.outcomes + row.outcomes,
    kept: sum.kept + row.kept,
    judgedCharge: both((of) => of.judgedCharge),
  };
}
