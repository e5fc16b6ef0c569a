import type { Pixels } from "../../runs/proof/figures.ts";

/** How large a decoded picture is made: whole up to a longest edge, or just so. */
export type DecodedSize =
  | { readonly edgeMax: number }
  | { readonly width: number; readonly height: number };

/** The pixels of a picture; undefined where it is in a format that is not read here. */
export async function decodePicture(bytes: Buffer, size: DecodedSize): Promise<Pixels | undefined> {
  // Loaded only here: a native module that few commands need.
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  try {
    const picture = await loadImage(bytes);
    const { width, height } = "edgeMax" in size ? within(picture, size.edgeMax) : size;
    const context = createCanvas(width, height).getContext("2d");
    context.drawImage(picture, 0, 0, width, height);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  } catch {
    // Not a picture that is read here: it has no figures.
    return undefined;
  }
}

function within(
  { width, height }: { readonly width: number; readonly height: number },
  edgeMax: number,
): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, edgeMax / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
