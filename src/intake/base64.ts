/** Why a text is no base64, in words that name no character of it. */
export class NotBase64 extends Error {
  override readonly name = "NotBase64";
}

/** The standard alphabet; padding only at the end. */
const FORM = /^[A-Za-z0-9+/]*={0,2}$/;
const GROUP = 4;

/**
 * Decodes base64 piece by piece, strictly: the standard alphabet, padded, no line breaks, nothing behind the
 * padding. What Node itself would skip or guess is refused, because a picture that arrives changed is another one.
 */
export class Base64Decoder {
  /** Up to three characters of a group that isn't whole yet. */
  #left = "";
  #padded = false;

  /**
   * The bytes of what is whole so far and wasn't given out before.
   *
   * @throws NotBase64
   */
  decode(piece: Buffer): Buffer {
    if (piece.length === 0) return Buffer.alloc(0);
    if (this.#padded) throw new NotBase64("something stands behind its padding");
    const text = this.#left + piece.toString("latin1");
    if (!FORM.test(text)) {
      throw new NotBase64("it holds other characters than A–Z a–z 0–9 + / and = at its end");
    }
    const whole = text.length - (text.length % GROUP);
    this.#left = text.slice(whole);
    const decoded = text.slice(0, whole);
    if (decoded.endsWith("=")) {
      this.#padded = true;
      if (this.#left !== "") throw new NotBase64("something stands behind its padding");
    }
    return Buffer.from(decoded, "base64");
  }

  /** @throws NotBase64 when the end is missing. */
  finish(): void {
    if (this.#left !== "") {
      throw new NotBase64(
        "its length is no multiple of four: it is cut off, or its padding is missing",
      );
    }
  }
}
