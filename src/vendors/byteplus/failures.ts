import type { CodeClass } from "../wire/vendor-error.ts";

/**
 * What the vendor's error codes mean whatever their status, in an error's body as in `data[].error` or at
 * the top of a 200 (MONEY §1). Codes that are not here are judged by status: 400 the caller's fault
 * (MissingParameter, InvalidParameter, InvalidImageURL); 401, 403, 404 our account; 429 throttled
 * (RateLimitExceeded.*, RequestBurstTooFast); 503 overloaded; 500 InternalServiceError unknown: it may
 * have run.
 *
 * Source: docs.byteplus.com ModelArk/1299023, error codes [spec]; which status goes with which, partly
 * [guess]. Checked 2026-11-22.
 */
export const codeClasses: readonly CodeClass[] = [
  {
    // Input or output, text or image, with and without `.SevereViolation`: the output kind comes after
    // compute and is unbilled all the same (ModelArk/1544106 [spec]).
    means: "moderation",
    isCategory: true,
    codes: [/SensitiveContentDetected(?:\.\w+)?$/, /RiskDetection(?:\.\w+)?$/],
  },
  {
    means: "our_account",
    codes: [
      "AuthenticationError",
      "AccessDenied",
      "AccountOverdueError",
      "ServiceNotOpen",
      "ServiceOverdue",
      "OperationDenied",
      "ModelNotOpen",
      "UnsupportedModel",
      "SetLimitExceeded",
      "QuotaExceeded",
      /^InvalidEndpoint(?:OrModel)?\.\w+$/,
    ],
  },
  { means: "overloaded", codes: ["ServerOverloaded"] },
];
