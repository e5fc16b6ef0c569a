import { ScanError } from "../wire/scan-json.ts";

const BACKSLASH = 0x5c;

/**
 * Base64 out of a JSON string. A serializer may write `=`, `+` and `/` as escapes (`\u003d`, `\/`), which
 * is the same JSON and no base64: they are undone here, so that everything behind the sink may count on
 * base64. Without a backslash, the common case, bytes pass untouched.
 */
export class PictureText {
  #held = "";

  /** @throws ScanError on an escape that stands for no base64 character. */
  plain(bytes: Buffer): Buffer {
    if (this.#held === "" && !bytes.includes(BACKSLASH)) return bytes;
    const text = this.#held + bytes.toString("latin1");
    this.#held = /\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text)?.[0] ?? "";
    const whole = text.slice(0, text.length - this.#held.length);
    return Buffer.from(whole.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, plainCharacter), "latin1");
  }

  /** @throws ScanError when the string ended inside an escape. */
  finish(): void {
    if (this.#held !== "") throw new ScanError("a picture ends inside an escape");
  }
}

function plainCharacter(
  escaped: string,
  hex: string | undefined,
  character: string | undefined,
): string {
  const plain =
    hex === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(hex, 16));
  if (/^[A-Za-z0-9+/=]$/.test(plain) && (hex !== undefined || plain === "/")) return plain;
  throw new ScanError(`a picture holds the escape ${JSON.stringify(escaped)}`);
}
