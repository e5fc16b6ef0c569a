import { Refusal, type RefusalDetails } from "../refusals.ts";
import type { LostOutcome } from "./judge.ts";

/** What a caller is told to wait where the vendor says nothing. */
const RETRY_AFTER_SECONDS = 5;

/** What the caller is told when a call came to nothing (DESIGN §3). The vendor's words only where the caller can act on them. */
export function refusalOf(outcome: LostOutcome, receiptId: string): Refusal {
  const details: RefusalDetails = { receiptId };
  switch (outcome.kind) {
    case "refused":
      return new Refusal(outcome.code, outcome.message, {
        ...details,
        ...(outcome.param === undefined ? {} : { param: outcome.param }),
        ...(outcome.categories?.length ? { categories: outcome.categories } : {}),
      });
    case "our_account":
      return new Refusal(
        "vendor_account",
        "the vendor does not accept this gateway's own account for this call; its operator has been alarmed. Nothing was charged",
        details,
      );
    case "unspent":
      return busy(outcome, details);
    case "failed":
      return new Refusal(
        outcome.code,
        `${sentence(outcome.message)} Nothing was charged.`,
        details,
      );
    case "unknown":
      return new Refusal(
        "outcome_unknown",
        `${unknownText[outcome.why]}, so whether a picture was made is not known. Nothing was charged; repeat the request, with a new Idempotency-Key if it has one, if you still want the picture`,
        details,
      );
    default:
      return outcome satisfies never;
  }
}

const unknownText = {
  timeout: "the vendor did not answer in time",
  reset: "the connection to the vendor broke",
  cut: "the vendor's answer was cut off",
  unreadable: "the vendor's answer can't be read",
  server_error: "the vendor failed without saying what became of the call",
} as const;

function busy(
  outcome: Extract<LostOutcome, { kind: "unspent" }>,
  details: RefusalDetails,
): Refusal {
  const told = outcome.retryAfterSeconds;
  const wait: RefusalDetails =
    told === undefined
      ? { ...details, retryAfterSeconds: RETRY_AFTER_SECONDS, isRetryOurs: true }
      : { ...details, retryAfterSeconds: told };
  switch (outcome.why) {
    case "unreachable":
      return new Refusal(
        "vendor_unreachable",
        "the vendor can't be reached; nothing was sent and nothing charged",
        wait,
      );
    case "throttled":
      return new Refusal("vendor_busy", "the vendor limits our rate; nothing was charged", wait);
    case "overloaded":
      return new Refusal("vendor_busy", "the vendor is overloaded; nothing was charged", {
        ...wait,
        status: 503,
      });
    default:
      return outcome.why satisfies never;
  }
}

/** Vendors end their words with a full stop or without one. */
function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}
