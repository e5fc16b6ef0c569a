import { createHash } from "node:crypto";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import type { Reference } from "../../src/gates/order.ts";

/** Pictures that a caller supplies, for tests of what reads, counts and sends them. */

/** Of these measures; its file is as many zeros. */
export function measured(facts: Partial<Reference> = {}): Reference {
  const bytes = facts.bytes ?? 1_000;
  return {
    format: "png",
    width: 1024,
    height: 1024,
    alpha: false,
    animated: false,
    bytes,
    sha256: "0".repeat(64),
    read: () => zeros(bytes),
    ...facts,
  };
}

async function* zeros(bytes: number): AsyncGenerator<Buffer> {
  const piece = Buffer.alloc(65_536);
  for (let left = bytes; left > 0; left -= piece.length) {
    yield left < piece.length ? piece.subarray(0, left) : piece;
  }
}

/** A real file of one colour, read in pieces of a length that no encoding likes. */
export function drawn(
  width: number,
  height: number,
  as: { readonly format?: "png" | "jpeg" | "webp"; readonly transparent?: boolean } = {},
): Reference & { readonly file: Buffer } {
  const { format = "png", transparent = false } = as;
  const file = Buffer.from(flatPicture({ width, height, format, transparent }));
  return {
    file,
    format,
    width,
    height,
    alpha: transparent,
    animated: false,
    bytes: file.length,
    sha256: createHash("sha256").update(file).digest("hex"),
    read: () => inPieces(file, 7),
  };
}

export async function* inPieces(file: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += length) yield file.subarray(at, at + length);
}
