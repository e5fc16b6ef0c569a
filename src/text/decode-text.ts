/** Bytes that are no text in any encoding that was tried: says which and where. */
export class UnreadableText extends Error {
  override readonly name = "UnreadableText";
}

export type DecodedText = {
  readonly text: string;
  /** `utf-8`, `utf-16le`, `utf-16be`, or another one that was asked for. */
  readonly encoding: string;
};

/** Bytes looked at to tell UTF-16 without a byte order mark from everything else. */
const HEAD_BYTES = 4_096;

/**
 * Reads bytes as text: by their byte order mark, else as UTF-16 where every other byte of the beginning is
 * zero, else as UTF-8, else as the first fallback that fits without a fault. Nothing is replaced: a byte that
 * is none of the encoding's makes the whole text unreadable in it.
 *
 * @param encoding tried alone where it is given: a label of the WHATWG encoding standard, such as `gb18030`.
 * @throws UnreadableText naming the encodings and, for UTF-8, the first line that doesn't fit.
 */
export function decodeText(
  bytes: Uint8Array,
  of: { readonly encoding?: string | undefined; readonly fallbacks?: readonly string[] } = {},
): DecodedText {
  const tried = of.encoding === undefined ? candidates(bytes, of.fallbacks ?? []) : [of.encoding];
  for (const encoding of tried) {
    const text = decoded(bytes, encoding);
    if (text !== undefined) return { text, encoding: encoding.toLowerCase() };
  }
  const where = tried.includes("utf-8") ? `; line ${faultyLine(bytes)} is no UTF-8` : "";
  throw new UnreadableText(`not readable as ${tried.join(" or ")}${where}`);
}

function candidates(bytes: Uint8Array, fallbacks: readonly string[]): readonly string[] {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return ["utf-8"];
  const wide = wideEncodingOf(bytes);
  return wide === undefined ? ["utf-8", ...fallbacks] : [wide];
}

/** Which UTF-16 the beginning of a text is, by its byte order mark or its zeros; undefined for anything else. */
export function wideEncodingOf(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return zeroSide(bytes.subarray(0, HEAD_BYTES));
}

/** Latin text in UTF-16 has a zero in every second byte; no other text has any. */
function zeroSide(head: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const zeros = [0, 0];
  for (const [index, byte] of head.entries()) {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = zeros;
  const most = head.length / 4;
  if (odd > most && even < odd / 4) return "utf-16le";
  if (even > most && odd < even / 4) return "utf-16be";
  return undefined;
}

function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new UnreadableText(`${encoding}: no encoding of this name`, { cause });
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // it is another encoding, and the next one is tried
  }
}

/** The first line whose bytes are no UTF-8. */
function faultyLine(bytes: Uint8Array): number {
  let from = 0;
  for (let line = 1; from <= bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    if (decoded(bytes.subarray(from, to), "utf-8") === undefined) return line;
    from = to + 1;
  }
  return 1;
}
