import { afterAll, beforeAll } from "vitest";
import { isObject } from "../../emulators/json.ts";
import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from "../../emulators/start.ts";

/** 15 o200k tokens and 10 words (DESIGN §9). */
export const PROMPT =
  "E-commerce product photo, matte ceramic mug, white background, softbox lighting";

/** What came back: `json` is empty when the body is not a JSON object. */
export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
};

export type Bench = {
  readonly url: () => string;
  readonly post: (
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Reply>;
  readonly get: (path: string) => Promise<Reply>;
  /** The generation submits so far. */
  readonly calls: () => Promise<Record<string, unknown>[]>;
};

/** One emulator for a test file, with small pictures and no latency unless asked otherwise. */
export function useEmulator(options: EmulatorOptions = {}): Bench {
  let running: RunningEmulator | undefined;
  const url = (): string => {
    if (running === undefined) throw new Error("the emulator has not started");
    return running.url;
  };
  beforeAll(async () => {
    running = await startEmulator({ pictures: "small", latencyMs: 0, ...options });
  });
  afterAll(() => running?.close());
  const headers = { authorization: "Bearer test-key", "x-goog-api-key": "test-key" };
  return {
    url,
    post: async (path, body, more = {}) =>
      reply(
        await fetch(url() + path, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json", ...more },
          body: typeof body === "string" ? body : JSON.stringify(body),
        }),
      ),
    get: async (path) => reply(await fetch(url() + path, { headers })),
    calls: async () => {
      const { calls } = (await reply(await fetch(`${url()}/__calls`))).json;
      return Array.isArray(calls) ? calls.filter(isRecord) : [];
    },
  };
}

export async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isRecord(json) ? json : {},
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value);
}

/** The value at a dotted path, e.g. `usage.output_tokens` or `data.0.size`. */
export function at(value: unknown, path: string): unknown {
  let current: unknown = value;
  for (const step of path.split(".")) {
    if (Array.isArray(current)) current = current[Number(step)];
    else if (isObject(current)) current = current[step];
    else return undefined;
  }
  return current;
}

/** Text at a path; throws where there is none, so that a test fails at the right place. */
export function textAt(value: unknown, path: string): string {
  const found = at(value, path);
  if (typeof found !== "string") throw new Error(`no text at ${path}`);
  return found;
}
