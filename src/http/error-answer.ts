import type { ServerResponse } from "node:http";
import type { Log } from "../gateway/deps.ts";
import { LedgerUnavailable } from "../ledger/port.ts";
import { Refusal, refusals } from "../refusals.ts";
import { snakeCase } from "./snake-case.ts";

/** An error as it leaves: OpenAI's envelope, and headers that keep clients from repeating what can't help. */
export type ErrorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A refusal by the one table of refusals. */
export function refusalAnswer(refusal: Refusal): ErrorAnswer {
  const { status, type, final } = refusals[refusal.code];
  const details = refusal.details;
  const error = {
    message: refusal.message,
    type,
    param: details.param ?? null,
    code: refusal.code,
    sent: details.sent,
    allowed: snakeCase(details.allowed),
    suggested_model: details.suggestedModel,
    limit: details.limit,
    required: details.required,
    available: details.available,
    receipt_id: details.receiptId,
  };
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
    body: JSON.stringify({ error }),
  };
}

/** What any error becomes: a refusal is said, a ledger that is away is waited for, the rest is a bug. */
export function answerFor(cause: unknown, requestId: string, log: Log): ErrorAnswer {
  if (cause instanceof Refusal) return refusalAnswer(cause);
  if (cause instanceof LedgerUnavailable) {
    log.error({ request: requestId, cause }, "the ledger is away");
    const why = "the ledger can't be asked now; nothing was spent";
    return refusalAnswer(new Refusal("ledger_unavailable", why, { retryAfterSeconds: 5 }));
  }
  log.error({ request: requestId, cause }, "a request ended in an error of our own");
  const why = `an error inside the gateway; its operator has been alarmed (request ${requestId})`;
  return refusalAnswer(new Refusal("internal_error", why));
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
