import { imageSize } from "image-size";

/** What some vendor takes as a reference; image-size's own names. Others it knows are not pictures here. */
const TYPES = ["png", "jpg", "webp", "bmp", "tiff", "gif", "heic", "heif"];

/** The pixels of a picture file; undefined when it is none. Reads the header only. */
export function measurePicture(
  file: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  try {
    const { width, height, type = "" } = imageSize(file);
    return TYPES.includes(type) && width > 0 && height > 0 ? { width, height } : undefined;
  } catch {
    // image-size throws on what it does not know; each vendor has its own words for that.
    return undefined;
  }
}
