import type { ImageSink } from "../port.ts";
import type { WireHead, WireReader } from "../wire/exchange.ts";
import { JsonScanner } from "../wire/scan-json.ts";
import { SmallBody } from "../wire/small-body.ts";
import { PictureText } from "./picture-text.ts";
import { isPicture, isSignature } from "./response.ts";

/** All of an answer but its pictures and signatures: long texts, groundings. */
const SKELETON_BYTES_MAX = 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;

/** Reads one answer as it arrives: pictures go to the sink, signatures nowhere, the rest is kept. */
export class AnswerReader implements WireReader {
  /** For each picture string of the answer: whether any byte was in it. */
  readonly filled: boolean[] = [];
  readonly #sink: ImageSink;
  readonly #scanner: JsonScanner;
  readonly #error = new SmallBody(ERROR_BYTES_MAX);
  #isScanning = false;
  #picture: PictureText | undefined;
  #waits: Promise<void>[] = [];

  constructor(sink: ImageSink) {
    this.#sink = sink;
    this.#scanner = new JsonScanner(
      {
        isStreamed: (path) => isPicture(path) || isSignature(path),
        begin: (path) => this.#begin(isPicture(path)),
        piece: (bytes) => this.#piece(bytes),
        end: () => this.#end(),
      },
      SKELETON_BYTES_MAX,
    );
  }

  /** Images that were put into the sink whole. */
  get images(): number {
    return this.filled.filter((filled) => filled).length;
  }

  /** The answer is a 200 in JSON: the scanner reads it. Anything else is kept as an error. */
  get isScanning(): boolean {
    return this.#isScanning;
  }

  head(head: WireHead): void {
    this.#isScanning = head.status === 200 && isPlainJson(head);
  }

  data(chunk: Buffer): Promise<void> | undefined {
    if (!this.#isScanning) {
      this.#error.add(chunk);
      return undefined;
    }
    this.#scanner.write(chunk);
    if (this.#waits.length === 0) return undefined;
    const waits = this.#waits;
    this.#waits = [];
    return Promise.all(waits).then(() => undefined);
  }

  /** @throws ScanError when the answer is not one whole JSON value. */
  skeleton(): unknown {
    return this.#scanner.finish();
  }

  /** What came with another status; undefined when it wasn't JSON. */
  error(): unknown {
    return this.#error.json();
  }

  #begin(isPictureString: boolean): void {
    this.#picture = isPictureString ? new PictureText() : undefined;
    if (isPictureString) this.filled.push(false);
  }

  #piece(bytes: Buffer): void {
    const plain = this.#picture?.plain(bytes);
    if (plain === undefined || plain.length === 0) return;
    if (this.filled.at(-1) === false) {
      this.filled[this.filled.length - 1] = true;
      this.#sink.begin();
    }
    const wait = this.#sink.piece(plain);
    if (wait !== undefined) this.#waits.push(wait);
  }

  #end(): void {
    const picture = this.#picture;
    this.#picture = undefined;
    picture?.finish();
    if (picture !== undefined && this.filled.at(-1) === true) this.#sink.end();
  }
}

function isPlainJson({ headers }: WireHead): boolean {
  const encoding = headers["content-encoding"] ?? "identity";
  return encoding === "identity" && (headers["content-type"] ?? "").startsWith("application/json");
}
