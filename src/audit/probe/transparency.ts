import { inflateSync } from "node:zlib";

/** Colour types of PNG that carry an alpha channel, and their samples a pixel: W3C PNG, third edition, 11.2.1. */
const CHANNELS_WITH_ALPHA: Readonly<Record<number, number>> = { 4: 2, 6: 4 };
const PALETTE = 3;
/** A picture of 4096 x 4096 with 16 bits a sample; larger ones are not unpacked. */
const UNPACKED_BYTES_MAX = 150_000_000;

/**
 * Whether any pixel of a PNG can be seen through. An alpha channel alone proves nothing: an opaque picture may
 * carry one.
 *
 * @returns undefined when it is no PNG, is interlaced, or can't be unpacked.
 */
export function seeThroughPng(file: Buffer): boolean | undefined {
  if (file.length < 33 || file.toString("latin1", 1, 4) !== "PNG") return undefined;
  const layout = {
    width: file.readUInt32BE(16),
    height: file.readUInt32BE(20),
    depth: file.readUInt8(24),
    colour: file.readUInt8(25),
    interlaced: file.readUInt8(28) !== 0,
  };
  const chunks = chunksOf(file);
  const table = chunks.find(({ type }) => type === "tRNS")?.data;
  // In a palette each entry has its alpha; elsewhere the chunk names one colour that is clear.
  if (layout.colour === PALETTE) return table?.some((alpha) => alpha < 255) ?? false;
  const channels = CHANNELS_WITH_ALPHA[layout.colour];
  if (channels === undefined) return table !== undefined;
  if (layout.interlaced || layout.depth < 8) return undefined;
  const pixelBytes = (channels * layout.depth) / 8;
  const rowBytes = layout.width * pixelBytes;
  if ((rowBytes + 1) * layout.height > UNPACKED_BYTES_MAX) return undefined;
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  try {
    const rows = inflateSync(Buffer.concat(packed), { maxOutputLength: UNPACKED_BYTES_MAX });
    return anyBelowFull(rows, { rowBytes, pixelBytes, alphaBytes: layout.depth / 8 });
  } catch {
    // Cut off or broken: its pixels can't be told.
    return undefined;
  }
}

function chunksOf(file: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const chunks: { readonly type: string; readonly data: Buffer }[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    chunks.push({ type, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

type Rows = { readonly rowBytes: number; readonly pixelBytes: number; readonly alphaBytes: number };

/** Undoes the filters row by row (W3C PNG, 9.2) until a pixel's alpha is below full. */
function anyBelowFull(rows: Buffer, { rowBytes, pixelBytes, alphaBytes }: Rows): boolean {
  let above = Buffer.alloc(rowBytes);
  for (let start = 0; start + rowBytes < rows.length; start += rowBytes + 1) {
    const row = Buffer.from(rows.subarray(start + 1, start + 1 + rowBytes));
    unfilter(row, { above, filter: rows.readUInt8(start), pixelBytes });
    for (let pixel = pixelBytes; pixel <= rowBytes; pixel += pixelBytes) {
      for (let byte = 1; byte <= alphaBytes; byte += 1) if (row[pixel - byte] !== 255) return true;
    }
    above = row;
  }
  return false;
}

function unfilter(
  row: Buffer,
  by: { readonly above: Buffer; readonly filter: number; readonly pixelBytes: number },
): void {
  if (by.filter === 0) return;
  for (let index = 0; index < row.length; index += 1) {
    const left = row[index - by.pixelBytes] ?? 0;
    const up = by.above[index] ?? 0;
    const corner = by.above[index - by.pixelBytes] ?? 0;
    row[index] = ((row[index] ?? 0) + predicted(by.filter, { left, up, corner })) & 0xff;
  }
}

function predicted(
  filter: number,
  { left, up, corner }: { readonly left: number; readonly up: number; readonly corner: number },
): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [byLeft, byUp, byCorner] = [left, up, corner].map((each) => Math.abs(guess - each));
  if (byLeft === undefined || byUp === undefined || byCorner === undefined) return 0;
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
