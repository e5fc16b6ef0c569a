import { ZERO_USD } from "../../money/pico-usd.ts";
import type { HoldDraft } from "../draft.ts";
import { holdEntry } from "../journal.ts";
import { roomExceeded } from "../limits.ts";
import type { HoldResult } from "../port.ts";
import { settingsIn } from "../settings-text.ts";
import { adopted, countRate, intentTaken, rateOf, takeIntent } from "./admission.ts";
import { newAlerts, type PathState } from "./alerts.ts";
import { type CallCounters, countCost, countersOf, countSpent } from "./call-counters.ts";
import {
  accountOf,
  append,
  type Context,
  callOf,
  nodeOf,
  originOf,
  pathOfKey,
  requireRoot,
  saysTheSame,
  storePrice,
} from "./context.ts";
import { houseRangeRefusal, houseRefusal } from "./house.ts";
import type { CallRow, NodeRow } from "./rows.ts";
import { rowHeld, unclaimed } from "./run-money.ts";
import type { KeyPath, WorkingSet } from "./working-set.ts";

/** Reserves the ceiling if it fits everything; every check comes before the first write. */
export function hold(request: HoldDraft, context: Context): HoldResult {
  const { set, nowMs } = context;
  const account = accountOf(request.accountId, set);
  if (account === undefined) return { kind: "unknown_account" };
  const known = callOf(account.root, request.id, set);
  if (known !== undefined) return heldBefore(request, known, set);
  const key = keyOf(request, set);
  const path = pathOfKey(key, set);
  const { intent, adopt } = request.admission;
  const before =
    (intent == null ? undefined : intentTaken(account.root, intent, context)) ??
    (adopt == null ? undefined : adopted(account.root, { key: key.id, body: adopt }, context));
  if (before !== undefined) return before;
  const lost = request.run === null ? undefined : unclaimed(account.root, request, context);
  if (lost !== undefined) return lost;
  const settings = settingsIn(key.settings);
  const rate = rateOf(key, { settings, images: request.images }, context);
  if (rate?.fits === false) return { kind: "rate_limited", rate: rate.state };
  const { connection } = request;
  const place = { root: account.root, path: path.text, connection, ...context.windows };
  const counters = countersOf(place, set);
  const state = pathState(path.nodes, counters);
  const terms = houseTerms(request, state.top, counters);
  const refused =
    limitRefusal(request, state, set) ?? houseRangeRefusal(terms) ?? houseRefusal(terms, context);
  if (refused !== undefined) return refused;
  storePrice(request.price, set);
  const call = appendHold(request, path, context);
  countSpent(counters, { held: call.amount, settled: ZERO_USD });
  // It may cost the house its vendor amount.
  countCost(counters, { held: call.vendorAmount, settled: ZERO_USD });
  if (rate !== undefined) countRate(rate.row, context);
  if (intent != null) takeIntent(account.root, intent, request.id, context);
  if (request.run !== null) rowHeld(account.root, request, context);
  const alerts = newAlerts(state, context);
  return { kind: "held", createdMs: nowMs, rate: rate?.state ?? null, alerts };
}

function heldBefore(request: HoldDraft, known: CallRow, set: WorkingSet): HoldResult {
  const entry = set.entry(known.root, known.id);
  if (entry === undefined) throw new Error(`hold ${known.id} has no entry`);
  if (!saysTheSame(entry.text, "request", request.text)) {
    throw new Error(`hold ${request.id} was posted with another content`);
  }
  return { kind: "held", createdMs: known.createdMs, rate: null, alerts: [] };
}

/** A revoked key still holds: the request was let in before, and its hold is the same money. */
function keyOf(request: HoldDraft, set: WorkingSet): NodeRow {
  const key = nodeOf(request.keyId, set);
  if (key === undefined || key.kind !== "key" || key.parent !== request.accountId) {
    throw new Error(`hold ${request.id}: no key ${request.keyId} of ${request.accountId}`);
  }
  return key;
}

/** What the limits of a path are decided on. */
function pathState(path: readonly NodeRow[], counters: CallCounters): PathState {
  const top = path.at(-1);
  if (top === undefined) throw new Error("a path has at least one node");
  const nodes = path.map(({ id, limits }, index) => {
    const used = counters.path[index];
    if (used === undefined) throw new Error(`node ${id} has no counters`);
    return { id, limits, used };
  });
  return { top, nodes };
}

function limitRefusal(
  request: HoldDraft,
  { top, nodes }: PathState,
  set: WorkingSet,
): HoldResult | undefined {
  const { available, held, vendor_payable: vendorPayable } = requireRoot(top.root, set).books;
  const root = { id: top.id, prepaid: top.prepaid, available, held, vendorPayable };
  const room = roomExceeded(request.amount, root, nodes);
  return room === undefined ? undefined : { kind: "refused", required: request.amount, ...room };
}

function houseTerms(request: HoldDraft, top: NodeRow, counters: CallCounters) {
  return {
    root: top.root,
    connection: request.connection,
    vendorAmount: request.vendorAmount,
    rootLimits: settingsIn(top.settings).house ?? {},
    connectionLimits: request.admission.connectionLimits ?? {},
    counters,
  };
}

function appendHold(request: HoldDraft, path: KeyPath, context: Context): CallRow {
  const { accountId, keyId, id, tags } = request;
  const { amount, vendorAmount, vendor, connection, model } = request;
  const { qualityAsked, size, user, run } = request;
  const root = path.nodes.at(-1)?.root ?? accountId;
  const { windows } = context;
  const origin = originOf({ root, account: accountId }, context);
  const entry = holdEntry(request, { path: path.ids, windows }, origin);
  const { sequence } = append(root, [entry], context);
  const process = request.admission.process ?? null;
  const call: CallRow = {
    ...{ root, id, account: accountId, key: keyId, path: path.text, ...windows },
    ...{ amount, vendorAmount, vendor, connection, model, process, qualityAsked, size, user },
    ...{ tags, run: run?.id ?? null, runRow: run?.row ?? null },
    ...{ sequence, createdMs: context.nowMs, task: null, ended: null },
  };
  context.set.calls.set(id, call);
  return call;
}
