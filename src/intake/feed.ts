import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusals.ts";
import { BODY_BYTES_MAX, BODY_MS_MAX, SILENCE_MS_MAX } from "./limits.ts";

/** Bounds on a body; those of `limits.ts` where none are given. */
export type FeedLimits = {
  readonly bytesMax?: number;
  /** For the whole body. */
  readonly msMax?: number;
  /** Between two pieces, our own work on them left out. */
  readonly silenceMsMax?: number;
};

/**
 * Refuses a body that says itself that it is too large, before any of it is read.
 *
 * @throws Refusal `body_too_large`
 */
export function assertLength(request: IncomingMessage, bytesMax: number = BODY_BYTES_MAX): void {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal("body_too_large", `the body is larger than ${bytesMax} bytes`, {
    allowed: { bytesMax },
  });
}

/**
 * Feeds a body to a reader at the reader's pace and resolves when all of it has been taken. After a
 * rejection nothing more is taken; the rest of the body stays unread.
 *
 * @param take a promise makes the client wait; what it throws or rejects with ends the reading.
 * @param code for a body that stops or takes too long: what a broken body of its kind is called.
 * @throws Refusal `body_too_large`, or `code`; what `take` throws.
 */
export function feedBody(
  request: IncomingMessage,
  take: (chunk: Buffer) => Promise<void> | undefined,
  { code, ...limits }: FeedLimits & { readonly code: "invalid_json" | "invalid_form" },
): Promise<void> {
  const { bytesMax = BODY_BYTES_MAX, msMax = BODY_MS_MAX, silenceMsMax = SILENCE_MS_MAX } = limits;
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let turn: Promise<void> = Promise.resolve();
    let silence: NodeJS.Timeout | undefined;
    const fail = (cause: unknown): void => {
      stop();
      request.pause();
      reject(cause);
    };
    const refuse = (why: string): void => fail(new Refusal(code, why));
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(
        () => refuse(`the body stopped: nothing came for ${silenceMsMax} ms`),
        silenceMsMax,
      );
    };
    const whole = setTimeout(() => refuse(`the body did not arrive within ${msMax} ms`), msMax);
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > bytesMax) return fail(tooLarge(bytesMax));
      let wait: Promise<void> | undefined;
      try {
        wait = take(chunk);
      } catch (cause) {
        return fail(cause);
      }
      if (wait === undefined) return listen();
      clearTimeout(silence); // what takes long now is our own disk
      request.pause();
      turn = wait.then(() => {
        if (request.readableEnded) return;
        listen();
        request.resume();
      });
      turn.catch(fail);
    };
    const onEnd = (): void => {
      clearTimeout(silence);
      turn.then(() => {
        stop();
        resolve();
      }, fail);
    };
    // The client hung up: nobody reads this answer, and nobody is to be alarmed by it.
    const onCut = (): void => {
      if (!request.readableEnded) refuse("the body ended before it was whole");
    };
    const stop = (): void => {
      clearTimeout(silence);
      clearTimeout(whole);
      request.off("data", onData).off("end", onEnd).off("close", onCut);
    };
    // Stays: a socket that breaks later, while the answer is on its way, is no error of ours.
    request.on("error", onCut);
    if (request.destroyed) return onCut();
    request.on("end", onEnd).on("close", onCut).on("data", onData);
    listen();
  });
}
