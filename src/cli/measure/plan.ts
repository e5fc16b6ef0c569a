import { type Cell, cellKey, cellText, type PlannedCell } from "../../measure/cell.ts";
import { groupBy } from "../../measure/group.ts";
import { type OrderGiven, orderOf } from "../../measure/order.ts";
import type { Predicted } from "../../measure/result.ts";
import { formatUsd, type PicoUsd, parseUsd, sumUsd, timesUsd } from "../../money/pico-usd.ts";
import { type ErrorSaid, Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { alignPoints, table } from "../table.ts";
import { type Line, quoteAnswer, readAnswer } from "../wire.ts";
import { type Patience, passes, patiently } from "./patience.ts";

/** What the gateway says of a cell before anything is spent. */
export type QuotedCell = PlannedCell & { readonly key: string } & (
    | {
        readonly kind: "quoted";
        readonly predicted: Predicted;
        readonly warnings: readonly string[];
      }
    | { readonly kind: "refused"; readonly said: ErrorSaid }
  );

/** Refusals that say nothing of a cell: nobody is there, or the key may not ask. The plan ends with them. */
const OF_THE_CALLER = new Set([
  "gateway_unreachable",
  "not_a_gateway",
  "answer_broken_off",
  "missing_api_key",
  "invalid_api_key",
  "revoked_api_key",
  "expired_api_key",
  "sandbox_key",
  "live_key",
  "not_ready",
  "unknown_answer",
]);

/** Whether a refusal says nothing of an order: the gateway can't be asked so at all. */
export function isOfTheCaller({ said }: Refused): boolean {
  return said.code !== null && OF_THE_CALLER.has(said.code);
}

/** Quotes every cell once. @throws Refused when the gateway can't be asked at all. */
export async function quotePlan(
  gateway: Gateway,
  cells: readonly PlannedCell[],
  given: OrderGiven & {
    readonly onQuoted: (done: number, all: number) => void;
    readonly patience: Patience;
  },
): Promise<QuotedCell[]> {
  const quoted: QuotedCell[] = [];
  for (const planned of cells) {
    quoted.push(await patiently(() => quoteCell(gateway, planned, given), given.patience));
    given.onQuoted(quoted.length, cells.length);
  }
  return quoted;
}

async function quoteCell(
  gateway: Gateway,
  planned: PlannedCell,
  given: OrderGiven,
): Promise<QuotedCell> {
  const key = cellKey(planned.sweep, planned.cell);
  try {
    const { body } = orderOf(planned.cell, given);
    const answer = await gateway.call({ method: "POST", path: "/v1/images/quote", body });
    const quote = readAnswer(quoteAnswer, answer.body);
    const predicted = {
      usage: usageOf(quote.expected.lines),
      total: quote.expected.total,
      ceiling: quote.ceiling.total,
      price_version: quote.price_version,
      marks: quote.marks,
    };
    return { ...planned, key, kind: "quoted", predicted, warnings: quote.warnings };
  } catch (cause) {
    const refusal = cause instanceof Refused ? cause : undefined;
    if (refusal === undefined || passes(refusal) || isOfTheCaller(refusal)) throw cause;
    return { ...planned, key, kind: "refused", said: refusal.said };
  }
}

/** Lines of a bill as quantities; lines of one meter are added. */
export function usageOf(lines: readonly Line[]): Record<string, string> {
  const usage = new Map<string, bigint>();
  for (const { meter, quantity } of lines) {
    usage.set(meter, (usage.get(meter) ?? 0n) + BigInt(quantity));
  }
  return Object.fromEntries([...usage].map(([meter, quantity]) => [meter, quantity.toString()]));
}

/** What a sweep is going to cost. */
export type SweepCost = {
  readonly sweep: string;
  readonly calls: number;
  readonly refused: number;
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** Costs by sweep of so many calls of each cell; a cell whose calls were all made costs nothing more. */
export function costsOf(
  quoted: readonly QuotedCell[],
  callsOf: (cell: QuotedCell) => number,
): SweepCost[] {
  return [...groupBy(quoted, ({ sweep }) => sweep)].map(([sweep, cells]) => {
    const sum = (of: (predicted: Predicted) => string): PicoUsd =>
      sumUsd(
        cells.map((cell) =>
          cell.kind === "refused"
            ? parseUsd("0")
            : timesUsd(parseUsd(of(cell.predicted)), BigInt(callsOf(cell))),
        ),
      );
    return {
      sweep,
      calls: cells.reduce((all, cell) => all + (cell.kind === "refused" ? 0 : callsOf(cell)), 0),
      refused: cells.filter(({ kind }) => kind === "refused").length,
      expected: sum(({ total }) => total),
      ceiling: sum(({ ceiling }) => ceiling),
    };
  });
}

export function totalCost(costs: readonly SweepCost[]): SweepCost {
  return {
    sweep: "all",
    calls: costs.reduce((all, { calls }) => all + calls, 0),
    refused: costs.reduce((all, { refused }) => all + refused, 0),
    expected: sumUsd(costs.map(({ expected }) => expected)),
    ceiling: sumUsd(costs.map(({ ceiling }) => ceiling)),
  };
}

/** The plan for people. */
export function planText(
  costs: readonly SweepCost[],
  quoted: readonly QuotedCell[],
  emulated: boolean,
): string {
  const rows = costs.length > 1 ? [...costs, totalCost(costs)] : costs;
  const expected = alignPoints(rows.map((row) => formatUsd(row.expected)));
  const ceiling = alignPoints(rows.map((row) => formatUsd(row.ceiling)));
  const text = table(
    [
      { name: "sweep" },
      { name: "calls", right: true },
      { name: "refused by gate, $0", right: true },
      { name: "expected USD" },
      { name: "at most USD" },
    ],
    rows.map((row, index) => [
      row.sweep,
      String(row.calls),
      String(row.refused),
      expected[index] ?? "",
      ceiling[index] ?? "",
    ]),
  );
  const warnings = new Set(
    quoted.flatMap((cell) =>
      cell.kind === "quoted"
        ? cell.warnings.map((warning) => `${cell.cell.model}: ${warning}`)
        : [],
    ),
  );
  return [
    `the plan${emulated ? ", SANDBOX: no real money" : ""}`,
    "",
    text,
    ...[...warnings].map((warning) => `warning: ${warning}`),
  ].join("\n");
}

/** The plan as JSON: amounts as decimal strings. */
export function planJson(costs: readonly SweepCost[], quoted: readonly QuotedCell[]) {
  const row = ({ sweep, calls, refused, expected, ceiling }: SweepCost) => ({
    sweep,
    calls,
    refused,
    expected: formatUsd(expected),
    ceiling: formatUsd(ceiling),
  });
  return {
    sweeps: costs.map(row),
    total: row(totalCost(costs)),
    refused: quoted.flatMap((cell) =>
      cell.kind === "refused" ? [{ sweep: cell.sweep, cell: cell.cell, error: cell.said }] : [],
    ),
  };
}

/** A cell in one line, for progress and notes. */
export function jobText(sweep: string, cell: Cell): string {
  return `${sweep}: ${cellText(cell)}`;
}
