import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

const FIRST_CHUNK_AT = 8;
const HEADER_BYTES = 13;
/** Length, type and checksum around a chunk's data. */
const CHUNK_FRAME_BYTES = 12;
const CHUNK_BYTES_MAX = 2 ** 31 - 1;
/** Colour types 4 and 6: grey and colour with a channel of their own for transparency. */
const ALPHA_BIT = 4;

/**
 * Walks the chunks to the last one, from head to head. Transparency is a colour type or `tRNS`, motion `acTL`.
 * Source: W3C PNG, third edition, 5.3, 11.2, 11.3 [spec].
 */
export async function measurePng(window: ByteWindow): Promise<Measures> {
  const first = await chunkAt(window, FIRST_CHUNK_AT);
  if (first.type !== "IHDR" || first.length !== HEADER_BYTES) {
    throw new BrokenPicture("it is a PNG without its header (IHDR)");
  }
  const header = Buffer.from(await window.bytes(first.dataAt, HEADER_BYTES));
  let alpha = (header.readUInt8(9) & ALPHA_BIT) !== 0;
  let animated = false;
  let hasData = false;
  for (let chunk = first; chunk.type !== "IEND"; chunk = await chunkAt(window, chunk.end)) {
    if (chunk.type === "IDAT") hasData = true;
    if (chunk.type === "tRNS") alpha = true;
    if (chunk.type === "acTL" && chunk.length >= 4) {
      animated = (await window.bytes(chunk.dataAt, 4)).readUInt32BE() > 1;
    }
  }
  if (!hasData) throw new BrokenPicture("it is a PNG without picture data (IDAT)");
  return { width: header.readUInt32BE(0), height: header.readUInt32BE(4), alpha, animated };
}

type Chunk = {
  readonly type: string;
  readonly length: number;
  readonly dataAt: number;
  readonly end: number;
};

async function chunkAt(window: ByteWindow, at: number): Promise<Chunk> {
  const frame = await window.bytes(at, 8);
  const length = frame.readUInt32BE(0);
  const type = frame.toString("latin1", 4, 8);
  if (!/^[A-Za-z]{4}$/.test(type) || length > CHUNK_BYTES_MAX) {
    throw new BrokenPicture("it is a PNG with a broken chunk");
  }
  const end = at + CHUNK_FRAME_BYTES + length;
  if (end > window.length) throw new BrokenPicture("it is a PNG that is cut off");
  return { type, length, dataAt: at + 8, end };
}
