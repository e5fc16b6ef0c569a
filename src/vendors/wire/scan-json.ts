/**
 * An incremental JSON reader for answers that are megabytes of base64 around a few hundred bytes of facts.
 *
 * Strings at chosen places ("streamed") are handed over piece by piece and never collected; everything
 * else is collected as the skeleton, a small JSON text in which each streamed string is empty. At the end
 * the skeleton goes through JSON.parse, so that malformed, cut or doubled JSON never passes for good.
 *
 * Depth and keys are tracked byte by byte outside strings only; inside strings the scanner jumps from
 * quote to quote. Chunk boundaries may fall anywhere.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const DEPTH_MAX = 32;
const KEY_BYTES_MAX = 256;
const SKELETON_BYTES_START = 1_024;

/** A place in the answer: object keys, and null for each array level. */
export type JsonPath = readonly (string | null)[];

export type ScanHandlers = {
  /** Whether the string value at this place is streamed. */
  readonly isStreamed: (path: JsonPath) => boolean;
  readonly begin: (path: JsonPath) => void;
  /** The raw bytes between the quotes, escapes as they stand. */
  readonly piece: (bytes: Buffer) => void;
  readonly end: () => void;
};

type Level = { readonly kind: "object" | "array"; key: string | null };

/** Why a scan can't go on. The bytes so far are no answer. */
export class ScanError extends Error {
  override readonly name = "ScanError";
  /** It went on too long beside its pictures; whether it is JSON was not the question. */
  readonly isSkeletonTooLarge: boolean;

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly isSkeletonTooLarge?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isSkeletonTooLarge = options.isSkeletonTooLarge ?? false;
  }
}

export class JsonScanner {
  readonly #handlers: ScanHandlers;
  readonly #skeletonBytesMax: number;
  readonly #levels: Level[] = [];
  #skeleton: Buffer = Buffer.allocUnsafe(SKELETON_BYTES_START);
  #skeletonBytes = 0;
  #state: "outside" | "key" | "value" | "streamed" = "outside";
  #expectKey = false;
  #escaped = false;
  #key: Buffer[] = [];
  #keyBytes = 0;

  /** @param skeletonBytesMax the most that may be collected beside the streamed strings. */
  constructor(handlers: ScanHandlers, skeletonBytesMax: number) {
    this.#handlers = handlers;
    this.#skeletonBytesMax = skeletonBytesMax;
  }

  /** @throws ScanError when the answer is too deep, or holds too much beside its pictures. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#state === "outside" ? this.#scanOutside(chunk, at) : this.#scanString(chunk, at);
    }
  }

  /**
   * The whole answer with its streamed strings empty.
   *
   * @throws ScanError when the bytes so far are not one whole JSON value.
   */
  finish(): unknown {
    const skeleton = this.skeleton();
    try {
      return JSON.parse(skeleton.toString("utf8"));
    } catch (cause) {
      throw new ScanError("the answer is not one whole JSON value", { cause });
    }
  }

