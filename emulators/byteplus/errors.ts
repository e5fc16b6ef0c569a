import { randomInt } from "node:crypto";
import { type Answer, AnswerError, jsonAnswer } from "../answer.ts";

/** Kind names of the envelope's `type`; BadRequest is seen, the rest [guess] (byteplus.md §4). */
const TYPES: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  429: "TooManyRequests",
};

/** Documented codes by status: byteplus.md §4. */
const CODES: Readonly<Record<number, string>> = {
  400: "InvalidParameter",
  401: "AuthenticationError",
  403: "AccessDenied",
  404: "InvalidEndpointOrModel.NotFound",
  429: "RateLimitExceeded.EndpointRPMExceeded",
};

const MESSAGES: Readonly<Record<number, string>> = {
  400: "The request is not valid.",
  401: "The API key in the request is missing or invalid.",
  403: "The request failed because you do not have access to the requested resource.",
  404: "The model or endpoint does not exist or you do not have access to it.",
  429: "The requests per minute (RPM) limit of the associated endpoint for your account has been exceeded.",
};

/** A request id of the vendor's shape, `0217…`. */
function newRequestId(): string {
  const digits = Array.from({ length: 30 }, () => randomInt(16).toString(16)).join("");
  return `0217${digits}`;
}

export function arkHeaders(requestId = newRequestId()): Record<string, string> {
  return { "x-request-id": requestId };
}

/** Ark's envelope; the request id stands in the message and in a header (byteplus.md §4 [seen]). */
export function arkError(status: number, code: string, message: string): Answer {
  const requestId = newRequestId();
  const type = TYPES[status] ?? (status >= 500 ? "InternalServerError" : "BadRequest");
  const error = { code, message: `${message} Request id: ${requestId}`, param: "", type };
  return jsonAnswer(status, { error }, arkHeaders(requestId));
}

/** The documented error of a status, for `status=NNN`. */
export function arkStatus(status: number): Answer {
  const isServer = status >= 500;
  const code = CODES[status] ?? (isServer ? "InternalServiceError" : "InvalidParameter");
  const message =
    MESSAGES[status] ??
    (isServer
      ? "The service encountered an unexpected internal error."
      : "The request is not valid.");
  return arkError(status, code, message);
}

/** 400 InvalidParameter in the words seen for sizes and for refused fields, thrown. */
export function refuseParameter(name: string, why: string): AnswerError {
  return new AnswerError(
    arkError(
      400,
      "InvalidParameter",
      `The parameter \`${name}\` specified in the request is not valid: ${why}.`,
    ),
  );
}

export function refuseUnsupported(name: string): AnswerError {
  return refuseParameter(name, `the parameter \`${name}\` is not supported by the current model`);
}

/** The moderation code of finished pictures: after compute, still unbilled (byteplus.md §4). */
export const OUTPUT_MODERATED = {
  code: "OutputImageSensitiveContentDetected",
  message: "The request failed because the output image may contain sensitive information.",
};

export const INTERNAL_ERROR = {
  code: "InternalServiceError",
  message: "The service encountered an unexpected internal error.",
};
