import { addUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { EndingDraft } from "../draft.ts";
import { endEntries, endingId, lateEntry, lateId, taskEntry } from "../journal.ts";
import type { PostedEnding, TaskMemo } from "../port.ts";
import { countersOf, countSpent } from "./call-counters.ts";
import {
  append,
  type Context,
  originOf,
  requireCall,
  saysTheSame,
  storePrice,
  turned,
} from "./context.ts";
import { houseCostMoved, houseEnds } from "./house.ts";
import type { CallRow } from "./rows.ts";
import { rowCallEnded } from "./run-money.ts";

/** Ends a hold in exactly the nodes and windows that it was counted at. */
export function end(of: { root: string; ending: EndingDraft }, context: Context): PostedEnding {
  const { set, nowMs } = context;
  const { ending } = of;
  const call = requireCall(of.root, ending.holdId, set);
  if (call.ended !== null) return endedBefore(ending, call, context);
  const { root, id, amount } = call;
  const origin = originOf({ root, account: call.account }, context);
  const entries = endEntries(ending, { id, amount }, origin);
  if (ending.echoedPrice !== null) storePrice(ending.echoedPrice, set);
  const place = append(root, entries, context);
  const charge = ending.charge.total;
  const share = {
    vendorCost: ending.cost.total,
    exposure: ending.exposure?.amount ?? ZERO_USD,
    uncharged: ending.kind === "void" ? ending.cost.total : ending.overrun,
  };
  set.calls.set(id, {
    ...call,
    ended: {
      endedMs: nowMs,
      endSequence: place.sequence,
      outcome: ending.outcome,
      charge,
      vendorCost: share.vendorCost,
      overrun: ending.overrun,
      exposure: share.exposure,
      exposureReason: ending.exposure?.reason ?? null,
      exposureBilled: null,
      qualityBilled: ending.qualityBilled,
      images: ending.images,
    },
  });
  countSpent(countersOf(call, set), turned(amount, charge));
  houseEnds(call, share, context);
  const { run } = call;
  if (run !== null) {
    const images = ending.kind === "settle" ? ending.images : 0;
    const figures = { settled: charge, exposed: share.exposure, images };
    rowCallEnded({ ...call, run }, figures, context);
  }
  return { kind: "posted", chain: chainOf(place) };
}

function chainOf({ sequence, hash }: { readonly sequence: bigint; readonly hash: string }) {
  return { sequence: Number(sequence), hash };
}

/** The same ending again is the same posting; another one is late after recovery, and a bug otherwise. */
function endedBefore(ending: EndingDraft, call: CallRow, context: Context): PostedEnding {
  const { set } = context;
  const { root, id } = call;
  const entry = set.entry(root, endingId(id));
  if (entry === undefined) throw new Error(`hold ${id} has ended without an entry`);
  const chain = chainOf(entry);
  if (saysTheSame(entry.text, "ending", ending.text)) return { kind: "posted", chain };
  if (call.ended?.outcome !== "recovered") {
    throw new Error(`hold ${id} was ended before, with another content`);
  }
  const late = lateEntry(ending, originOf({ root, account: call.account }, context));
  if (late !== undefined && set.entry(root, lateId(id)) === undefined) {
    if (ending.echoedPrice !== null) storePrice(ending.echoedPrice, set);
    append(root, [late], context);
    const cost = ending.cost.total;
    const { ended } = call;
    const vendorCost = addUsd(ended.vendorCost, cost);
    set.calls.set(id, { ...call, ended: { ...ended, vendorCost } });
    houseCostMoved(call, { cost, loss: cost, atMs: context.nowMs }, context);
  }
  return { kind: "late", chain };
}

/** Remembers a task; the same one again is the same memo. */
export function noteTask(of: { root: string; task: TaskMemo }, context: Context): null {
  const { holdId, taskId } = of.task;
  const call = requireCall(of.root, holdId, context.set);
  if (call.task === taskId) return null;
  if (call.ended !== null) throw new Error(`hold ${holdId} has ended, task ${taskId} is nobody's`);
  if (call.task !== null) throw new Error(`hold ${holdId} has another task already`);
  const origin = originOf({ root: call.root, account: call.account }, context);
  append(call.root, [taskEntry(of.task, origin)], context);
  context.set.calls.set(holdId, { ...call, task: taskId });
  return null;
}
