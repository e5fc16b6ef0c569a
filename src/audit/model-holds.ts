import { canonicalText } from "../ledger/canonical-text.ts";
import { endingId, lateId } from "../ledger/journal.ts";
import { type NodeState, roomExceeded } from "../ledger/limits.ts";
import type { RecordedHold } from "../ledger/recorded.ts";
import { TOTAL_WINDOW, windowsAt } from "../ledger/windows.ts";
import { negateUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EndingEntry, EntryOf } from "./entry-text.ts";
import { compareHouseRoom, houseCostMoved, houseEnds, houseHolds } from "./model-house.ts";
import { countInMonth } from "./model-statements.ts";
import { rebillEnding, rebillHold, rebillLateCost } from "./rebill.ts";
import {
  bookIn,
  type Checks,
  countIn,
  type ModelHold,
  nodeIn,
  pathIn,
  type RootModel,
  usedIn,
} from "./root-model.ts";

/** Holds and their endings: what each counts, in which windows, and what must follow it. */

export function addHold(model: RootModel, entry: EntryOf<"hold">, checks: Checks): void {
  const { id, request, path, windows } = entry;
  const { compare } = checks;
  compare("id of the hold", request.id, id);
  compare("hold made before", model.open.has(id), false);
  compare("account of the request", request.accountId, entry.account);
  compare("path", path.join(" "), pathIn(model, request.keyId).join(" "));
  compare("account", path[1], entry.account);
  compare("windows", canonicalText(windows), canonicalText(windowsAt(entry.createdMs)));
  rebillHold(request, checks.priceOf(request.price.sha256), compare);
  compareRoom(model, entry, compare);
  compareHouseRoom(model, entry, compare);
  const hold = { request, path, windows, task: null };
  countIn(model, spentAt(hold), { held: request.amount });
  houseHolds(model, hold);
  model.open.set(id, hold);
  model.holds += 1;
}

/** Entries stand in the order in which they were decided, so that every hold must have fitted (P9). */
function compareRoom(model: RootModel, entry: EntryOf<"hold">, compare: Compare): void {
  const { amount } = entry.request;
  const root = {
    id: model.root,
    prepaid: nodeIn(model, model.root).prepaid,
    available: bookIn(model, "available"),
    held: bookIn(model, "held"),
    vendorPayable: bookIn(model, "vendor_payable"),
  };
  const { day, month } = entry.windows;
  const nodes = entry.path.map((id): NodeState => {
    const used = {
      day: usedIn(model, id, day),
      month: usedIn(model, id, month),
      total: usedIn(model, id, TOTAL_WINDOW),
    };
    return { id, limits: nodeIn(model, id).limits, used };
  });
  const room = roomExceeded(amount, root, nodes);
  if (room === undefined) return;
  compare(`held within the ${room.limit} of ${room.node}`, amount, `at most ${room.available}`);
}

/** Every node of a hold's path in each of its windows, whatever moved since. */
function spentAt({ path, windows }: Pick<ModelHold, "path" | "windows">) {
  return { nodes: path, windows: [windows.day, windows.month, TOTAL_WINDOW] };
}

/** What the account pays: nothing for a void. */
export function chargeIn({ ending }: EndingEntry): PicoUsd {
  return ending.kind === "settle" ? ending.charge : ZERO_USD;
}

export function endHold(model: RootModel, entry: EndingEntry, checks: Checks): void {
  const { compare } = checks;
  const { ending, amount } = entry;
  const hold = model.open.get(entry.hold);
  if (hold === undefined) {
    compare("open hold to end", entry.hold, null);
    return;
  }
  compare("id of the ending", entry.id, endingId(entry.hold));
  compare("kind of the ending", ending.kind, entry.kind);
  compare("hold of the ending", ending.holdId, entry.hold);
  compare("account", entry.account, hold.request.accountId);
  compare("amount of the hold", amount, hold.request.amount);
  const charge = chargeIn(entry);
  compare("charge at most the hold", charge >= ZERO_USD && charge <= amount, true);
  rebillEnding(ending, billedBy(hold.request, entry, checks), compare);
  countIn(model, spentAt(hold), { settled: charge, held: negateUsd(amount) });
  if (ending.kind === "settle") {
    countInMonth(model, hold.path, { calls: 1, images: ending.imagesMade, settled: charge });
  }
  houseEnds(model, hold, entry);
  model.open.delete(entry.hold);
  model.endings += 1;
  addDue(model, entry);
}

function billedBy(
  hold: RecordedHold,
  entry: { readonly ending?: EndingEntry["ending"] | undefined },
  { priceOf }: Checks,
) {
  const echoed = entry.ending?.echoedPrice ?? null;
  const echoedPrice = echoed === null ? undefined : priceOf(echoed.sha256);
  return { hold, price: priceOf(hold.price.sha256), echoedPrice };
}

/** Cost, overrun and exposure of an ending have entries of their own. */
function addDue(model: RootModel, { ending, hold, account }: EndingEntry): void {
  const due = (kind: DueKind, amount: PicoUsd, reason?: string): void =>
    void model.due.set(`${hold}.${kind}`, dueText({ kind, hold, account, amount, reason }));
  const cost = ending.vendorCost?.total ?? ZERO_USD;
  if (cost !== ZERO_USD) due("cost", cost);
  const overrun = ending.kind === "settle" ? ending.overrun : ZERO_USD;
  if (overrun !== ZERO_USD) due("overrun", overrun);
  if (ending.exposure !== null) due("exposure", ending.exposure.amount, ending.exposure.reason);
}

type DueKind = "cost" | "overrun" | "exposure";

function dueText(entry: {
  readonly kind: DueKind;
  readonly hold: string;
  readonly account: string;
  readonly amount: PicoUsd;
  readonly reason?: string | undefined;
}): string {
  const { kind, hold, account, amount, reason } = entry;
  return canonicalText({ kind, hold, account, amount, reason });
}

export function settleDue(model: RootModel, entry: EntryOf<DueKind>, compare: Compare): void {
  compare("due to its ending", dueText(entry), model.due.get(entry.id));
  model.due.delete(entry.id);
}

/** A result that came after recovery: free for the account, a loss of the house in the hour it came. */
export function addLateCost(model: RootModel, entry: EntryOf<"cost">, checks: Checks): void {
  const { compare, earlier } = checks;
  const { createdMs, amount: cost } = entry;
  const hold = earlier(entry.hold);
  const ended = earlier(endingId(entry.hold));
  const recovered =
    ended?.kind === "void" && ended.ending.kind === "void" && ended.ending.outcome === "recovered";
  if (hold?.kind !== "hold" || !recovered || entry.ending === undefined) {
    compare("recovered hold of a late cost", entry.hold, null);
    return;
  }
  compare("id of the late cost", entry.id, lateId(entry.hold));
  compare("flags", entry.flags?.join(" "), "late");
  compare("account", entry.account, hold.account);
  compare("hold of the ending", entry.ending.holdId, entry.hold);
  compare("late cost", cost, entry.ending.vendorCost?.total);
  rebillLateCost(entry.ending, billedBy(hold.request, entry, checks), compare);
  houseCostMoved(model, hold, { cost, loss: cost, atMs: createdMs });
}

export function addTask(model: RootModel, entry: EntryOf<"task">, compare: Compare): void {
  const hold = model.open.get(entry.hold);
  compare("hold of the task", hold !== undefined, true);
  if (hold === undefined) return;
  compare("account", entry.account, hold.request.accountId);
  compare("task noted before", hold.task, null);
  model.open.set(entry.hold, { ...hold, task: entry.task });
}
