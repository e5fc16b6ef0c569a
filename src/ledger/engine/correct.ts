import { addUsd, negateUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { Correctable, CorrectionRequest, CorrectionResult } from "../accounts-port.ts";
import { canonicalText } from "../canonical-text.ts";
import { correctionEntry, endingId, lateId } from "../journal.ts";
import { COUNTER_MAX } from "../limits.ts";
import { countersOf, countSpent } from "./call-counters.ts";
import {
  append,
  type Context,
  originOf,
  requireCall,
  requireRoot,
  saysTheSame,
} from "./context.ts";
import { houseCostMoved, houseTakes } from "./house.ts";
import type { CallRow, EntryRow } from "./rows.ts";
import { rowCallMended } from "./run-money.ts";

/** Mending what was posted: a new entry that names the old one, never an edit (MONEY §4). */

/** An entry that can be mended, with what it comes to now. */
type Mendable = {
  readonly of: Correctable;
  readonly account: string;
  readonly call: CallRow | null;
  readonly now: PicoUsd;
};

type Refusal = Extract<CorrectionResult, { kind: "refused" }>["reason"];

export function correct(
  of: { readonly root: string; readonly request: CorrectionRequest },
  context: Context,
): CorrectionResult {
  const { root, request } = of;
  const { set } = context;
  const posted = set.entry(root, request.entryId);
  if (posted !== undefined) return correctedBefore(posted, request);
  const entry = set.entry(root, request.corrects);
  if (entry === undefined) return { kind: "refused", reason: "unknown_entry", now: null };
  const mendable = mendableOf(entry, context);
  if (mendable === undefined) return { kind: "refused", reason: "not_correctable", now: null };
  const reason = refusalOf(mendable, request.amount, root, context);
  if (reason !== undefined) return { kind: "refused", reason, now: mendable.now };
  post(mendable, of, context);
  const { now: before } = mendable;
  return {
    kind: "corrected",
    entryId: request.entryId,
    of: mendable.of,
    before,
    after: request.amount,
  };
}

/** The same correction again is the same posting; its id may not stand for anything else. */
function correctedBefore(posted: EntryRow, request: CorrectionRequest): CorrectionResult {
  const { entryId, corrects, amount } = request;
  if (
    !saysTheSame(posted.text, "corrects", canonicalText(corrects)) ||
    !saysTheSame(posted.text, "after", canonicalText(amount))
  ) {
    return { kind: "refused", reason: "entry_reused", now: null };
  }
  const { of, before }: { of: Correctable; before: string } = JSON.parse(posted.text);
  return { kind: "corrected", entryId, of, before: BigInt(before) as PicoUsd, after: amount };
}

/** What an entry comes to after the corrections so far; undefined for a kind that can't be mended. */
function mendableOf(entry: EntryRow, context: Context): Mendable | undefined {
  const { set } = context;
  const { root, id } = entry;
  const newest = set.correction(root, id);
  const body: { readonly account: string; readonly amount?: string; readonly hold?: string } =
    JSON.parse(entry.text);
  const { account, hold } = body;
  const now = newest?.after ?? (BigInt(body.amount ?? "0") as PicoUsd);
  if (entry.kind === "fund") return { of: "fund", account, call: null, now };
  if (hold === undefined) return undefined;
  const call = requireCall(root, hold, set);
  if (entry.kind === "settle" && id === endingId(hold)) {
    return { of: "charge", account, call, now: call.ended?.charge ?? ZERO_USD };
  }
  if (entry.kind === "cost") return { of: "cost", account, call, now };
  if (entry.kind === "exposure") return { of: "exposure", account, call, now };
  return undefined;
}

function refusalOf(
  mendable: Mendable,
  after: PicoUsd,
  root: string,
  context: Context,
): Refusal | undefined {
  const { of, now, call } = mendable;
  if ((of === "charge" || of === "fund") && after >= now) return "not_lower";
  const { books } = requireRoot(root, context.set);
  if (of === "fund" && books.available < subtractUsd(now, after)) return "below_held";
  if (call === null || of === "charge") return undefined;
  const payable = addUsd(books.vendor_payable, subtractUsd(after, postedOf(mendable)));
  const fits = payable <= COUNTER_MAX && houseTakes(call, subtractUsd(after, now), context);
  return fits ? undefined : "range";
}

function post(
  mendable: Mendable,
  { root, request }: { readonly root: string; readonly request: CorrectionRequest },
  context: Context,
): void {
  const { set, nowMs } = context;
  const { of, account, call, now: before } = mendable;
  const { entryId: id, corrects, amount: after, reason, actor } = request;
  const posted = postedOf(mendable);
  const facts = { id, corrects, of, hold: call?.id ?? null, before, after, posted, reason, actor };
  const { sequence } = append(
    root,
    [correctionEntry(facts, originOf({ root, account }, context))],
    context,
  );
  set.correct({
    ...{ root, id, corrects, of, account, hold: call?.id ?? null, before, after, reason, actor },
    ...{ sequence, createdMs: nowMs },
  });
  if (call !== null) mendCall(call, { of, corrects, before, after }, context);
}

/** What of the present amount stands in the books: an exposure that is still open has moved nothing. */
function postedOf({ of, call, now }: Mendable): PicoUsd {
  return of === "exposure" && call?.ended?.exposureBilled === null ? ZERO_USD : now;
}

function mendCall(
  call: CallRow,
  mended: {
    readonly of: Correctable;
    readonly corrects: string;
    readonly before: PicoUsd;
    readonly after: PicoUsd;
  },
  context: Context,
): void {
  const { ended } = call;
  if (ended === null) throw new Error(`hold ${call.id} hasn't ended`);
  const { of, corrects, before, after } = mended;
  const by = subtractUsd(after, before);
  const save = (change: Partial<typeof ended>): void =>
    context.set.calls.set(call.id, { ...call, ended: { ...ended, ...change } });
  if (of === "charge") {
    save({ charge: after });
    countSpent(countersOf(call, context.set), { settled: by, held: ZERO_USD });
    rowCallMended(call, { settled: by }, context);
    return;
  }
  // What nobody is charged for was counted in the hour in which it arose.
  const uncharged = of === "exposure" || ended.outcome !== "made";
  // A late cost arose later than its ending, in an hour that nobody looks at any more.
  const loss = uncharged && corrects !== lateId(call.id) ? by : ZERO_USD;
  houseCostMoved(call, { cost: by, loss, atMs: ended.endedMs }, context);
  if (of === "cost") {
    save({ vendorCost: addUsd(ended.vendorCost, by) });
    return;
  }
  const billedBefore = ended.exposureBilled ?? ZERO_USD;
  const vendorCost = addUsd(addUsd(ended.vendorCost, after), negateUsd(billedBefore));
  save({ exposureBilled: after, vendorCost });
  rowCallMended(call, { exposed: by }, context);
}
