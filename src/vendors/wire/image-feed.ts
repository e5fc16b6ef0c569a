import { z } from "zod";
import type { ImageSink } from "../port.ts";
import { type JsonPath, JsonScanner, ScanError } from "./scan-json.ts";

/**
 * Takes the pictures out of an answer while it arrives: base64 under `data[].b64_json` goes to the sink
 * piece by piece, everything else is kept as the skeleton.
 */

/** What an answer may hold beside its pictures. Real ones hold under 2 KB. */
const SKELETON_BYTES_MAX = 1_048_576;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

type Step =
  | { readonly kind: "begin"; readonly served: { readonly model: string } | undefined }
  | { readonly kind: "piece"; readonly bytes: Buffer }
  | { readonly kind: "end" };

/** A whole answer. */
export type FedAnswer = {
  /** The answer as JSON reads it, with every picture empty. */
  readonly skeleton: unknown;
  /** One entry for each `b64_json` string in the answer's order: whether it held a character. */
  readonly filled: readonly boolean[];
};

export class ImageFeed {
  readonly #sink: ImageSink;
  readonly #scanner: JsonScanner;
  readonly #filled: boolean[] = [];
  #steps: Step[] = [];
  #begun = false;
  #escaped = false;

  /** @param isPicture the places that hold pictures. */
  constructor(sink: ImageSink, isPicture: (path: JsonPath) => boolean = isDataPicture) {
    this.#sink = sink;
    this.#scanner = new JsonScanner(
      {
        isStreamed: isPicture,
        begin: () => {
          this.#begun = false;
        },
        piece: (bytes) => this.#piece(bytes),
        end: () => this.#end(),
      },
      SKELETON_BYTES_MAX,
    );
  }

  /**
   * Resolves when the sink wants more. To be awaited before the next call.
   *
   * @throws ScanError when the bytes can't become an answer.
   */
  write(chunk: Buffer): Promise<void> | undefined {
    this.#scanner.write(chunk);
    const steps = this.#steps;
    this.#steps = [];
    return this.#run(steps, 0);
  }

  /** What has been said before the picture that is passing. */
  peek(): unknown {
    return this.#scanner.peek();
  }

  /** @throws ScanError when the bytes so far are not one whole JSON value. */
  finish(): FedAnswer {
    return { skeleton: this.#scanner.finish(), filled: this.#filled };
  }

  #run(steps: readonly Step[], from: number): Promise<void> | undefined {
    for (const [index, step] of steps.entries()) {
      if (index < from) continue;
      if (step.kind === "begin") this.#sink.begin(step.served);
      else if (step.kind === "end") this.#sink.end();
      else {
        const wait = this.#sink.piece(step.bytes);
        if (wait !== undefined) return wait.then(() => this.#run(steps, index + 1));
      }
    }
    return undefined;
  }

  #piece(raw: Buffer): void {
    const bytes = this.#unescape(raw);
    if (bytes.length === 0) return;
    // Only now: an empty string is no picture.
    if (!this.#begun) this.#steps.push({ kind: "begin", served: this.#served() });
    this.#begun = true;
    this.#steps.push({ kind: "piece", bytes });
  }

  /** The model that the vendor named before its pictures, if it did. */
  #served(): { readonly model: string } | undefined {
    return servedSchema.safeParse(this.peek()).data;
  }

  #end(): void {
    if (this.#escaped) throw new ScanError("a picture ends inside an escape");
    this.#filled.push(this.#begun);
    if (this.#begun) this.#steps.push({ kind: "end" });
  }

  /** Some JSON writers put `\/` for `/`: the same string. Anything else escaped is not base64. */
  #unescape(raw: Buffer): Buffer {
    if (!this.#escaped && !raw.includes(BACKSLASH)) return raw;
    const bytes = Buffer.allocUnsafe(raw.length);
    let length = 0;
    for (const byte of raw) {
      if (!this.#escaped && byte === BACKSLASH) {
        this.#escaped = true;
        continue;
      }
      if (this.#escaped && byte !== SLASH) {
        throw new ScanError("a picture holds an escape that base64 has no use for");
      }
      this.#escaped = false;
      bytes[length] = byte;
      length += 1;
    }
    return bytes.subarray(0, length);
  }
}

const servedSchema = z.object({ model: z.string() });

function isDataPicture(path: JsonPath): boolean {
  return path.length === 3 && path[0] === "data" && path[1] === null && path[2] === "b64_json";
}
