import { setTimeout as sleep } from "node:timers/promises";
import type { AcceptedOrder } from "../gates/accept.ts";
import type { Attempt } from "../ledger/port.ts";
import type { ImageSink, Outcome } from "../vendors/port.ts";
import type { Lease } from "./connections.ts";
import type { Deps } from "./deps.ts";
import { LastImage } from "./last-image.ts";

/** A vendor that is busy and says for how long is waited for up to here, once (DESIGN §3). */
const WAIT_SECONDS_MAX = 10;

export type Dispatched = { readonly outcome: Outcome; readonly attempts: readonly Attempt[] };

/** Where a call goes, and what of it goes where. */
export type DispatchTo = {
  readonly lease: Lease;
  readonly holdId: string;
  readonly sink: ImageSink;
  readonly headers: Readonly<Record<string, string>>;
  /** Our own deadline, for all that happens under the hold. */
  readonly deadline: AbortSignal;
};

/** What differs where several calls share a hold. */
type ForLeg = {
  /** How its images are counted against the connection's minute. */
  readonly send: { readonly first: () => void; readonly again: () => boolean };
  readonly noteTask: (taskId: string) => Promise<void>;
};

/**
 * Calls the vendor under a hold and judges what came of it. A call is repeated once, over the same
 * connection, and only when it is certain that nothing was spent, the vendor said when to come back, and the
 * connection's own pace has room for it.
 */
export async function dispatch(
  accepted: AcceptedOrder,
  to: DispatchTo & Partial<ForLeg>,
  deps: Deps,
): Promise<Dispatched> {
  const { lease, deadline } = to;
  const send = to.send ?? { first: () => lease.send(), again: () => lease.send() };
  send.first();
  const first = await attempt(accepted, to, deps);
  const { outcome } = first;
  const waitSeconds = outcome.kind === "unspent" ? outcome.retryAfterSeconds : undefined;
  if (waitSeconds === undefined || waitSeconds > WAIT_SECONDS_MAX) {
    return { outcome, attempts: [first.attempt] };
  }
  await sleep(waitSeconds * 1_000);
  // No time or no room left to come back in: what the vendor said first stands.
  if (deadline.aborted || !send.again()) return { outcome, attempts: [first.attempt] };
  const second = await attempt(accepted, to, deps);
  return { outcome: second.outcome, attempts: [first.attempt, second.attempt] };
}

async function attempt(
  accepted: AcceptedOrder,
  to: DispatchTo & Partial<ForLeg>,
  deps: Deps,
): Promise<{ readonly outcome: Outcome; readonly attempt: Attempt }> {
  const began = performance.now();
  const outcome = await callVendor(accepted, to, deps);
  return {
    outcome,
    attempt: {
      vendorRequestId: outcome.vendorRequestId,
      status: outcome.status,
      outcome: outcome.kind,
      ms: Math.round(performance.now() - began),
    },
  };
}

async function callVendor(
  accepted: AcceptedOrder,
  to: DispatchTo & Partial<ForLeg>,
  deps: Deps,
): Promise<Outcome> {
  const { vendor, connection } = to.lease.connected;
  const last = vendor.sendsDrafts ? new LastImage(to.sink) : undefined;
  try {
    const outcome = await vendor.dispatch(
      {
        accepted,
        connection,
        signal: to.deadline,
        headers: to.headers,
        noteTask: to.noteTask ?? ((taskId) => deps.ledger.noteTask({ holdId: to.holdId, taskId })),
      },
      last ?? to.sink,
    );
    if (outcome.kind === "made") await last?.release();
    return withoutKey(outcome, connection.key);
  } catch (cause) {
    // An adapter judges and doesn't throw: this is a bug of ours, after which nothing is certain.
    deps.log.error({ receipt: to.holdId, cause }, "a vendor call ended in an error of our own");
    const nothing = { status: null, vendorRequestId: null, usageText: null };
    return { kind: "unknown", why: "unreadable", ...nothing };
  } finally {
    last?.discard();
  }
}

/** Vendors have been seen to repeat the key that they refuse; its form alone doesn't always give it away. */
function withoutKey(outcome: Outcome, key: string): Outcome {
  if (!("message" in outcome)) return outcome;
  return { ...outcome, message: outcome.message.replaceAll(key, "[key]") };
}
