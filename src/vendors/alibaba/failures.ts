import type { Mark } from "../../catalog/schema.ts";
import { redactVendorText } from "../wire/redact.ts";
import type { WireFailure } from "./response.ts";

/** What a failure comes to, in MONEY §1's words. */
export type Failure =
  | {
      readonly kind: "refused";
      readonly code: "vendor_rejected" | "moderation_blocked";
      readonly message: string;
      readonly categories?: readonly string[];
    }
  | { readonly kind: "our_account"; readonly message: string }
  | { readonly kind: "unspent"; readonly why: "throttled" | "overloaded" }
  | { readonly kind: "failed"; readonly code: "vendor_failed"; readonly message: string }
  | { readonly kind: "unknown"; readonly why: "server_error" };

type Class = "our_account" | "throttled" | "moderation" | "rejected" | "server";

/** What a code means, whatever the status it comes with. The first rule that fits decides. */
type Rule = {
  readonly code: RegExp;
  readonly is: Class;
  readonly source: string;
  readonly mark: Mark;
  readonly checkedOn: string;
};

/** A code, and nothing that could carry prose. */
const CODE_NAME = /^[\w.-]{1,64}$/;
const ERROR_PAGE = "https://www.alibabacloud.com/help/en/model-studio/error-code";
const CHECKED_ON = "2026-11-22";

const rules: readonly Rule[] = [
  {
    code: /^(?:Arrearage|InvalidApiKey)\b/,
    is: "our_account",
    source: ERROR_PAGE,
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    code: /^(?:AccessDenied|Model|AllocationQuota\.FreeTierOnly)/,
    is: "our_account",
    source: ERROR_PAGE,
    mark: "guess",
    checkedOn: CHECKED_ON,
  },
  // No wait is documented: the codes speak of rate, quota and burst alike.
  {
    code: /^Throttling\b/,
    is: "throttled",
    source: ERROR_PAGE,
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    code: /^DataInspectionFailed\b/,
    is: "moderation",
    source: ERROR_PAGE,
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    code: /^(?:InvalidParameter|BadRequest|InvalidURL|UnsupportedOperation)\b/,
    is: "rejected",
    source: ERROR_PAGE,
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    code: /^InternalError\b/,
    is: "server",
    source: ERROR_PAGE,
    mark: "guess",
    checkedOn: CHECKED_ON,
  },
];

/** Judges an error answer. A 200 may be one: then it is a failure inside a 200, which is not billed. */
export function judgeFailure(status: number, failure: WireFailure | undefined): Failure {
  const is = classOf(failure) ?? classOfStatus(status);
  switch (is) {
    case "our_account":
      return ourAccount(status, failure);
    case "throttled":
      return { kind: "unspent", why: "throttled" };
    case "moderation":
      return moderated(failure);
    case "rejected":
      return { kind: "refused", code: "vendor_rejected", message: wordsOf(failure) };
    case "server":
      return judgeServer(status, failure);
    default:
      return is satisfies never;
  }
}

/**
 * Judges a task that FAILED, or an item of one: never billed, whatever the code.
 * Source: alibabacloud.com model-studio, image FAQ, "only successfully generated images" [spec], 2026-03-15.
 */
export function judgeFailedTask(failure: WireFailure | undefined): Failure {
  const is = classOf(failure);
  if (is === "our_account") return ourAccount(200, failure);
  if (is === "moderation") return moderated(failure);
  return { kind: "failed", code: "vendor_failed", message: wordsOf(failure) };
}

function classOf(failure: WireFailure | undefined): Class | undefined {
  if (failure === undefined) return undefined;
  return rules.find(({ code }) => code.test(failure.code))?.is;
}

/** The status decides where the code says nothing. Exact statuses are documented for few codes [guess]. */
function classOfStatus(status: number): Class {
  if (status === 429) return "throttled";
  if (status === 400 || status === 413 || status === 422) return "rejected";
  if (status === 200 || status === 408 || status === 409 || status >= 500) return "server";
  // Redirects and the other 4xx: nothing was made, and what stands in our settings is wrong.
  return "our_account";
}

/** Whether a 5xx was billed is nowhere said firmly, so it isn't taken for free; 503 is overload (MONEY §1). */
function judgeServer(status: number, failure: WireFailure | undefined): Failure {
  if (status === 200) return { kind: "failed", code: "vendor_failed", message: wordsOf(failure) };
  if (status === 503) return { kind: "unspent", why: "overloaded" };
  return { kind: "unknown", why: "server_error" };
}

function ourAccount(status: number, failure: WireFailure | undefined): Failure {
  const code = redactVendorText(failure?.code ?? "no code");
  return { kind: "our_account", message: `${status}: the vendor refuses our account (${code})` };
}

function moderated(failure: WireFailure | undefined): Failure {
  // The vendor names no categories: its code is all that it says of the kind.
  const code = failure?.code ?? "";
  const categories = CODE_NAME.test(code) ? [code] : [];
  return { kind: "refused", code: "moderation_blocked", message: wordsOf(failure), categories };
}

function wordsOf(failure: WireFailure | undefined): string {
  const words = [failure?.code ?? "", failure?.message ?? ""].filter((word) => word !== "");
  return redactVendorText(words.join(": ")) || "the vendor gave no reason";
}
