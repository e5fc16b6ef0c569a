import type { ImageFacts } from "../ledger/port.ts";
import type { ImageSink } from "../vendors/port.ts";
import type { ClientStream } from "./client-stream.ts";
import { ImageInspector } from "./image-facts.ts";

/** So much of the first image must be there before a status line leaves (DESIGN §10). */
const COMMIT_BYTES = 65_536;

/** How a surface writes pictures around their base64. */
export type Envelope = {
  /** What stands before the base64 of image `index` (0-based), the answer's opening included. */
  readonly before: (index: number) => string;
  /** What follows an image's base64 while more may come. */
  readonly after: string;
};

/**
 * The answer to one client while its pictures stream through: holds everything back until the commit
 * point, then passes it on as it comes. Up to the commit point every failure can still be a proper error.
 */
export class Answer implements ImageSink {
  readonly #client: ClientStream;
  readonly #envelope: Envelope;
  readonly #foreseen: (servedModel: string | null) => Readonly<Record<string, string>>;
  #headers: Readonly<Record<string, string>>;
  readonly #asked: { readonly width: number; readonly height: number } | undefined;
  readonly #images: ImageFacts[] = [];
  #inspector: ImageInspector | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #committed = false;

  constructor(
    client: ClientStream,
    options: {
      readonly envelope: Envelope;
      /** Headers of a success, as far as they are known before it. */
      readonly headers: Readonly<Record<string, string>>;
      /** Exact pixels that were ordered, if any were. */
      readonly asked: { readonly width: number; readonly height: number } | undefined;
      /** Headers that follow from the model that the vendor says it ran (null: it names none). */
      readonly foreseen: (servedModel: string | null) => Readonly<Record<string, string>>;
    },
  ) {
    this.#client = client;
    this.#envelope = options.envelope;
    this.#headers = options.headers;
    this.#asked = options.asked;
    this.#foreseen = options.foreseen;
  }

  /** The images that have passed whole. */
  get images(): readonly ImageFacts[] {
    return this.#images;
  }

  /** Whether a status line has left: from then on a failure can only break the answer off. */
  get committed(): boolean {
    return this.#committed;
  }

  begin(served?: { readonly model: string | null }): void {
    if (served !== undefined && !this.#committed) {
      this.#headers = { ...this.#headers, ...this.#foreseen(served.model) };
    }
    this.#inspector = new ImageInspector();
    void this.#pass(Buffer.from(this.#envelope.before(this.#images.length), "utf8"));
  }

  piece(base64: Buffer): Promise<void> | undefined {
    this.#inspector?.piece(base64);
    return this.#pass(base64);
  }

  end(): void {
    if (this.#inspector === undefined) throw new Error("an image ended that had not begun");
    this.#images.push(this.#inspector.facts(this.#asked));
    this.#inspector = undefined;
    void this.#pass(Buffer.from(this.#envelope.after, "utf8"));
  }

  /** Ends the answer well. Called after the settlement is durable, never before. */
  finish(tail: string, moreHeaders: Readonly<Record<string, string>>): void {
    if (!this.#committed) void this.#commit(moreHeaders);
    this.#client.end(Buffer.from(tail, "utf8"));
  }

  #pass(bytes: Buffer): Promise<void> | undefined {
    if (this.#committed) return this.#client.write(bytes);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    return this.#waitingBytes < COMMIT_BYTES ? undefined : this.#commit({});
  }

  #commit(moreHeaders: Readonly<Record<string, string>>): Promise<void> | undefined {
    this.#committed = true;
    this.#client.head(200, { ...this.#headers, ...moreHeaders });
    const waiting = Buffer.concat(this.#waiting);
    this.#waiting = [];
    return this.#client.write(waiting);
  }
}
