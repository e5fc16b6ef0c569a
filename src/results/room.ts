/** An answer doesn't fit beside those that are kept already. */
export class NoRoom extends Error {
  override readonly name = "NoRoom";
}

/** How much the kept answers take up, by span of time, against what they may. */
export class Room {
  readonly #bytesMax: number;
  readonly #bytesIn = new Map<string, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is taken up in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What may still be taken up. */
  get left(): number {
    return this.#bytesMax - this.#bytes;
  }

  /** @throws NoRoom when it doesn't fit; nothing is taken then. */
  take(span: string, bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new NoRoom(`${bytes} more bytes do not fit beside ${this.#bytes} of ${this.#bytesMax}`);
    }
    this.found(span, bytes);
  }

  /** Counts what is there already, whether it fits or not. */
  found(span: string, bytes: number): void {
    this.#bytes += bytes;
    this.#bytesIn.set(span, (this.#bytesIn.get(span) ?? 0) + bytes);
  }

  give(span: string, bytes: number): void {
    this.found(span, -bytes);
  }

  /** All of the spans before this one are gone. */
  forgetBefore(first: string): void {
    for (const [span, bytes] of this.#bytesIn) {
      if (span >= first) continue;
      this.#bytes -= bytes;
      this.#bytesIn.delete(span);
    }
  }
}
