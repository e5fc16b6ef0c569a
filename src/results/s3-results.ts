import { Readable } from "node:stream";
import { idSpanAt } from "../ids.ts";
import { type KeptEnd, readHead } from "./kept-file.ts";
import { isSpan, KEPT_MS, spanOf } from "./kept-time.ts";
import { KeptWriter } from "./kept-writer.ts";
import type { ChoosePart, ResultKind, StoredResult, Swept, SweptStore } from "./port.ts";
import { type S3Bucket, S3Failure, valuesIn } from "./s3-bucket.ts";
import { S3Upload } from "./s3-upload.ts";

/** So long the last part may take to arrive, and the object to appear. */
const SEAL_MS_MAX = 30_000;
/** One sweep removes so many objects at most. */
const SWEEP_OBJECTS_MAX = 1_000;

export type S3ResultsOptions = {
  readonly bucket: S3Bucket;
  /** Before every key: "" or something that ends in a slash. Nothing but ours may lie under it. */
  readonly prefix: string;
  readonly sweepObjectsMax?: number;
  readonly partBytes?: number;
  /** Milliseconds since 1970, by the clock that ids are made with. */
  readonly now?: () => number;
  /** Is told why something isn't kept, or can't be read. */
  readonly problem: (receiptId: string, cause: unknown) => void;
};

/**
 * Kept answers and pictures in a bucket that any number of gateways share. What was made within one span of
 * time lies under one prefix, `<prefix><span>/`, and is collected together.
 */
export function openS3Results(options: S3ResultsOptions): SweptStore {
  const { bucket, prefix, partBytes, problem } = options;
  const keyOf = (receiptId: string, kind: ResultKind) =>
    `${prefix}${spanOf(receiptId)}/${receiptId}.${kind}`;
  return {
    begin: (receiptId, kind) => {
      const upload = new S3Upload(bucket, keyOf(receiptId, kind), partBytes);
      return new KeptWriter({
        open: async () => fileFor(upload),
        take: () => undefined,
        publish: () => upload.finish(),
        remove: () => upload.abort(),
        failed: (cause) => problem(receiptId, cause),
        sealMsMax: SEAL_MS_MAX,
      });
    },
    read: async (receiptId, kind, choose) => {
      try {
        return await readKept(bucket, keyOf(receiptId, kind), choose);
      } catch (cause) {
        problem(receiptId, cause);
        return undefined;
      }
    },
    roomBytes: async () => null,
    sweep: () => sweep(options),
  };
}

function fileFor(upload: S3Upload) {
  return {
    write: async (bytes: Buffer, offset: number, length: number) => {
      await upload.append(bytes.subarray(offset, offset + length));
      return { bytesWritten: length };
    },
    // What counts is whether the object appears: `publish` waits for it.
    sync: async () => undefined,
    close: async () => undefined,
  };
}

async function readKept(
  bucket: S3Bucket,
  key: string,
  choose: ChoosePart | undefined,
): Promise<StoredResult | undefined> {
  const head = await readHead((bytes) => readEnd(bucket, key, bytes)).catch(unlessMissing);
  if (head === "missing") return undefined;
  if (head === undefined) throw new Error("the kept answer is not whole");
  const part = choose === undefined ? { start: 0, end: head.bytes - 1 } : choose(head);
  if (part === undefined) return { ...head, body: Readable.from([]) };
  const headers = { range: `bytes=${part.start}-${part.end}` };
  const { status, body } = await bucket.ask({ method: "GET", key, headers });
  if (status === 206) return { ...head, body };
  body.destroy();
  throw new S3Failure(status, `the object store answered ${status} for a part of an object`);
}

async function readEnd(bucket: S3Bucket, key: string, bytes: number): Promise<KeptEnd> {
  const headers = { range: `bytes=-${bytes}` };
  const answer = await bucket.ask({ method: "GET", key, headers });
  if (answer.status !== 206 && answer.status !== 200) {
    answer.body.destroy();
    throw new S3Failure(answer.status, `the object store answered ${answer.status}`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body as AsyncIterable<Buffer>) chunks.push(chunk);
  const last = Buffer.concat(chunks);
  const size = /\/(\d+)$/.exec(answer.headers["content-range"] ?? "")?.[1];
  return { last, size: size === undefined ? last.length : Number(size) };
}

function unlessMissing(cause: unknown): "missing" {
  if (cause instanceof S3Failure && cause.status === 404) return "missing";
  throw cause;
}

/** Removes the objects of spans that are over, and uploads of such spans that nobody will finish. */
async function sweep(options: S3ResultsOptions): Promise<Swept> {
  const { bucket, prefix, now = Date.now, sweepObjectsMax = SWEEP_OBJECTS_MAX } = options;
  const before = idSpanAt(now() - KEPT_MS);
  const isOver = (key: string): boolean => {
    const [span = ""] = key.slice(prefix.length).split("/");
    return key.startsWith(prefix) && isSpan(span) && span < before;
  };
  const spans = await list(bucket, { prefix, delimiter: "/" }, "Prefix");
  let removed = 0;
  for (const span of spans.filter((each) => each !== prefix && isOver(each))) {
    const most = String(Math.min(1_000, sweepObjectsMax - removed));
    const keys = await list(bucket, { prefix: span, "max-keys": most }, "Key");
    for (const key of keys) await bucket.askText({ method: "DELETE", key });
    removed += keys.length;
    if (removed >= sweepObjectsMax) return { removed, bytes: null, more: true };
    if (keys.length === Number(most)) return { removed, bytes: null, more: true };
  }
  await abortUploads(options, isOver);
  return { removed, bytes: null, more: false };
}

async function abortUploads(
  { bucket, prefix }: S3ResultsOptions,
  isOver: (key: string) => boolean,
): Promise<void> {
  const query = { uploads: "", prefix };
  const { text } = await bucket.askText({ method: "GET", key: "", query });
  const ids = valuesIn(text, "UploadId");
  for (const [index, key] of valuesIn(text, "Key").entries()) {
    const uploadId = ids[index];
    if (uploadId === undefined || !isOver(key)) continue;
    await bucket.askText({ method: "DELETE", key, query: { uploadId } });
  }
}

/** The first page of a list, which is in order of keys: the oldest come first. */
async function list(
  bucket: S3Bucket,
  query: Readonly<Record<string, string>>,
  element: "Key" | "Prefix",
): Promise<readonly string[]> {
  const { text } = await bucket.askText({
    method: "GET",
    key: "",
    query: { "list-type": "2", ...query },
  });
  return valuesIn(text, element);
}
