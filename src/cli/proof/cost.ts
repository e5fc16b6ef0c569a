import { formatUsd, type PicoUsd, parseUsd, sumUsd, timesUsd } from "../../money/pico-usd.ts";
import type { Call } from "../../runs/proof/made.ts";
import { alignPoints, table } from "../table.ts";
import type { QuotedRow, RowQuote } from "./quote.ts";

/** What calls at one candidate are going to cost. */
export type CandidateCost = {
  readonly candidate: string;
  readonly calls: number;
  readonly priceVersion: string;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** By candidate, in the order in which the proof names them. */
export function costsOf(
  names: readonly string[],
  calls: readonly Pick<Call, "row" | "candidate">[],
  rows: readonly QuotedRow[],
): readonly CandidateCost[] {
  const byRow = new Map(rows.map(({ row, quotes }) => [row.id, quotes]));
  return names.map((candidate) => {
    const own = calls.filter((call) => call.candidate === candidate);
    const quotes = own.map(({ row }): RowQuote => {
      const quote = byRow.get(row)?.get(candidate);
      if (quote === undefined) throw new Error(`${row} at ${candidate} was not quoted`);
      return quote;
    });
    return {
      candidate,
      calls: own.length,
      priceVersion: quotes[0]?.priceVersion ?? "",
      expected: sumUsd(quotes.map(({ expected }) => parseUsd(expected))),
      ceiling: sumUsd(quotes.map(({ ceiling }) => parseUsd(ceiling))),
    };
  });
}

/** The sum of some costs; each `times` over. */
export function totalOf(costs: readonly CandidateCost[], times = 1): CandidateCost {
  return {
    candidate: "total",
    calls: costs.reduce((sum, { calls }) => sum + calls, 0) * times,
    priceVersion: "",
    expected: timesUsd(sumUsd(costs.map(({ expected }) => expected)), BigInt(times)),
    ceiling: timesUsd(sumUsd(costs.map(({ ceiling }) => ceiling)), BigInt(times)),
  };
}

/** For people. */
export function costText(costs: readonly CandidateCost[]): string {
  const rows = [...costs, totalOf(costs)];
  const expected = alignPoints(rows.map((row) => formatUsd(row.expected)));
  const ceiling = alignPoints(rows.map((row) => formatUsd(row.ceiling)));
  return table(
    [
      { name: "candidate" },
      { name: "pictures", right: true },
      { name: "expected USD" },
      { name: "at most USD" },
      { name: "price version" },
    ],
    rows.map((row, place) => [
      row.candidate,
      String(row.calls),
      expected[place] ?? "",
      ceiling[place] ?? "",
      row.priceVersion,
    ]),
  );
}

/** Amounts as decimal strings. */
export function costJson(costs: readonly CandidateCost[]) {
  const row = ({ candidate, calls, priceVersion, expected, ceiling }: CandidateCost) => ({
    candidate,
    calls,
    price_version: priceVersion,
    expected: formatUsd(expected),
    ceiling: formatUsd(ceiling),
  });
  const { candidate: _, price_version: __, ...total } = row(totalOf(costs));
  return { candidates: costs.map(row), total };
}
