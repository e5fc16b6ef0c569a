import { UnreadableText, wideEncodingOf } from "./decode-text.ts";

/** Bytes that are looked at before an encoding is decided on. */
const HEAD_BYTES = 4_096;
const LINE_FEED = 0x0a;

/**
 * Reads bytes as text while they stream by: by their byte order mark, else as UTF-16 where every other byte of
 * the beginning is zero, else as UTF-8. Nothing is replaced.
 *
 * @param of.encoding taken as it is where it is given: a label of the WHATWG encoding standard.
 * @throws UnreadableText naming the encoding and the line that doesn't fit it.
 */
export async function* decodeStream(
  pieces: AsyncIterable<Uint8Array>,
  of: { readonly encoding?: string | undefined } = {},
): AsyncGenerator<string, void, undefined> {
  let decoder: StrictDecoder | undefined;
  for await (const piece of withHead(pieces)) {
    decoder ??= new StrictDecoder(of.encoding ?? wideEncodingOf(piece) ?? "utf-8");
    yield decoder.push(piece);
  }
  const rest = decoder?.end() ?? "";
  if (rest !== "") yield rest;
}

/** The same bytes, the first piece of them long enough to tell the encoding. */
async function* withHead(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const piece of pieces) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD_BYTES) continue;
    yield head;
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield head;
}

class StrictDecoder {
  readonly #encoding: string;
  readonly #decoder: TextDecoder;
  #line = 1;

  constructor(encoding: string) {
    this.#encoding = encoding;
    try {
      this.#decoder = new TextDecoder(encoding, { fatal: true });
    } catch (cause) {
      throw new UnreadableText(`${encoding}: no encoding of this name`, { cause });
    }
  }

  push(piece: Uint8Array): string {
    const text = this.#decode(piece, true);
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#line += 1;
    return text;
  }

  end(): string {
    return this.#decode(new Uint8Array(), false);
  }

  #decode(piece: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(piece, { stream });
    } catch (cause) {
      const line = this.#line + linesBeforeFault(piece, this.#encoding);
      const remedy = "save it as UTF-8, or name its encoding";
      throw new UnreadableText(`line ${line} is no ${this.#encoding}: ${remedy}`, { cause });
    }
  }
}

/** Whole lines of a piece before the first one that isn't the encoding's. The first may begin in the piece before. */
function linesBeforeFault(piece: Uint8Array, encoding: string): number {
  let lines = 0;
  let from = piece.indexOf(LINE_FEED) + 1;
  if (from === 0) return 0;
  for (;;) {
    const end = piece.indexOf(LINE_FEED, from);
    lines += 1;
    const line = piece.subarray(from, end === -1 ? piece.length : end);
    if (end === -1 || !isWhole(line, encoding)) return lines;
    from = end + 1;
  }
}

function isWhole(line: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(line);
    return true;
  } catch {
    return false;
  }
}
