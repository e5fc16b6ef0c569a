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

/**
 * Calls the vendor under a hold and judges what came of it. A call is repeated once, over the same
 * connection, and only when it is certain that nothing was spent, the vendor said when to come back, and the
 * connection's own pace has room for it.
 */
export async function dispatch(
  accepted: AcceptedOrder,
  to: {
    readonly lease: Lease;
    readonly holdId: string;
    readonly sink: ImageSink;
    readonly headers: Readonly<Record<string, string>>;
  },
  deps: Deps,
): Promise<Dispatched> {
  const signal = AbortSignal.timeout(deps.vendorTimeoutMs);
  to.lease.send();
  const first = await attempt(accepted, to, { deps, signal });
  const { outcome } = first;
  const waitSeconds = outcome.kind === "unspent" ? outcome.retryAfterSeconds : undefined;
  if (waitSeconds === undefined || waitSeconds > WAIT_SECONDS_MAX) {
    return { outcome, attempts: [first.attempt] };
  }
  await sleep(waitSeconds * 1_000);
  // No time or no room left to come back in: what the vendor said first stands.
  if (signal.aborted || !to.lease.send()) return { outcome, attempts: [first.attempt] };
  const second = await attempt(accepted, to, { deps, signal });
  return { outcome: second.outcome, attempts: [first.attempt, second.attempt] };
}

async function attempt(
  accepted: AcceptedOrder,
  to: Parameters<typeof dispatch>[1],
  within: { readonly deps: Deps; readonly signal: AbortSignal },
): Promise<{ readonly outcome: Outcome; readonly attempt: Attempt }> {
  const began = performance.now();
  const outcome = await callVendor(accepted, to, within);
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
  to: Parameters<typeof dispatch>[1],
  { deps, signal }: { readonly deps: Deps; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { vendor, connection } = to.lease.connected;
  const last = vendor.sendsDrafts ? new LastImage(to.sink) : undefined;
  try {
    const outcome = await vendor.dispatch(
      {
        accepted,
        connection,
        signal,
        headers: to.headers,
        noteTask: (taskId) => deps.ledger.noteTask({ holdId: to.holdId, taskId }),
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
