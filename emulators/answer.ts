import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

/** A piece of a body: text, or bytes that are already in the form in which they travel. */
export type BodyPart = string | Uint8Array;

/** How a body travels. The fault switches `cut`, `hang` and `slow=MS` of DESIGN §9. */
export type Delivery = { readonly cut: boolean; readonly hang: boolean; readonly slowMs: number };

export const PROMPT_DELIVERY: Delivery = { cut: false, hang: false, slowMs: 0 };

/** What an emulator answers. `delivery` absent: as the request's own switches say. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly BodyPart[];
  readonly delivery?: Delivery;
};

/** Thrown by validation and caught by the server, which sends `answer` as it stands. */
export class AnswerError extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`answered ${answer.status}`);
    this.answer = answer;
  }
}

const SLOW_PIECES = 20;
const WRITE_BYTES_MAX = 65_536;

/** An answer with a JSON body. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: [JSON.stringify(value)],
  };
}

/**
 * Builds JSON around pictures without ever putting their base64 through JSON.stringify.
 *
 * `build` receives a function that turns base64 bytes into a placeholder string; the placeholders
 * are random, so that no prompt can contain one.
 */
export function jsonAroundPictures(
  build: (place: (base64: Uint8Array) => string) => unknown,
  indent = 0,
): BodyPart[] {
  const mark = `picture-${randomUUID()}-`;
  const pictures: Uint8Array[] = [];
  const value = build((base64) => `${mark}${pictures.push(base64) - 1}.`);
  const [head = "", ...rest] = JSON.stringify(value, undefined, indent).split(mark);
  const parts: BodyPart[] = [head];
  for (const piece of rest) {
    const dot = piece.indexOf(".");
    const picture = pictures[Number(piece.slice(0, dot))];
    if (picture === undefined) throw new Error("a placeholder names no picture");
    parts.push(picture, piece.slice(dot + 1));
  }
  return parts;
}

/** Sends an answer with backpressure; a client that has gone away ends it quietly. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  delivery: Delivery,
): Promise<void> {
  if (delivery.hang) return untilClosed(response);
  const parts = wireParts(answer.body, delivery);
  const bytesTotal = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (response.destroyed) return;
  const streamed = answer.headers["content-type"] === "text/event-stream";
  const length = streamed ? {} : { "content-length": String(bytesTotal) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  const bytesSent = delivery.cut ? Math.floor(bytesTotal / 2) : bytesTotal;
  const pieceBytes =
    delivery.slowMs > 0 ? Math.max(1, Math.ceil(bytesTotal / SLOW_PIECES)) : WRITE_BYTES_MAX;
  const pauseMs = delivery.slowMs / SLOW_PIECES;
  for (const piece of pieces(parts, bytesSent, pieceBytes)) {
    if (response.destroyed) return;
    if (delivery.slowMs > 0) await pause(pauseMs);
    await write(response, piece);
  }
  if (delivery.cut) response.destroy();
  else response.end();
}

/** A slow body is joined, so that it really goes out in twenty pieces. */
function wireParts(body: readonly BodyPart[], delivery: Delivery): Uint8Array[] {
  const parts = body.map((part) => (typeof part === "string" ? Buffer.from(part) : part));
  return delivery.slowMs > 0 ? [Buffer.concat(parts)] : parts;
}

/** Cuts parts into pieces of at most `pieceBytes`, up to `bytesMax` in all. */
function* pieces(
  parts: readonly Uint8Array[],
  bytesMax: number,
  pieceBytes: number,
): Generator<Uint8Array> {
  let left = bytesMax;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength && left > 0; start += pieceBytes) {
      const piece = part.subarray(start, start + Math.min(pieceBytes, left));
      left -= piece.byteLength;
      yield piece;
    }
  }
}

/** Resolves when the piece has left for the kernel, so that a cut comes after bytes that did arrive. */
function write(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("close", done);
      resolve();
    };
    response.once("close", done);
    response.write(piece, done);
  });
}

function untilClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once("close", () => resolve());
  });
}

/** Waits; zero does not wait at all. The timer does not keep a closing process alive. */
export function pause(durationMs: number): Promise<void> {
  return durationMs <= 0
    ? Promise.resolve()
    : new Promise((resolve) => {
        setTimeout(resolve, durationMs).unref();
      });
}
