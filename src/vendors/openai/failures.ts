import type { CodeClass } from "../wire/vendor-error.ts";

/**
 * What the vendor's error codes mean whatever their status (MONEY §1). Codes that are not here are judged
 * by status: 400, 413, 422 the caller's fault; 401, 403, 404 our account; 429 throttled; 503 overloaded;
 * every other 5xx unknown, for no source says that one is unbilled.
 *
 * Source of the envelope: OpenAI OpenAPI spec 2.3.0, Error, 2026-08-21 [spec]. Checked 2026-11-22.
 */
export const codeClasses: readonly CodeClass[] = [
  {
    // `moderation_blocked`: recorded answers [seen]. `content_policy_violation`: DALL·E's older name
    // [guess]. `contentFilter`, `content_filter`: Azure, learn.microsoft.com openai/how-to/dall-e [spec].
    means: "moderation",
    codes: ["moderation_blocked", "content_policy_violation", /^content_?filter$/i],
  },
  {
    // Recorded answers [seen]; `billing_hard_limit_reached`, in a 400, and `unsupported_model`, in a 403: [third].
    means: "our_account",
    codes: [
      "invalid_api_key",
      "model_not_found",
      "unsupported_model",
      "insufficient_quota",
      "billing_hard_limit_reached",
    ],
    types: ["insufficient_quota", "billing_limit_user_error"],
  },
];
