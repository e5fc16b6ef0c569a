import { endingId, lateId } from "../ledger/journal.ts";
import { TOTAL_WINDOW } from "../ledger/windows.ts";
import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EndingEntry, EntryOf, EntryText } from "./entry-text.ts";
import { chargeIn } from "./model-holds.ts";
import { houseCostMoved } from "./model-house.ts";
import { countCorrection, countFunds } from "./model-statements.ts";
import { bookIn, type Checks, countIn, type RootModel } from "./root-model.ts";

/** Corrections: each names an earlier entry and says what it comes to instead (MONEY §4). */

/** What of the corrected amount stands in the books: nothing of an exposure that was never billed. */
export function standing(model: RootModel, entry: EntryOf<"correction">): PicoUsd {
  if (entry.of === "exposure" && !model.corrected.has(entry.corrects)) return ZERO_USD;
  return entry.before;
}

export function applyCorrection(
  model: RootModel,
  entry: EntryOf<"correction">,
  checks: Checks,
): void {
  const { compare } = checks;
  const corrected = checks.earlier(entry.corrects);
  const posted = corrected === undefined ? undefined : postedIn(corrected, entry.of);
  if (corrected === undefined || posted === undefined) {
    compare(`${entry.of} to correct`, entry.corrects, null);
    return;
  }
  compare("account", entry.account, corrected.account);
  compare("before", entry.before, model.corrected.get(entry.corrects) ?? posted);
  compare("after is an amount", entry.after >= ZERO_USD, true);
  if (entry.of === "charge" || entry.of === "fund") {
    compare(`the ${entry.of} becomes less`, entry.after < entry.before, true);
  }
  if (entry.of === "fund") {
    compare("hold", entry.hold, undefined);
    const left = subtractUsd(bookIn(model, "available"), subtractUsd(entry.before, entry.after));
    compare("funding covers what is charged and held", left >= ZERO_USD, true);
    countFunds(model, { corrected: subtractUsd(entry.after, entry.before) });
  } else {
    correctCall(model, entry, { ...checks, corrected });
  }
  model.corrected.set(entry.corrects, entry.after);
  model.corrections += 1;
}

/** The amount of an entry that can be corrected as said; undefined for one that can't. */
function postedIn(entry: EntryText, of: EntryOf<"correction">["of"]): PicoUsd | undefined {
  switch (of) {
    case "charge":
      return entry.kind === "settle" ? chargeIn(entry) : undefined;
    case "cost":
      return entry.kind === "cost" ? entry.amount : undefined;
    case "exposure":
      return entry.kind === "exposure" ? entry.amount : undefined;
    case "fund":
      return entry.kind === "fund" ? entry.amount : undefined;
    default:
      return of satisfies never;
  }
}

function correctCall(
  model: RootModel,
  entry: EntryOf<"correction">,
  { compare, earlier, sequenceOf, corrected }: Checks & { readonly corrected: EntryText },
): void {
  compare("hold", entry.hold, "hold" in corrected ? corrected.hold : undefined);
  const call = callBefore(entry.hold ?? "", earlier, compare);
  if (call === undefined) return;
  const { hold, ending } = call;
  const by = subtractUsd(entry.after, entry.before);
  if (entry.of === "charge") {
    const { day, month } = hold.windows;
    const at = { nodes: hold.path, windows: [day, month, TOTAL_WINDOW] };
    countIn(model, at, { settled: by });
    countCorrection(model, { hold: hold.id, path: hold.path, by }, sequenceOf);
    return;
  }
  const uncharged = entry.of === "exposure" || ending.kind === "void";
  // A late cost arose later than its ending, in an hour that nobody looks at any more.
  const loss = uncharged && entry.corrects !== lateId(hold.id) ? by : ZERO_USD;
  houseCostMoved(model, hold, { cost: by, loss, atMs: ending.createdMs });
}

/** Hold and ending of a call that ended earlier. */
function callBefore(
  id: string,
  earlier: Checks["earlier"],
  compare: Compare,
): { readonly hold: EntryOf<"hold">; readonly ending: EndingEntry } | undefined {
  const hold = earlier(id);
  const ending = earlier(endingId(id));
  if (hold?.kind === "hold" && (ending?.kind === "settle" || ending?.kind === "void")) {
    return { hold, ending };
  }
  compare("call that has ended", id, null);
  return undefined;
}

/** What a call comes to after all corrections: the columns of its row that they change. */
export function correctedCall(
  model: RootModel,
  id: string,
  of: { readonly ending: EndingEntry; readonly late: EntryOf<"cost"> | undefined },
): {
  readonly charge: PicoUsd;
  readonly vendorCost: PicoUsd;
  readonly exposureBilled: PicoUsd | null;
} {
  const { corrected } = model;
  const { ending } = of.ending;
  const charge = corrected.get(endingId(id)) ?? chargeIn(of.ending);
  const cost = corrected.get(`${id}.cost`) ?? ending.vendorCost?.total ?? ZERO_USD;
  const late = corrected.get(lateId(id)) ?? of.late?.amount ?? ZERO_USD;
  const exposureBilled = corrected.get(`${id}.exposure`) ?? null;
  const vendorCost = addUsd(addUsd(cost, late), exposureBilled ?? ZERO_USD);
  return { charge, vendorCost, exposureBilled };
}
