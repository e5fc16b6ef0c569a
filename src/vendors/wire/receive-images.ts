import type { ImageSink } from "../port.ts";
import { EventFeed } from "./event-feed.ts";
import { exchange, type WireEnd, type WireHead, type WireRequest } from "./exchange.ts";
import { type FedAnswer, ImageFeed } from "./image-feed.ts";
import { ScanError } from "./scan-json.ts";

/**
 * One call whose answer is JSON, or a stream of events, with base64 pictures inside, read at the vendor's pace and never held
 * whole. Tells apart only what arrived and how; what it means for the money is judged elsewhere.
 */

/** What is read of an error's body. */
const ERROR_BYTES_MAX = 65_536;

export type ReceivedImages =
  | { readonly kind: "answered"; readonly head: WireHead; readonly answer: FedAnswer }
  /** Another status than 2xx; no text when it was cut, or longer than an error should be. */
  | { readonly kind: "error"; readonly head: WireHead; readonly text: string | undefined }
  | { readonly kind: "not_sent" }
  | {
      readonly kind: "lost";
      readonly head: WireHead | undefined;
      readonly why: "timeout" | "reset" | "cut" | "unreadable";
    };

/** Never rejects. A picture that was begun in the sink and not ended did not arrive. */
export async function receiveImages(
  request: WireRequest,
  sink: ImageSink,
): Promise<ReceivedImages> {
  let feed: ImageFeed | EventFeed = new ImageFeed(sink);
  const errorText = new BoundedText();
  let data = (chunk: Buffer): Promise<void> | undefined => feed.write(chunk);
  const end = await exchange(request, {
    head(head) {
      if (!isSuccess(head)) data = (chunk) => errorText.add(chunk);
      else if (head.status === 200 && isEvents(head)) feed = new EventFeed(sink);
      else if (head.status !== 200 || !isJson(head)) throw new ScanError("the answer is not JSON");
    },
    data: (chunk) => data(chunk),
  });
  if (end.kind === "not_sent") return { kind: "not_sent" };
  const { head } = end;
  if (head !== undefined && !isSuccess(head)) {
    return { kind: "error", head, text: end.kind === "complete" ? errorText.text() : undefined };
  }
  // Of a stream that breaks after its image came whole, nothing is missing that is asked for.
  const isWhole = feed instanceof EventFeed && feed.isComplete;
  if (head === undefined || (end.kind === "broken" && !isWhole)) {
    return { kind: "lost", head, why: whyBroken(end, request.signal) };
  }
  try {
    return { kind: "answered", head, answer: feed.finish() };
  } catch (cause) {
    if (!(cause instanceof ScanError)) throw cause;
    return { kind: "lost", head, why: "unreadable" };
  }
}

function whyBroken(end: WireEnd, signal: AbortSignal): "timeout" | "reset" | "cut" | "unreadable" {
  if (end.kind === "broken" && end.cause instanceof ScanError) return "unreadable";
  if (signal.aborted) return "timeout";
  return end.kind === "not_sent" || end.head === undefined ? "reset" : "cut";
}

function isSuccess(head: WireHead): boolean {
  return head.status >= 200 && head.status < 300;
}

function isEvents(head: WireHead): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(head.headers["content-type"] ?? "");
}

function isJson(head: WireHead): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(head.headers["content-type"] ?? "");
}

class BoundedText {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @throws ScanError above the bound: the exchange ends there, whatever else would come. */
  add(chunk: Buffer): undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > ERROR_BYTES_MAX) throw new ScanError("the error's body is too long");
    this.#chunks.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
