/**
 * Base64 without line breaks of bytes that come in pieces, cut anywhere. Three bytes are four characters: what is
 * left of a piece waits for the next one.
 */
export async function* base64Of(
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
    const whole = bytes.length - (bytes.length % 3);
    // A copy: the reader may fill the same buffer again.
    held = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
  }
  if (held.length > 0) yield Buffer.from(held.toString("base64"), "latin1");
}
