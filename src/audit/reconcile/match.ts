import { addDays, beginOfDay } from "../../bills/day.ts";
import type { BillLine, CountLine } from "../../bills/line.ts";
import {
  addUsd,
  formatUsd,
  type PicoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import type { Confirmable } from "./confirm.ts";
import type { JudgedBy } from "./difference.ts";
import { type Finding, isDrift, placesOf } from "./finding.ts";
import { imageFindings, imagesBilled } from "./image-counts.ts";
import type { JournalCall } from "./journal-call.ts";
import { addSums, judgeUnit, NO_SUMS, type Sums } from "./judge-unit.ts";
import { type Move, moveCalls } from "./moved.ts";
import type { Proposal } from "./proposals.ts";
import { inTerms, sizeOf, type Terms, WHOLE_FACTOR } from "./slots.ts";
import { type Unit, unitsOf } from "./units.ts";

/** A bill, the calls that it may be of, and how the two compare. */
export type Matched = {
  readonly lines: readonly BillLine[];
  readonly counts: readonly CountLine[];
  /** Ended calls of one connection, from a little before the period to a little after it. */
  readonly calls: readonly JournalCall[];
  /** First and last day, of the vendor's zone. */
  readonly period: { readonly from: string; readonly to: string };
  readonly zone: string;
  /** What the vendor bills of its list price, in millionths. */
  readonly factor: bigint;
  /** Only lines of these projects or keys are this gateway's; none: all may be. */
  readonly projects: readonly string[];
};

export type Matching = {
  /** Everything that the bill comes to, taxes and credits included. */
  readonly billed: PicoUsd;
  readonly sums: Sums;
  readonly tax: PicoUsd;
  readonly credits: PicoUsd;
  readonly findings: readonly Finding[];
  readonly proposals: readonly Proposal[];
  readonly confirmable: readonly Confirmable[];
  /** What the same vendor sold that isn't this gateway's. */
  readonly outside: readonly Outside[];
  readonly drift: boolean;
  readonly counts: {
    readonly lines: number;
    readonly calls: number;
    /** Lines of other days than the period's, and what they come to: no part of anything here. */
    readonly leftOut: { readonly lines: number; readonly amount: PicoUsd };
  };
};

export type Outside = {
  readonly label: string;
  readonly why: string;
  readonly amount: PicoUsd;
  readonly lines: number;
};

/** Compares a bill with the journal. Pure: the same bill and calls say the same. */
export function matchBill(given: Matched): Matching {
  const { period, zone, calls } = given;
  const inPeriod = given.lines.filter(({ from, to }) => from >= period.from && to <= period.to);
  const usage = inPeriod.filter(({ kind }) => kind === "usage");
  const terms: Terms = {
    itemises: usage.some(({ itemised }) => itemised),
    factor: given.factor,
  };
  const edges = {
    fromMs: beginOfDay(period.from, zone),
    beforeMs: beginOfDay(addDays(period.to, 1), zone),
  };
  const within = calls.filter(({ endedMs }) => endedMs >= edges.fromMs && endedMs < edges.beforeMs);
  const models = new Set(within.map(({ model }) => model));
  const { ours, outside } = partition(usage, models, given.projects);
  const moved = moveCalls(unitsOf(ours, calls, zone), zone, terms);
  // Calls outside the period are there to be moved into it; nothing is said of the others.
  const units = moved.units.map((unit) => restricted(unit, { within, moves: moved.moves }));
  const by: JudgedBy = { terms, edges, imagesBilled: (unit) => imagesBilled(unit, given) };
  const judged = units
    .filter(hasAnything)
    .map((unit) => ({ unit, judgement: judgeUnit(unit, by) }));
  const sums = judged.map(({ judgement }) => judgement.sums).reduce(addSums, NO_SUMS);
  const others = sumsOfKinds(inPeriod);
  const findings = [
    ...judged.flatMap(({ judgement }) => judgement.findings),
    ...moved.moves.map((move) => moveFinding(move)),
    ...discountFindings(given, { usage: ours, terms }),
    ...imageFindings(given, { within, moves: moved.moves }),
  ].toSorted(
    (left, right) => compareText(left.from, right.from) || compareText(left.model, right.model),
  );
  const left = given.lines.filter((line) => !inPeriod.includes(line));
  return {
    billed: sumUsd(inPeriod.map(({ billed }) => billed)),
    sums: {
      ...sums,
      discount: addUsd(sums.discount, others.discount),
      rounding: addUsd(sums.rounding, others.rounding),
      outside: addUsd(sums.outside, sumUsd(outside.map(({ line }) => line.billed))),
      net: addUsd(sums.net, sumUsd(outside.map(({ line }) => line.billed))),
    },
    tax: others.tax,
    credits: others.credit,
    findings,
    proposals: judged.flatMap(({ judgement }) => judgement.proposals),
    confirmable: judged.flatMap(({ judgement }) => judgement.confirmable),
    outside: grouped([
      ...outside,
      ...judged
        .filter(({ judgement }) => judgement.sums.outside !== ZERO_USD)
        .flatMap(({ unit }) => unit.lines.filter((line) => isForeign(line, unit)))
        .map((line) => ({ line, why: "no call of this connection" })),
    ]),
    drift: findings.some(isDrift),
    counts: {
      lines: inPeriod.length,
      calls: within.length,
      leftOut: { lines: left.length, amount: sumUsd(left.map(({ billed }) => billed)) },
    },
  };
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

type WithWhy = { readonly line: BillLine; readonly why: string };

/** What can't be a call of this connection stands aside, with the reason. */
function partition(
  usage: readonly BillLine[],
  models: ReadonlySet<string>,
  projects: readonly string[],
): { readonly ours: readonly BillLine[]; readonly outside: readonly WithWhy[] } {
  const why = (line: BillLine): string | null => {
    if (line.elsewhere !== null) return line.elsewhere;
    if (line.model === null) return "no model of the catalog";
    if (projects.length > 0 && !line.projects.some((project) => projects.includes(project))) {
      return "another project or key";
    }
    return models.has(line.model)
      ? null
      : "a model that this connection never called in the period";
  };
  const told = usage.map((line) => ({ line, why: why(line) }));
  return {
    ours: told.filter((each) => each.why === null).map(({ line }) => line),
    outside: told.flatMap(({ line, why: said }) => (said === null ? [] : [{ line, why: said }])),
  };
}

function restricted(
  unit: Unit,
  of: { readonly within: readonly JournalCall[]; readonly moves: readonly Move[] },
): Unit {
  const kept = new Set([...of.within, ...of.moves.map(({ call }) => call)]);
  return { ...unit, calls: unit.calls.filter((call) => kept.has(call)) };
}

function hasAnything({ lines, calls }: Unit): boolean {
  return lines.length + calls.length > 0;
}

function isForeign(line: BillLine, { calls, requestId }: Unit): boolean {
  return calls.length === 0 || (requestId === null && line.requestId !== null);
}

function sumsOfKinds(lines: readonly BillLine[]) {
  const of = (kind: BillLine["kind"]): PicoUsd =>
    sumUsd(lines.filter((line) => line.kind === kind).map(({ billed }) => billed));
  return {
    tax: of("tax"),
    credit: of("credit"),
    discount: of("discount"),
    rounding: of("rounding"),
  };
}

function moveFinding({ call, from, to }: Move): Finding {
  const amount = sumUsd(call.known.map((line) => line.amount));
  return {
    kind: "other_day",
    ...{ model: call.model, from: from < to ? from : to, to: from < to ? to : from },
    ...{ meter: null, quantity: null, amount },
    text: `a call of ${from} stands on the bill of ${to}: it ended near the vendor's midnight`,
    lines: [],
    receipts: [call.receiptId],
  };
}

/** Where a bill tells list from billed, the accepted factor must lie between the two. */
function discountFindings(
  { factor, period }: Matched,
  { usage, terms }: { readonly usage: readonly BillLine[]; readonly terms: Terms },
): Finding[] {
  if (factor === WHOLE_FACTOR || !terms.itemises) return [];
  const list = sumUsd(usage.map((line) => line.list));
  const billed = sumUsd(usage.map((line) => line.billed));
  const expected = inTerms(list, { itemises: false, factor });
  const amount = subtractUsd(billed, expected);
  if (sizeOf(amount) <= sumUsd(usage.map(({ slack }) => slack))) return [];
  return [
    {
      kind: "discount_differs",
      ...{ model: "all", ...period, meter: null, quantity: null, amount },
      text: `of ${formatUsd(list)} USD at list price ${formatUsd(billed)} were billed, by the accepted discount it is ${formatUsd(expected)}`,
      lines: placesOf(usage),
      receipts: [],
    },
  ];
}

function grouped(lines: readonly WithWhy[]): Outside[] {
  const by = new Map<string, Outside>();
  for (const { line, why } of lines) {
    const key = `${line.label}\n${why}`;
    const before = by.get(key) ?? { label: line.label, why, amount: ZERO_USD, lines: 0 };
    by.set(key, {
      ...before,
      amount: addUsd(before.amount, line.billed),
      lines: before.lines + 1,
    });
  }
  return [...by.values()].toSorted((left, right) => (left.amount < right.amount ? 1 : -1));
}

/** The days that a bill tells of; undefined for one without a line. */
export function daysOf(
  lines: readonly Pick<BillLine, "from" | "to">[],
): { readonly from: string; readonly to: string } | undefined {
  const from = lines.map((line) => line.from).toSorted()[0];
  const to = lines
    .map((line) => line.to)
    .toSorted()
    .at(-1);
  return from === undefined || to === undefined ? undefined : { from, to };
}
