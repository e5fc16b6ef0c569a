import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher } from "undici";
import {
  assertAllowedUrl,
  ForbiddenAddress,
  guardedLookup,
  type Resolver,
  systemResolver,
} from "./address-guard.ts";
import { base64Of } from "./base64-of.ts";
import { exchange, type WireHead } from "./exchange.ts";
import { RestingBytes, RestingQuotaExceeded } from "./resting-bytes.ts";

/**
 * Fetches a picture from a URL that somebody else wrote, through a guard: public addresses only, every
 * redirect checked anew, bounded in size, time and tries.
 */

export type DownloadLimits = {
  /** Of one picture. */
  readonly bytesMax: number;
  /** For everything, tries and pauses included. */
  readonly timeoutMs: number;
  /** A server that says nothing for so long ends the try, so that another one still fits. */
  readonly silenceMs: number;
  readonly tries: number;
  /** Before the second try; doubled before each further one. */
  readonly pauseMs: number;
  readonly redirects: number;
  readonly resolve: Resolver;
};

/** MONEY §2: after 5 tries in 60 s a result counts as unavailable. */
const LIMITS: DownloadLimits = {
  bytesMax: 64 * 1024 * 1024,
  timeoutMs: 60_000,
  silenceMs: 15_000,
  tries: 5,
  pauseMs: 500,
  redirects: 3,
  resolve: systemResolver,
};

export type Download =
  | {
      readonly kind: "fetched";
      readonly base64: AsyncIterable<Buffer>;
      /** Gives memory and disk back; must be called, read or not. */
      dispose(): void;
    }
  /** `why` names no URL and no address. */
  | { readonly kind: "unavailable"; readonly why: string };

/** The same as bytes; whoever gets them disposes of them. */
export type FetchedPicture =
  | { readonly kind: "fetched"; readonly bytes: RestingBytes }
  | { readonly kind: "unavailable"; readonly why: string };

type Request = { readonly signal: AbortSignal; readonly loopbackAllowed: boolean };
type Options = Request & { readonly limits?: Partial<DownloadLimits> };

/** Never rejects on the server's account. `loopbackAllowed`: only where the vendor itself is on loopback. */
export async function downloadImage(url: string, options: Options): Promise<Download> {
  const fetched = await fetchPicture(url, options);
  if (fetched.kind === "unavailable") return fetched;
  const { bytes } = fetched;
  return { kind: "fetched", base64: base64Of(bytes.read()), dispose: () => bytes.dispose() };
}

/** `downloadImage` without the base64 around it. */
export async function fetchPicture(url: string, options: Options): Promise<FetchedPicture> {
  const limits = { ...LIMITS, ...options.limits };
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limits.timeoutMs)]);
  const agent = guardedAgent(limits, options.loopbackAllowed);
  try {
    return await tryAll(url, { signal, loopbackAllowed: options.loopbackAllowed, limits, agent });
  } finally {
    await agent.destroy();
  }
}

/** One a download: no socket outlives the check that it was made under. */
function guardedAgent(limits: DownloadLimits, loopbackAllowed: boolean): Agent {
  return new Agent({
    allowH2: false,
    connect: {
      timeout: limits.silenceMs,
      lookup: guardedLookup(limits.resolve, loopbackAllowed),
    },
    headersTimeout: limits.silenceMs,
    bodyTimeout: limits.silenceMs,
  });
}

type Job = Request & { readonly limits: DownloadLimits; readonly agent: Dispatcher };

/** Why one try brought nothing; `isFinal` when another can't either. */
class NotFetched extends Error {
  override readonly name = "NotFetched";
  readonly isFinal: boolean;

  constructor(why: string, options: { readonly isFinal: boolean; readonly cause?: unknown }) {
    super(why, { cause: options.cause });
    this.isFinal = options.isFinal;
  }
}

