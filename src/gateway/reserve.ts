import { RATING_VERSION, weakestMark } from "../billing/rate.ts";
import type { Reference } from "../gates/order.ts";
import { sizeText } from "../gates/size.ts";
import { newId } from "../ids.ts";
import type { JsonValue } from "../json.ts";
import type { HoldRequest, RateState } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import type { Alert } from "../ledger/reports-port.ts";
import type { ReferenceFacts, RequestFacts, Surface } from "../ledger/request-facts.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Caller } from "./caller.ts";
import type { ConnectedVendor } from "./connected-vendor.ts";
import type { Deps, Log } from "./deps.ts";
import { keyReused, overHouseLimit, overLimit, overRate } from "./hold-refusals.ts";
import type { Prepared } from "./prepare.ts";

/** What a hold is for: who pays, and over which connection the call will go. */
export type HoldFor = { readonly caller: Caller; readonly connected: ConnectedVendor };

/** A hold that was made, or the earlier one that the same request made: its id is the receipt's too. */
export type Reserved =
  | {
      readonly kind: "held";
      readonly holdId: string;
      /** What the caller's key has left of its rate, null where it has none. */
      readonly rate: RateState | null;
    }
  /** The call under this `Idempotency-Key` hasn't ended yet. */
  | { readonly kind: "running"; readonly holdId: string }
  | Earlier;

/** A call that answers this request: it ended under the same `Idempotency-Key`, or it was adopted. */
export type Earlier =
  | { readonly kind: "ended"; readonly holdId: string }
  | { readonly kind: "adopted"; readonly holdId: string; readonly body: string | null };

/**
 * Reserves the ceiling, unless the same request did so before. Resolves once it is durable.
 *
 * @throws Refusal naming the limit that it doesn't fit, or why a run's row is not to be called; LedgerUnavailable.
 */
export async function reserve(prepared: Prepared, holdFor: HoldFor, deps: Deps): Promise<Reserved> {
  const { caller } = holdFor;
  assertClaimed(prepared, caller, deps);
  const request = holdRequest(prepared, holdFor, deps);
  const result = await deps.ledger.hold(request);
  switch (result.kind) {
    case "held":
      sayAlerts(result.alerts, deps.log);
      return { kind: "held", holdId: request.id, rate: result.rate };
    case "unknown_account":
      throw new Refusal("invalid_api_key", "the account of this key does not exist");
    case "refused":
      throw overLimit(result, prepared, caller);
    case "house_refused":
      deps.log.error({ ...result, required: formatUsd(result.required) }, "a house limit refuses");
      throw overHouseLimit(result);
    case "rate_limited":
      throw overRate(result.rate, prepared);
    case "intent":
      return { kind: result.state, holdId: result.holdId };
    case "intent_reused":
      throw keyReused(result.holdId);
    case "adopted":
      return { kind: "adopted", holdId: result.holdId, body: caller.same.adopt };
    case "not_claimed":
      throw new Refusal(
        "claim_lost",
        "this row isn't its run's to call any more; nothing was sent",
      );
    default:
      return result satisfies never;
  }
}

/**
 * A row of a run waits for a connection as long as it takes: its price may be yesterday's by now, or above what was
 * claimed for it.
 *
 * @throws Refusal `price_changed`
 */
function assertClaimed({ quote, callable }: Prepared, { run }: Caller, { asOf }: Deps): void {
  if (run === undefined) return;
  if (quote.ceiling.total <= run.ceiling && callable.asOf === asOf()) return;
  const why = "the price of this row has changed since it was claimed; nothing was sent";
  throw new Refusal("price_changed", why);
}

/** Half, four fifths, all of a limit are used: said once each. */
function sayAlerts(alerts: readonly Alert[], log: Log): void {
  for (const { nodeId, limit, window, threshold, used, of } of alerts) {
    const facts = { node: nodeId, limit, window, threshold };
    log.warn({ ...facts, used: formatUsd(used), of: formatUsd(of) }, "a limit is being used up");
  }
}

