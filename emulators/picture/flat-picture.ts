import type { PictureFormat } from "./picture.ts";
import { writePng } from "./png.ts";

/**
 * Pictures of one colour with the right pixels, a few KB at most, made without a canvas.
 *
 * They are the `small` pictures of test suites that do not look at weight, and what is left of
 * JPEG and WebP where the canvas does not load.
 */
export function flatPicture(order: {
  readonly width: number;
  readonly height: number;
  readonly format: PictureFormat;
  readonly transparent: boolean;
}): Buffer {
  switch (order.format) {
    case "png":
      return flatPng(order.width, order.height, order.transparent);
    case "jpeg":
      return flatJpeg(order.width, order.height);
    case "webp":
      return flatWebp(order.width, order.height, order.transparent);
    default:
      return order.format satisfies never;
  }
}

/** One bit a pixel and a palette: 4096 x 4096 is 2 MB of zeros before deflate, some KB after. */
function flatPng(width: number, height: number, transparent: boolean): Buffer {
  const palette = {
    rgb: Uint8Array.from([0xb8, 0xb0, 0xa4]),
    alpha: Uint8Array.from([transparent ? 0 : 255]),
  };
  const rowBytes = 1 + Math.ceil(width / 8);
  return writePng(
    { width, height, bitDepth: 1, colourType: 3, palette, huffmanOnly: false },
    new Uint8Array(rowBytes * height),
  );
}

/**
 * A grey baseline JPEG. Its two Huffman tables hold one symbol each ("no difference" and "end of
 * block", both the bit 0), so every 8 x 8 block is two zero bits.
 */
function flatJpeg(width: number, height: number): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const bits = blocks * 2;
  const scan = Buffer.alloc(Math.ceil(bits / 8));
  const spare = scan.length * 8 - bits;
  // What is left of the last byte is filled with ones, as the format asks.
  if (spare > 0) scan[scan.length - 1] = 2 ** spare - 1;
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const oneSymbol = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    segment(0xfe, [...Buffer.from("Spotmeter emulator, SANDBOX", "latin1")]),
    segment(0xdb, [0, ...new Array<number>(64).fill(16)]),
    segment(0xc0, [8, ...size, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, ...oneSymbol]),
    segment(0xc4, [0x10, ...oneSymbol]),
    segment(0xda, [1, 1, 0x00, 0, 63, 0]),
    scan,
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, data: readonly number[]): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, Buffer.from(data)]);
}

/** A lossless WebP in which all five prefix codes hold one symbol: no bits at all per pixel. */
function flatWebp(width: number, height: number, transparent: boolean): Buffer {
  let bits = 0n;
  let length = 0n;
  const put = (value: number, count: bigint): void => {
    bits |= BigInt(value) << length;
    length += count;
  };
  put(width - 1, 14n);
  put(height - 1, 14n);
  put(transparent ? 1 : 0, 1n);
  put(0, 3n);
  put(0, 1n); // no transform
  put(0, 1n); // no colour cache
  put(0, 1n); // one group of prefix codes
  const green = 0xb0;
  for (const symbol of [green, 0xb8, 0xa4, transparent ? 0 : 255, 0]) {
    put(0b101, 3n); // a simple code, one symbol, of eight bits
    put(symbol, 8n);
  }
  const payload = [0x2f];
  for (let rest = bits, left = length; left > 0n; rest >>= 8n, left -= 8n) {
    payload.push(Number(rest & 0xffn));
  }
  if (payload.length % 2 === 1) payload.push(0);
  const head = Buffer.from("RIFF\0\0\0\0WEBPVP8L\0\0\0\0", "latin1");
  head.writeUInt32LE(payload.length + 12, 4);
  head.writeUInt32LE(payload.length, 16);
  return Buffer.concat([head, Buffer.from(payload)]);
}
