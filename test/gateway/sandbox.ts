import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { type RunningGateway, type StartOptions, startGateway } from "../../src/start/gateway.ts";
import { vendorVariables } from "../../src/start/load-config.ts";

/** The standard prompts of the project: their token counts are part of the expected money. */
export const MUG =
  "E-commerce product photo, matte ceramic mug, white background, softbox lighting";

export const COUNT =
  "Studio photo of a matte white ceramic mug, three-quarter view, soft light, seamless white background, no text";

/** A gateway in its sandbox, with emulators that a test can question and a home of its own. */
export type Sandbox = {
  readonly gateway: RunningGateway;
  readonly emulator: RunningEmulator;
  readonly home: string;
  readonly apiKey: string;
  /** Posts an images request; `emulate` sets the emulators' fault switches. */
  readonly generate: (body: unknown, emulate?: string, key?: string) => Promise<Answered>;
  readonly quote: (body: unknown, key?: string) => Promise<Answered>;
  readonly get: (path: string, key?: string) => Promise<Answered>;
  readonly post: (path: string, body?: unknown, key?: string) => Promise<Answered>;
  readonly admin: (method: string, path: string, body?: unknown) => Promise<Answered>;
  /** Calls that the emulators saw since the last `forgetCalls`. */
  readonly calls: () => Promise<readonly EmulatedCall[]>;
  readonly forgetCalls: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
};

export type EmulatedCall = {
  readonly vendor: string;
  readonly model: string;
  readonly body: Record<string, unknown>;
  readonly status: number;
};

/** Settings as a process without any vendor variable would read them. */
export function testConfig(environment: Readonly<Record<string, string>> = {}): Config {
  return parseConfig({ LOG_LEVEL: "silent", PORT: "0", ...environment }, vendorVariables);
}

/** Starts emulators and a gateway on them. Every home is fresh unless one is given. */
export async function startSandbox(
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly pictures?: "full" | "small";
    readonly home?: string;
    readonly pauses?: StartOptions["pauses"];
  } = {},
): Promise<Sandbox> {
  const emulator = await startEmulator({ latencyMs: 0, pictures: options.pictures ?? "small" });
  const home = options.home ?? mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  const config = testConfig({
    SPOTMETER_HOME: home,
    OPENAI_BASE_URL: `${emulator.url}/v1`,
    GEMINI_BASE_URL: emulator.url,
    DASHSCOPE_BASE_URL: emulator.url,
    ARK_BASE_URL: `${emulator.url}/api/v3`,
    ...options.environment,
  });
  const { pauses } = options;
  const given = { say: () => undefined, ...(pauses === undefined ? {} : { pauses }) };
  const gateway = await startGateway(config, given);
  const apiKey = gateway.sandbox?.apiKey ?? "";
  const asker = askerOf({ url: gateway.url, apiKey, adminToken: gateway.adminToken }, emulator.url);
  return { ...asker, apiKey, home, gateway, emulator, close };

  async function close(): Promise<void> {
    await gateway.close();
    await emulator.close();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  }
}

/** Where a gateway answers, whichever process it is in, and what opens it. */
export type Door = { readonly url: string; readonly apiKey: string; readonly adminToken: string };

/** Asks a gateway, as its client and as its owner, and the emulators behind it. */
export function askerOf(door: Door, emulatorUrl: string) {
  const ask = async (method: string, path: string, init: AskInit): Promise<Answered> => {
    const response = await fetch(`${door.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${init.key}`,
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
        ...init.headers,
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    generate: (body: unknown, emulate?: string, key: string = door.apiKey) =>
      ask("POST", "/v1/images/generations", {
        key,
        body,
        headers: emulate === undefined ? {} : { "x-emulate": emulate },
      }),
    quote: (body: unknown, key: string = door.apiKey) =>
      ask("POST", "/v1/images/quote", { key, body }),
    get: (path: string, key: string = door.apiKey) => ask("GET", path, { key }),
    post: (path: string, body?: unknown, key: string = door.apiKey) =>
      ask("POST", path, { key, body }),
    admin: (method: string, path: string, body?: unknown) =>
      ask(method, `/admin/v1${path}`, { key: door.adminToken, body }),
    calls: async () => {
      const response = await fetch(`${emulatorUrl}/__calls`);
      return ((await response.json()) as { calls: EmulatedCall[] }).calls;
    },
    forgetCalls: async () => {
      await fetch(`${emulatorUrl}/__calls`, { method: "DELETE" });
    },
  };
}

/** Asks again until it is so; the suite's own time limit ends a wait that never does. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

type AskInit = {
  readonly key: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
