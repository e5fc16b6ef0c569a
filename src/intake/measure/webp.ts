import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

const FIRST_CHUNK_AT = 12;
const ALPHA_FLAG = 0x10;
const ANIMATION_FLAG = 0x02;

/** Reads the first chunk, one of three kinds. Source: WebP container and lossless specifications, RFC 9649 [spec]. */
export async function measureWebp(window: ByteWindow): Promise<Measures> {
  const said = (await window.bytes(4, 4)).readUInt32LE() + 8;
  if (said > window.length) throw new BrokenPicture("it is a WebP that is cut off");
  const type = (await window.bytes(FIRST_CHUNK_AT, 4)).toString("latin1");
  const data = await window.bytes(FIRST_CHUNK_AT + 8, 10);
  if (type === "VP8X") {
    const flags = data.readUInt8(0);
    return {
      width: data.readUIntLE(4, 3) + 1,
      height: data.readUIntLE(7, 3) + 1,
      alpha: (flags & ALPHA_FLAG) !== 0,
      animated: (flags & ANIMATION_FLAG) !== 0,
    };
  }
  if (type === "VP8L" && data.readUInt8(0) === 0x2f) return lossless(data.readUInt32LE(1));
  if (type === "VP8 " && data.toString("latin1", 3, 6) === "\x9d\x01\x2a") {
    // The two highest bits of each are a scale, which no reader applies.
    const width = data.readUInt16LE(6) & 0x3fff;
    const height = data.readUInt16LE(8) & 0x3fff;
    return { width, height, alpha: false, animated: false };
  }
  throw new BrokenPicture("it is a WebP without a picture");
}

/** 14 bits each for width and height less one, then whether transparency is used. */
function lossless(bits: number): Measures {
  return {
    width: (bits & 0x3fff) + 1,
    height: ((bits >>> 14) & 0x3fff) + 1,
    alpha: ((bits >>> 28) & 1) === 1,
    animated: false,
  };
}
