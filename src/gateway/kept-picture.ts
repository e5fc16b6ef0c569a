import { createHash, type Hash } from "node:crypto";
import type { ImageFacts } from "../ledger/port.ts";
import type { OutputBytes } from "../outputs/port.ts";
import type { ResultWriter } from "../results/port.ts";
import { RestingBytes } from "../vendors/wire/resting-bytes.ts";
import { Base64Pieces } from "./base64-pieces.ts";
import { pictureType } from "./picture-type.ts";

/** One picture on its way into a store: its own bytes, out of the base64 as it passes. */
export class KeptPicture {
  readonly #pieces = new Base64Pieces();
  readonly #hash: Hash = createHash("sha256");
  readonly #writer: ResultWriter | undefined;
  readonly #resting: RestingBytes | undefined;
  #sha256: string | undefined;
  #length = 0;
  #restingFailed = false;

  constructor(to: {
    /** Where it is kept to be fetched by its URL. */
    readonly writer: ResultWriter | undefined;
    /** Whether it is to be an output. */
    readonly rests: boolean;
  }) {
    this.#writer = to.writer;
    this.#resting = to.rests ? new RestingBytes() : undefined;
  }

  /** A promise asks whoever writes to wait. */
  piece(base64: Buffer): Promise<unknown> | undefined {
    return this.#take(this.#pieces.decode(base64));
  }

  /** The picture has ended; lower-case hex. */
  end(): string {
    void this.#take(this.#pieces.end());
    this.#sha256 = this.#hash.digest("hex");
    return this.#sha256;
  }

  /** Whether it lies in the store of results now, where it was to lie there. */
  async seal({ format }: ImageFacts): Promise<boolean> {
    if (this.#writer === undefined) return true;
    const headers = {
      "content-type": pictureType(format).contentType,
      etag: `"${this.#sha256 ?? ""}"`,
    };
    return this.#writer.seal({ status: 200, headers }, Buffer.alloc(0));
  }

  /** Its bytes, for the store of outputs; undefined when they found no room to rest in. */
  async output(): Promise<OutputBytes | undefined> {
    const resting = this.#resting;
    const sha256 = this.#sha256;
    if (resting === undefined || sha256 === undefined) return undefined;
    // Resolves after every append before it.
    await resting.append(Buffer.alloc(0)).catch(() => undefined);
    if (this.#restingFailed) return undefined;
    return { length: this.#length, sha256, read: () => resting.read() };
  }

  /** Gives disk and memory back; what is sealed stays. */
  async discard(): Promise<void> {
    this.#resting?.dispose();
    await this.#writer?.discard();
  }

  #take(bytes: Buffer): Promise<unknown> | undefined {
    this.#hash.update(bytes);
    this.#length += bytes.length;
    const written = this.#writer?.write(bytes);
    const rested = this.#resting?.append(bytes).catch(() => {
      this.#restingFailed = true;
    });
    return written === undefined && rested === undefined
      ? undefined
      : Promise.all([written, rested]);
  }
}
