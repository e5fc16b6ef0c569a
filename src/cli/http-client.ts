import { Readable } from "node:stream";
import { Agent, type Dispatcher, errors, request } from "undici";
import { z } from "zod";
import { Refused, refused } from "./failures.ts";

const HEALTH_MS_MAX = 2_000;

/** An answer of the gateway that was not a refusal. */
export type HttpAnswer = {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** JSON as parsed; the text as it came where that was asked for. */
  readonly body: unknown;
};

export type HttpCall = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly key: string;
  readonly body?: object;
  /** In place of a body of JSON: bytes as they are. */
  readonly content?: HttpContent;
  /** Beside the key and the body's type. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer's text as it came: a table, a page, or JSON of which every byte counts. */
  readonly text?: boolean;
};

/** Bytes that are sent, of a length that is known. */
export type HttpContent = {
  readonly type: string;
  readonly length: number;
  readonly read: () => AsyncIterable<Buffer>;
};

/** Bytes that come. They must be read to their end, or let go. */
export type HttpDownload = Pick<HttpAnswer, "headers"> & { readonly bytes: AsyncIterable<Buffer> };

/** One gateway over HTTP. */
export type HttpClient = {
  readonly url: string;
  /** @throws Refused with the gateway's own error, or when it can't be reached. */
  readonly call: (call: HttpCall) => Promise<HttpAnswer>;
  /** @throws the same; what breaks off later is thrown to whoever reads. */
  readonly download: (call: HttpCall) => Promise<HttpDownload>;
  readonly close: () => Promise<void>;
};

const errorBody = z.object({
  error: z.looseObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable().default(null),
    code: z.string().nullable().default(null),
  }),
});

/** Pictures take minutes: no time limit but the gateway's own. */
export function createHttpClient(url: string): HttpClient {
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const ask = (call: HttpCall): Promise<Dispatcher.ResponseData> =>
    request(`${url}${call.path}`, {
      dispatcher: agent,
      method: call.method,
      headers: { ...call.headers, authorization: `Bearer ${call.key}`, ...bodyHeaders(call) },
      ...bodyOf(call),
    }).catch((cause: unknown) => {
      throw refused("gateway_unreachable", `no gateway answers at ${url}: ${reason(cause)}`, {
        cause,
      });
    });
  const read = async (response: Dispatcher.ResponseData, asText = false): Promise<HttpAnswer> => {
    const { headers, statusCode } = response;
    const text = await response.body.text().catch((cause: unknown) => {
      throw brokenOff(headers["x-receipt-id"], cause);
    });
    if (asText && statusCode < 400 && isOurs(headers["content-type"])) {
      return { headers, body: text };
    }
    const answer = parseJson(text);
    if (statusCode >= 400 || answer === undefined) {
      throw refusalOf(url, statusCode, answer, secondsIn(headers["retry-after"]));
    }
    return { headers, body: answer };
  };
  return {
    url,
    call: async (call) => await read(await ask(call), call.text),
    download: async (call) => {
      const response = await ask(call);
      if (response.statusCode >= 400) await read(response);
      return { headers: response.headers, bytes: response.body };
    },
    close: () => agent.destroy(),
  };
}

function bodyHeaders({ body, content }: HttpCall): Readonly<Record<string, string>> {
  if (content !== undefined) {
    return { "content-type": content.type, "content-length": String(content.length) };
  }
  return body === undefined ? {} : { "content-type": "application/json" };
}

function bodyOf({ body, content }: HttpCall): { readonly body?: string | Readable } {
  if (content !== undefined) return { body: Readable.from(content.read()) };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

/** Whether a Spotmeter gateway answers there, and in which world it lives. */
export async function askHealth(
  url: string,
): Promise<{ readonly world: "sandbox" | "live" } | undefined> {
  const health = z.object({ status: z.literal("ok"), world: z.enum(["sandbox", "live"]) });
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(HEALTH_MS_MAX) });
    return health.safeParse(await response.json()).data;
  } catch {
    // Nobody there, or somebody else: either way not a gateway of ours.
    return undefined;
  }
}

function refusalOf(
  url: string,
  status: number,
  answer: unknown,
  retryAfterSeconds: number | undefined,
): Refused {
  const said = errorBody.safeParse(answer).data?.error;
  if (said !== undefined) return new Refused(said, { retryAfterSeconds });
  return refused("not_a_gateway", `${url} answered ${status}, but not as a Spotmeter gateway does`);
}

/** Whole seconds, as this gateway writes them; anything else says nothing. */
function secondsIn(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,5}$/.test(header) ? Number(header) : undefined;
}

/** The gateway breaks an answer off when it can't finish it; the receipt then says what was charged. */
function brokenOff(receiptId: string | string[] | undefined, cause: unknown): Refused {
  const receipt = typeof receiptId === "string" ? receiptId : undefined;
  return new Refused(
    {
      message: "the answer was broken off before its end; the receipt says what was charged",
      type: "api_error",
      param: null,
      code: "answer_broken_off",
      ...(receipt === undefined ? {} : { receipt_id: receipt }),
    },
    { cause },
  );
}

/** Whether a gateway may have answered with a text of this type. */
function isOurs(type: string | string[] | undefined): boolean {
  return typeof type === "string" && /^(text\/(csv|html)|application\/json)/.test(type);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reason(cause: unknown): string {
  if (cause instanceof errors.UndiciError) return cause.message;
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  return code ?? cause.message;
}
