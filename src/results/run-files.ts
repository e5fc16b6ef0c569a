import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { openOutputBucket } from "../outputs/output-bucket.ts";
import { openOutputFolder } from "../outputs/output-folder.ts";
import type { OutputBytes, OutputStore } from "../outputs/port.ts";
import { type S3Bucket, S3Failure, valuesIn } from "./s3-bucket.ts";

/**
 * Pictures that the rows of a run work on: they lie beside the results, by the run, and go with its end. No sweep of
 * results touches them.
 */
export type RunFiles = {
  readonly has: (run: RunFolder, name: string) => Promise<boolean>;
  /** What lies there already stays: names are hashes. @throws what the store says when it can't. */
  readonly put: (run: RunFolder, name: string, bytes: OutputBytes) => Promise<void>;
  /** Undefined when it isn't there. */
  readonly read: (run: RunFolder, name: string) => Promise<AsyncIterable<Buffer> | undefined>;
  /** Removes all files of a run. */
  readonly clear: (run: RunFolder) => Promise<void>;
};

/** Whose files. Both ids become part of a path: they are checked where they come in. */
export type RunFolder = { readonly accountId: string; readonly id: string };

/** Not a span's name: what is kept for a time has five characters here. */
const FOLDER = "run-files";

function keyOf({ accountId, id }: RunFolder, name: string): string {
  return `${FOLDER}/${accountId}/${id}/${name}`;
}

function content(key: string, bytes: OutputBytes): Parameters<OutputStore["put"]>[0] {
  return { key, contentType: "application/octet-stream", cacheControl: undefined, bytes };
}

/** In the folder of results, which is its owner's alone. */
export function folderRunFiles(folder: string): RunFiles {
  const store = openOutputFolder(folder);
  const fileOf = (run: RunFolder, name: string): string => join(folder, keyOf(run, name));
  const isThere = async (run: RunFolder, name: string): Promise<boolean> => {
    try {
      await stat(fileOf(run, name));
      return true;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
      throw cause;
    }
  };
  return {
    has: isThere,
    put: async (run, name, bytes) => {
      await store.put(content(keyOf(run, name), bytes));
    },
    read: async (run, name) => {
      if (!(await isThere(run, name))) return undefined;
      return createReadStream(fileOf(run, name)) as AsyncIterable<Buffer>;
    },
    clear: (run) => rm(fileOf(run, ""), { recursive: true, force: true }),
  };
}

/** Objects that one request removes. */
const LISTED = 1_000;

/** In the bucket of results, which several gateways may share. */
export function bucketRunFiles(bucket: S3Bucket, prefix: string): RunFiles {
  const store = openOutputBucket(bucket, prefix);
  const objectOf = (run: RunFolder, name: string): string => `${prefix}${keyOf(run, name)}`;
  return {
    has: async (run, name) => {
      const { status, body } = await bucket.ask({ method: "HEAD", key: objectOf(run, name) });
      body.destroy();
      if (status === 200 || status === 404) return status === 200;
      throw new S3Failure(status, `the object store answered ${status}`);
    },
    put: async (run, name, bytes) => {
      await store.put(content(keyOf(run, name), bytes));
    },
    read: async (run, name) => {
      const { status, body } = await bucket.ask({ method: "GET", key: objectOf(run, name) });
      if (status === 200) return body as AsyncIterable<Buffer>;
      body.destroy();
      if (status === 404) return undefined;
      throw new S3Failure(status, `the object store answered ${status}`);
    },
    clear: async (run) => {
      for (;;) {
        const query = { "list-type": "2", prefix: objectOf(run, ""), "max-keys": String(LISTED) };
        const { text } = await bucket.askText({ method: "GET", key: "", query });
        const keys = valuesIn(text, "Key");
        for (const key of keys) await bucket.askText({ method: "DELETE", key });
        if (keys.length < LISTED) return;
      }
    },
  };
}
