import type { ImageFacts } from "../ledger/port.ts";
import type { ResultWriter } from "../results/port.ts";
import type { ImageSink } from "../vendors/port.ts";
import type { ClientStream } from "./client-stream.ts";
import { type AskedOfImage, ImageInspector } from "./image-facts.ts";

/** So much of the first image must be there before a status line leaves (DESIGN §10). */
const COMMIT_BYTES = 65_536;

/** How a surface writes pictures around their base64. */
export type Envelope = {
  /**
   * What stands before the base64 of image `index` (0-based): the answer's opening, or what is left to say of
   * the image before it.
   */
  readonly before: (index: number, previous: ImageFacts | undefined) => string;
  /** What follows the base64 of image `index` while more may come. */
  readonly after: (index: number, facts: ImageFacts) => string;
  /** `after` closes what `before` opened: other things may be said then. */
  readonly closes?: true;
  /** Around an interim picture, where the surface has such. */
  readonly draft?: {
    readonly before: string;
    readonly after: (index: number, facts: ImageFacts) => string;
  };
};

/** Who reads an answer. */
export type Reader = Pick<ClientStream, "gone" | "head" | "write" | "end">;

/**
 * The answer to one client while its pictures stream through: holds everything back until the commit
 * point, then passes it on as it comes. Up to the commit point every failure can still be a proper error.
 */
export class Answer implements ImageSink {
  readonly #client: Reader;
  readonly #envelope: Envelope;
  readonly #foreseen: (servedModel: string | null) => Readonly<Record<string, string>>;
  #headers: Readonly<Record<string, string>>;
  readonly #asked: AskedOfImage;
  readonly #images: ImageFacts[] = [];
  #inspector: ImageInspector | undefined;
  /** The number of the interim picture that is passing. */
  #draft: number | undefined;
  /** Nothing that was begun is open: other things may be said in between. */
  #between = true;
  #waiting: { readonly bytes: Buffer; readonly isDraft: boolean }[] = [];
  #waitingBytes = 0;
  #committed = false;
  #copy: Pick<ResultWriter, "write"> | undefined;

  constructor(
    client: Reader,
    options: {
      readonly envelope: Envelope;
      /** Headers of a success, as far as they are known before it. */
      readonly headers: Readonly<Record<string, string>>;
      readonly asked: AskedOfImage;
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

  /** Whether a status line has left and nothing that was begun is open. */
  get between(): boolean {
    return this.#committed && this.#between;
  }

  begin(served?: { readonly model: string | null }, draft?: number): void {
    if (served !== undefined && !this.#committed) {
      this.#headers = { ...this.#headers, ...this.#foreseen(served.model) };
    }
    this.#inspector = new ImageInspector();
    this.#draft = draft;
    this.#between = false;
    void this.#say(this.#opening(draft));
  }

  #opening(draft: number | undefined): string {
    if (draft === undefined) return this.#envelope.before(this.#images.length, this.#images.at(-1));
    if (this.#envelope.draft === undefined) throw new Error("this surface has no interim pictures");
    return this.#envelope.draft.before;
  }

  piece(base64: Buffer): Promise<void> | undefined {
    this.#inspector?.piece(base64);
    return this.#pass(base64);
  }

  end(): void {
    if (this.#inspector === undefined) throw new Error("an image ended that had not begun");
    const facts = this.#inspector.facts(this.#asked);
    this.#inspector = undefined;
    if (this.#draft === undefined) {
      const { after, closes = false } = this.#envelope;
      const said = after(this.#images.length, facts);
      this.#images.push(facts);
      void this.#say(said);
      this.#between = closes;
    } else {
      void this.#say(this.#envelope.draft?.after(this.#draft, facts) ?? "");
      this.#between = true;
    }
  }

  #say(text: string): Promise<void> | undefined {
    return this.#pass(Buffer.from(text, "utf8"));
  }

  /** From its first byte on the answer goes there too. Not after a status line has left. */
  copyTo(copy: Pick<ResultWriter, "write">): void {
    if (this.#committed) throw new Error("the beginning of this answer is gone");
    this.#copy = copy;
    const passed = Buffer.concat(
      this.#waiting.flatMap(({ bytes, isDraft }) => (isDraft ? [] : [bytes])),
    );
    if (passed.length > 0) void copy.write(passed);
  }

  /** Ends the answer well. Called after the settlement is durable, never before. */
  finish(tail: Buffer, moreHeaders: Readonly<Record<string, string>>): void {
    // Nothing has left and nobody is there: what waits may still be kept for whoever asks again.
    if (this.#client.gone) return;
    if (!this.#committed) void this.#commit(moreHeaders);
    this.#client.end(tail);
  }

  #pass(bytes: Buffer): Promise<void> | undefined {
    // Whoever asks again is given the end of a stream only (MONEY §7).
    const copied = this.#draft === undefined ? this.#copy?.write(bytes) : undefined;
    const passed = this.#forward(bytes);
    return copied === undefined || passed === undefined
      ? (copied ?? passed)
      : Promise.all([copied, passed]).then(() => undefined);
  }

  #forward(bytes: Buffer): Promise<void> | undefined {
    if (this.#committed) return this.#client.write(bytes);
    // The copy has it all, and nobody else will read it.
    if (this.#client.gone && this.#copy !== undefined) return undefined;
    this.#waiting.push({ bytes, isDraft: this.#draft !== undefined });
    this.#waitingBytes += bytes.length;
    return this.#waitingBytes < COMMIT_BYTES ? undefined : this.#commit({});
  }

  #commit(moreHeaders: Readonly<Record<string, string>>): Promise<void> | undefined {
    this.#committed = true;
    this.#client.head(200, { ...this.#headers, ...moreHeaders });
    const waiting = Buffer.concat(this.#waiting.map(({ bytes }) => bytes));
    this.#waiting = [];
    return this.#client.write(waiting);
  }
}
