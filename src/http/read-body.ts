import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../refusals.ts";

/** A body that doesn't arrive within this time is given up. */
const BODY_MS_MAX = 30_000;

/**
 * Reads a JSON body of at most so many bytes.
 *
 * @throws Refusal `body_too_large`, `unsupported_media_type` or `invalid_json`, also for one that never came whole.
 */
export async function readJson(
  request: IncomingMessage,
  bytesMax: number,
  msMax: number = BODY_MS_MAX,
): Promise<unknown> {
  const text = await readBody(request, { type: "application/json", bytesMax, msMax });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? ` (${position(cause.message)})` : "";
    throw new Refusal("invalid_json", `the body is not valid JSON${why}`, { cause });
  }
}

/**
 * Reads a body of text of at most so many bytes.
 *
 * @throws Refusal as `readJson` does, for what isn't UTF-8 too.
 */
export async function readBody(
  request: IncomingMessage,
  of: { readonly type: string; readonly bytesMax: number; readonly msMax: number },
): Promise<string> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== of.type) {
    const why = `send the body as content-type: ${of.type}`;
    throw new Refusal("unsupported_media_type", why, { sent: type ?? null, allowed: [of.type] });
  }
  const bytes = await readBytes(request, of.bytesMax, of.msMax);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Refusal("invalid_json", "the body is not UTF-8", { cause });
  }
}

/** Where JSON.parse stumbled, without the piece of the body that it quotes: prompts stay out of messages. */
function position(message: string): string {
  return /at position \d+( \(line \d+ column \d+\))?/.exec(message)?.[0] ?? "it ends too early";
}

async function readBytes(
  request: IncomingMessage,
  bytesMax: number,
  msMax: number,
): Promise<Buffer> {
  const done = new AbortController();
  try {
    return await Promise.race([collect(request, bytesMax), tooLate(msMax, done.signal)]);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    // The client hung up: nobody reads this answer, and nobody is to be alarmed by it.
    throw new Refusal("invalid_json", "the body ended before it was whole", { cause });
  } finally {
    done.abort();
  }
}

async function collect(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLarge = new Refusal("body_too_large", `the body is larger than ${bytesMax} bytes`, {
    allowed: { bytesMax },
  });
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function tooLate(ms: number, done: AbortSignal): Promise<never> {
  await sleep(ms, undefined, { signal: done });
  throw new Refusal("invalid_json", `the body did not arrive within ${ms} ms`);
}
