import { RATING_VERSION, weakestMark } from "../billing/rate.ts";
import { sizeText } from "../gates/size.ts";
import { newId } from "../ids.ts";
import type { JsonValue } from "../json.ts";
import type { HoldRequest, HoldResult } from "../ledger/port.ts";
import { storedPrice } from "../ledger/price-text.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Deps } from "./deps.ts";
import { causeOfCeiling } from "./levers.ts";
import type { Prepared } from "./prepare.ts";

/** Who asks, already known by a key. */
export type Caller = {
  readonly accountId: string;
  readonly keyId: string;
  readonly requestId: string;
  /** Headers that go on to the vendor: fault switches, in the sandbox only. */
  readonly vendorHeaders: Readonly<Record<string, string>>;
};

/**
 * Reserves the ceiling. Resolves with the hold's id, which is the receipt's too, once it is durable.
 *
 * @throws Refusal `budget_exceeded` naming the limit and both amounts; LedgerUnavailable.
 */
export async function reserve(prepared: Prepared, caller: Caller, deps: Deps): Promise<string> {
  const request = holdRequest(prepared, caller, deps);
  const result = await deps.ledger.hold(request);
  switch (result.kind) {
    case "held":
      return request.id;
    case "unknown_account":
      throw new Refusal("invalid_api_key", "the account of this key does not exist");
    case "refused":
      throw overLimit(result, prepared);
    default:
      return result satisfies never;
  }
}

function overLimit(result: Extract<HoldResult, { kind: "refused" }>, prepared: Prepared): Refusal {
  const required = formatUsd(result.required);
  const available = formatUsd(result.available);
  const which = result.limit === "prepaid" ? "the prepaid balance" : `the ${result.limit} limit`;
  const cause = causeOfCeiling(prepared);
  return new Refusal(
    result.limit === "range" ? "ledger_range" : "budget_exceeded",
    `this request may cost up to ${required} USD, and ${which} leaves ${available} USD${cause}`,
    { limit: result.limit, required, available },
  );
}

function holdRequest(prepared: Prepared, caller: Caller, deps: Deps): HoldRequest {
  const { accepted, callable, quote } = prepared;
  const { order, size, prompt } = accepted;
  const { pixels } = size;
  return {
    id: newId("rcpt"),
    requestId: caller.requestId,
    accountId: caller.accountId,
    keyId: caller.keyId,
    amount: quote.ceiling.total,
    expected: quote.expected.total,
    model: callable.model.id,
    vendor: callable.model.vendor,
    connection: callable.connected.connection.id,
    asOf: deps.asOf(),
    price: storedPrice(callable.price),
    ratingVersion: RATING_VERSION,
    facts: {
      surface: "generations",
      n: order.n,
      size: {
        asked: sizeText(order) ?? null,
        pixels: pixels === undefined ? null : `${pixels.width}x${pixels.height}`,
        label: size.label ?? null,
        ratio: size.ratio ?? null,
      },
      priced: quote.frozen.facts,
      promptBytes: prompt.bytes,
      promptTokens: prompt.tokens,
    },
    ceilingItems: quote.frozen.ceilingItems,
    resolved: [],
    sent: sentFor(prepared),
    marks: marksOf(prepared),
    warnings: callable.warnings,
    tags: order.tags ?? {},
    user: order.user ?? null,
  };
}

/** What goes to the vendor though nobody asked for it (P7). */
export function sentFor({ callable, accepted }: Prepared): {
  readonly [param: string]: JsonValue;
} {
  return callable.connected.vendor.sent(accepted);
}

/** The weakest mark among the prices that a quote rests on. */
export function marksOf({ quote }: Prepared): HoldRequest["marks"] {
  const weakest = weakestMark([
    quote.frozen.price.mark,
    ...quote.ceiling.lines.map((line) => line.mark),
    ...quote.expected.lines.map((line) => line.mark),
  ]);
  return weakest === undefined ? [] : [weakest];
}
