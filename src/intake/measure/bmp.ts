import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

const FILE_HEADER_BYTES = 14;
const OLD_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;
/** From this size on a header names the bits of transparency. */
const ALPHA_HEADER_BYTES = 56;
const UNCOMPRESSED = [0, 3];

/** Reads the two headers, and whether uncompressed rows are all there. Source: BITMAPINFOHEADER, BITMAPV4HEADER [spec]. */
export async function measureBmp(window: ByteWindow): Promise<Measures> {
  const start = Buffer.from(await window.bytes(0, FILE_HEADER_BYTES + 4));
  const pixelsAt = start.readUInt32LE(10);
  const headerBytes = start.readUInt32LE(FILE_HEADER_BYTES);
  if (headerBytes === OLD_HEADER_BYTES) {
    const old = await window.bytes(FILE_HEADER_BYTES, OLD_HEADER_BYTES);
    const size = { width: old.readUInt16LE(4), height: old.readUInt16LE(6) };
    assertRows(window, { ...size, pixelsAt, bits: old.readUInt16LE(10) });
    return { ...size, alpha: false, animated: false };
  }
  if (headerBytes < INFO_HEADER_BYTES || headerBytes > 1_024) {
    throw new BrokenPicture("it is a bitmap with a broken header");
  }
  const header = await window.bytes(FILE_HEADER_BYTES, headerBytes);
  // A negative height means rows from top to bottom.
  const size = { width: header.readInt32LE(4), height: Math.abs(header.readInt32LE(8)) };
  if (UNCOMPRESSED.includes(header.readUInt32LE(16))) {
    assertRows(window, { ...size, pixelsAt, bits: header.readUInt16LE(14) });
  }
  const alpha = headerBytes >= ALPHA_HEADER_BYTES && header.readUInt32LE(52) !== 0;
  return { ...size, alpha, animated: false };
}

function assertRows(
  window: ByteWindow,
  of: {
    readonly width: number;
    readonly height: number;
    readonly pixelsAt: number;
    readonly bits: number;
  },
): void {
  const rowBytes = Math.ceil((of.width * of.bits) / 32) * 4;
  if (of.pixelsAt + rowBytes * of.height > window.length) {
    throw new BrokenPicture(`it is a bitmap that is too short for ${of.width}x${of.height} pixels`);
  }
}
