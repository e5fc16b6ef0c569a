import { z } from "zod";
import type { Mark } from "../../catalog/schema.ts";
import { redactVendorText } from "../wire/redact.ts";

/** What a status without a picture comes to, in MONEY §1's words. */
export type Failure =
  | { readonly kind: "refused"; readonly code: "vendor_rejected"; readonly message: string }
  | { readonly kind: "our_account"; readonly message: string }
  | {
      readonly kind: "unspent";
      readonly why: "throttled" | "overloaded";
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "unknown"; readonly why: "server_error" };

type FailedCall = {
  readonly kind: "failed";
  readonly code: "vendor_failed";
  readonly message: string;
};

type Class = "refused" | "our_account" | "throttled" | "overloaded";

/** One way that the vendor says no. Every given field must fit; the first rule that fits decides. */
type Rule = {
  readonly status?: readonly number[];
  /** `error.status`: the RPC code. */
  readonly rpc?: string;
  /** `reason` of an ErrorInfo in `error.details`. */
  readonly reason?: string;
  /** Searched for in the message and in the quota names. */
  readonly text?: RegExp;
  readonly is: Class;
  /** Our own words, for the house. */
  readonly says: string;
  readonly source: string;
  readonly mark: Mark;
  readonly checkedOn: string;
};

const CHECKED_ON = "2026-11-22";
const ERROR_PAGE = "https://ai.google.dev/gemini-api/docs/troubleshooting";

