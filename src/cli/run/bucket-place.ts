import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import type { S3Settings } from "../../results/s3-bucket.ts";
import { S3Bucket, valuesIn } from "../../results/s3-bucket.ts";
import { textBody } from "../../results/s3-upload.ts";
import { Misuse } from "../failures.ts";
import {
  assertNothingThere,
  assertWhole,
  BadDownload,
  notWritten,
  type RunPlace,
} from "./place.ts";

const PROBE = ".probe";
/** A list in a bucket is put there whole each time: seldom enough. */
const REWRITE_MS = 20_000;

/**
 * A prefix of a bucket. An object appears when all of it is there. Nobody else is kept from writing there: one follower
 * at a time is the owner's affair.
 *
 * @throws Misuse when nothing can be written there.
 */
export async function openBucketPlace(
  place: { readonly bucket: string; readonly prefix: string; readonly text: string },
  settings: S3Settings,
  { fresh }: { readonly fresh: boolean },
): Promise<RunPlace> {
  const bucket = new S3Bucket(settings, place.bucket);
  const keyOf = (name: string): string => `${place.prefix}${name}`;
  const put = async (name: string, whole: string): Promise<void> => {
    await bucket.askText({ method: "PUT", key: keyOf(name), body: textBody(whole) });
  };
  const orNotWritten = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      throw cause instanceof BadDownload ? cause : notWritten(`${place.text}${name}`, cause);
    }
  };
  try {
    await put(PROBE, "");
    await bucket.askText({ method: "DELETE", key: keyOf(PROBE) });
  } catch (cause) {
    await bucket.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`--out ${place.text}: pictures can't be written there: ${why}`, { cause });
  }
  if (fresh) {
    assertNothingThere(place.text, [...(await sizesUnder(bucket, place.prefix)).keys()]);
  }
  const lists = new BucketLists(async (name, whole) => orNotWritten(name, () => put(name, whole)));
  const readText = (name: string): Promise<string | undefined> => readObject(bucket, keyOf(name));
  return {
    text: place.text,
    readText: async (name) => lists.remember(name, await readText(name)),
    writeText: (name, whole) => lists.replace(name, whole),
    append: (name, lines) => lists.append(name, lines),
    putPicture: (name, picture) =>
      orNotWritten(name, async () => {
        const pieces: Buffer[] = [];
        for await (const piece of picture.bytes) pieces.push(piece);
        const bytes = Buffer.concat(pieces);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        assertWhole(sha256, picture);
        await bucket.askText({
          method: "PUT",
          key: keyOf(name),
          headers: { "content-type": picture.contentType },
          body: {
            length: bytes.length,
            sha256,
            read: async function* () {
              yield bytes;
            },
          },
        });
      }),
    intact: async (files) => {
      const sizes = await sizesUnder(bucket, place.prefix);
      return new Set(
        files.filter(({ file, bytes }) => sizes.get(file) === bytes).map(({ file }) => file),
      );
    },
    close: async () => {
      await lists.flush();
      await bucket.close();
    },
  };
}

/** Lists that grow: objects can't, so each is put anew now and then, and at the end. */
class BucketLists {
  readonly #put: (name: string, text: string) => Promise<void>;
  readonly #texts = new Map<string, string>();
  readonly #fresh = new Set<string>();
  #putMs = Number.NEGATIVE_INFINITY;

  constructor(put: (name: string, text: string) => Promise<void>) {
    this.#put = put;
  }

  remember(name: string, text: string | undefined): string | undefined {
    if (text !== undefined) this.#texts.set(name, text);
    return text;
  }

  async replace(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
    this.#fresh.delete(name);
    await this.#put(name, text);
  }

  async append(name: string, lines: string): Promise<void> {
    this.#texts.set(name, (this.#texts.get(name) ?? "") + lines);
    this.#fresh.add(name);
    if (performance.now() - this.#putMs >= REWRITE_MS) await this.flush();
  }

  async flush(): Promise<void> {
    this.#putMs = performance.now();
    for (const name of [...this.#fresh]) await this.replace(name, this.#texts.get(name) ?? "");
  }
}

async function readObject(bucket: S3Bucket, key: string): Promise<string | undefined> {
  const { status, body } = await bucket.ask({ method: "GET", key });
  const read = await text(body);
  if (status >= 200 && status < 300) return read;
  if (status === 404) return undefined;
  throw new Misuse(`${key} can't be read: the object store answered ${status}`);
}

/** The sizes of all objects under a prefix, by what follows it. */
async function sizesUnder(bucket: S3Bucket, prefix: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (let token: string | undefined = ""; token !== undefined; ) {
    const query: Record<string, string> = { "list-type": "2", prefix };
    if (token !== "") query["continuation-token"] = token;
    const listed = await bucket.askText({ method: "GET", key: "", query });
    const [keys, lengths] = [valuesIn(listed.text, "Key"), valuesIn(listed.text, "Size")];
    for (const [place, key] of keys.entries()) {
      sizes.set(key.slice(prefix.length), Number(lengths[place]));
    }
    token = valuesIn(listed.text, "NextContinuationToken")[0];
  }
  return sizes;
}
