import { EXPOSURE_HOUR_DEFAULT } from "../ledger/accounts-port.ts";
import { hourAt, type Windows } from "../ledger/windows.ts";
import { addUsd, negateUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EndingEntry, EntryOf } from "./entry-text.ts";
import { vendorAmountOf } from "./rebill.ts";
import { countIn, type ModelHold, nodeIn, type RootModel, usedIn } from "./root-model.ts";

/**
 * What the house owes and loses (MONEY §5), computed from the entries: vendor cost in day and month of the
 * hold, held until it ends; what nobody is charged for in the hour in which it arose.
 */

const HOUSE = "house";

type HouseCall = Pick<ModelHold, "request" | "windows">;

function countCost(
  model: RootModel,
  call: HouseCall,
  by: { readonly settled?: PicoUsd; readonly held?: PicoUsd },
): void {
  const { day, month } = call.windows;
  countIn(model, { nodes: houseNodes(call), windows: [day, month] }, by);
}

function countLoss(
  model: RootModel,
  call: HouseCall,
  of: { readonly loss: PicoUsd; readonly atMs: number },
): void {
  if (of.loss === ZERO_USD) return;
  countIn(model, { nodes: houseNodes(call), windows: [hourAt(of.atMs)] }, { settled: of.loss });
}

function houseNodes({ request }: HouseCall): readonly string[] {
  return [HOUSE, `${HOUSE}:${request.connection}`];
}

export function houseHolds(model: RootModel, call: HouseCall): void {
  countCost(model, call, { held: vendorAmountOf(call.request) });
}

/** What an ending leaves the house with: cost and fear, and what of both nobody is charged for. */
export function houseEnds(model: RootModel, call: HouseCall, entry: EndingEntry): void {
  const { ending, createdMs } = entry;
  const cost = ending.vendorCost?.total ?? ZERO_USD;
  const feared = ending.exposure?.amount ?? ZERO_USD;
  const uncharged = ending.kind === "void" ? cost : ending.overrun;
  const held = negateUsd(vendorAmountOf(call.request));
  countCost(model, call, { held, settled: addUsd(cost, feared) });
  countLoss(model, call, { loss: addUsd(uncharged, feared), atMs: createdMs });
}

/** A cost became another, or came late; `loss` is what of it nobody is charged for, in the hour of `atMs`. */
export function houseCostMoved(
  model: RootModel,
  call: HouseCall,
  by: { readonly cost: PicoUsd; readonly loss: PicoUsd; readonly atMs: number },
): void {
  countCost(model, call, { settled: by.cost });
  countLoss(model, call, by);
}

/**
 * Every hold fitted the limits of its root's house when it was made (P9). The limits of a connection come
 * from the configuration and stand in no entry: they can't be computed again.
 */
export function compareHouseRoom(model: RootModel, entry: EntryOf<"hold">, compare: Compare): void {
  if (!model.limitsHouse && entry.request.vendorAmount === undefined) return;
  const { house = {} } = nodeIn(model, model.root).settings;
  const { exposureHour = EXPOSURE_HOUR_DEFAULT, vendorCostDay, vendorCostMonth } = house;
  const { day, month }: Windows = entry.windows;
  const needed = vendorAmountOf(entry.request);
  const rooms = [
    // Losses are no plan: anything that is left of them is enough.
    { name: "exposureHour", limit: exposureHour, window: hourAt(entry.createdMs), needed: 1n },
    { name: "vendorCostDay", limit: vendorCostDay, window: day, needed },
    { name: "vendorCostMonth", limit: vendorCostMonth, window: month, needed },
  ];
  for (const { name, limit, window, needed: least } of rooms) {
    if (limit === undefined) continue;
    const { settled, held } = usedIn(model, HOUSE, window);
    const left = subtractUsd(limit, addUsd(settled, held));
    if (left < least) compare(`held within the house's ${name}`, least, `at most ${left}`);
  }
}
