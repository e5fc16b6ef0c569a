import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { ApiError, GoogleGenAI } from "@google/genai";
import { APICallError, generateImage, RetryError } from "ai";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { MUG } from "../gateway/sandbox.ts";
import { type Door, LOW, versioned } from "./cells.ts";

/** Clients that repeat by themselves, each with as many tries as it makes unasked: three, but for Google's own. */

/** How one call is made. */
export type Call = {
  readonly door: Door;
  /** As the application would set it; undefined sends none. */
  readonly idempotencyKey: string | undefined;
  /** The application's patience; undefined waits for ever. */
  readonly timeoutMs?: number;
};

export type StormyClient = {
  readonly client: string;
  /** "picture", or the error's status; "gave up" where the client ended the call, "lost" where its connection broke. */
  readonly ask: (call: Call) => Promise<Outcome>;
  /** Whether the client repeats by itself what took too long. */
  readonly repeatsTimeouts: boolean;
  /** The charge of one picture. */
  readonly usd: string;
};

export type Outcome = "picture" | "gave up" | "lost" | number;

const order = { ...LOW, prompt: MUG } as const;
const USD = "0.005985";
/** 10 x 0.0000003 + 1,290 x 0.00003 */
const FLASH_USD = "0.038703";

function keyed({ idempotencyKey }: Call): Record<string, string> {
  return idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
}

function settings(call: Call) {
  return {
    apiKey: call.door.apiKey,
    baseURL: `${call.door.url}/v1`,
    defaultHeaders: keyed(call),
    ...(call.timeoutMs === undefined ? {} : { timeout: call.timeoutMs }),
  };
}

async function askOpenai(
  asked: PromiseLike<{ readonly data?: readonly { readonly b64_json?: string }[] }>,
): Promise<Outcome> {
  try {
    const answer = await asked;
    return answer.data?.[0]?.b64_json === undefined ? "lost" : "picture";
  } catch (error) {
    for (const { APIConnectionTimeoutError, APIError } of [OpenAI, OpenAI6]) {
      if (error instanceof APIConnectionTimeoutError) return "gave up";
      if (error instanceof APIError) return error.status ?? "lost";
    }
    throw error;
  }
}

type Images = Parameters<typeof generateImage>[0];

/** The kit's own two retries; it repeats nothing that the application aborted. */
async function askKit(call: Call, asked: Images): Promise<Outcome> {
  const { timeoutMs } = call;
  const patience = timeoutMs === undefined ? {} : { abortSignal: AbortSignal.timeout(timeoutMs) };
  try {
    const { image } = await generateImage({ ...asked, ...patience, headers: keyed(call) });
    return image.uint8Array.length > 0 ? "picture" : "lost";
  } catch (error) {
    const last = RetryError.isInstance(error) ? error.lastError : error;
    if (APICallError.isInstance(last)) return last.statusCode ?? "lost";
    if (last instanceof Error && /Abort|Timeout/.test(last.name)) return "gave up";
    throw error;
  }
}

async function askGenai(call: Call): Promise<Outcome> {
  const { url, apiKey } = call.door;
  // It repeats only where it is told to; half a second's wait keeps the tests short.
  const retryOptions = { attempts: 3, initialDelay: 0.5 };
  const timeout = call.timeoutMs === undefined ? {} : { timeout: call.timeoutMs };
  const httpOptions = { baseUrl: url, headers: keyed(call), retryOptions, ...timeout };
  const { models } = new GoogleGenAI({ apiKey, httpOptions });
  try {
    const answer = await models.generateContent({
      model: "gemini-2.5-flash-image",
      contents: MUG,
    });
    return answer.data === undefined ? "lost" : "picture";
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    if (error instanceof Error && /abort/i.test(`${error.name} ${error.message}`)) return "gave up";
    return "lost";
  }
}

export const stormyClients: readonly StormyClient[] = [
  {
    client: versioned("openai"),
    ask: (call) => askOpenai(new OpenAI(settings(call)).images.generate(order)),
    repeatsTimeouts: true,
    usd: USD,
  },
  {
    client: versioned("openai6"),
    ask: (call) => askOpenai(new OpenAI6(settings(call)).images.generate(order)),
    repeatsTimeouts: true,
    usd: USD,
  },
  {
    client: `${versioned("ai")} + ${versioned("@ai-sdk/openai")}`,
    ask: (call) =>
      askKit(call, {
        model: createOpenAI({ apiKey: call.door.apiKey, baseURL: `${call.door.url}/v1` }).image(
          LOW.model,
        ),
        prompt: MUG,
        size: LOW.size,
        providerOptions: { openai: { quality: LOW.quality } },
      }),
    repeatsTimeouts: false,
    usd: USD,
  },
  {
    client: `${versioned("ai")} + ${versioned("@ai-sdk/google")}`,
    ask: (call) => {
      const { url, apiKey } = call.door;
      const google = createGoogleGenerativeAI({ apiKey, baseURL: `${url}/v1beta` });
      return askKit(call, { model: google.image("gemini-2.5-flash-image"), prompt: MUG });
    },
    repeatsTimeouts: false,
    usd: FLASH_USD,
  },
  {
    client: versioned("@google/genai"),
    ask: askGenai,
    repeatsTimeouts: true,
    usd: FLASH_USD,
  },
];
