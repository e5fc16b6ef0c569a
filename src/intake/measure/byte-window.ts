/** Bytes that can be read from any place on, as often as needed: `RestingBytes`, for one. */
export type PictureBytes = {
  readonly length: number;
  read(from?: number): AsyncIterable<Buffer>;
};

/** Why a file is no whole picture: words for its sender. */
export class BrokenPicture extends Error {
  override readonly name = "BrokenPicture";
}

/** Looks at bytes here and there, loading a stretch at a time, so that memory stays small whatever the file. */
export class ByteWindow {
  readonly #source: PictureBytes;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: PictureBytes) {
    this.#source = source;
  }

  get length(): number {
    return this.#source.length;
  }

  /**
   * So many bytes from a place on. @param count at most 128 KiB.
   *
   * @throws BrokenPicture when the file ends before.
   */
  async bytes(at: number, count: number): Promise<Buffer> {
    if (at + count > this.length) throw new BrokenPicture("it is cut off");
    if (at < this.#start || at + count > this.#start + this.#bytes.length) await this.#load(at);
    return this.#bytes.subarray(at - this.#start, at - this.#start + count);
  }

  /** Where these bytes stand next, from a place on; undefined when they don't any more. */
  async find(bytes: Buffer, from: number): Promise<number | undefined> {
    let at = from;
    while (at + bytes.length <= this.length) {
      await this.#load(at);
      const found = this.#bytes.indexOf(bytes);
      if (found !== -1) return at + found;
      at += Math.max(1, this.#bytes.length - bytes.length + 1);
    }
    return undefined;
  }

  async #load(at: number): Promise<void> {
    for await (const piece of this.#source.read(at)) {
      this.#start = at;
      this.#bytes = piece;
      return;
    }
    throw new Error(`nothing to read at ${at} of ${this.length} bytes`);
  }
}
