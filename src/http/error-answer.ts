import type { ServerResponse } from "node:http";
import type { Log } from "../gateway/deps.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import { Refusal, refusals } from "../refusals.ts";
import { snakeCase } from "./snake-case.ts";

/** An error as it leaves: its surface's envelope, and headers that keep clients from repeating what can't help. */
export type ErrorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A refusal by the one table of refusals, in OpenAI's envelope. */
export function refusalAnswer(refusal: Refusal): ErrorAnswer {
  const { type } = refusals[refusal.code];
  const details = refusal.details;
  const error = {
    message: refusal.message,
    type,
    param: details.param ?? null,
    code: refusal.code,
    sent: details.sent,
    allowed: snakeCase(details.allowed),
    suggested_model: details.suggestedModel,
    nearest: details.nearest,
    limit: details.limit,
    required: details.required,
    available: details.available,
    categories: details.categories,
    process: details.process,
    problems: details.problems,
    receipt_id: details.receiptId,
  };
  return { ...refusalHead(refusal), body: JSON.stringify({ error }) };
}

/** Status and headers of a refusal, the same in every envelope. */
export function refusalHead({ code, details }: Refusal): Omit<ErrorAnswer, "body"> {
  const { status, final } = refusals[code];
  return {
    status: details.status ?? status,
    headers: {
      "content-type": "application/json",
      ...details.headers,
      "x-should-retry": final ? "false" : "true",
      ...(details.retryAfterSeconds === undefined
        ? {}
        : { "retry-after": String(Math.ceil(details.retryAfterSeconds)) }),
    },
  };
}

/** What any error becomes, in OpenAI's envelope. */
export function answerFor(cause: unknown, requestId: string, log: Log): ErrorAnswer {
  return refusalAnswer(refusalFor(cause, requestId, log));
}

/** What any error becomes: a refusal is said, a ledger that is away is waited for, the rest is a bug. */
export function refusalFor(cause: unknown, requestId: string, log: Log): Refusal {
  if (cause instanceof Refusal) return cause;
  if (cause instanceof LedgerUnavailable) {
    log.error({ request: requestId, cause }, "the ledger is away");
    const why = "the ledger can't be asked now; nothing was spent";
    return new Refusal("ledger_unavailable", why, { retryAfterSeconds: 5 });
  }
  log.error({ request: requestId, cause }, "a request ended in an error of our own");
  const why = `an error inside the gateway; its operator has been alarmed (request ${requestId})`;
  return new Refusal("internal_error", why);
}

/** Sends an error on a plain response, unless something else has left already: then it is broken off. */
export function sendError(
  response: ServerResponse,
  answer: ErrorAnswer,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, { ...headers, ...answer.headers });
  response.end(answer.body);
}
