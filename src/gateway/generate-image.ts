import type { ImageOrder } from "../gates/order.ts";
import type { ImageFacts, RateState } from "../ledger/port.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { ImageSink } from "../vendors/port.ts";
import type { Deps } from "./deps.ts";
import { dispatch } from "./dispatch.ts";
import {
  type Held,
  type LostOutcome,
  type MadeOutcome,
  type Settlement,
  settlementOf,
  voidOf,
} from "./judge.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { refusalOf } from "./refuse.ts";
import { type Caller, reserve } from "./reserve.ts";

/** Where the answer goes, whatever the surface. */
export type Client = {
  /** Aborted when the client has hung up. Only waiting ends with it: a call that was held for goes on. */
  readonly gone: AbortSignal;
  /** Opens the way for pictures once they are held for; nothing leaves before the commit point. */
  readonly open: (held: {
    readonly receiptId: string;
    readonly prepared: Prepared;
    /** What the key has left of its rate, null where it has none. */
    readonly rate: RateState | null;
  }) => Opened;
};

export type Opened = {
  readonly sink: ImageSink;
  /** What has passed so far, and whether anybody is there to read it. */
  readonly delivered: () => { readonly images: readonly ImageFacts[]; readonly gone: boolean };
  readonly finish: (made: Finished) => void;
  /** Says no; breaks the answer off when part of it has left already. */
  readonly refuse: (refusal: Refusal) => void;
};

export type Finished = {
  readonly outcome: MadeOutcome;
  readonly settlement: Settlement;
  /** Nothing was charged after all: recovery had ended the hold. */
  readonly late: boolean;
};

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
  const { accountPath, policy, vendorHeaders: headers } = caller;
  const prepared = await prepare(order, { accountPath, policy, deps }); // find the model, pass its gates, quote the worst case
  const { accepted, quote, callable } = prepared;
  const call = { vendor: callable.vendor.id, accountPath, images: order.n, signal: client.gone };
  using lease = await deps.connections.take(call); // the one that stays with the call, or a 429
  const { connected } = lease;
  const { holdId, rate } = await reserve(prepared, { caller, connected }, deps); // durably, or a 402
  const opened = client.open({ receiptId: holdId, prepared, rate });
  const to = { lease, holdId, sink: opened.sink, headers };
  const { outcome, attempts } = await dispatch(accepted, to, deps);
  lease.release(); // the vendor is done with it; what follows is our own
  const held: Held = { holdId, model: callable.model, quote: quote.frozen, attempts };
  try {
    if (outcome.kind !== "made") await endWithout(outcome, held, opened, deps);
    else await endWith(outcome, held, opened, deps);
  } catch (cause) {
    await endAfterBug(held, deps);
    throw cause;
  }
}

/** Charged: the settlement is durable before the last byte leaves. */
async function endWith(
  outcome: MadeOutcome,
  held: Held,
  opened: Opened,
  deps: Deps,
): Promise<void> {
  const { images, gone } = opened.delivered();
  const flags = gone ? ["client_gone"] : [];
  const settlement = settlementOf(outcome, held, {
    images,
    flags,
    catalog: deps.catalog,
    asOf: deps.asOf(),
  });
  const posted = await deps.end(settlement);
  if (settlement.overrun > 0n) {
    deps.log.error(
      { receipt: held.holdId, overrun: formatUsd(settlement.overrun) },
      "usage above the ceiling",
    );
  }
  if (posted.kind === "lost") {
    const why = "the ledger could not record this call. Nothing was charged";
    return opened.refuse(new Refusal("outcome_unknown", why, { receiptId: held.holdId }));
  }
  opened.finish({ outcome, settlement, late: posted.kind === "late" });
}

/** Not charged: the ending is durable before the error leaves. */
async function endWithout(
  outcome: LostOutcome,
  held: Held,
  opened: Opened,
  deps: Deps,
): Promise<void> {
  const refusal = refusalOf(outcome, held.holdId);
  await deps.end(voidOf(outcome, held, refusal.code));
  if (outcome.kind === "our_account") {
    deps.log.error(
      { receipt: held.holdId, why: outcome.message },
      "the vendor refuses our account",
    );
  }
  opened.refuse(refusal);
}

/** A bug of ours must not leave a hold open: nobody is charged, and the house expects the worst. */
async function endAfterBug(held: Held, deps: Deps): Promise<void> {
  const nothing = { status: null, vendorRequestId: null, usageText: null };
  try {
    await deps.end(
      voidOf({ kind: "unknown", why: "unreadable", ...nothing }, held, "internal_error"),
    );
  } catch (cause) {
    deps.log.error({ receipt: held.holdId, cause }, "a hold could not be ended; recovery will");
  }
}
