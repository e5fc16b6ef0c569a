import { refuseParameter } from "./errors.ts";
import { invalidChoice, wrongType } from "./fields.ts";
import type { GptImageModel } from "./models.ts";

/** Pixels of an output. */
export type Size = { readonly width: number; readonly height: number };

const CLASSIC_SIZES = ["1024x1024", "1024x1536", "1536x1024"];

/** The size rule of gpt-image-2 and later: openai.md §2.4, 2026-11-22. */
const EDGE_MULTIPLE = 16;
const EDGE_MAX = 3_840;
const ASPECT_MAX = 3;
const PIXELS_MIN = 655_360;
const PIXELS_MAX = 8_294_400;

/** What `auto` becomes: 1254x1254 on 2 and later (seen, openai.md §6.2), 1024x1024 before (DESIGN §6). */
function autoSize(model: GptImageModel): Size {
  return model.freeSizes ? { width: 1_254, height: 1_254 } : { width: 1_024, height: 1_024 };
}

/** The pixels that a `size` asks for, or the vendor's 400. */
export function readSize(value: unknown, model: GptImageModel): Size {
  if (value === undefined || value === "auto") return autoSize(model);
  if (typeof value !== "string") throw wrongType("size", "a string", value);
  const [, width = "", height = ""] = /^(\d{1,6})x(\d{1,6})$/.exec(value) ?? [];
  const size = { width: Number(width), height: Number(height) };
  if (!model.freeSizes) {
    if (!CLASSIC_SIZES.includes(value))
      throw invalidChoice("size", value, [...CLASSIC_SIZES, "auto"]);
    return size;
  }
  const complaint = width === "" ? "Expected 'auto' or WIDTHxHEIGHT." : freeSizeComplaint(size);
  if (complaint !== undefined) {
    throw refuseParameter("invalid_value", "size", `Invalid size '${value}'. ${complaint}`);
  }
  return size;
}

/** The first three texts are [seen]; the wording for too many pixels and for the aspect is [guess]. */
function freeSizeComplaint({ width, height }: Size): string | undefined {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  if (width % EDGE_MULTIPLE !== 0 || height % EDGE_MULTIPLE !== 0) {
    return "Width and height must both be divisible by 16.";
  }
  if (long > EDGE_MAX) return `The longest edge must be less than or equal to ${EDGE_MAX}.`;
  if (width * height < PIXELS_MIN) {
    return "Requested resolution is below the current minimum pixel budget.";
  }
  if (width * height > PIXELS_MAX) {
    return "Requested resolution is above the current maximum pixel budget.";
  }
  if (long > ASPECT_MAX * short) return "The aspect ratio must be between 1:3 and 3:1.";
  return undefined;
}