function holdRequest(prepared: Prepared, { caller, connected }: HoldFor, deps: Deps): HoldRequest {
  const { accepted, callable, quote } = prepared;
  const { order } = accepted;
  const { ceiling: vendorAmount, margin = null } = quote.frozen;
  return {
    id: newId("rcpt"),
    requestId: caller.requestId,
    accountId: caller.accountId,
    keyId: caller.keyId,
    amount: quote.ceiling.total,
    ...(margin === null ? {} : { vendorAmount, margin }),
    expected: quote.expected.total,
    model: callable.model.id,
    vendor: connected.vendor.id,
    connection: connected.connection.id,
    asOf: callable.asOf,
    price: storedPrice(callable.price),
    ratingVersion: RATING_VERSION,
    facts: requestFacts(prepared, caller.surface),
    ceilingItems: quote.frozen.ceilingItems,
    resolved: prepared.resolved,
    sent: sentFor(prepared),
    marks: marksOf(prepared, deps),
    warnings: callable.warnings,
    tags: { ...caller.policy.settings.tags, ...order.tags },
    user: order.user ?? null,
    ...(caller.run === undefined ? {} : { run: caller.run.name }),
    admission: {
      process: deps.process,
      connectionLimits: connected.houseLimits,
      intent: caller.same.intent,
      adopt: caller.same.adopt,
    },
  };
}

function requestFacts(
  { accepted, asked, quote, chosen }: Prepared,
  surface: Surface,
): RequestFacts {
  const { order, size, prompt } = accepted;
  const { pixels } = size;
  const { references, mask, inputFidelity } = order;
  return {
    surface,
    n: order.n,
    ...(order.stream === true ? { stream: true } : {}),
    ...(order.urls === true ? { urls: true } : {}),
    ...(order.output === undefined ? {} : { output: true }),
    ...(order.partialImages === undefined ? {} : { partialImages: order.partialImages }),
    ...(quote.frozen.legs === undefined ? {} : { legs: Number(quote.frozen.legs) }),
    qualityAsked: order.quality ?? null,
    size: {
      asked: sizeText(asked) ?? null,
      pixels: pixels === undefined ? null : `${pixels.width}x${pixels.height}`,
      label: size.label ?? null,
      ratio: size.ratio ?? null,
    },
    priced: quote.frozen.facts,
    promptBytes: prompt.bytes,
    promptTokens: prompt.tokens,
    ...(references === undefined ? {} : { references: references.map(referenceFacts) }),
    ...(mask === undefined ? {} : { mask: referenceFacts(mask) }),
    ...(inputFidelity === undefined ? {} : { inputFidelity }),
    ...(chosen === undefined ? {} : { route: chosen.choice.route }),
  };
}

function referenceFacts({ width, height, format, bytes, sha256 }: Reference): ReferenceFacts {
  return { width, height, format, bytes, sha256 };
}

/** What goes to the vendor though nobody asked for it (P7). */
export function sentFor({ callable, accepted }: Prepared): {
  readonly [param: string]: JsonValue;
} {
  return callable.vendor.sent(accepted);
}

/** The weakest mark among the prices that a quote rests on; one that a bill confirmed is as strong as a bill. */
export function marksOf(
  { quote }: Prepared,
  { confirmations }: Pick<Deps, "confirmations">,
): HoldRequest["marks"] {
  const { price } = quote.frozen;
  const used = [...quote.ceiling.lines, ...quote.expected.lines]
    // The owner's own sum makes no price less certain.
    .filter(({ meter }) => meter !== "margin")
    .map(({ meter, unitPrice, mark }) =>
      confirmations.markOf({ priceVersion: price.id, meter, unitPrice }, mark),
    );
  // Where bills confirmed all that the quote rests on, the version's own mark says less than is known.
  const confirmed = used.length > 0 && used.every((mark) => mark === "billed");
  const weakest = weakestMark(confirmed ? used : [price.mark, ...used]);
  return weakest === undefined ? [] : [weakest];
}
