/** A JSON string that can't be a URL or base64. */
export class BadEscape extends Error {
  override readonly name = "BadEscape";
}

const BACKSLASH = 0x5c;
/** What stands behind a backslash, beside `u`, that a URL or base64 has a use for. */
const PLAIN_ESCAPES = new Set(['"', "\\", "/"]);
const UNICODE_ESCAPE_LENGTH = 5;

/**
 * Undoes JSON's escapes piece by piece. Some writers put `\/` for `/`, others `\u002B` for `+` and `\u0026`
 * for `&`: the same string. Escapes of control characters and of halves of surrogate pairs are refused:
 * neither base64 nor a URL holds any.
 */
export class JsonUnescaper {
  /** An escape that isn't whole yet, without its backslash. */
  #escape: string | undefined;

  /** @throws BadEscape */
  unescape(raw: Buffer): Buffer {
    if (this.#escape === undefined && !raw.includes(BACKSLASH)) return raw;
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < raw.length) {
      if (this.#escape === undefined) {
        const found = raw.indexOf(BACKSLASH, at);
        const end = found === -1 ? raw.length : found;
        pieces.push(raw.subarray(at, end));
        if (found !== -1) this.#escape = "";
        at = end + 1;
      } else {
        this.#escape += String.fromCharCode(raw.readUInt8(at));
        at += 1;
        const character = escaped(this.#escape);
        if (character === undefined) continue;
        pieces.push(Buffer.from(character, "utf8"));
        this.#escape = undefined;
      }
    }
    return Buffer.concat(pieces);
  }
}

/** The character that an escape stands for; undefined while it isn't whole. */
function escaped(sequence: string): string | undefined {
  if (PLAIN_ESCAPES.has(sequence)) return sequence;
  if (!/^u[0-9a-fA-F]{0,4}$/.test(sequence))
    throw new BadEscape("it holds an escape of no use in it");
  if (sequence.length < UNICODE_ESCAPE_LENGTH) return undefined;
  const unit = Number.parseInt(sequence.slice(1), 16);
  if (unit < 0x20 || (unit >= 0xd800 && unit <= 0xdfff)) {
    throw new BadEscape("it holds an escape of no use in it");
  }
  return String.fromCharCode(unit);
}
