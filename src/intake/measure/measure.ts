import { measureBmp } from "./bmp.ts";
import { BrokenPicture, ByteWindow, type PictureBytes } from "./byte-window.ts";
import { measureGif } from "./gif.ts";
import { heifFormat, measureHeif } from "./heif.ts";
import { measureJpeg } from "./jpeg.ts";
import type { Measures, PictureFormat } from "./measures.ts";
import { nameOther } from "./other-formats.ts";
import { measurePng } from "./png.ts";
import { measureTiff } from "./tiff.ts";
import { measureWebp } from "./webp.ts";

export type Measured = Measures & { readonly format: PictureFormat };

/** What decides on a format, and names what isn't one. */
const HEAD_BYTES = 512;

/**
 * Reads a picture's header, and whether its end is there: a file that was cut off on its way is refused here
 * and not billed by somebody who got half a picture.
 *
 * @throws BrokenPicture for what is no picture, or not a whole one.
 */
export async function measure(source: PictureBytes): Promise<Measured> {
  if (source.length === 0) throw new BrokenPicture("it is empty");
  const window = new ByteWindow(source);
  const head = Buffer.from(await window.bytes(0, Math.min(HEAD_BYTES, source.length)));
  const format = formatOf(head);
  if (format === undefined) throw new BrokenPicture(`it is ${nameOther(head)}`);
  const measures = await measureAs(format, window);
  if (measures.width < 1 || measures.height < 1) {
    throw new BrokenPicture(`its header says ${measures.width}x${measures.height} pixels`);
  }
  return { format, ...measures };
}

function formatOf(head: Buffer): PictureFormat | undefined {
  const starts = (text: string, at = 0): boolean =>
    head.toString("latin1", at, at + text.length) === text;
  if (starts("\x89PNG\r\n\x1a\n")) return "png";
  if (starts("\xff\xd8\xff")) return "jpeg";
  if (starts("RIFF") && starts("WEBP", 8)) return "webp";
  if (starts("GIF87a") || starts("GIF89a")) return "gif";
  if (starts("II*\0") || starts("MM\0*")) return "tiff";
  // Two letters are too few to tell: four bytes of zeros follow the length in every bitmap.
  if (starts("BM") && starts("\0\0\0\0", 6)) return "bmp";
  return starts("ftyp", 4) ? heifFormat(head) : undefined;
}

function measureAs(format: PictureFormat, window: ByteWindow): Promise<Measures> {
  switch (format) {
    case "png":
      return measurePng(window);
    case "jpeg":
      return measureJpeg(window);
    case "webp":
      return measureWebp(window);
    case "gif":
      return measureGif(window);
    case "bmp":
      return measureBmp(window);
    case "tiff":
      return measureTiff(window);
    case "heic":
    case "heif":
    case "avif":
      return measureHeif(window);
    default:
      return format satisfies never;
  }
}
