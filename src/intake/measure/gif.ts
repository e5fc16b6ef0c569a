import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

/** Walks the blocks to the trailer, from length to length, counting frames. Source: GIF89a, 18 to 27 [spec]. */
export async function measureGif(window: ByteWindow): Promise<Measures> {
  const header = Buffer.from(await window.bytes(0, HEADER_BYTES));
  let at = HEADER_BYTES + tableBytes(header.readUInt8(10));
  let frames = 0;
  let alpha = false;
  for (;;) {
    const kind = (await window.bytes(at, 1)).readUInt8();
    if (kind === TRAILER) break;
    if (kind === IMAGE) {
      frames += 1;
      const flags = (await window.bytes(at + 9, 1)).readUInt8();
      at = await afterBlocks(window, at + 10 + tableBytes(flags) + 1);
    } else if (kind === EXTENSION) {
      const extension = await window.bytes(at + 1, 3);
      const isControl = extension.readUInt8(0) === GRAPHIC_CONTROL && extension.readUInt8(1) > 0;
      if (isControl && (extension.readUInt8(2) & 1) === 1) alpha = true;
      at = await afterBlocks(window, at + 2);
    } else {
      throw new BrokenPicture("it is a GIF with a broken block");
    }
  }
  if (frames === 0) throw new BrokenPicture("it is a GIF without a picture");
  const width = header.readUInt16LE(6);
  const height = header.readUInt16LE(8);
  return { width, height, alpha, animated: frames > 1 };
}

/** A colour table follows where the highest bit is set; its size is in the lowest three. */
function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Where the sub-blocks that begin here end: each says its length, the last one 0. */
async function afterBlocks(window: ByteWindow, from: number): Promise<number> {
  let at = from;
  for (;;) {
    const length = (await window.bytes(at, 1)).readUInt8();
    at += 1 + length;
    if (length === 0) return at;
  }
}
