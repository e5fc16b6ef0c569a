import { refuseParameter } from "./errors.ts";
import { ASPECT_MAX, type SeedreamModel } from "./models.ts";

export type Size = { readonly width: number; readonly height: number };

/** What a reference that is only a URL is taken for: the emulator fetches nothing. */
const UNSEEN_REFERENCE: Size = { width: 1_024, height: 1_024 };

/** The pixels that `size` asks for, or the vendor's 400: byteplus.md §2, §4. */
export function readSize(value: unknown, model: SeedreamModel, reference: Size | undefined): Size {
  const size = value ?? model.sizeDefault;
  if (typeof size !== "string") throw refuseParameter("size", "a string is expected");
  if (model.sizeDefault === "adaptive") {
    if (size !== "adaptive") throw unsupported(model);
    return clamp(reference ?? UNSEEN_REFERENCE);
  }
  const side = Object.hasOwn(model.labels, size) ? model.labels[size] : undefined;
  if (side !== undefined) return { width: side, height: side };
  const [, width = "", height = ""] = /^(\d{1,6})x(\d{1,6})$/.exec(size) ?? [];
  if (width === "") throw unsupported(model);
  const pixels = { width: Number(width), height: Number(height) };
  const complaint = pixelComplaint(pixels, model);
  if (complaint !== undefined) throw refuseParameter("size", complaint);
  return pixels;
}

/** `adaptive` follows the input picture; sides are held within 3.0's 512 to 2048 [guess]. */
function clamp({ width, height }: Size): Size {
  const side = (value: number): number => Math.max(512, Math.min(2_048, value));
  return { width: side(width), height: side(height) };
}

function unsupported(model: SeedreamModel): Error {
  return refuseParameter("size", `the specified size is not supported for model ${model.ids[0]}`);
}

/** The floor's words are [seen], the others follow them [guess]. */
function pixelComplaint({ width, height }: Size, model: SeedreamModel): string | undefined {
  const rule = model.pixels;
  if (rule === undefined) return `the specified size is not supported for model ${model.ids[0]}`;
  if (rule.rule === "sides") {
    const inside = [width, height].every((side) => side >= rule.min && side <= rule.max);
    return inside ? undefined : `image sides must be between ${rule.min} and ${rule.max} pixels`;
  }
  if (width * height < rule.min) return `image size must be at least ${rule.min} pixels`;
  if (width * height > rule.max) return `image size must be at most ${rule.max} pixels`;
  if (Math.max(width, height) > ASPECT_MAX * Math.min(width, height)) {
    return "image aspect ratio must be between 1/16 and 16";
  }
  return undefined;
}
