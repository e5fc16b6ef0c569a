import { randomUUID } from "node:crypto";
import { Agent, FormData, fetch } from "undici";
import { noAnswer, parseAnswer, type RawAnswer, readAnswer } from "./answer.ts";
import { CREDITS_PATHS, readSpent } from "./balance.ts";
import type { Answered, Claimed, PlannedCall } from "./evidence.ts";
import { filesOf } from "./plan.ts";

/** The gateway that is audited, as any of its clients sees it. */
export type Target = {
  /** Its base, with `/v1` or whatever stands for it. */
  readonly base: string;
  readonly host: string;
  readonly listModels: () => Promise<ListedModels>;
  /** What the key has spent; undefined where it can't be read. */
  readonly readSpent: () => Promise<Claimed | undefined>;
  readonly send: (call: PlannedCall) => Promise<Sent>;
  readonly close: () => Promise<void>;
};

export type ListedModels =
  | { readonly kind: "listed"; readonly ids: readonly string[] }
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  | { readonly kind: "unreachable"; readonly why: string };

/** An answer, and how long a throttled client was told to wait. */
export type Sent = { readonly answer: Answered; readonly retryAfterMs: number | undefined };

const CALL_MS_MAX = 600_000;
const QUESTION_MS_MAX = 30_000;
const PICTURE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * @param options.url with or without a path; without one `/v1` is meant.
 * @param options.creditsPath where the balance is: behind the base, or with a leading slash from the origin.
 */
export function createTarget(options: {
  readonly url: string;
  readonly key: string;
  readonly creditsPath: string | undefined;
}): Target {
  const base = baseOf(options.url);
  const { origin, host } = new URL(base);
  const agent = new Agent({ headersTimeout: CALL_MS_MAX, bodyTimeout: CALL_MS_MAX });
  const auth = { authorization: `Bearer ${options.key}` };
  // The words of one run are no other run's: a second one must not find the first one's answers.
  const run = randomUUID();
  const ask = async (url: string): Promise<RawAnswer> => {
    const signal = AbortSignal.timeout(QUESTION_MS_MAX);
    const response = await fetch(url, { dispatcher: agent, headers: auth, signal });
    return await rawOf(response);
  };
  const place = (path: string): string =>
    path.startsWith("/") ? origin + path : `${base}/${path}`;
  let creditsAt: readonly string[] =
    options.creditsPath === undefined ? CREDITS_PATHS : [options.creditsPath];
  return {
    ...{ base, host },
    listModels: () => listModels(ask, base),
    readSpent: async () => {
      for (const path of creditsAt) {
        const spent = await ask(place(path)).then(spentOf, () => undefined);
        if (spent === undefined) continue;
        creditsAt = [path];
        return spent;
      }
      return undefined;
    },
    send: async (call) => {
      const response = await fetch(`${base}/images/${call.route}`, {
        ...{ dispatcher: agent, method: "POST", signal: AbortSignal.timeout(CALL_MS_MAX) },
        headers: {
          ...auth,
          ...(call.files === undefined ? { "content-type": "application/json" } : {}),
          ...(call.intent === undefined ? {} : { "idempotency-key": `${call.intent}-${run}` }),
        },
        body: call.files === undefined ? JSON.stringify(call.fields) : formOf(call),
      }).then(rawOf, (cause: unknown) => whyOf(cause));
      if (typeof response === "string") {
        return { answer: noAnswer(response), retryAfterMs: undefined };
      }
      const answer = await readAnswer(response, (url) => fetchOwn(url, { host, agent }));
      return { answer: withoutKey(answer, options.key), retryAfterMs: waitOf(response) };
    },
    close: () => agent.destroy(),
  };
}

/** `https://host` means `https://host/v1`; a path that is given is taken as it is, without `/images/…` behind it. */
export function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, "").replace(/\/images(\/\w+)?$/, "");
  return `${origin}${path === "" ? "/v1" : path}`;
}

async function listModels(
  ask: (url: string) => Promise<RawAnswer>,
  base: string,
): Promise<ListedModels> {
  const raw = await ask(`${base}/models`).catch((cause: unknown) => whyOf(cause));
  if (typeof raw === "string") return { kind: "unreachable", why: raw };
  const body = parseAnswer(raw.text);
  const data: unknown =
    typeof body === "object" && body !== null && "data" in body ? body.data : undefined;
  if (raw.status >= 400 || !Array.isArray(data)) {
    const { error } = await readAnswer(
      { ...raw, status: Math.max(raw.status, 400) },
      async () => undefined,
    );
    return { kind: "refused", status: raw.status, message: error ?? "" };
  }
  // Some gateways list what this key can't order, and say so.
  const ids = data
    .filter(isAvailable)
    .flatMap((row: unknown) =>
      typeof row === "object" && row !== null && "id" in row && typeof row.id === "string"
        ? [row.id]
        : [],
    );
  return { kind: "listed", ids };
}

function isAvailable(row: unknown): boolean {
  return !(
    typeof row === "object" &&
    row !== null &&
    "available" in row &&
    row.available === false
  );
}

function spentOf(raw: RawAnswer): Claimed | undefined {
  return raw.status === 200 ? readSpent(parseAnswer(raw.text)) : undefined;
}

function formOf(call: PlannedCall): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(call.fields)) form.append(name, String(value));
  for (const [name, file] of filesOf(call)) {
    form.append(name, new Blob([new Uint8Array(file)], { type: "image/png" }), `${name}.png`);
  }
  return form;
}

/** Only from the target's own host: an address elsewhere is evidence, and nobody's to be followed. */
async function fetchOwn(
  url: string,
  { host, agent }: { readonly host: string; readonly agent: Agent },
): Promise<Buffer | undefined> {
  if (!URL.canParse(url) || new URL(url).host !== host) return undefined;
  try {
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    const response = await fetch(url, { dispatcher: agent, signal, redirect: "error" });
    const length = Number(response.headers.get("content-length") ?? "0");
    if (!response.ok || length > PICTURE_BYTES_MAX) return undefined;
    return Buffer.from(await response.arrayBuffer());
  } catch {
    // A picture that can't be had is one that nothing is known of.
    return undefined;
  }
}

type FetchResponse = Awaited<ReturnType<typeof fetch>>;

async function rawOf(response: FetchResponse): Promise<RawAnswer> {
  const headers = new Headers([...response.headers]);
  return { status: response.status, headers, text: await response.text() };
}

/** Seconds or a date, as HTTP has it; or milliseconds, as some add. */
function waitOf({ status, headers }: RawAnswer): number | undefined {
  if (status !== 429) return undefined;
  const ms = headers.get("retry-after-ms");
  if (ms !== null && /^\d{1,7}$/.test(ms)) return Number(ms);
  const told = headers.get("retry-after") ?? "";
  if (/^\d{1,5}$/.test(told)) return Number(told) * 1_000;
  const until = Date.parse(told);
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
}

/** Some gateways repeat the key in what they refuse. */
function withoutKey(answer: Answered, key: string): Answered {
  return answer.error === null ? answer : { ...answer, error: answer.error.replaceAll(key, "***") };
}

function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  const code = "code" in inner && typeof inner.code === "string" ? inner.code : undefined;
  return code ?? (inner.message === "" ? inner.name : inner.message);
}
