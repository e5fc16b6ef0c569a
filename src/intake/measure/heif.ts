import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures, PictureFormat } from "./measures.ts";

const formatOfBrand: ReadonlyMap<string, PictureFormat> = new Map([
  ["heic", "heic"],
  ["heix", "heic"],
  ["heim", "heic"],
  ["heis", "heic"],
  ["hevc", "heic"],
  ["hevx", "heic"],
  ["mif1", "heif"],
  ["msf1", "heif"],
  ["avif", "avif"],
  ["avis", "avif"],
]);
/** Sequences of pictures. */
const MOVING_BRANDS = ["hevc", "hevx", "msf1", "avis"];
/** Real ones hold a few thousand bytes. */
const META_BYTES_MAX = 128 * 1024;
const BOXES_MAX = 1_000;

/** The format by its major brand; undefined for other members of the family, videos for one. */
export function heifFormat(head: Buffer): PictureFormat | undefined {
  return formatOfBrand.get(head.toString("latin1", 8, 12));
}

/**
 * Reads the dimensions of the primary item: a tiled picture holds dimensions of its tiles too.
 * Source: ISO/IEC 14496-12 (boxes, `meta`, `pitm`), ISO/IEC 23008-12 (`iprp`, `ispe`, `auxC`) [spec].
 */
export async function measureHeif(window: ByteWindow): Promise<Measures> {
  const brand = (await window.bytes(8, 4)).toString("latin1");
  const meta = await metaBox(window);
  try {
    return { ...primaryItem(meta), animated: MOVING_BRANDS.includes(brand) };
  } catch (cause) {
    // A box that is shorter than its own fields.
    throw cause instanceof RangeError ? broken() : cause;
  }
}

function primaryItem(metaBytes: Buffer): Omit<Measures, "animated"> {
  const meta = children(metaBytes, 4);
  const properties = meta.find(({ type }) => type === "iprp");
  const primary = meta.find(({ type }) => type === "pitm");
  if (properties === undefined || primary === undefined) throw noPicture();
  const parts = children(properties.data, 0);
  const container = parts.find(({ type }) => type === "ipco");
  if (container === undefined) throw noPicture();
  const listed = children(container.data, 0);
  const own = parts
    .filter(({ type }) => type === "ipma")
    .flatMap(({ data }) => indexesOf(data, itemId(primary.data)));
  const extent = own.map((index) => listed[index - 1]).find((box) => box?.type === "ispe");
  if (extent === undefined) throw noPicture();
  return {
    width: extent.data.readUInt32BE(4),
    height: extent.data.readUInt32BE(8),
    alpha: listed.some(({ type, data }) => type === "auxC" && isAlpha(data.toString("latin1", 4))),
  };
}

function noPicture(): BrokenPicture {
  return new BrokenPicture("it is a HEIF file without a still picture");
}

function broken(): BrokenPicture {
  return new BrokenPicture("it is a HEIF file with a broken header");
}

function isAlpha(urn: string): boolean {
  return urn.includes(":auxiliary:alpha") || urn.includes("hevc:2015:auxid:1");
}

/** The content of the `meta` box; walks all boxes of the file, so that one that is cut off is noticed. */
async function metaBox(window: ByteWindow): Promise<Buffer> {
  let meta: Stretch | undefined;
  let hasData = false;
  let at = 0;
  for (let count = 0; at < window.length; count += 1) {
    if (count === BOXES_MAX) throw broken();
    const box = await boxAt(window, at);
    if (box.type === "meta") meta ??= box;
    hasData ||= box.type === "mdat" && box.end > box.dataAt;
    at = box.end;
  }
  if (meta === undefined) throw noPicture();
  const bytes = meta.end - meta.dataAt;
  if (bytes > META_BYTES_MAX) throw broken();
  const content = Buffer.from(await window.bytes(meta.dataAt, bytes));
  // Cut between two boxes, a file looks whole: its picture is missing all the same.
  if (!hasData && !children(content, 4).some(({ type }) => type === "idat")) throw cutOff();
  return content;
}

function cutOff(): BrokenPicture {
  return new BrokenPicture("it is a HEIF file that is cut off");
}

type Stretch = { readonly type: string; readonly dataAt: number; readonly end: number };

async function boxAt(window: ByteWindow, at: number): Promise<Stretch> {
  const head = Buffer.from(await window.bytes(at, 8));
  const said = head.readUInt32BE(0);
  // 1 announces a length of 64 bits, 0 the rest of the file.
  const headBytes = said === 1 ? 16 : 8;
  const large = said === 1 ? Number((await window.bytes(at + 8, 8)).readBigUInt64BE()) : said;
  const end = said === 0 ? window.length : at + large;
  if (end - at < headBytes) throw broken();
  if (end > window.length) throw cutOff();
  return { type: head.toString("latin1", 4, 8), dataAt: at + headBytes, end };
}

type Box = { readonly type: string; readonly data: Buffer };

function children(data: Buffer, from: number): Box[] {
  const boxes: Box[] = [];
  let at = from;
  while (at + 8 <= data.length) {
    const bytes = data.readUInt32BE(at);
    if (bytes < 8 || at + bytes > data.length) throw broken();
    boxes.push({
      type: data.toString("latin1", at + 4, at + 8),
      data: data.subarray(at + 8, at + bytes),
    });
    at += bytes;
  }
  return boxes;
}

function itemId(pitm: Buffer): number {
  return pitm.readUInt8(0) === 0 ? pitm.readUInt16BE(4) : pitm.readUInt32BE(4);
}

/** Numbers of an item's properties, counted from 1. */
function indexesOf(ipma: Buffer, item: number): number[] {
  const idBytes = ipma.readUInt8(0) === 0 ? 2 : 4;
  const indexBytes = (ipma.readUInt8(3) & 1) === 1 ? 2 : 1;
  const found: number[] = [];
  let at = 8;
  for (let entries = ipma.readUInt32BE(4); entries > 0; entries -= 1) {
    const id = ipma.readUIntBE(at, idBytes);
    const count = ipma.readUInt8(at + idBytes);
    at += idBytes + 1;
    for (let index = 0; index < count; index += 1, at += indexBytes) {
      // The highest bit says that a reader must know the property.
      const value = ipma.readUIntBE(at, indexBytes) & (indexBytes === 2 ? 0x7fff : 0x7f);
      if (id === item) found.push(value);
    }
  }
  return found;
}
