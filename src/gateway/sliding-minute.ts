/** How long a sending counts, in milliseconds. */
const MINUTE_MS = 60_000;

/**
 * Images sent over one connection. Each counts for the 60,000 ms that begin with its sending, so that what is
 * counted at any instant is exactly what left in the 60 s up to it. Told the time, it reads no clock.
 */
export class SlidingMinute {
  #sent: { readonly atMs: number; readonly images: number }[] = [];
  /** How many at the front of `#sent` have passed; cut off now and then, not each time. */
  #passed = 0;
  #images = 0;

  /** Images that left in the minute up to now. Time never runs backwards. */
  imagesAt(nowMs: number): number {
    let oldest = this.#sent[this.#passed];
    while (oldest !== undefined && oldest.atMs + MINUTE_MS <= nowMs) {
      this.#images -= oldest.images;
      this.#passed += 1;
      oldest = this.#sent[this.#passed];
    }
    if (this.#passed * 2 > this.#sent.length) {
      this.#sent = this.#sent.slice(this.#passed);
      this.#passed = 0;
    }
    return this.#images;
  }

  send(images: number, nowMs: number): void {
    this.#sent.push({ atMs: nowMs, images });
    this.#images += images;
  }

  /** When the oldest sending that still counts stops to, later than now; undefined when nothing counts. */
  nextPassingMs(nowMs: number): number | undefined {
    this.imagesAt(nowMs);
    const oldest = this.#sent[this.#passed];
    return oldest === undefined ? undefined : oldest.atMs + MINUTE_MS;
  }
}
