/** Decodes base64 that comes in pieces, cut anywhere; never holds more than three characters back. */
export class Base64Pieces {
  #carried = "";

  /** The bytes that are whole by now. */
  decode(base64: Buffer): Buffer {
    const text = this.#carried + base64.toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#carried = text.slice(whole);
    return Buffer.from(text.slice(0, whole), "base64");
  }

  /** What is left when the picture has ended: one or two bytes where the padding was left out. */
  end(): Buffer {
    const left = this.#carried;
    this.#carried = "";
    return Buffer.from(left, "base64");
  }
}