async function tryAll(url: string, job: Job): Promise<FetchedPicture> {
  const { limits, signal } = job;
  let why = "no time was left";
  for (let attempt = 0; attempt < limits.tries && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(limits.pauseMs * 2 ** (attempt - 1), signal);
    if (signal.aborted) break;
    const resting = new RestingBytes();
    try {
      await fetchOnce(url, resting, job);
      return { kind: "fetched", bytes: resting };
    } catch (cause) {
      resting.dispose();
      if (!(cause instanceof NotFetched)) throw cause;
      why = cause.message;
      if (cause.isFinal) break;
    }
  }
  return { kind: "unavailable", why };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause; // an abort only ends the wait; the loop sees it
  }
}

/** @throws NotFetched */
async function fetchOnce(url: string, resting: RestingBytes, job: Job): Promise<void> {
  let next = parseUrl(url);
  for (let hop = 0; hop <= job.limits.redirects; hop += 1) {
    const location = await fetchHop(next, resting, job);
    if (location === undefined) return;
    next = parseUrl(location, next);
  }
  throw new NotFetched(`more than ${job.limits.redirects} redirects`, { isFinal: true });
}

function parseUrl(url: string, base?: URL): URL {
  try {
    return new URL(url, base);
  } catch (cause) {
    throw new NotFetched("not a URL", { isFinal: true, cause });
  }
}

/** Where the server sends us on; undefined when the picture is here. */
async function fetchHop(url: URL, resting: RestingBytes, job: Job): Promise<string | undefined> {
  guard(url, job.loopbackAllowed);
  let location: string | undefined;
  let bytes = 0;
  const end = await exchange(
    {
      method: "GET",
      url: url.href,
      headers: { accept: "image/*", "accept-encoding": "identity" },
      signal: job.signal,
      dispatcher: job.agent,
    },
    {
      head: (head) => {
        location = redirectOf(head);
        if (location === undefined) assertPicture(head, job.limits.bytesMax);
      },
      data: (chunk) => {
        if (location !== undefined) return undefined;
        bytes += chunk.length;
        if (bytes > job.limits.bytesMax) throw tooLarge(job.limits.bytesMax);
        return resting.append(chunk);
      },
    },
  );
  if (end.kind !== "complete") throw brokenHop(end.cause, job.signal);
  if (location === undefined && bytes === 0) {
    throw new NotFetched("the picture is empty", { isFinal: false });
  }
  return location;
}

function guard(url: URL, loopbackAllowed: boolean): void {
  try {
    assertAllowedUrl(url, loopbackAllowed);
  } catch (cause) {
    if (!(cause instanceof ForbiddenAddress)) throw cause;
    throw new NotFetched(cause.message, { isFinal: true, cause });
  }
}

function redirectOf({ status, headers }: WireHead): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const { location } = headers;
  if (location !== undefined) return location;
  throw new NotFetched("a redirect to nowhere", { isFinal: false });
}

/** A page that says sorry with status 200, or a body that could be cut unseen, is no picture. */
function assertPicture({ status, headers }: WireHead, bytesMax: number): void {
  const refuse = (why: string): NotFetched => new NotFetched(why, { isFinal: false });
  if (status !== 200) throw refuse(`status ${status}`);
  const type = headers["content-type"] ?? "image/unnamed";
  if (!/^(?:image\/|(?:application|binary)\/octet-stream)/i.test(type)) {
    throw refuse("the answer is not a picture");
  }
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    throw refuse("the answer is compressed");
  }
  const length = headers["content-length"];
  if (length === undefined && headers["transfer-encoding"] === undefined) {
    throw refuse("the answer does not say where it ends");
  }
  if (length !== undefined && +length > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): NotFetched {
  return new NotFetched(`the picture is larger than ${bytesMax} bytes`, { isFinal: true });
}

function brokenHop(cause: unknown, signal: AbortSignal): NotFetched {
  if (cause instanceof NotFetched) return cause;
  if (cause instanceof ForbiddenAddress) {
    return new NotFetched(cause.message, { isFinal: true, cause });
  }
  if (signal.aborted) return new NotFetched("no time was left", { isFinal: true, cause });
  if (cause instanceof RestingQuotaExceeded) {
    return new NotFetched("no room is left for pictures to rest", { isFinal: false, cause });
  }
  return new NotFetched("the connection failed or was cut", { isFinal: false, cause });
}
