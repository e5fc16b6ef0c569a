import type { Connection } from "../port.ts";
import { exchange, type WireBody, type WireEnd } from "../wire/exchange.ts";
import { SmallBody } from "../wire/small-body.ts";
import { type Answer, readAnswer } from "./response.ts";

/** Answers are lists of URLs and errors, never pictures. */
const ANSWER_BYTES_MAX = 1024 * 1024;

export type ApiCall = {
  readonly connection: Connection;
  /** The emulators' fault switches, in the sandbox only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

export type ApiAnswer = {
  readonly end: WireEnd;
  /** Null when no status arrived. */
  readonly status: number | null;
  /** Undefined when the body is not an answer of this API. */
  readonly answer: Answer | undefined;
  readonly requestId: string | null;
};

/** One exchange with the vendor's API. Never retries. */
export async function callApi(
  call: ApiCall,
  request: { readonly path: string; readonly isTask?: boolean; readonly body?: string | WireBody },
): Promise<ApiAnswer> {
  const small = new SmallBody(ANSWER_BYTES_MAX);
  const { body } = request;
  const end = await exchange(
    {
      method: body === undefined ? "GET" : "POST",
      url: `${call.connection.baseUrl}${request.path}`,
      headers: {
        ...call.headers,
        authorization: `Bearer ${call.connection.key}`,
        ...(body === undefined || body === "" ? {} : { "content-type": "application/json" }),
        ...(request.isTask === true ? { "x-dashscope-async": "enable" } : {}),
      },
      ...(body === undefined ? {} : { body }),
      signal: call.signal,
    },
    {
      head: () => undefined,
      data: (chunk) => {
        small.add(chunk);
        return undefined;
      },
    },
  );
  const head = end.kind === "not_sent" ? undefined : end.head;
  const answer = readAnswer(small.json());
  return {
    end,
    status: head?.status ?? null,
    answer,
    // The header's name is not documented [guess].
    requestId: answer?.requestId ?? head?.headers["x-request-id"] ?? null,
  };
}
