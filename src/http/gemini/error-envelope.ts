import type { Refusal } from "../../refusals.ts";
import { type ErrorAnswer, refusalHead } from "../error-answer.ts";
import { snakeCase } from "../snake-case.ts";

/** Google's error envelope, as its clients read it: an HTTP status, its RPC name, and typed details. */

/**
 * RPC names of our statuses. 402, 422 and 424 have none of their own: as a failed precondition, clients that
 * go by the name don't repeat them. Source: google.rpc.Code [spec], checked 2026-11-22.
 */
const RPC_STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "FAILED_PRECONDITION",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ABORTED",
  413: "INVALID_ARGUMENT",
  415: "INVALID_ARGUMENT",
  422: "FAILED_PRECONDITION",
  424: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

const DETAIL = "type.googleapis.com/google.rpc";

/** A refusal as it leaves. */
export function geminiError(refusal: Refusal): ErrorAnswer {
  return { ...refusalHead(refusal), body: geminiBody(refusal) };
}

/** The envelope alone, for streams whose status has left. */
export function geminiBody(refusal: Refusal): string {
  const { status } = refusalHead(refusal);
  const error = {
    code: status,
    message: refusal.message,
    status: RPC_STATUS[status] ?? "UNKNOWN",
    details: detailsOf(refusal),
  };
  return JSON.stringify({ error });
}

/** `reason` is the code of the table of refusals in capitals, `metadata` what OpenAI's envelope has as fields. */
function detailsOf({ code, message, details }: Refusal): readonly object[] {
  const said = {
    code,
    param: details.param,
    sent: details.sent,
    allowed: snakeCase(details.allowed),
    suggested_model: details.suggestedModel,
    nearest: details.nearest,
    limit: details.limit,
    required: details.required,
    available: details.available,
    categories: details.categories,
    receipt_id: details.receiptId,
  };
  const metadata = Object.fromEntries(
    Object.entries(said)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const info = { reason: code.toUpperCase(), domain: "spotmeter", metadata };
  const { param, retryAfterSeconds } = details;
  const violation = { field: param, description: message };
  return [
    { "@type": `${DETAIL}.ErrorInfo`, ...info },
    ...(param === undefined
      ? []
      : [{ "@type": `${DETAIL}.BadRequest`, fieldViolations: [violation] }]),
    ...(retryAfterSeconds === undefined
      ? []
      : [{ "@type": `${DETAIL}.RetryInfo`, retryDelay: `${Math.ceil(retryAfterSeconds)}s` }]),
  ];
}
