import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Reference } from "../gates/order.ts";
import { PICTURE_BYTES_MAX } from "../intake/limits.ts";
import { BrokenPicture, type PictureBytes } from "../intake/measure/byte-window.ts";
import { measure } from "../intake/measure/measure.ts";

/** A picture that a row brings, as far as its price and its gates ask. */
export type RowPicture = Omit<Reference, "sha256" | "read"> & {
  /** Where it stands; undefined where the row gives its dimensions only. */
  readonly path: string | undefined;
};

/** Why a picture of a row can't be taken. */
export class BadPicture extends Error {
  override readonly name = "BadPicture";
}

const DIMENSIONS = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/;
/** Files that are measured at a time. */
const AT_ONCE = 16;
const READ_BYTES = 64 * 1024;

/** The pictures of a file of rows, each file measured once. Paths are read as seen from the file's own folder. */
export class RowPictures {
  readonly #folder: string;
  readonly #measured = new Map<string, RowPicture | BadPicture>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Measures whatever of these is a file and wasn't measured yet. */
  async measureAll(names: Iterable<string>): Promise<void> {
    const fresh = [...new Set(names)].filter((name) => isFile(name) && !this.#measured.has(name));
    const work = fresh.values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const name of work) this.#measured.set(name, await this.#measure(name));
    });
    await Promise.all(workers);
  }

  /**
   * A picture by its dimensions, or as it was measured.
   *
   * @throws BadPicture
   */
  get(name: string, { alpha }: { readonly alpha: boolean }): RowPicture {
    const [, width, height] = DIMENSIONS.exec(name) ?? [];
    if (width !== undefined && height !== undefined) return planned(+width, +height, alpha);
    if (/^[a-z][a-z0-9+.-]+:/i.test(name)) {
      throw new BadPicture(`${short(name)}: no URL is fetched here; give a file, or WIDTHxHEIGHT`);
    }
    const found = this.#measured.get(name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    if (found instanceof BadPicture) throw found;
    return found;
  }

  async #measure(name: string): Promise<RowPicture | BadPicture> {
    const path = resolve(this.#folder, name);
    try {
      await using file = await open(path);
      const stat = await file.stat();
      if (!stat.isFile()) return new BadPicture(`${short(name)}: not a file`);
      const { size } = stat;
      if (size > PICTURE_BYTES_MAX) {
        return new BadPicture(`${short(name)}: larger than ${PICTURE_BYTES_MAX} bytes`);
      }
      const measures = await measure(bytesOf(file, size));
      return { ...measures, bytes: size, path };
    } catch (cause) {
      if (cause instanceof BrokenPicture) {
        return new BadPicture(`${short(name)}: ${cause.message}`, { cause });
      }
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      if (code === "ENOENT") return new BadPicture(`${short(name)}: no such file`, { cause });
      if (typeof code !== "string") throw cause;
      return new BadPicture(`${short(name)}: can't be read (${code})`, { cause });
    }
  }
}

/** A picture that nobody has yet: taken as an opaque PNG whose bytes fit. */
function planned(width: number, height: number, alpha: boolean): RowPicture {
  return { format: "png", alpha, animated: false, bytes: 1, width, height, path: undefined };
}

function isFile(name: string): boolean {
  return !DIMENSIONS.test(name) && !/^[a-z][a-z0-9+.-]+:/i.test(name);
}

function bytesOf(file: FileHandle, length: number): PictureBytes {
  return {
    length,
    read: async function* (from = 0) {
      for (let at = from; at < length; ) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    },
  };
}

function short(name: string): string {
  return name.length <= 120 ? name : `${name.slice(0, 120)}…`;
}
