/**
 * Every way a request can be refused, in one table: code -> status and OpenAI error type.
 *
 * 424 is used where the vendor failed because no known client repeats it by itself. `final` says that
 * repeating the same request can't help (sent as `x-should-retry: false`).
 */
export const refusals = {
  // the request itself
  invalid_json: { status: 400, type: "invalid_request_error", final: true },
  invalid_form: { status: 400, type: "invalid_request_error", final: true },
  invalid_value: { status: 400, type: "invalid_request_error", final: true },
  missing_parameter: { status: 400, type: "invalid_request_error", final: true },
  unknown_parameter: { status: 400, type: "invalid_request_error", final: true },
  unsupported_media_type: { status: 415, type: "invalid_request_error", final: true },
  body_too_large: { status: 413, type: "invalid_request_error", final: true },
  prompt_too_long: { status: 400, type: "invalid_request_error", final: true },
  // the pictures that it brings
  invalid_image: { status: 400, type: "invalid_request_error", final: true },
  image_unreachable: { status: 400, type: "invalid_request_error", final: true },
  too_many_images: { status: 400, type: "invalid_request_error", final: true },
  // the model
  unknown_model: { status: 404, type: "invalid_request_error", final: true },
  model_not_served: { status: 404, type: "invalid_request_error", final: true },
  model_retired: { status: 404, type: "invalid_request_error", final: true },
  model_not_available: { status: 404, type: "invalid_request_error", final: true },
  no_capable_model: { status: 400, type: "invalid_request_error", final: true },
  unpriced_model: { status: 400, type: "invalid_request_error", final: true },
  // what the model can do
  unsupported_parameter: { status: 400, type: "invalid_request_error", final: true },
  unsupported_value: { status: 400, type: "invalid_request_error", final: true },
  unsupported_n: { status: 400, type: "invalid_request_error", final: true },
  unsupported_size: { status: 400, type: "invalid_request_error", final: true },
  unsupported_combination: { status: 400, type: "invalid_request_error", final: true },
  // who asks
  missing_api_key: { status: 401, type: "authentication_error", final: true },
  invalid_api_key: { status: 401, type: "authentication_error", final: true },
  revoked_api_key: { status: 401, type: "authentication_error", final: true },
  expired_api_key: { status: 401, type: "authentication_error", final: true },
  sandbox_key: { status: 401, type: "authentication_error", final: true },
  live_key: { status: 401, type: "authentication_error", final: true },
  model_not_allowed: { status: 403, type: "permission_error", final: true },
  master_key_required: { status: 403, type: "permission_error", final: true },
  // kept pictures
  invalid_signature: { status: 403, type: "permission_error", final: true },
  range_not_satisfiable: { status: 416, type: "invalid_request_error", final: true },
  url_expired: { status: 403, type: "permission_error", final: true },
  // the money
  budget_exceeded: { status: 402, type: "insufficient_quota", final: true },
  exposure_limit: { status: 429, type: "rate_limit_error", final: true },
  vendor_cost_limit: { status: 429, type: "rate_limit_error", final: true },
  rate_limited: { status: 429, type: "rate_limit_error", final: false },
  ledger_range: { status: 402, type: "insufficient_quota", final: true },
  ledger_unavailable: { status: 503, type: "api_error", final: false },
  // the way to the vendor
  connection_busy: { status: 429, type: "rate_limit_error", final: false },
  // the same request again
  idempotency_in_progress: { status: 409, type: "invalid_request_error", final: false },
  idempotency_key_reused: { status: 422, type: "invalid_request_error", final: true },
  // rows of runs: said in no answer, for whoever runs them
  claim_lost: { status: 409, type: "invalid_request_error", final: true },
  price_changed: { status: 409, type: "invalid_request_error", final: false },
  // runs
  run_busy: { status: 409, type: "invalid_request_error", final: false },
  // the vendor
  vendor_rejected: { status: 400, type: "invalid_request_error", final: true },
  moderation_blocked: { status: 400, type: "image_generation_user_error", final: true },
  no_image: { status: 422, type: "image_generation_user_error", final: true },
  vendor_failed: { status: 424, type: "api_error", final: true },
  vendor_account: { status: 424, type: "api_error", final: true },
  outcome_unknown: { status: 424, type: "api_error", final: true },
  result_unavailable: { status: 424, type: "api_error", final: true },
  vendor_busy: { status: 429, type: "rate_limit_error", final: false },
  vendor_unreachable: { status: 503, type: "api_error", final: false },
  // everything else
  unsupported_surface: { status: 404, type: "invalid_request_error", final: true },
  not_found: { status: 404, type: "invalid_request_error", final: true },
  method_not_allowed: { status: 405, type: "invalid_request_error", final: true },
  conflict: { status: 409, type: "invalid_request_error", final: true },
  // outcomes
  not_settled: { status: 409, type: "invalid_request_error", final: true },
  no_such_image: { status: 400, type: "invalid_request_error", final: true },
  /** Not a refusal but a bug: said in general words, alarmed in full. */
  internal_error: { status: 500, type: "api_error", final: true },
  not_ready: { status: 503, type: "api_error", final: false },
  no_room: { status: 503, type: "api_error", final: false },
} as const satisfies Record<string, { status: number; type: string; final: boolean }>;

export type RefusalCode = keyof typeof refusals;

/** Whether a text, out of the journal for one, is a code of the table. */
export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusals, text);
}

/** What a refusal may say beside its message; all of it reaches the caller (DESIGN §8, `error`). */
export type RefusalDetails = {
  readonly param?: string;
  /** The value that was sent, as the caller wrote it. */
  readonly sent?: unknown;
  /** What would have been accepted. */
  readonly allowed?: unknown;
  /** The cheapest model that could do what was asked. */
  readonly suggestedModel?: string;
  /** Where no model could be chosen: those that came nearest, and what blocks each. */
  readonly nearest?: readonly object[];
  /** Which limit refused a hold, with amounts as decimal strings. */
  readonly limit?: string;
  readonly required?: string;
  readonly available?: string;
  /** What a vendor's moderation objects to, by the vendor's own names. */
  readonly categories?: readonly string[];
  /** The gateway process that has what was asked for. */
  readonly process?: string;
  /** Everything that is wrong with a body of many lines. */
  readonly problems?: readonly object[];
  readonly receiptId?: string;
  readonly retryAfterSeconds?: number;
  /** How long to wait is our advice: the vendor said nothing of it. Not part of the answer. */
  readonly isRetryOurs?: true;
  /** Headers that say more than the body does: what a key has left of its rate. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `vendor_busy` alone answers with the vendor's own status: 429 throttled (default), 503 overloaded. */
  readonly status?: 429 | 503;
  /** Where the catalog names one: what took the place of a retired model. */
  readonly replacement?: string;
  readonly cause?: unknown;
};

/** An expected "no": thrown by name, answered by the table above. A broken invariant is a plain Error. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly details: RefusalDetails;

  constructor(code: RefusalCode, message: string, details: RefusalDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  /** The same refusal with more to say. */
  with(more: RefusalDetails): Refusal {
    return new Refusal(this.code, this.message, { ...this.details, ...more });
  }

  /** The same refusal in other words. */
  saying(message: string): Refusal {
    return new Refusal(this.code, message, this.details);
  }
}
