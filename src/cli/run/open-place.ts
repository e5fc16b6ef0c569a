import { join, resolve } from "node:path";
import type { Config } from "../../config.ts";
import { placeText, readStorePlace } from "../../results/store-place.ts";
import { Misuse } from "../failures.ts";
import { openBucketPlace } from "./bucket-place.ts";
import { openFolderPlace, textOf } from "./folder-place.ts";
import { FILES, type RunPlace } from "./place.ts";
import { type RunFolder, readRunFolder } from "./run-folder.ts";

/**
 * Opens where a run's pictures go, and proves that they can be written there.
 *
 * @param out a folder, or `s3://bucket/prefix`.
 * @throws Misuse when they can't, or something else lies where a new run goes; Refused `run_followed`.
 */
export async function openPlace(
  out: string,
  { s3 }: Config,
  of: {
    /** A new run goes there. */
    readonly fresh: boolean;
  },
): Promise<RunPlace> {
  const place = readPlace(out);
  if (place.kind === "folder") return await openFolderPlace(out, of);
  if (s3 === undefined) {
    throw new Misuse(`--out ${out}: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY`);
  }
  return await openBucketPlace({ ...place, text: placeText(place) }, s3, of);
}

/** Which run a place belongs to; undefined where it belongs to none yet. Makes and locks nothing. @throws Misuse */
export async function peekRun(out: string, config: Config): Promise<RunFolder | undefined> {
  const place = readPlace(out);
  if (place.kind === "folder") {
    return readRunFolder(out, await textOf(join(place.folder, FILES.run)));
  }
  const opened = await openPlace(out, config, { fresh: false });
  try {
    return readRunFolder(out, await opened.readText(FILES.run));
  } finally {
    await opened.close();
  }
}

function readPlace(out: string) {
  try {
    return readStorePlace(out, resolve);
  } catch (cause) {
    if (cause instanceof RangeError) throw new Misuse(`--out ${out}: ${cause.message}`, { cause });
    throw cause;
  }
}