const rules: readonly Rule[] = [
  {
    reason: "API_KEY_INVALID",
    is: "our_account",
    says: "the API key is not valid",
    source: "https://www.developersdigest.tech/errors/api/gemini-api (quotes Google's error page)",
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    status: [400],
    text: /api key (?:not valid|expired|not found)/i,
    is: "our_account",
    says: "the API key is not valid",
    source: "https://www.developersdigest.tech/errors/api/gemini-api (quotes Google's error page)",
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    status: [400],
    rpc: "FAILED_PRECONDITION",
    is: "our_account",
    says: "billing is off, or the service is not offered where this gateway runs",
    source: "https://www.developersdigest.tech/errors/api/gemini-api (quotes Google's error page)",
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
  {
    status: [401, 402, 403],
    is: "our_account",
    says: "the API key may not use this model",
    source: ERROR_PAGE,
    mark: "guess",
    checkedOn: CHECKED_ON,
  },
  {
    status: [404],
    is: "our_account",
    says: "the vendor does not know this model, or not any more",
    source: "https://github.com/egoist/chatwise-releases/issues/794",
    mark: "seen",
    checkedOn: CHECKED_ON,
  },
  {
    // Image models have no free tier: a limit of zero says that billing is off, not that we are too fast.
    status: [429],
    text: /\blimit: 0\b/,
    is: "our_account",
    says: "the quota of this project is zero: billing is off",
    source: "https://github.com/google-gemini/gemini-cli/issues/8437",
    mark: "seen",
    checkedOn: CHECKED_ON,
  },
  {
    status: [429],
    text: /per ?day/i,
    is: "our_account",
    says: "the daily quota of this project is used up",
    source: ERROR_PAGE,
    mark: "guess",
    checkedOn: CHECKED_ON,
  },
  {
    status: [429],
    is: "throttled",
    says: "too many requests",
    source: "https://github.com/google-gemini/gemini-cli/issues/8437",
    mark: "seen",
    checkedOn: CHECKED_ON,
  },
  {
    status: [503],
    is: "overloaded",
    says: "the model is overloaded",
    source: "https://github.com/google-gemini/gemini-cli/issues/8437",
    mark: "seen",
    checkedOn: CHECKED_ON,
  },
  {
    status: [400, 413, 422],
    is: "refused",
    says: "the vendor rejected the request",
    source: ERROR_PAGE,
    mark: "spec",
    checkedOn: CHECKED_ON,
  },
];

const detailSchema = z.object({
  reason: z.string().optional().catch(undefined),
  retryDelay: z.string().optional().catch(undefined),
  violations: z
    .array(
      z.object({
        quotaId: z.string().optional().catch(undefined),
        quotaMetric: z.string().optional().catch(undefined),
      }),
    )
    .optional()
    .catch(undefined),
});
const errorSchema = z.object({
  error: z.object({
    code: z.int().optional().catch(undefined),
    message: z.string().catch(""),
    status: z.string().optional().catch(undefined),
    details: z.array(detailSchema).catch([]),
  }),
});
type WireError = z.infer<typeof errorSchema>["error"];

/** Judges an answer whose status is not 200. `body` is its JSON, undefined when it had none. */
export function judgeFailure(status: number, body: unknown): Failure {
  const error = readError(body);
  const rule = rules.find((candidate) => fits(candidate, status, error));
  if (rule === undefined) return unexpected(status);
  switch (rule.is) {
    case "refused":
      return {
        kind: "refused",
        code: "vendor_rejected",
        message: redactVendorText(error.message) || rule.says,
      };
    case "our_account":
      return { kind: "our_account", message: `${status}: ${rule.says}` };
    case "throttled":
    case "overloaded":
      return { kind: "unspent", why: rule.is, ...retryAfter(error) };
    default:
      return rule.is satisfies never;
  }
}

/** Judges the error envelope inside a 200 without a picture: a failure that is not billed (MONEY §1). */
export function judgeFailureIn200(body: unknown): Failure | FailedCall {
  const error = readError(body);
  const rule = rules.find((candidate) => fits(candidate, error.code ?? 500, error));
  if (rule?.is === "our_account") return { kind: "our_account", message: `200: ${rule.says}` };
  return {
    kind: "failed",
    code: "vendor_failed",
    message: redactVendorText(error.message) || "the vendor gave no reason",
  };
}

/**
 * A status that the vendor doesn't document. Redirects and most 4xx made nothing, and what stands in our
 * settings is wrong; whether a 5xx was billed nobody knows.
 */
function unexpected(status: number): Failure {
  if (status >= 500 || status === 408 || status === 409) {
    return { kind: "unknown", why: "server_error" };
  }
  return {
    kind: "our_account",
    message: `${status}: the vendor answered with an unexpected status`,
  };
}

function readError(body: unknown): WireError {
  // Streams answer errors inside an array.
  const parsed = errorSchema.safeParse(Array.isArray(body) ? body[0] : body);
  return parsed.success
    ? parsed.data.error
    : { code: undefined, message: "", status: undefined, details: [] };
}

function fits(rule: Rule, status: number, error: WireError): boolean {
  if (rule.status !== undefined && !rule.status.includes(status)) return false;
  if (rule.rpc !== undefined && rule.rpc !== error.status) return false;
  if (rule.reason !== undefined && !error.details.some(({ reason }) => reason === rule.reason)) {
    return false;
  }
  return rule.text === undefined || rule.text.test(textOf(error));
}

function textOf({ message, details }: WireError): string {
  const quotas = details.flatMap(({ violations }) => violations ?? []);
  return [message, ...quotas.flatMap(({ quotaId, quotaMetric }) => [quotaId, quotaMetric])].join(
    "\n",
  );
}

/**
 * RetryInfo's delay ("34s"), else the sentence "Please retry in 10.158753737s."; rounded up.
 * Source: gemini-cli issue 8437, js-genai issue 1322 [seen], checked 2026-11-22.
 */
function retryAfter({ message, details }: WireError): { readonly retryAfterSeconds?: number } {
  const delay = details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
  const seconds =
    /^(\d{1,6}(?:\.\d+)?)s$/.exec(delay ?? "")?.[1] ??
    /retry in (\d{1,6}(?:\.\d+)?)s/i.exec(message)?.[1];
  return seconds === undefined ? {} : { retryAfterSeconds: Math.ceil(+seconds) };
}
