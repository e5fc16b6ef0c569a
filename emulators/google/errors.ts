import { type Answer, AnswerError, type BodyPart } from "../answer.ts";
import type { JsonObject } from "../json.ts";

/** RPC names of HTTP statuses: google.md §4. */
const RPC_STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

const MESSAGES: Readonly<Record<number, string>> = {
  403: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  500: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
  503: "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.",
  504: "The request timed out. Please try again.",
};

/** Seconds in RetryInfo; the Retry-After header is not documented (google.md §4). */
const RETRY_SECONDS = 1;

/** Headers of every answer; the tier one is [third S10] (google.md §3). */
export function googleHeaders(tier = "standard"): Record<string, string> {
  return { "x-gemini-service-tier": tier, vary: "Origin, X-Origin, Referer" };
}

/** Google's envelope: google.md §4. Bodies are indented, as the vendor's are ([guess], well known). */
export function googleError(
  status: number,
  message: string,
  details: readonly JsonObject[] = [],
): Answer {
  const error = {
    code: status,
    message,
    status: RPC_STATUS[status] ?? "UNKNOWN",
    ...(details.length === 0 ? {} : { details }),
  };
  const body: BodyPart[] = [JSON.stringify({ error }, undefined, 2)];
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", ...googleHeaders() },
    body,
  };
}

/** A 400 INVALID_ARGUMENT, thrown. */
export function invalidArgument(message: string): AnswerError {
  return new AnswerError(googleError(400, message));
}

/** A bad key is a 400 here, not a 401 (google.md §4 [spec S39]). */
export function badKey(): AnswerError {
  return new AnswerError(
    googleError(400, "API key not valid. Please pass a valid API key.", [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "API_KEY_INVALID",
        domain: "googleapis.com",
        metadata: { service: "generativelanguage.googleapis.com" },
      },
      {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        locale: "en-US",
        message: "API key not valid. Please pass a valid API key.",
      },
    ]),
  );
}

/** No key at all: 403 ([guess], well known). */
export function noKey(): AnswerError {
  return new AnswerError(googleStatus(403, ""));
}

/** The documented answer of a status, for `status=NNN`. */
export function googleStatus(status: number, model: string): Answer {
  if (status === 404) return unknownModel(model, "v1beta");
  if (status === 429) return quotaExceeded(model);
  return googleError(status, MESSAGES[status] ?? "Request contains an invalid argument.");
}

/** Unknown or retired model (google.md §4 [seen S40]). */
export function unknownModel(model: string, version: string): Answer {
  return googleError(
    404,
    `models/${model} is not found for API version ${version}, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
  );
}

/** Rate limit with RetryInfo in the body (google.md §4 [seen S41, S27]). */
function quotaExceeded(model: string): Answer {
  const metric = "generativelanguage.googleapis.com/generate_requests_per_model";
  return googleError(
    429,
    `You exceeded your current quota, please check your plan and billing details.\n* Quota exceeded for metric: ${metric}, limit: 10, model: ${model}\nPlease retry in ${RETRY_SECONDS}s.`,
    [
      {
        "@type": "type.googleapis.com/google.rpc.Help",
        links: [
          {
            description: "Learn more about Gemini API quotas",
            url: "https://ai.google.dev/gemini-api/docs/rate-limits",
          },
        ],
      },
      {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        violations: [
          {
            quotaMetric: metric,
            quotaId: "GenerateRequestsPerMinutePerProjectPerModel",
            quotaDimensions: { location: "global", model },
            quotaValue: "10",
          },
        ],
      },
      {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        retryDelay: `${RETRY_SECONDS}s`,
      },
    ],
  );
}
