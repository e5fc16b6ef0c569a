import { createHash } from "node:crypto";
import type { Reference } from "../gates/order.ts";
import { Refusal } from "../refusals.ts";
import {
  RestingBytes,
  type RestingQuota,
  RestingQuotaExceeded,
} from "../vendors/wire/resting-bytes.ts";
import { BODY_BYTES_MAX, PICTURE_BYTES_MAX } from "./limits.ts";
import { BrokenPicture } from "./measure/byte-window.ts";
import { type Measured, measure } from "./measure/measure.ts";
import { pictureFormats } from "./measure/measures.ts";

/** A picture on its way in: written from front to back, then measured. */
export type IncomingPicture = {
  /** What its part is called, for whoever sent it: `image[2]`. */
  readonly name: string;
  /**
   * Adds bytes; to be awaited before the next ones.
   *
   * @throws Refusal when they are too many, or no room is left for them.
   */
  readonly write: (bytes: Buffer) => Promise<void>;
  /**
   * The whole picture, measured. Its bytes can be read until the room is closed.
   *
   * @throws Refusal `invalid_image`
   */
  readonly reference: () => Promise<Reference>;
};

/** All pictures of one request: in memory while small, else in files without a name. Ends with its scope. */
export class PictureRoom implements Disposable {
  readonly #quota: RestingQuota | undefined;
  readonly #resting: RestingBytes[] = [];
  #bytes = 0;

  /** @param quota the share of the disk that they take from; the process's own unless a test brings another. */
  constructor(quota?: RestingQuota) {
    this.#quota = quota;
  }

  /** Makes place for one more. @param name what it is called in refusals. */
  begin(name: string): IncomingPicture {
    const resting = new RestingBytes(...(this.#quota === undefined ? [] : [this.#quota]));
    this.#resting.push(resting);
    const hash = createHash("sha256");
    return {
      name,
      write: async (bytes) => {
        this.#take(name, resting.length, bytes.length);
        hash.update(bytes);
        await append(resting, bytes);
      },
      reference: async () => referenceOf(name, resting, hash.digest("hex")),
    };
  }

  /** Takes in a picture that rests already, and gives it back with the others. */
  async adopt(name: string, resting: RestingBytes): Promise<Reference> {
    this.#resting.push(resting);
    this.#take(name, 0, resting.length);
    const hash = createHash("sha256");
    for await (const piece of resting.read()) hash.update(piece);
    return referenceOf(name, resting, hash.digest("hex"));
  }

  /** Gives memory, files and quota back. May be called twice. */
  [Symbol.dispose](): void {
    for (const resting of this.#resting) resting.dispose();
  }

  #take(name: string, before: number, bytes: number): void {
    if (before + bytes > PICTURE_BYTES_MAX) {
      const why = `${name}: larger than ${PICTURE_BYTES_MAX} bytes`;
      const details = { param: name, allowed: { bytesMax: PICTURE_BYTES_MAX } };
      throw new Refusal("body_too_large", why, details);
    }
    this.#bytes += bytes;
    if (this.#bytes > BODY_BYTES_MAX) {
      const why = `${name}: with it the pictures are larger than ${BODY_BYTES_MAX} bytes together`;
      const details = { param: name, allowed: { bytesTotalMax: BODY_BYTES_MAX } };
      throw new Refusal("body_too_large", why, details);
    }
  }
}

async function append(resting: RestingBytes, bytes: Buffer): Promise<void> {
  try {
    await resting.append(bytes);
  } catch (cause) {
    if (!(cause instanceof RestingQuotaExceeded)) throw cause;
    const why = "too many pictures are on their way through this gateway; nothing was spent";
    throw new Refusal("no_room", why, { retryAfterSeconds: 5, cause });
  }
}

async function referenceOf(
  name: string,
  resting: RestingBytes,
  sha256: string,
): Promise<Reference> {
  const measured = await measuredOrRefused(name, resting);
  return { ...measured, bytes: resting.length, sha256, read: () => resting.read() };
}

async function measuredOrRefused(name: string, resting: RestingBytes): Promise<Measured> {
  try {
    return await measure(resting);
  } catch (cause) {
    if (!(cause instanceof BrokenPicture)) throw cause;
    throw new Refusal("invalid_image", `${name}: ${cause.message}`, {
      param: name,
      allowed: { formats: pictureFormats },
      cause,
    });
  }
}
