import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

const SCAN = 0xda;
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Real files hold some dozens: metadata, colour profile, tables. */
const SEGMENTS_MAX = 10_000;

/**
 * Walks the segments to the frame header and the first scan, then looks for the end marker, which can't
 * stand inside a scan: there every FF is followed by 00 or a restart. Bytes behind it are left to who sent them.
 * Source: ITU-T T.81, B.1 and B.2 [spec].
 */
export async function measureJpeg(window: ByteWindow): Promise<Measures> {
  let at = 2;
  let size: { readonly width: number; readonly height: number } | undefined;
  for (let segments = 0; segments < SEGMENTS_MAX; segments += 1) {
    const segment = await segmentAt(window, at);
    if (segment.marker === SCAN) {
      if (size === undefined) throw new BrokenPicture("it is a JPEG without a frame header");
      const end = await window.find(END_OF_IMAGE, segment.end);
      if (end === undefined) throw new BrokenPicture("it is a JPEG that is cut off");
      return { ...size, alpha: false, animated: false };
    }
    if (isFrame(segment.marker)) {
      const frame = await window.bytes(segment.at + 4, 5);
      size = { height: frame.readUInt16BE(1), width: frame.readUInt16BE(3) };
    }
    at = segment.end;
  }
  throw new BrokenPicture("it is a JPEG with too many segments before its picture");
}

type Segment = { readonly marker: number; readonly at: number; readonly end: number };

async function segmentAt(window: ByteWindow, from: number): Promise<Segment> {
  const head = await window.bytes(from, 4);
  const marker = head.readUInt8(1);
  if (head.readUInt8(0) !== 0xff || marker === 0) {
    throw new BrokenPicture("it is a JPEG with a broken segment");
  }
  // FF may be repeated before a marker; restarts and TEM stand alone.
  if (marker === 0xff) return { marker, at: from, end: from + 1 };
  if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
    return { marker, at: from, end: from + 2 };
  }
  if (marker === 0xd8 || marker === 0xd9) throw new BrokenPicture("it is a JPEG without a picture");
  const length = head.readUInt16BE(2);
  if (length < 2) throw new BrokenPicture("it is a JPEG with a broken segment");
  return { marker, at: from, end: from + 2 + length };
}

/** SOF0 to SOF15 but the three numbers among them that mean tables and the like. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
