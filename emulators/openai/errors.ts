import { randomBytes } from "node:crypto";
import { type Answer, AnswerError, jsonAnswer } from "../answer.ts";

type OpenaiError = {
  readonly status: number;
  readonly type?: string;
  readonly code: string | null;
  readonly param?: string | null;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Headers of every answer. On image endpoints nobody recorded them: [guess] the same as elsewhere (openai.md §5). */
export function openaiHeaders(): Record<string, string> {
  return {
    "x-request-id": `req_${randomBytes(16).toString("hex")}`,
    "openai-version": "2020-10-01",
    "openai-organization": "spotmeter-sandbox",
    "openai-processing-ms": "1",
  };
}

/** OpenAI's envelope, all four keys (openai.md §5 [spec], 2026-11-22). */
export function openaiError(error: OpenaiError): Answer {
  const { status, type = "invalid_request_error", code, param = null, message } = error;
  return jsonAnswer(
    status,
    { error: { message, type, param, code } },
    { ...openaiHeaders(), ...error.headers },
  );
}

/** A 400 about one parameter, thrown. */
export function refuseParameter(code: string, param: string, message: string): AnswerError {
  return new AnswerError(openaiError({ status: 400, code, param, message }));
}

/** Seconds that a throttled client is told to wait. */
const RETRY_AFTER_SECONDS = 1;

/** The documented error of a status, for `status=NNN` (openai.md §5). */
export function openaiStatus(status: number, model: string): Answer {
  const base = { status, param: null };
  switch (status) {
    case 401:
      return openaiError({
        ...base,
        code: "invalid_api_key",
        message: "Incorrect API key provided.",
      });
    case 403:
      return openaiError({
        ...base,
        code: null,
        message: `Your organization must be verified to use the model \`${model}\`.`,
      });
    case 404:
      return modelNotFound(model);
    case 429:
      return openaiError({
        ...base,
        type: "input-images",
        code: "rate_limit_exceeded",
        message: `Rate limit reached for ${model} (for limit gpt-image) in organization org-sandbox on input-images per min: Limit 5, Used 5, Requested 1. Please try again in ${RETRY_AFTER_SECONDS}s.`,
        headers: {
          "retry-after": String(RETRY_AFTER_SECONDS),
          "retry-after-ms": String(RETRY_AFTER_SECONDS * 1_000),
          "x-ratelimit-limit-input-images": "5",
          "x-ratelimit-remaining-input-images": "0",
          "x-ratelimit-reset-input-images": `${RETRY_AFTER_SECONDS}s`,
        },
      });
    default:
      return status >= 500
        ? openaiError({
            ...base,
            type: "server_error",
            code: null,
            message: "The server had an error while processing your request.",
          })
        : openaiError({ ...base, code: "invalid_value", message: "The request was rejected." });
  }
}

/** An unknown or retired model (openai.md §5 [seen]). */
export function modelNotFound(model: string): Answer {
  return openaiError({
    status: 404,
    code: "model_not_found",
    param: "model",
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
  });
}

/** The safety system's refusal (openai.md §5 [seen]). */
export function moderationBlocked(): Answer {
  return openaiError({
    status: 400,
    type: "image_generation_user_error",
    code: "moderation_blocked",
    message:
      "Your request was rejected by the safety system. If you believe this is an error, contact us and include the request ID. safety_violations=[violence].",
  });
}
