import { Refusal } from "../refusals.ts";
import { Base64Decoder, NotBase64 } from "./base64.ts";
import { BadEscape, JsonUnescaper } from "./json-text.ts";
import { DATA_URL_CHARACTERS_MAX, URL_CHARACTERS_MAX } from "./limits.ts";
import type { IncomingPicture, PictureRoom } from "./picture.ts";

/** What a string that stands for a picture may be: a URL (`data:`, https or http), or bare base64. */
export type TextKind = "url" | "base64";

/** What such a string came to. */
export type TextPicture =
  | { readonly kind: "picture"; readonly picture: IncomingPicture }
  | { readonly kind: "url"; readonly name: string; readonly url: string };

/** `data:image/png;base64` and its like; what type it names doesn't count, the bytes do. */
const DATA_HEAD = /^data:[^,]*;base64$/i;
const DATA_SCHEME = /^data:/i;
const COMMA = 0x2c;
const FORMS = ["data:image/png;base64,…", "https://…", "http://…"];

/**
 * Reads one JSON string that stands for a picture, piece by piece: what is base64 goes to the room as it
 * comes, a URL to be fetched is collected. Nothing is ever held whole but that URL.
 */
export class PictureText {
  readonly #name: string;
  readonly #room: PictureRoom;
  readonly #unescaper = new JsonUnescaper();
  readonly #decoder = new Base64Decoder();
  #picture: IncomingPicture | undefined;
  #head: Buffer = Buffer.alloc(0);
  #characters = 0;

  /** @param name what the picture is called in refusals. */
  constructor(name: string, kind: TextKind, room: PictureRoom) {
    this.#name = name;
    this.#room = room;
    if (kind === "base64") this.#picture = room.begin(name);
  }

  /**
   * Takes bytes as they stand between the quotes. To be awaited before the next ones.
   *
   * @throws Refusal `invalid_image` or `body_too_large`, also as a rejection.
   */
  async piece(raw: Buffer): Promise<void> {
    await this.#take(this.#checked(() => this.#unescaper.unescape(raw)));
  }

  /** @throws Refusal `invalid_image` */
  end(): TextPicture {
    const picture = this.#picture;
    if (picture === undefined) return { kind: "url", name: this.#name, url: this.#url() };
    this.#checked(() => this.#decoder.finish());
    return { kind: "picture", picture };
  }

  async #take(bytes: Buffer): Promise<void> {
    this.#characters += bytes.length;
    if (this.#characters > DATA_URL_CHARACTERS_MAX) {
      const why = `${this.#name}: longer than ${DATA_URL_CHARACTERS_MAX} characters; larger pictures go into a form (multipart/form-data)`;
      const details = { param: this.#name, allowed: { charactersMax: DATA_URL_CHARACTERS_MAX } };
      throw new Refusal("body_too_large", why, details);
    }
    const base64 = this.#picture === undefined ? this.#takeHead(bytes) : bytes;
    if (base64 === undefined || this.#picture === undefined) return;
    const decoded = this.#checked(() => this.#decoder.decode(base64));
    if (decoded.length > 0) await this.#picture.write(decoded);
  }

  /** Collects up to the comma of a data URL; returns what stands behind it. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const before = this.#head.length;
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, URL_CHARACTERS_MAX + 1 - before)]);
    const comma = this.#head.indexOf(COMMA);
    const isData = DATA_SCHEME.test(this.#head.toString("latin1", 0, 5));
    if (isData && comma !== -1) {
      if (!DATA_HEAD.test(this.#head.toString("latin1", 0, comma))) {
        throw this.#invalid("a data URL must be base64: data:image/png;base64,…");
      }
      this.#picture = this.#room.begin(this.#name);
      return bytes.subarray(comma + 1 - before);
    }
    if (this.#head.length > URL_CHARACTERS_MAX) {
      throw this.#invalid(
        `neither a data URL nor a URL of at most ${URL_CHARACTERS_MAX} characters`,
      );
    }
    return undefined;
  }

  #url(): string {
    const text = this.#checked(() => new TextDecoder("utf-8", { fatal: true }).decode(this.#head));
    // What a URL reader would strip or guess is refused: the URL that is fetched is the one that was sent.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    if (!/^https?:\/\/[^\s\x00-\x20\x7f\\]+$/i.test(text) || !URL.canParse(text)) {
      throw this.#invalid("neither a data URL nor an https or http URL");
    }
    return text;
  }

  #checked<T>(step: () => T): T {
    try {
      return step();
    } catch (cause) {
      const isOurs = cause instanceof NotBase64 || cause instanceof BadEscape;
      if (isOurs) throw this.#invalid(`not base64 or a URL: ${cause.message}`);
      if (cause instanceof TypeError) throw this.#invalid("a URL must be UTF-8");
      throw cause;
    }
  }

  #invalid(why: string): Refusal {
    const details = { param: this.#name, allowed: FORMS };
    return new Refusal("invalid_image", `${this.#name}: ${why}`, details);
  }
}
