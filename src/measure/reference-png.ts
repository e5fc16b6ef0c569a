import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BIT_DEPTH = 8;
/** Three bytes a pixel, no alpha channel: every model that takes a reference takes such a picture. */
const COLOUR_RGB = 2;
/** Three pictures may go along in one call and must not be one picture three times. */
const COLOURS = [
  [0xd9, 0xd4, 0xcc],
  [0x2f, 0x4f, 0x8f],
  [0xb0, 0x60, 0x3a],
  [0x5a, 0x8f, 0x6b],
] as const;
const BACKGROUND = [0xf4, 0xf4, 0xf2] as const;

/** A picture to send along: its pixels, and which one of a set it is. */
export type ReferenceFacts = {
  readonly width: number;
  readonly height: number;
  readonly index: number;
};

/**
 * Draws a reference picture: a mug of plain colour, exactly so many pixels, a few KB. The same facts give the
 * same bytes, so that a repeated call is the same request.
 */
export function referencePng({ width, height, index }: ReferenceFacts): Buffer {
  const stride = 1 + width * 3;
  const rows = Buffer.alloc(stride * height);
  const colour = COLOURS[index % COLOURS.length] ?? COLOURS[0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shown = insideMug(x / width, y / height) ? colour : BACKGROUND;
      rows.set(shown, y * stride + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BIT_DEPTH, COLOUR_RGB], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A body and a handle, in parts of the picture's width and height. */
function insideMug(x: number, y: number): boolean {
  const body = x > 0.25 && x < 0.65 && y > 0.25 && y < 0.8;
  const outer = ellipse(x, y, 0.14);
  const inner = ellipse(x, y, 0.08);
  return body || (outer && !inner && x >= 0.65);
}

function ellipse(x: number, y: number, radius: number): boolean {
  return (x - 0.67) ** 2 + ((y - 0.5) * 0.75) ** 2 < radius ** 2;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
