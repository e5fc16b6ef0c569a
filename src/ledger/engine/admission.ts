import type { NodeSettings } from "../accounts-port.ts";
import { costId } from "../journal.ts";
import type { AdoptableCall, HoldResult, Intent, RateState } from "../port.ts";
import { type Context, callOf, requireCall, requireRoot } from "./context.ts";
import type { AdoptableRow, CallRow, NodeRow, RateRow } from "./rows.ts";

/** What may stand before a hold, beside money: an intent held before, a call to adopt, a key's rate. */

/** An ending that left a cost keeps its `Idempotency-Key` so long (MONEY §7). */
const INTENT_MS = 24 * 60 * 60_000;
/** A call whose client left can be taken over so long after its end (MONEY §7). */
const ADOPTABLE_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

/** What stands under this intent already; undefined when its key is free. */
export function intentTaken(
  root: string,
  intent: Intent,
  { set, nowMs }: Context,
): HoldResult | undefined {
  const { scope, body } = intent;
  const row = set.intents.get(`${root} ${scope}`, () => set.reads.intent(root, scope));
  if (row === undefined) return undefined;
  const call = requireCall(root, row.hold, set);
  if (call.ended !== null && !isKept(call, call.ended, { set, nowMs })) return undefined;
  if (row.body !== body) return { kind: "intent_reused", holdId: row.hold };
  return {
    kind: "intent",
    state: call.ended === null ? "running" : "ended",
    holdId: row.hold,
  };
}

/**
 * Charged, costing or feared endings stick for a day, those of a run's rows for ever; all others cost nobody
 * anything and free the key.
 */
function isKept(
  { root, id, run }: CallRow,
  ended: NonNullable<CallRow["ended"]>,
  { set, nowMs }: Pick<Context, "set" | "nowMs">,
): boolean {
  if (run === null && nowMs - ended.endedMs >= INTENT_MS) return false;
  if (ended.outcome === "made" || ended.vendorCost > 0n || ended.exposure > 0n) return true;
  // A cost that a correction took back was left all the same.
  return set.entry(root, costId(id)) !== undefined;
}

/** Binds an intent to its hold. */
export function takeIntent(root: string, intent: Intent, hold: string, context: Context): void {
  const { set, nowMs } = context;
  set.intents.set(`${root} ${intent.scope}`, { root, ...intent, hold, createdMs: nowMs });
}

/** Takes over the oldest call of this key and body whose client left; undefined when there is none. */
export function adopted(
  root: string,
  of: { readonly key: string; readonly body: string },
  { set, nowMs }: Context,
): HoldResult | undefined {
  if (requireRoot(root, set).adoptableUntilMs < nowMs) return undefined;
  const taken = new Set(set.adoptables.filter((row) => row.claimed).map((row) => row.hold));
  const offered = [
    ...set.reads.adoptable(root, of.key, of.body),
    ...set.adoptables.filter((row) => row.key === of.key && row.body === of.body && !row.claimed),
  ];
  const row = offered.find((each) => !taken.has(each.hold) && isAdoptable(each, { set, nowMs }));
  if (row === undefined) return undefined;
  set.adoptables.push({ ...row, claimed: true });
  // Touched, so that its version is raised: another process keeps a copy of what was offered.
  set.roots.set(root, { ...requireRoot(root, set) });
  return { kind: "adopted", holdId: row.hold };
}

function isAdoptable(row: AdoptableRow, { set, nowMs }: Pick<Context, "set" | "nowMs">): boolean {
  const ended = callOf(row.root, row.hold, set)?.ended ?? null;
  if (ended === null) return true;
  return ended.outcome === "made" && nowMs - ended.endedMs < ADOPTABLE_MS;
}

/** Offers a call to the next that asks the same. */
export function noteAdoptable(
  call: AdoptableCall & { readonly root: string },
  context: Context,
): null {
  const { set, nowMs } = context;
  const { root, holdId, body, untilMs, again } = call;
  const { key } = requireCall(root, holdId, set);
  if (set.adoptables.some((row) => row.hold === holdId)) return null;
  const offered = { root, key, body, hold: holdId, sinceMs: nowMs, claimed: false };
  set.adoptables.push(again === true ? { ...offered, again } : offered);
  const row = requireRoot(root, set);
  const adoptableUntilMs = Math.max(row.adoptableUntilMs, nowMs + untilMs + ADOPTABLE_MS);
  set.roots.set(root, { ...row, adoptableUntilMs });
  return null;
}

/** What a key has left in this minute once these images are counted; undefined where it has no rate limit. */
export function rateOf(
  key: NodeRow,
  of: { readonly settings: NodeSettings; readonly images: number },
  { set, nowMs }: Context,
): { readonly fits: boolean; readonly state: RateState; readonly row: RateRow } | undefined {
  const { rate } = of.settings;
  if (rate === undefined) return undefined;
  const { root, id: node } = key;
  const minute = (nowMs - (nowMs % MINUTE_MS)) / MINUTE_MS;
  const kept = set.rates.get(`${root} ${node}`, () => set.reads.rate(root, node));
  const before = kept?.minute === minute ? kept : undefined;
  const row = {
    root,
    node,
    minute,
    requests: (before?.requests ?? 0) + 1,
    images: (before?.images ?? 0) + of.images,
  };
  const { requestsPerMinute, imagesPerMinute } = rate;
  const fits =
    row.requests <= (requestsPerMinute ?? row.requests) &&
    row.images <= (imagesPerMinute ?? row.images);
  const used = fits ? row : { requests: row.requests - 1, images: row.images - of.images };
  const resetMs = MINUTE_MS - (nowMs % MINUTE_MS);
  const state = {
    requests: left(requestsPerMinute, used.requests),
    images: left(imagesPerMinute, used.images),
    resetMs,
  };
  return { fits, state, row };
}

function left(limit: number | undefined, used: number) {
  return limit === undefined ? null : { limit, left: Math.max(0, limit - used) };
}

export function countRate(row: RateRow, { set }: Context): void {
  set.rates.set(`${row.root} ${row.node}`, row);
}
