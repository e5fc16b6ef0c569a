import { constants } from "node:fs";
import { access, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { imageSize } from "image-size";
import { Misuse, refused } from "./failures.ts";

/** A picture as it was written. */
export type PictureFile = {
  readonly path: string;
  readonly format: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly bytes: number;
};

/** Where pictures go: a folder, and a base name without an extension. */
export type Place = { readonly folder: string; readonly name: string };

/**
 * Makes sure that pictures can be written, before anything is paid.
 *
 * @throws Misuse
 */
export async function preparePlace({ folder, name }: Place): Promise<void> {
  if (name === "" || /[/\\\0]/.test(name) || name.startsWith(".")) {
    throw new Misuse(`--name ${JSON.stringify(name)}: must be a file name without a folder`);
  }
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`--out ${folder}: pictures can't be written there: ${why}`, { cause });
  }
}

/**
 * Writes one picture, byte for byte, under the first name that is free: `mug.png`, `mug-2.png`, … The
 * extension tells what the bytes are, whatever was asked.
 *
 * @throws Refused when the disk says no: the picture has been paid for, so the message names the receipt.
 */
export async function writePicture(
  bytes: Buffer,
  place: Place,
  receiptId: string,
): Promise<PictureFile> {
  const facts = pictureFacts(bytes);
  try {
    const path = await writeFresh(bytes, place, facts.extension);
    const { format, width, height } = facts;
    return { path, format, width, height, bytes: bytes.length };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(
      "picture_not_written",
      `a picture that receipt ${receiptId} charges could not be written: ${why}`,
      { cause },
    );
  }
}

async function writeFresh(bytes: Buffer, place: Place, extension: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? "" : `-${number}`;
    const path = join(place.folder, `${place.name}${suffix}.${extension}`);
    const file = await openNew(path);
    if (file === undefined) continue;
    await using _closing = file;
    await file.writeFile(bytes);
    return path;
  }
}

/** Opens a file that is not there yet; undefined when it is. */
async function openNew(path: string) {
  try {
    return await open(path, "wx");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return undefined;
    throw cause;
  }
}

type Facts = Pick<PictureFile, "format" | "width" | "height"> & { readonly extension: string };

/** What a picture's first bytes say of it. */
export function pictureFacts(bytes: Buffer): Facts {
  try {
    const { type, width, height } = imageSize(bytes);
    if (type === undefined) return UNREADABLE;
    return { format: type === "jpg" ? "jpeg" : type, extension: type, width, height };
  } catch {
    // Paid bytes are written even if nobody knows what they are.
    return UNREADABLE;
  }
}

const UNREADABLE: Facts = { format: "unknown", extension: "bin", width: null, height: null };
