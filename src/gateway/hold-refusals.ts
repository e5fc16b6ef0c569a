import type { HoldResult, RateState } from "../ledger/port.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { Refusal } from "../refusals.ts";
import type { Caller } from "./caller.ts";
import { causeOfCeiling } from "./levers.ts";
import type { Prepared } from "./prepare.ts";

/** How a hold that wasn't made is answered. */

type OverLimit = Extract<HoldResult, { kind: "refused" }>;

/**
 * Names the limit, what was needed and what is left. What an account further up has left is for its own
 * keys only: others learn that it isn't enough (MONEY §5).
 */
export function overLimit(result: OverLimit, prepared: Prepared, caller: Caller): Refusal {
  const required = formatUsd(result.required);
  const code = result.limit === "range" ? "ledger_range" : "budget_exceeded";
  const which = result.limit === "prepaid" ? "the prepaid balance" : `the ${result.limit} limit`;
  const cause = causeOfCeiling(prepared);
  const own = result.node === caller.keyId || result.node === caller.accountId;
  if (!own) {
    const message = `this request may cost up to ${required} USD, and ${which} of an account above yours leaves less${cause}`;
    return new Refusal(code, message, { limit: result.limit, required });
  }
  const available = formatUsd(result.available);
  const of = result.node === caller.keyId ? " of this key" : "";
  return new Refusal(
    code,
    `this request may cost up to ${required} USD, and ${which}${of} leaves ${available} USD${cause}`,
    { limit: result.limit, required, available },
  );
}

type HouseRefused = Extract<HoldResult, { kind: "house_refused" }>;

const houseLimitNames = {
  exposureHour: "exposure_per_hour",
  vendorCostDay: "vendor_cost_per_day",
  vendorCostMonth: "vendor_cost_per_month",
} as const;

/** What the house has lost or owes is its own matter: the caller learns which breaker is open. */
export function overHouseLimit({ limit }: HouseRefused): Refusal {
  const name = houseLimitNames[limit];
  if (limit === "exposureHour") {
    const message =
      "too many calls of this hour ended with an unknown or uncharged cost; this gateway takes no more until the next hour or until its owner has looked";
    return new Refusal("exposure_limit", message, { limit: name });
  }
  const window = limit === "vendorCostDay" ? "day" : "month";
  const message = `this gateway's own limit on what vendors may bill it this ${window} leaves less than this request may cost`;
  return new Refusal("vendor_cost_limit", message, { limit: name });
}

/** A key that places orders faster than it may; or asks for more at once than it ever may. */
export function overRate(rate: RateState, { accepted }: Prepared): Refusal {
  const { requests, images } = rate;
  const { n } = accepted.order;
  if (images !== null && n > images.limit) {
    const message = `n=${n}: this key may order ${images.limit} images a minute, so never ${n} at once`;
    const allowed = { min: 1, max: images.limit };
    return new Refusal("unsupported_n", message, { param: "n", sent: n, allowed });
  }
  const parts = [
    ...(requests === null ? [] : [`${requests.limit} requests (${requests.left} left)`]),
    ...(images === null ? [] : [`${images.limit} images (${images.left} left)`]),
  ];
  const message = `this key may order ${parts.join(" and ")} a minute; the next minute begins in ${seconds(rate)} s`;
  return new Refusal("rate_limited", message, {
    retryAfterSeconds: seconds(rate),
    headers: rateHeaders(rate),
  });
}

/** An `Idempotency-Key` stands for one order. */
export function keyReused(receiptId: string): Refusal {
  const message =
    "this Idempotency-Key was used within the last 24 hours for a request with another body: take a new key, or send the same body";
  return new Refusal("idempotency_key_reused", message, { param: "Idempotency-Key", receiptId });
}

/** Whole seconds until a key's next minute, at least 1. */
function seconds({ resetMs }: RateState): number {
  return Math.max(1, Math.ceil(resetMs / 1_000));
}

/** What a key with a rate limit is told with every answer. */
export function rateHeaders(rate: RateState | null): Readonly<Record<string, string>> {
  if (rate === null) return {};
  const reset = `${seconds(rate)}s`;
  return {
    ...headersOf("requests", rate.requests, reset),
    ...headersOf("images", rate.images, reset),
  };
}

function headersOf(
  what: "requests" | "images",
  of: RateState["requests"],
  reset: string,
): Record<string, string> {
  if (of === null) return {};
  return {
    [`x-ratelimit-limit-${what}`]: String(of.limit),
    [`x-ratelimit-remaining-${what}`]: String(of.left),
    [`x-ratelimit-reset-${what}`]: reset,
  };
}
