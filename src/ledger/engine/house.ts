import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { EXPOSURE_HOUR_DEFAULT, type HouseLimits } from "../accounts-port.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { HoldResult } from "../port.ts";
import { hourAt } from "../windows.ts";
import {
  type CallCounters,
  type CostCounters,
  countCost,
  countersOf,
  type Place,
} from "./call-counters.ts";
import { type Context, turned } from "./context.ts";
import type { Counter } from "./counters.ts";
import type { CallRow } from "./rows.ts";

/**
 * What the house is ready to lose or to owe (MONEY §5), counted per root, for all its calls together and
 * for each connection: vendor cost in the day and month of the hold; uncharged cost and open exposures in
 * the hour in which they arose.
 */

/** What the house's limits are decided on. */
export type HouseTerms = {
  readonly root: string;
  readonly connection: string;
  readonly vendorAmount: PicoUsd;
  readonly rootLimits: HouseLimits;
  readonly connectionLimits: HouseLimits;
  readonly counters: CallCounters;
};

type HouseRefusal = Extract<HoldResult, { kind: "house_refused" }>;

/**
 * A hold that the house's own counters could not take: exposures stand in them and in no book, so that
 * they may be fuller than what bounds the accounts. The month holds every day of it.
 */
export function houseRangeRefusal({
  root,
  vendorAmount: required,
  counters,
}: HouseTerms): Extract<HoldResult, { kind: "refused" }> | undefined {
  const available = subtractUsd(COUNTER_MAX, counters.house.month.used);
  if (available >= required) return undefined;
  return { kind: "refused", limit: "range", node: root, required, available };
}

/** The first limit of the house that a hold runs into; undefined when it runs into none. */
export function houseRefusal(terms: HouseTerms, { set, hour }: Context): HouseRefusal | undefined {
  const { root, connection, vendorAmount, rootLimits, connectionLimits, counters } = terms;
  // A connection of which nothing is said may lose what its root may.
  const exposureHour = rootLimits.exposureHour ?? EXPOSURE_HOUR_DEFAULT;
  const house = { limits: rootLimits, costs: counters.house, loss: exposureHour };
  const loss = connectionLimits.exposureHour ?? exposureHour;
  const its = { limits: connectionLimits, costs: counters.connection, loss };
  const found =
    limitReached(vendorAmount, house, set.counters.at(root, house.costs.node, hour)) ??
    limitReached(vendorAmount, its, set.counters.at(root, its.costs.node, hour));
  if (found === undefined) return undefined;
  const { limit, available, of } = found;
  const refused = { kind: "house_refused", limit, required: vendorAmount, available } as const;
  return { ...refused, connection: of === its ? connection : null };
}

/** Limits, what was counted against them in day and month, and what may be lost in an hour. */
type House = {
  readonly limits: HouseLimits;
  readonly costs: CostCounters;
  readonly loss: PicoUsd;
};

function limitReached(required: PicoUsd, of: House, lost: Counter) {
  const { limits, costs } = of;
  // A breaker and not a budget: what is in flight is expected to go well and isn't counted, so that
  // anything left is enough.
  const hourLeft = subtractUsd(of.loss, lost.used);
  if (hourLeft < 1n) return { limit: "exposureHour", available: hourLeft, of } as const;
  for (const { limit, most, counter } of [
    { limit: "vendorCostDay", most: limits.vendorCostDay, counter: costs.day },
    { limit: "vendorCostMonth", most: limits.vendorCostMonth, counter: costs.month },
  ] as const) {
    if (most === undefined) continue;
    const available = subtractUsd(most, counter.used);
    if (available < required) return { limit, available, of } as const;
  }
  return undefined;
}

function countLoss(
  call: Place,
  of: { readonly loss: PicoUsd; readonly atMs: number },
  { set }: Context,
): void {
  if (of.loss === ZERO_USD) return;
  const window = hourAt(of.atMs);
  const { house, connection } = countersOf(call, set);
  // Both are asked for before either complains, as in `countersOf`.
  const losses = [house, connection].map(({ node }) => set.counters.at(call.root, node, window));
  for (const counter of losses) counter.add({ settled: of.loss, held: ZERO_USD });
}

/** What an ending costs the house: known, feared, and how much of both nobody is charged for. */
export type HouseShare = {
  readonly vendorCost: PicoUsd;
  readonly exposure: PicoUsd;
  /** Of the vendor's cost. */
  readonly uncharged: PicoUsd;
};

/** An ending replaces what was held by what is known and, at its maximum, what is feared. */
export function houseEnds(
  call: Place & Pick<CallRow, "vendorAmount">,
  { vendorCost, exposure, uncharged }: HouseShare,
  context: Context,
): void {
  const spent = turned(call.vendorAmount, addUsd(vendorCost, exposure));
  countCost(countersOf(call, context.set), spent);
  countLoss(call, { loss: addUsd(uncharged, exposure), atMs: context.nowMs }, context);
}

/** Whether the month of a call has room for more of its cost. */
export function houseTakes(call: Place, by: PicoUsd, { set }: Context): boolean {
  const { house } = countersOf(call, set);
  return addUsd(house.month.used, by) <= COUNTER_MAX;
}

/** A cost of a call became another: a correction, or a result that came late. `loss` arose at `atMs`. */
export function houseCostMoved(
  call: Place,
  by: { readonly cost: PicoUsd; readonly loss: PicoUsd; readonly atMs: number },
  context: Context,
): void {
  countCost(countersOf(call, context.set), { settled: by.cost, held: ZERO_USD });
  countLoss(call, by, context);
}
