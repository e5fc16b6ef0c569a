import { createHmac, timingSafeEqual } from "node:crypto";
import type { ImageFacts } from "../ledger/port.ts";
import { Refusal } from "../refusals.ts";
import { pictureType } from "./picture-type.ts";

/** One kept picture, as a URL names it. */
export type PictureName = {
  readonly receiptId: string;
  /** From 0. */
  readonly index: number;
  readonly ext: string;
};

/** Where kept pictures are served. */
const PATH = /^\/v1\/results\/(rcpt_[0-9a-z]{26})\/(0|[1-9]\d{0,3})\.([a-z]{3,4})$/;
export const PICTURES_PATH = "/v1/results/";

/** The picture that a path names; undefined for any other path. */
export function pictureAt(path: string): PictureName | undefined {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const [, receiptId = "", index = "", ext = ""] = match;
  return { receiptId, index: Number(index), ext };
}

/** Signed, expiring URLs on our own host: who has one may fetch its picture, without a key. */
export class PictureUrls {
  readonly #base: string;
  readonly #secret: string;
  readonly #lifetimeSeconds: number;
  readonly #now: () => number;

  constructor(options: {
    /** How clients reach this gateway, without a slash at its end. */
    readonly base: string;
    /** Shared by all gateways that serve the same pictures. */
    readonly secret: string;
    readonly lifetimeSeconds: number;
    /** Milliseconds since 1970. */
    readonly now?: () => number;
  }) {
    this.#base = options.base;
    this.#secret = options.secret;
    this.#lifetimeSeconds = options.lifetimeSeconds;
    this.#now = options.now ?? Date.now;
  }

  /** The URL of a picture that has been kept, good from now on. */
  urlOf(receiptId: string, index: number, { format }: Pick<ImageFacts, "format">): string {
    const name = { receiptId, index, ext: pictureType(format).ext };
    const expires = Math.floor(this.#now() / 1_000) + this.#lifetimeSeconds;
    const signature = this.#sign(name, String(expires)).toString("base64url");
    return `${this.#base}${pathOf(name)}?expires=${expires}&signature=${signature}`;
  }

  /** @throws Refusal for a URL that isn't ours as it stands, or is ours no longer. */
  check(name: PictureName, query: URLSearchParams): void {
    const expires = query.get("expires") ?? "";
    const given = Buffer.from(query.get("signature") ?? "", "base64url");
    const right = this.#sign(name, expires);
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      const why = "this URL's signature is missing or wrong: take it as the answer gave it";
      throw new Refusal("invalid_signature", why, { param: "signature" });
    }
    if (this.#now() >= Number(expires) * 1_000) {
      const when = new Date(Number(expires) * 1_000).toISOString();
      throw new Refusal("url_expired", `this URL was good until ${when}`, {
        param: "expires",
        sent: expires,
        receiptId: name.receiptId,
      });
    }
  }

  #sign(name: PictureName, expires: string): Buffer {
    return createHmac("sha256", this.#secret)
      .update(`${pathOf(name)}\n${expires}`)
      .digest();
  }
}

function pathOf({ receiptId, index, ext }: PictureName): string {
  return `${PICTURES_PATH}${receiptId}/${index}.${ext}`;
}
