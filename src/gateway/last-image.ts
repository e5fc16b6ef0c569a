import type { ImageSink } from "../vendors/port.ts";
import { RestingBytes } from "../vendors/wire/resting-bytes.ts";

/**
 * Lets only the last image through: some vendors send interim drafts as ordinary images and never say
 * which one is final. Each image is kept back until the next begins or the answer ends.
 */
export class LastImage implements ImageSink {
  readonly #sink: ImageSink;
  #kept: RestingBytes | undefined;

  constructor(sink: ImageSink) {
    this.#sink = sink;
  }

  begin(): void {
    this.#kept?.dispose();
    this.#kept = new RestingBytes();
  }

  piece(base64: Buffer): Promise<void> | undefined {
    return this.#kept?.append(base64);
  }

  end(): void {
    // Whether this image was the last one is known at the next `begin` or at `release`.
  }

  /** Passes the kept image on. Called once, when the vendor's answer was whole and good. */
  async release(): Promise<void> {
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#sink.begin();
    for await (const piece of kept.read()) await this.#sink.piece(piece);
    this.#sink.end();
    this.discard();
  }

  /** Gives the kept image's room back. */
  discard(): void {
    this.#kept?.dispose();
    this.#kept = undefined;
  }
}
