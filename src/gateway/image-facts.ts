import { imageSize } from "image-size";
import type { ImageFacts } from "../ledger/port.ts";

/** Base64 characters whose decoding gives the first 64 KB of an image. */
const HEAD_CHARACTERS = 87_384;
const PADDING = 0x3d;

/** What an order says of its images; undefined where the model chose. */
export type AskedOfImage = {
  readonly pixels: { readonly width: number; readonly height: number } | undefined;
  readonly format: string | undefined;
};

/**
 * Learns what can be known of an image from its base64 as it streams by: its dimensions, format and
 * content credentials from the first 64 KB, its weight from its length. Decodes nothing else.
 */
export class ImageInspector {
  #head: Buffer[] = [];
  #headCharacters = 0;
  #characters = 0;
  #last = Buffer.alloc(0);

  /** Takes base64, cut anywhere. */
  piece(base64: Buffer): void {
    this.#characters += base64.length;
    this.#last = Buffer.concat([this.#last, base64.subarray(-2)]).subarray(-2);
    const missing = HEAD_CHARACTERS - this.#headCharacters;
    if (missing > 0) {
      // A copy: a slice would keep the whole chunk alive as long as the call.
      const part = Buffer.from(base64.subarray(0, missing));
      this.#head.push(part);
      this.#headCharacters += part.length;
    }
  }

  /** What is known once the image has ended, held against what was asked of it. */
  facts({ pixels: asked, format: asFormat }: AskedOfImage): ImageFacts {
    const padding = [...this.#last].filter((byte) => byte === PADDING).length;
    const head = Buffer.from(Buffer.concat(this.#head).toString("latin1"), "base64");
    const { width, height, type } = dimensions(head);
    const format = type === "jpg" ? "jpeg" : type;
    const otherFormat = asFormat !== undefined && format !== null && format !== asFormat;
    const differs =
      asked !== undefined && width !== null && (width !== asked.width || height !== asked.height);
    return {
      width,
      height,
      format,
      bytes: Math.floor((this.#characters * 3) / 4) - padding,
      sha256: null,
      contentCredentials: hasContentCredentials(head, type),
      flags: [
        ...(width === null ? ["unreadable"] : []),
        ...(differs ? ["size_differs"] : []),
        ...(otherFormat ? ["format_differs"] : []),
      ],
    };
  }
}

function dimensions(head: Buffer): {
  readonly width: number | null;
  readonly height: number | null;
  readonly type: string | null;
} {
  try {
    // A copy of its own: the library reads past the end of a view, into whatever else the pool holds.
    const { width, height, type } = imageSize(new Uint8Array(head));
    return { width, height, type: type ?? null };
  } catch {
    // Not an image that the library knows: the receipt says "unreadable", the bytes pass untouched.
    return { width: null, height: null, type: null };
  }
}

/** C2PA manifests: chunk `caBX` in PNG, segment APP11 in JPEG, chunk `C2PA` in WebP. Looks at the first 64 KB only. */
function hasContentCredentials(head: Buffer, type: string | null): boolean {
  if (type === "png") return pngChunks(head).includes("caBX");
  if (type === "jpg") return jpegMarkers(head).includes(0xeb);
  if (type === "webp") return riffChunks(head).includes("C2PA");
  return false;
}

function pngChunks(head: Buffer): string[] {
  const names: string[] = [];
  let at = 8;
  while (at + 8 <= head.length) {
    names.push(head.toString("latin1", at + 4, at + 8));
    at += 12 + head.readUInt32BE(at);
  }
  return names;
}

function jpegMarkers(head: Buffer): number[] {
  const markers: number[] = [];
  let at = 2;
  while (at + 4 <= head.length && head[at] === 0xff) {
    const marker = head.readUInt8(at + 1);
    markers.push(marker);
    if (marker === 0xda) break; // the picture itself begins
    at += 2 + head.readUInt16BE(at + 2);
  }
  return markers;
}

function riffChunks(head: Buffer): string[] {
  const names: string[] = [];
  let at = 12;
  while (at + 8 <= head.length) {
    names.push(head.toString("latin1", at, at + 4));
    const size = head.readUInt32LE(at + 4);
    at += 8 + size + (size % 2);
  }
  return names;
}