  /**
   * The text of the skeleton, for who reads it with a decoder of its own.
   *
   * @throws ScanError inside a string.
   */
  skeleton(): Buffer {
    if (this.#state !== "outside") throw new ScanError("the answer ends inside a string");
    return this.#skeleton.subarray(0, this.#skeletonBytes);
  }

  /**
   * The answer as far as it has come, read inside a streamed string as if the string and everything around
   * it ended here; undefined where that is no JSON.
   */
  peek(): unknown {
    const closers = this.#levels.map(({ kind }) => (kind === "object" ? "}" : "]")).toReversed();
    const text = this.#skeleton.toString("utf8", 0, this.#skeletonBytes);
    try {
      return JSON.parse(`${text}"${closers.join("")}`);
    } catch {
      // Broken in itself: `finish` will say so, and with the right words.
      return undefined;
    }
  }

  /** Walks bytes outside strings up to the next quote; returns where it stopped. */
  #scanOutside(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#keep(chunk.subarray(from, at + 1));
        this.#openString();
        return at + 1;
      }
      this.#structure(byte);
    }
    this.#keep(chunk.subarray(from));
    return chunk.length;
  }

  #structure(byte: number | undefined): void {
    const level = this.#levels.at(-1);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.#levels.length === DEPTH_MAX) throw new ScanError("the answer is nested too deep");
      this.#levels.push({ kind: byte === OPEN_OBJECT ? "object" : "array", key: null });
      this.#expectKey = byte === OPEN_OBJECT;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      this.#levels.pop();
      this.#expectKey = false;
    } else if (byte === COMMA) {
      this.#expectKey = level?.kind === "object";
    } else if (byte === COLON) {
      this.#expectKey = false;
    }
  }

  #openString(): void {
    this.#escaped = false;
    if (this.#expectKey) {
      this.#state = "key";
      this.#key = [];
      this.#keyBytes = 0;
      return;
    }
    const path = this.#levels.map((level) => level.key);
    if (this.#handlers.isStreamed(path)) {
      this.#state = "streamed";
      this.#handlers.begin(path);
    } else {
      this.#state = "value";
    }
  }

  /** Takes bytes inside a string up to its closing quote or the end of the chunk. */
  #scanString(chunk: Buffer, from: number): number {
    const close = this.#closingQuote(chunk, from);
    const end = close === -1 ? chunk.length : close;
    const bytes = chunk.subarray(from, end);
    if (this.#state === "streamed") {
      if (bytes.length > 0) this.#handlers.piece(bytes);
    } else {
      this.#keep(bytes);
      if (this.#state === "key") this.#keepKey(bytes);
    }
    if (close === -1) return chunk.length;
    this.#keep(chunk.subarray(close, close + 1));
    this.#closeString();
    return close + 1;
  }

  /** Index of the quote that ends the string, or -1; remembers a backslash at the chunk's end. */
  #closingQuote(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at += 1;
    }
    while (at <= chunk.length) {
      const quote = chunk.indexOf(QUOTE, at);
      const end = quote === -1 ? chunk.length : quote;
      let backslashes = 0;
      while (end - 1 - backslashes >= at && chunk[end - 1 - backslashes] === BACKSLASH) {
        backslashes += 1;
      }
      const escapes = backslashes % 2 === 1;
      if (quote === -1) {
        this.#escaped = escapes;
        return -1;
      }
      if (!escapes) return quote;
      at = quote + 1;
    }
    return -1;
  }

  #closeString(): void {
    if (this.#state === "streamed") this.#handlers.end();
    if (this.#state === "key") {
      const level = this.#levels.at(-1);
      if (level !== undefined) level.key = keyText(Buffer.concat(this.#key));
    }
    this.#state = "outside";
  }

  #keepKey(bytes: Buffer): void {
    this.#keyBytes += bytes.length;
    if (this.#keyBytes > KEY_BYTES_MAX) throw new ScanError("the answer holds an overlong key");
    this.#key.push(bytes);
  }

  /** Copies: the chunk is the socket's and holds up to 64 KB of picture around these few bytes. */
  #keep(bytes: Buffer): void {
    const length = this.#skeletonBytes + bytes.length;
    if (length > this.#skeletonBytesMax) {
      throw new ScanError(
        `the answer holds more than ${this.#skeletonBytesMax} bytes beside its pictures`,
        { isSkeletonTooLarge: true },
      );
    }
    if (length > this.#skeleton.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#skeleton.length));
      this.#skeleton.copy(larger, 0, 0, this.#skeletonBytes);
      this.#skeleton = larger;
    }
    bytes.copy(this.#skeleton, this.#skeletonBytes);
    this.#skeletonBytes = length;
  }
}

/** A key as JSON reads it: `b64\u005fjson` is `b64_json`. */
function keyText(raw: Buffer): string {
  const text = raw.toString("utf8");
  if (!text.includes("\\")) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text; // not JSON: finish() will say so
  }
}
