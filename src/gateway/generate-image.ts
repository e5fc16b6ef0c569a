import type { AcceptedOrder } from "../gates/accept.ts";
import type { ImageOrder } from "../gates/order.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Caller } from "./caller.ts";
import type { Client, Opened } from "./client.ts";
import type { Deps } from "./deps.ts";
import { type Dispatched, type DispatchTo, dispatch } from "./dispatch.ts";
import { type Placed, placeNext, takePlace, unspentWhy } from "./fall.ts";
import { fanOut } from "./fan-out.ts";
import { type Held, type Judged, judgeCall, leavesCost, type ReadAsOf, voidOf } from "./judge.ts";
import { judgeLegs } from "./judge-legs.ts";
import { Keeping } from "./keeping.ts";
import { KeptPictures } from "./kept-pictures.ts";
import { giveAgain, waitForSame } from "./once.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { refusalOf } from "./refuse.ts";
import { type Reserved, reserve } from "./reserve.ts";
import { retainHeaders } from "./retain.ts";
import { unique } from "./same.ts";

/**
 * The main path, in the order in which it happens. Every other module exists to serve one of these lines:
 * gates before quote, quote before hold, hold before dispatch, settle before the last byte. The wait for a
 * connection with room stands before the hold, so that no money is held meanwhile.
 *
 * @throws Refusal for everything refused before the hold is dispatched.
 */
export async function generateImage(
  order: ImageOrder,
  caller: Caller,
  client: Client,
  deps: Deps,
): Promise<void> {
  const { accountPath, policy } = caller;
  const found = await prepare(order, { accountPath, policy, deps }); // find the model or choose it, pass its gates, quote the worst case
  await generatePrepared(found, caller, client, deps);
}

/** The rest of the path, for whoever had to know the price before. @throws as `generateImage` does. */
export async function generatePrepared(
  found: Prepared,
  caller: Caller,
  client: Client,
  deps: Deps,
): Promise<void> {
  const { prepared, lease } = await takePlace(found, { caller, client }, deps); // the connection that stays with the call, or a 429
  using _place = lease;
  const reserved = await reserve(prepared, { caller, connected: lease.connected }, deps); // durably, or a 402
  await carryOut({ prepared, lease, reserved }, caller, { client, deps });
}

/** Calls the vendor under a hold, and the next candidate's where nothing was spent; else gives what was asked before. */
async function carryOut(
  { prepared, lease, reserved }: Placed & { readonly reserved: Reserved },
  caller: Caller,
  to: ClientAndDeps,
): Promise<void> {
  const { client, deps } = to;
  const { asked: order } = prepared;
  if (reserved.kind === "held") {
    const next = await callVendor({ prepared, lease, reserved }, caller, to);
    using _place = next?.lease;
    return next === undefined ? undefined : await carryOut(next, caller, to);
  }
  lease.release(); // what was asked before is waited for without one
  if (reserved.kind === "running") {
    await waitForSame(reserved.holdId, client, deps);
    return generateImage(order, caller, client, deps); // its answer, or a key that is free again
  }
  const again = { ...client, retain: caller.policy.retain };
  if (await giveAgain(reserved, again, deps)) return;
  return generateImage(order, { ...caller, same: unique }, client, deps);
}

/** Everything is ready and held for: the call itself, and its end; or the next candidate, ready and held for. */
async function callVendor(
  { prepared, lease, reserved }: Ready,
  caller: Caller,
  { client, deps }: ClientAndDeps,
): Promise<(Placed & { readonly reserved: Reserved }) | undefined> {
  const { holdId, rate } = reserved;
  using _running = deps.running.begin(holdId);
  const { accepted, quote, callable } = prepared;
  const opened = client.open({
    ...{ receiptId: holdId, prepared, rate },
    headers: retainHeaders(caller),
    urlOf: (index, facts) => deps.pictureUrls.urlOf(holdId, index, facts),
  });
  const { order } = accepted;
  const { retain } = caller.policy;
  const keeps = order.urls === true || (caller.run !== undefined && retain !== "none");
  const pictures = new KeptPictures({ holdId, keeps, opened, output: prepared.output }, deps);
  // Of a run's row the pictures are kept, and nothing else is answered that could be given again.
  const same = caller.run === undefined ? caller.same : unique;
  const keeping = new Keeping({ holdId, same, retain, opened, left: client.left }, deps);
  const deadline = AbortSignal.timeout(deps.vendorTimeoutMs);
  const to = { lease, holdId, sink: pictures, headers: caller.vendorHeaders, deadline };
  const called = await callAll(accepted, { ...to, spread: quote.frozen.legs !== undefined }, deps);
  lease.release(); // the vendor is done with it; what follows is our own
  const calls = await pictures.stored(called);
  const attempts = calls.flatMap((each) => each.attempts);
  const held = { holdId, model: callable.model, quote: quote.frozen, attempts };
  const call: Call = { held, opened, keeping, pictures };
  try {
    const judged = judge(calls, held, { catalog: deps.catalog, asOf: deps.asOf() });
    if (judged.kind === "made") return await endWith(judged, call, deps);
    const why = unspentWhy(calls);
    const failed = why && { why, receiptId: holdId };
    const next = failed && (await placeNext(prepared, failed, { caller, client }, deps));
    return await endWithout(judged, call, { next, caller, deps });
  } catch (cause) {
    await endAfterBug(call, deps);
    throw cause;
  } finally {
    await pictures.discard();
  }
}

