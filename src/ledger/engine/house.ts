import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { EXPOSURE_HOUR_DEFAULT, type HouseLimits } from "../accounts-port.ts";
import { COUNTER_MAX } from "../limits.ts";
import type { HoldResult } from "../port.ts";
import { hourAt } from "../windows.ts";
import { type Context, count, turned, usedAt } from "./context.ts";
import type { CallRow } from "./rows.ts";

/**
 * What the house is ready to lose or to owe (MONEY §5), counted per root, for all its calls together and
 * for each connection: vendor cost in the day and month of the hold; uncharged cost and open exposures in
 * the hour in which they arose.
 */

/** The node at which a root's house counts, beside one for each connection. No account has such an id. */
const HOUSE = "house";

function houseNodes(connection: string): readonly string[] {
  return [HOUSE, `${HOUSE}:${connection}`];
}

/**
 * A hold that the house's own counters could not take: exposures stand in them and in no book, so that
 * they may be fuller than what bounds the accounts. The month holds every day of it.
 */
export function houseRangeRefusal(
  of: { readonly root: string; readonly vendorAmount: PicoUsd },
  { set, windows }: Context,
): Extract<HoldResult, { kind: "refused" }> | undefined {
  const { root, vendorAmount: required } = of;
  const { settled, held } = usedAt({ root, node: HOUSE, window: windows.month }, set);
  const available = subtractUsd(COUNTER_MAX, addUsd(settled, held));
  if (available >= required) return undefined;
  return { kind: "refused", limit: "range", node: root, required, available };
}

/** The first limit of the house that a hold runs into; undefined when it runs into none. */
export function houseRefusal(
  of: {
    readonly root: string;
    readonly connection: string;
    readonly vendorAmount: PicoUsd;
    readonly rootLimits: HouseLimits;
    readonly connectionLimits: HouseLimits;
  },
  context: Context,
): Extract<HoldResult, { kind: "house_refused" }> | undefined {
  const { root, connection, vendorAmount } = of;
  const { set, hour, windows } = context;
  for (const node of houseNodes(connection)) {
    const limits = node === HOUSE ? of.rootLimits : of.connectionLimits;
    const { vendorCostDay, vendorCostMonth } = limits;
    // A connection of which nothing is said may lose what its root may.
    const exposureHour = limits.exposureHour ?? of.rootLimits.exposureHour ?? EXPOSURE_HOUR_DEFAULT;
    const left = (limit: PicoUsd | undefined, window: string): PicoUsd | undefined => {
      if (limit === undefined) return undefined;
      const { settled, held } = usedAt({ root, node, window }, set);
      return subtractUsd(limit, addUsd(settled, held));
    };
    const rooms = [
      // A breaker and not a budget: what is in flight is expected to go well and isn't counted, so that
      // anything left is enough.
      { limit: "exposureHour", available: left(exposureHour, hour), needed: 1n },
      { limit: "vendorCostDay", available: left(vendorCostDay, windows.day), needed: vendorAmount },
      {
        limit: "vendorCostMonth",
        available: left(vendorCostMonth, windows.month),
        needed: vendorAmount,
      },
    ] as const;
    for (const { limit, available, needed } of rooms) {
      if (available === undefined || available >= needed) continue;
      const of = node === HOUSE ? null : connection;
      return { kind: "house_refused", limit, connection: of, required: vendorAmount, available };
    }
  }
  return undefined;
}

type Counted = Pick<CallRow, "root" | "connection" | "day" | "month">;

function countVendorCost(
  call: Counted,
  by: { readonly settled: PicoUsd; readonly held: PicoUsd },
  context: Context,
): void {
  const { root, connection, day, month } = call;
  count({ root, nodes: houseNodes(connection), windows: [day, month] }, by, context.set);
}

function countLoss(
  call: Counted,
  of: { readonly loss: PicoUsd; readonly atMs: number },
  context: Context,
): void {
  if (of.loss === ZERO_USD) return;
  const at = { nodes: houseNodes(call.connection), windows: [hourAt(of.atMs)] };
  count({ root: call.root, ...at }, { settled: of.loss, held: ZERO_USD }, context.set);
}

/** A hold may cost the house its vendor amount. */
export function houseHolds(call: Counted & Pick<CallRow, "vendorAmount">, context: Context): void {
  countVendorCost(call, { held: call.vendorAmount, settled: ZERO_USD }, context);
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
  call: Counted & Pick<CallRow, "vendorAmount">,
  { vendorCost, exposure, uncharged }: HouseShare,
  context: Context,
): void {
  countVendorCost(call, turned(call.vendorAmount, addUsd(vendorCost, exposure)), context);
  countLoss(call, { loss: addUsd(uncharged, exposure), atMs: context.nowMs }, context);
}

/** Whether the month of a call has room for more of its cost. */
export function houseTakes(call: Counted, by: PicoUsd, { set }: Context): boolean {
  const { root, month: window } = call;
  const { settled, held } = usedAt({ root, node: HOUSE, window }, set);
  return addUsd(addUsd(settled, held), by) <= COUNTER_MAX;
}

/** A cost of a call became another: a correction, or a result that came late. `loss` arose at `atMs`. */
export function houseCostMoved(
  call: Counted,
  by: { readonly cost: PicoUsd; readonly loss: PicoUsd; readonly atMs: number },
  context: Context,
): void {
  countVendorCost(call, { settled: by.cost, held: ZERO_USD }, context);
  countLoss(call, by, context);
}
