import { crc32, deflateSync } from "node:zlib";
import { createCanvas } from "@napi-rs/canvas";

/** Small pictures of every format that is measured: from a real encoder where there is one, else by hand. */

/** As a real encoder writes it. */
export function encoded(
  format: "png" | "jpeg" | "webp" | "avif",
  [width, height]: readonly [number, number],
): Buffer {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#3b6ea5";
  context.fillRect(0, 0, width, height);
  switch (format) {
    case "png":
      return canvas.toBuffer("image/png");
    case "jpeg":
      return canvas.toBuffer("image/jpeg");
    case "webp":
      return canvas.toBuffer("image/webp");
    default:
      return canvas.toBuffer("image/avif");
  }
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG whose header says what it likes; its data is one byte of zeros, deflated. */
export function pngOf(
  of: {
    readonly width?: number;
    readonly height?: number;
    /** 2 is colour, 6 colour with transparency, 3 a palette. */
    readonly colourType?: number;
    readonly before?: readonly Buffer[];
    readonly data?: Buffer;
  } = {},
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(of.width ?? 1, 0);
  header.writeUInt32BE(of.height ?? 1, 4);
  header.set([8, of.colourType ?? 2], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngChunk("IHDR", header),
    ...(of.before ?? []),
    pngChunk("IDAT", of.data ?? deflateSync(Buffer.alloc(4))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Number of frames, then how often it plays. */
export function animationChunk(frames: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(frames);
  return pngChunk("acTL", data);
}

/** A PNG of so many bytes, most of them noise that no reader looks at. */
export function heavyPng(bytes: number): Buffer {
  const bare = pngOf({ width: 1_024, height: 1_024, data: Buffer.alloc(0) });
  return pngOf({ width: 1_024, height: 1_024, data: Buffer.alloc(bytes - bare.length, 0x5a) });
}

const GIF_FRAME = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
const GIF_SEE_THROUGH = Buffer.from([0x21, 0xf9, 4, 1, 0, 0, 0, 0]);
const GIF_COMMENT = Buffer.concat([Buffer.from([0x21, 0xfe, 3]), Buffer.from("mug\0", "latin1")]);

export function gifOf(
  of: { readonly frames?: number; readonly alpha?: boolean; readonly trailer?: boolean } = {},
): Buffer {
  const header = Buffer.from("GIF89a\x03\x00\x02\x00\x80\x00\x00", "latin1");
  const table = Buffer.from([0, 0, 0, 255, 255, 255]);
  const frames = Array.from({ length: of.frames ?? 1 }, () => GIF_FRAME);
  const end = of.trailer === false ? [] : [Buffer.from([0x3b])];
  const control = of.alpha === true ? [GIF_SEE_THROUGH] : [];
  return Buffer.concat([header, table, GIF_COMMENT, ...control, ...frames, ...end]);
}

/** An extended WebP: flags 0x10 transparency, 0x02 motion. */
export function webpOf([width, height]: readonly [number, number], flags: number): Buffer {
  const data = Buffer.alloc(10);
  data.writeUInt8(flags, 0);
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riff("VP8X", data);
}

/** A lossless WebP's head. */
export function losslessWebp([width, height]: readonly [number, number], alpha: boolean): Buffer {
  const data = Buffer.alloc(10);
  data.writeUInt8(0x2f, 0);
  data.writeUInt32LE(width - 1 + (height - 1) * 2 ** 14 + (alpha ? 2 ** 28 : 0), 1);
  return riff("VP8L", data);
}

function riff(type: string, data: Buffer): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32LE(4 + 8 + data.length, 0);
  size.writeUInt32LE(data.length, 4);
  const words = [Buffer.from("RIFF"), size.subarray(0, 4), Buffer.from(`WEBP${type}`)];
  return Buffer.concat([...words, size.subarray(4), data]);
}

/** A bitmap of 24 bits a pixel, or 32 with a mask for transparency. */
export function bmpOf([width, height]: readonly [number, number], alpha = false): Buffer {
  const headerBytes = alpha ? 108 : 40;
  const bits = alpha ? 32 : 24;
  const rows = Math.ceil((width * bits) / 32) * 4 * Math.abs(height);
  const file = Buffer.alloc(14 + headerBytes + rows);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(14 + headerBytes, 10);
  file.writeUInt32LE(headerBytes, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  if (alpha) {
    file.writeUInt32LE(3, 30);
    file.writeUInt32LE(0xff00_0000, 14 + 52);
  }
  return file;
}

/** A TIFF in either byte order; `pages` are directories of one strip each. */
export function tiffOf(
  [width, height]: readonly [number, number],
  of: {
    readonly bigEndian?: boolean;
    readonly alpha?: boolean;
    /** Kind of each further directory: 0 a page, 1 a small copy. */
    readonly further?: readonly number[];
  } = {},
): Buffer {
  const big = of.bigEndian === true;
  const whole = (value: number, size: 2 | 4): Buffer => {
    const bytes = Buffer.alloc(size);
    if (big) bytes.writeUIntBE(value, 0, size);
    else bytes.writeUIntLE(value, 0, size);
    return bytes;
  };
  const short = (value: number): Buffer => whole(value, 2);
  const long = (value: number): Buffer => whole(value, 4);
  const entry = (tag: number, value: number): Buffer =>
    Buffer.concat([short(tag), short(4), long(1), long(value)]);
  const kinds = [0, ...(of.further ?? [])];
  const directoryBytes = 2 + 7 * 12 + 4;
  const stripAt = 8 + kinds.length * directoryBytes;
  const directories = kinds.map((kind, index) => {
    const isLast = index === kinds.length - 1;
    return Buffer.concat([
      short(7),
      entry(254, kind),
      entry(256, width),
      entry(257, height),
      entry(273, stripAt),
      entry(279, 16),
      entry(277, of.alpha === true ? 4 : 3),
      entry(338, of.alpha === true ? 2 : 0),
      long(isLast ? 0 : 8 + (index + 1) * directoryBytes),
    ]);
  });
  const head = Buffer.concat([Buffer.from(big ? "MM" : "II"), short(42), long(8)]);
  return Buffer.concat([head, ...directories, Buffer.alloc(16)]);
}

function box(type: string, ...data: readonly Buffer[]): Buffer {
  const body = Buffer.concat(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8 + body.length);
  return Buffer.concat([length, Buffer.from(type, "latin1"), body]);
}

function extent(width: number, height: number): Buffer {
  const data = Buffer.alloc(12);
  data.writeUInt32BE(width, 4);
  data.writeUInt32BE(height, 8);
  return box("ispe", data);
}

/** A HEIF file as phones write it: item 1 is a tile of 512x512, item 2, the primary one, the whole picture. */
export function heifOf(
  [width, height]: readonly [number, number],
  of: { readonly brand?: string; readonly alpha?: boolean } = {},
): Buffer {
  const alpha = Buffer.from("\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", "latin1");
  const properties = box(
    "ipco",
    extent(512, 512),
    extent(width, height),
    ...(of.alpha === true ? [box("auxC", alpha)] : []),
  );
  const associations = Buffer.from([0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 0x81, 0, 2, 1, 0x82]);
  const meta = box(
    "meta",
    Buffer.alloc(4),
    box("pitm", Buffer.from([0, 0, 0, 0, 0, 2])),
    box("iprp", properties, box("ipma", associations)),
  );
  const brand = of.brand ?? "heic";
  return Buffer.concat([
    box("ftyp", Buffer.from(`${brand}\0\0\0\0mif1`, "latin1")),
    meta,
    box("mdat", Buffer.alloc(64)),
  ]);
}