/** One call to the vendor, or as many as there are images (`fan_out`). */
async function callAll(
  accepted: AcceptedOrder,
  { spread, ...to }: DispatchTo & { readonly spread: boolean },
  deps: Deps,
): Promise<readonly Dispatched[]> {
  return spread ? await fanOut(accepted, to, deps) : [await dispatch(accepted, to, deps)];
}

function judge(calls: readonly Dispatched[], held: Held, read: ReadAsOf): Judged {
  const [first] = calls;
  return first === undefined || held.quote.legs !== undefined
    ? judgeLegs(calls, held, read)
    : judgeCall(first.outcome, held, read);
}

/** An order that may go out: priced, over a connection with room, held for. */
type Ready = Placed & { readonly reserved: Extract<Reserved, { kind: "held" }> };

type ClientAndDeps = { readonly client: Client; readonly deps: Deps };

/** A call that the vendor has answered. */
type Call = {
  readonly held: Held;
  readonly opened: Opened;
  readonly keeping: Keeping;
  readonly pictures: KeptPictures;
};

type Made = Extract<Judged, { kind: "made" }>;
type Lost = Extract<Judged, { kind: "lost" }>;

/** Charged: the settlement is durable before the last byte leaves, and what is kept of it before that. */
async function endWith(judged: Made, call: Call, deps: Deps): Promise<undefined> {
  const { outcome, failures } = judged;
  const { opened, keeping, pictures } = call;
  const { holdId } = call.held;
  const { images: passed, gone } = opened.delivered();
  const flags = gone ? ["client_gone"] : [];
  const images = await pictures.putOutputs(pictures.withHashes(passed));
  const settled = judged.settlement({ images, flags });
  const made = { outcome, failures, settlement: settled, late: false };
  const end = opened.endOf(made);
  const kept = await keeping.sealMade(end);
  const settlement = { ...settled, flags: [...settled.flags, ...kept] };
  const posted = await deps.end(settlement);
  if (settlement.overrun > 0n) {
    deps.log.error(
      { receipt: holdId, overrun: formatUsd(settlement.overrun) },
      "usage above the ceiling",
    );
  }
  if (posted.kind === "lost") {
    const why = "the ledger could not record this call. Nothing was charged";
    opened.refuse(new Refusal("outcome_unknown", why, { receiptId: holdId }));
  } else if (posted.kind === "late") {
    opened.finish(opened.endOf({ ...made, late: true }));
  } else {
    opened.finish(end);
    await keeping.sealIfLeft(end);
  }
}

/**
 * Not charged: the ending is durable before the error leaves. Where a next candidate stands ready no error leaves:
 * it is held for in the same breath, so that what this hold gives back is there for it.
 */
async function endWithout(
  judged: Lost,
  call: Call,
  { next, caller, deps }: { next: Placed | undefined; caller: Caller; deps: Deps },
): Promise<(Placed & { readonly reserved: Reserved }) | undefined> {
  // A place that isn't passed on is given back.
  using place = new DisposableStack();
  place.use(next?.lease);
  const { outcome } = judged;
  const { held, opened, keeping } = call;
  const { holdId } = held;
  const refusal = refusalOf(outcome, holdId);
  const voiding = judged.voiding(refusal.code);
  await keeping.sealError(opened.errorOf(refusal), { leavesCost: leavesCost(voiding) });
  const ended = deps.end(voiding);
  const [reserved] = await Promise.all([reserveNext(next, caller, deps), ended]);
  if (outcome.kind === "our_account") {
    deps.log.error({ receipt: holdId, why: outcome.message }, "the vendor refuses our account");
  }
  if (next === undefined || reserved === undefined || reserved.holdId === holdId) {
    opened.refuse(refusal);
    return undefined;
  }
  opened.abandon();
  place.move();
  return { ...next, reserved };
}

/** Undefined also where it can't be held for: then the caller is told what the first candidate came to. */
async function reserveNext(
  next: Placed | undefined,
  caller: Caller,
  deps: Deps,
): Promise<Reserved | undefined> {
  if (next === undefined) return undefined;
  const { prepared, lease } = next;
  try {
    return await reserve(prepared, { caller, connected: lease.connected }, deps);
  } catch (cause) {
    if (cause instanceof Refusal || cause instanceof LedgerUnavailable) return undefined;
    throw cause;
  }
}

/** A bug of ours must not leave a hold open: nobody is charged, and the house expects the worst. */
async function endAfterBug(call: Call, deps: Deps): Promise<void> {
  const nothing = { status: null, vendorRequestId: null, usageText: null };
  await call.keeping.discard();
  try {
    await deps.end(
      voidOf({ kind: "unknown", why: "unreadable", ...nothing }, call.held, "internal_error"),
    );
  } catch (cause) {
    deps.log.error(
      { receipt: call.held.holdId, cause },
      "a hold could not be ended; recovery will",
    );
  }
}
