import { z } from "zod";
import type { ImageSink } from "../port.ts";
import { type FedAnswer, ImageFeed } from "./image-feed.ts";
import { type JsonPath, ScanError } from "./scan-json.ts";

/**
 * Takes the pictures out of a stream of server-sent events while it arrives: each event's JSON carries one
 * under `b64_json`, interim pictures first. What is known in the end is put as if one whole answer had come.
 *
 * Source: OpenAI OpenAPI spec 2.3.0, ImageGenStreamEvent and ImageEditStreamEvent, 2026-08-21 [spec].
 */

const LINE_FEED = 0x0a;
const OPEN_OBJECT = 0x7b;
const DATA = "data:";
/** Of a line that is no data: an event's name, a comment. */
const LINE_BYTES_MAX = 1_024;

const nameSchema = z.object({ type: z.string() });
const eventSchema = z.looseObject({ created_at: z.json().optional(), usage: z.json().optional() });

/** One event on its way. */
type Event = { name: string | undefined; feed: ImageFeed | undefined; ignored: boolean };

export class EventFeed {
  readonly #sink: ImageSink;
  readonly #completed: FedAnswer[] = [];
  #error: FedAnswer | undefined;
  #drafts = 0;
  #event: Event = noEvent();
  #inData = false;
  #line: Buffer = Buffer.alloc(0);

  constructor(sink: ImageSink) {
    this.#sink = sink;
  }

  /** Whether an image has come whole: what follows it may be missing. */
  get isComplete(): boolean {
    return this.#completed.length > 0;
  }

  /**
   * Resolves when the sink wants more. To be awaited before the next call.
   *
   * @throws ScanError when the bytes can't become an answer.
   */
  write(chunk: Buffer): Promise<void> | undefined {
    let at = 0;
    while (at < chunk.length) {
      const newline = chunk.indexOf(LINE_FEED, at);
      const end = newline === -1 ? chunk.length : newline;
      const bytes = chunk.subarray(at, end);
      at = newline === -1 ? end : end + 1;
      const rest = chunk.subarray(at);
      const wait = this.#take(bytes);
      if (wait !== undefined) {
        return wait.then(() => {
          if (newline !== -1) this.#endLine();
          return this.write(rest);
        });
      }
      if (newline !== -1) this.#endLine();
    }
    return undefined;
  }

  /** @throws ScanError when an event is broken, or none brought an image or an error. */
  finish(): FedAnswer {
    this.#endLine();
    this.#endEvent();
    const [first, ...more] = this.#completed;
    if (first === undefined) {
      if (this.#error === undefined) throw new ScanError("the stream ends without an image");
      return this.#error;
    }
    const { created_at: created, usage, ...rest } = eventSchema.parse(first.skeleton);
    const data = this.#completed.map(() => ({ b64_json: "" }));
    return {
      skeleton: {
        ...eventsOwn(rest),
        ...(created === undefined ? {} : { created }),
        // Each event tells of its own image only: of several nobody said what they came to together.
        ...(usage === undefined || more.length > 0 ? {} : { usage }),
        data,
      },
      filled: this.#completed.flatMap(({ filled }) => filled),
    };
  }

  /** Bytes of one line. */
  #take(bytes: Buffer): Promise<void> | undefined {
    if (this.#inData) return this.#data(bytes);
    this.#line = Buffer.concat([this.#line, bytes]);
    if (!this.#line.subarray(0, DATA.length).equals(Buffer.from(DATA))) {
      if (this.#line.length > LINE_BYTES_MAX) throw new ScanError("an overlong line");
      return undefined;
    }
    this.#inData = true;
    const first = this.#line.subarray(DATA.length);
    this.#line = Buffer.alloc(0);
    return this.#data(first);
  }

  #data(bytes: Buffer): Promise<void> | undefined {
    const event = this.#event;
    if (event.ignored) return undefined;
    if (event.feed === undefined) {
      const start = bytes.findIndex((byte) => byte > 0x20);
      if (start === -1) return undefined;
      // `[DONE]`, which some put at the end, is no event.
      if (bytes[start] !== OPEN_OBJECT) {
        event.ignored = true;
        return undefined;
      }
      event.feed = new ImageFeed(this.#sinkOf(event), isEventPicture);
    }
    return event.feed.write(bytes);
  }

  /** Where an event's picture goes: what kind it is must be known by its first byte. */
  #sinkOf(event: Event): ImageSink {
    const sink = this.#sink;
    return {
      begin: (served) => {
        const parsed = nameSchema.safeParse(event.feed?.peek());
        const name = event.name ?? parsed.data?.type ?? "";
        if (name.endsWith(".partial_image")) sink.begin(served, this.#drafts++);
        else if (name.endsWith(".completed")) sink.begin(served);
        else throw new ScanError("a picture in an event of another kind");
      },
      piece: (base64) => sink.piece(base64),
      end: () => sink.end(),
    };
  }

  #endLine(): void {
    if (this.#inData) {
      this.#inData = false;
      return;
    }
    const line = this.#line.toString("utf8").replace(/\r$/, "");
    this.#line = Buffer.alloc(0);
    if (line === "") this.#endEvent();
    const [, name] = /^event: ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) this.#event.name = name;
  }

  #endEvent(): void {
    const { name, feed } = this.#event;
    this.#event = noEvent();
    if (feed === undefined) return;
    const fed = feed.finish();
    const kind = name ?? nameSchema.safeParse(fed.skeleton).data?.type ?? "";
    if (kind.endsWith(".completed")) this.#completed.push(fed);
    else if (!kind.endsWith(".partial_image") && isError(fed.skeleton)) this.#error ??= fed;
  }
}

/** What an event says that a whole answer says at its top: neither its kind nor its picture. */
function eventsOwn(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => name !== "type" && name !== "b64_json"),
  );
}

function noEvent(): Event {
  return { name: undefined, feed: undefined, ignored: false };
}

function isEventPicture(path: JsonPath): boolean {
  return path.length === 1 && path[0] === "b64_json";
}

function isError(skeleton: unknown): boolean {
  return typeof skeleton === "object" && skeleton !== null && "error" in skeleton;
}
