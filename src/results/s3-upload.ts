import { createHash, type Hash } from "node:crypto";
import { escapeMarkup } from "../markup.ts";
import { RestingBytes } from "../vendors/wire/resting-bytes.ts";
import { type S3Body, type S3Bucket, valueIn } from "./s3-bucket.ts";

/** Above the 5 MiB that every part but the last must have. */
const PART_BYTES = 8 * 1024 * 1024;
/** So many full parts may wait on the disk before whoever writes waits too. */
const WAITING_PARTS_MAX = 4;

/**
 * Uploads an object whose length nobody knows yet: parts rest in nameless files until they are full, and go out
 * one by one; a small object goes out whole. It appears in the bucket when it is finished, never before.
 */
export class S3Upload {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #partBytes: number;
  #part = new RestingPart();
  #uploadId: Promise<string> | undefined;
  readonly #etags: string[] = [];
  #numbered = 0;
  #waiting = 0;
  #sending: Promise<void> = Promise.resolve();
  #failure: { readonly cause: unknown } | undefined;
  #over = false;

  constructor(bucket: S3Bucket, key: string, partBytes: number = PART_BYTES) {
    this.#bucket = bucket;
    this.#key = key;
    this.#partBytes = partBytes;
  }

  /** Adds bytes at the end. @throws what made an earlier part fail. */
  async append(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      this.#assertGood();
      const piece = bytes.subarray(at, at + this.#partBytes - this.#part.length);
      await this.#part.append(piece);
      at += piece.length;
      if (this.#part.length === this.#partBytes) this.#send();
    }
    if (this.#waiting > WAITING_PARTS_MAX) await this.#sending;
    this.#assertGood();
  }

  /** Makes the object appear. @throws when it can't: then nothing has appeared. */
  async finish(): Promise<void> {
    if (this.#uploadId === undefined) {
      await this.#bucket.askText({ method: "PUT", key: this.#key, body: this.#part.sealed() });
    } else {
      if (this.#part.length > 0) this.#send();
      await this.#sending;
      this.#assertGood();
      await this.#complete(await this.#uploadId);
    }
    this.#over = true;
    this.#part.dispose();
  }

  /** Leaves nothing in the store or on the disk. Harmless once it is finished. */
  async abort(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#failure ??= { cause: new Error("this upload was given up") };
    await this.#sending;
    this.#part.dispose();
    const uploadId = await this.#uploadId?.catch(() => undefined);
    if (uploadId === undefined) return;
    await this.#bucket.askText({ method: "DELETE", key: this.#key, query: { uploadId } });
  }

  /** The part that is full goes out after those before it. */
  #send(): void {
    const part = this.#part;
    this.#part = new RestingPart();
    this.#uploadId ??= this.#begin();
    this.#numbered += 1;
    this.#waiting += 1;
    const number = this.#numbered;
    this.#sending = this.#sending
      .then(() => (this.#failure === undefined ? this.#sendPart(part, number) : undefined))
      .catch((cause: unknown) => {
        this.#failure ??= { cause };
      })
      .finally(() => {
        this.#waiting -= 1;
        part.dispose();
      });
  }

  async #begin(): Promise<string> {
    const query = { uploads: "" };
    const { text } = await this.#bucket.askText({ method: "POST", key: this.#key, query });
    const uploadId = valueIn(text, "UploadId");
    if (uploadId === "") throw new Error("the object store named no upload");
    return uploadId;
  }

  async #sendPart(part: RestingPart, number: number): Promise<void> {
    const uploadId = await this.#uploadId;
    const { headers } = await this.#bucket.askText({
      method: "PUT",
      key: this.#key,
      query: { partNumber: String(number), uploadId: uploadId ?? "" },
      body: part.sealed(),
    });
    this.#etags.push(headers["etag"] ?? "");
  }

  async #complete(uploadId: string): Promise<void> {
    const parts = this.#etags.map(
      (etag, index) =>
        `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeMarkup(etag)}</ETag></Part>`,
    );
    const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const body = textBody(xml);
    const query = { uploadId };
    const { text } = await this.#bucket.askText({ method: "POST", key: this.#key, query, body });
    // A 200 may carry an error: the store began to answer before it knew.
    if (!text.includes("<CompleteMultipartUploadResult")) {
      throw new Error(
        `the object store could not put the parts together: ${valueIn(text, "Code")}`,
      );
    }
  }

  #assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

/** Bytes that rest until they go out, hashed as they come. */
class RestingPart {
  readonly #resting = new RestingBytes();
  readonly #hash: Hash = createHash("sha256");
  #sha256: string | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  async append(bytes: Buffer): Promise<void> {
    this.#length += bytes.length;
    this.#hash.update(bytes);
    await this.#resting.append(bytes);
  }

  sealed(): S3Body {
    this.#sha256 ??= this.#hash.digest("hex");
    const resting = this.#resting;
    return { length: this.#length, sha256: this.#sha256, read: () => resting.read() };
  }

  dispose(): void {
    this.#resting.dispose();
  }
}

/** A short text as a body. */
export function textBody(text: string): S3Body {
  const bytes = Buffer.from(text, "utf8");
  return {
    length: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    read: async function* () {
      yield bytes;
    },
  };
}
