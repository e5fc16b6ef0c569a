import {
  addUsd,
  type PicoUsd,
  picoUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from "../../money/pico-usd.ts";
import { type Confirmable, confirmableOf } from "./confirm.ts";
import { type Difference, type Explained, type JudgedBy, NO_DIFFERENCE } from "./difference.ts";
import type { Finding } from "./finding.ts";
import { hasMissingCall, judgeLess } from "./judge-less.ts";
import { judgeMore } from "./judge-more.ts";
import { keepAll, type Proposal } from "./proposals.ts";
import { overrunsKept, settleOverrun } from "./settle-overrun.ts";
import { settleUnsure } from "./settle-unsure.ts";
import { agrees, type Slot, signOf, slotsOf, type Terms } from "./slots.ts";
import type { Unit } from "./units.ts";
import { judgeWrongMeter } from "./wrong-meter.ts";

/**
 * What a unit comes to. In the bill's terms, and exactly:
 * `net` = matched + discount + priceDiffers + theirsOnly + settled + rounding + outside.
 */
export type Sums = {
  readonly net: PicoUsd;
  /** Calls that the bill holds, at list price. */
  readonly matched: PicoUsd;
  /** What a discount takes off, at most 0. */
  readonly discount: PicoUsd;
  readonly priceDiffers: PicoUsd;
  readonly theirsOnly: PicoUsd;
  /** Billed for what nobody knew the cost of: ceilings and exposures. */
  readonly settled: PicoUsd;
  readonly rounding: PicoUsd;
  readonly outside: PicoUsd;
  /** Not on the bill: at list price, and no part of the sum. */
  readonly oursOnly: PicoUsd;
};

export const NO_SUMS: Sums = {
  ...{ net: ZERO_USD, matched: ZERO_USD, discount: ZERO_USD, priceDiffers: ZERO_USD },
  ...{ theirsOnly: ZERO_USD, settled: ZERO_USD, rounding: ZERO_USD, outside: ZERO_USD },
  oursOnly: ZERO_USD,
};

export type Judgement = {
  readonly sums: Sums;
  readonly findings: readonly Finding[];
  readonly proposals: readonly Proposal[];
  readonly confirmable: readonly Confirmable[];
};

/** Says what lies between bill and journal in one unit. Pure. */
export function judgeUnit(given: Unit, by: JudgedBy): Judgement {
  const { unit, foreign } = withoutForeign(given);
  const outside = sumUsd(foreign.map(({ billed }) => billed));
  if (unit.calls.length === 0) {
    const lines = sumUsd(unit.lines.map(({ billed }) => billed));
    const all = addUsd(lines, outside);
    return {
      sums: { ...NO_SUMS, net: all, outside: all },
      findings: [],
      proposals: [],
      confirmable: [],
    };
  }
  const known = unit.calls.flatMap((call) => call.known);
  const slots = slotsOf(unit.lines, known, by.terms);
  const unsure = settleUnsure(unit, slots, by);
  const settled =
    unsure.kind === "settled" ? unsure : { ...explain(unit, slots, by), why: unsure.why };
  const proposals =
    unsure.kind === "settled"
      ? [...unsure.proposals, ...overrunsKept(unit, true)]
      : [...keepAll(unit, unsure.why), ...settled.proposals];
  const sums = slots.map((slot) =>
    sumsOf(slot, settled.differences.get(slot) ?? NO_DIFFERENCE, by.terms),
  );
  return {
    sums: {
      ...sums.reduce(addSums, NO_SUMS),
      ...(outside === ZERO_USD ? {} : withOutside(sums, outside)),
    },
    findings: settled.findings,
    proposals,
    confirmable: slots.flatMap((slot) => confirmableOf(slot, unit, by.terms)),
  };
}

function withOutside(sums: readonly Sums[], outside: PicoUsd): Pick<Sums, "net" | "outside"> {
  return { net: addUsd(sums.reduce(addSums, NO_SUMS).net, outside), outside };
}

/**
 * Lines with a request id that no call has: another client of the same key made them, unless a call of that
 * day never learned its id.
 */
function withoutForeign(unit: Unit): { unit: Unit; foreign: Unit["lines"] } {
  const unsure = unit.calls.some((call) => call.unsure.length > 0);
  if (unit.requestId !== null || unsure) return { unit, foreign: [] };
  return {
    unit: { ...unit, lines: unit.lines.filter(({ requestId }) => requestId === null) },
    foreign: unit.lines.filter(({ requestId }) => requestId !== null),
  };
}

/** Differences that no unsure call explains. */
function explain(unit: Unit, slots: readonly Slot[], by: JudgedBy): Told {
  const wrong = judgeWrongMeter(unit, slots);
  const rest = slots.filter((slot) => !wrong.differences.has(slot) && !agrees(slot));
  const below = rest.filter((slot) => signOf(slot) < 0);
  const overrun = hasMissingCall(unit, below, { ...by, slots })
    ? undefined
    : settleOverrun(unit, slots);
  if (overrun !== undefined) return overrun;
  const less = judgeLess(unit, below, { ...by, slots });
  const above = rest.filter((slot) => signOf(slot) > 0);
  const more = judgeMore(unit, above, { ...by, slots });
  return {
    differences: new Map([...wrong.differences, ...less.differences, ...more.differences]),
    findings: [...wrong.findings, ...less.findings, ...more.findings],
    proposals: overrunsKept(unit, slots.every(agrees)),
  };
}

type Told = Explained & { readonly proposals: readonly Proposal[] };

function sumsOf(slot: Slot, difference: Difference, terms: Terms): Sums {
  const { missing, priceDiffers, theirsOnly, settled } = difference;
  const missingAtList = missing === ZERO_USD ? ZERO_USD : atListOf(missing, slot, terms);
  const matched = subtractUsd(slot.list, missingAtList);
  const covered = subtractUsd(slot.expected, missing);
  const discount = terms.itemises
    ? subtractUsd(slot.net, slot.billed)
    : subtractUsd(covered, matched);
  const told = sumUsd([matched, discount, priceDiffers, theirsOnly, settled]);
  return {
    ...NO_SUMS,
    ...{ net: slot.net, matched, discount, priceDiffers, theirsOnly, settled },
    rounding: subtractUsd(slot.net, told),
    oursOnly: missingAtList,
  };
}

/** All of a slot at list price is what the journal says, to the digit; a part of it is worked back. */
function atListOf(missing: PicoUsd, slot: Slot, terms: Terms): PicoUsd {
  if (missing === slot.expected) return slot.list;
  if (terms.itemises || slot.expected === ZERO_USD) return missing;
  return picoUsd((missing * slot.list) / slot.expected);
}

export function addSums(left: Sums, right: Sums): Sums {
  return {
    net: addUsd(left.net, right.net),
    matched: addUsd(left.matched, right.matched),
    discount: addUsd(left.discount, right.discount),
    priceDiffers: addUsd(left.priceDiffers, right.priceDiffers),
    theirsOnly: addUsd(left.theirsOnly, right.theirsOnly),
    settled: addUsd(left.settled, right.settled),
    rounding: addUsd(left.rounding, right.rounding),
    outside: addUsd(left.outside, right.outside),
    oursOnly: addUsd(left.oursOnly, right.oursOnly),
  };
}
