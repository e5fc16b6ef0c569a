import { randomUUID } from "node:crypto";
import { type Answer, AnswerError, jsonAnswer } from "../answer.ts";

/** Documented codes and texts by status: alibaba.md §6; statuses 403 and 404 are [guess]. */
const BY_STATUS: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  400: { code: "InvalidParameter", message: "The request is not valid." },
  401: { code: "InvalidApiKey", message: "Invalid API-key provided." },
  403: { code: "AccessDenied", message: "Access denied." },
  404: { code: "ModelNotFound", message: "Model not exist." },
  429: {
    code: "Throttling.RateQuota",
    message: "Requests rate limit exceeded, please try again later.",
  },
};

export const INTERNAL_ERROR = { code: "InternalError", message: "An internal error has occurred." };
export const MODERATED = {
  code: "DataInspectionFailed",
  message: "Output data may contain inappropriate content.",
};

/** Every answer names its request in a header too [guess]. */
export function dashScopeAnswer(status: number, fields: Readonly<Record<string, unknown>>): Answer {
  const requestId = randomUUID();
  return jsonAnswer(status, { request_id: requestId, ...fields }, { "x-request-id": requestId });
}

/** The flat envelope: alibaba.md §6 [spec]. */
export function dashScopeError(status: number, code: string, message: string): Answer {
  return dashScopeAnswer(status, { code, message });
}

/** A 400 InvalidParameter, thrown. */
export function invalidParameter(message: string): AnswerError {
  return new AnswerError(dashScopeError(400, "InvalidParameter", message));
}

/** The documented error of a status, for `status=NNN`. */
export function dashScopeStatus(status: number): Answer {
  const known = BY_STATUS[status];
  if (known !== undefined) return dashScopeError(status, known.code, known.message);
  return status >= 500
    ? dashScopeError(status, INTERNAL_ERROR.code, INTERNAL_ERROR.message)
    : dashScopeError(status, "InvalidParameter", "The request is not valid.");
}
