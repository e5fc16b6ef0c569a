import { invalidParameter } from "./errors.ts";
import { type DashScopeModel, reaches4k } from "./models.ts";

export type Size = { readonly width: number; readonly height: number };

const EDIT_STEP = 16;
const AREA_4096 = 16_777_216;

/** What a size depends on besides its text. */
export type SizeContext = {
  readonly model: DashScopeModel;
  /** The last input picture; undefined for text-to-image. A URL counts as 1024 x 1024: nothing is fetched. */
  readonly reference: Size | undefined;
  readonly sequential: boolean;
};

/** The pixels of `parameters.size`, or the vendor's 400: alibaba.md §4. */
export function readSize(value: unknown, context: SizeContext): Size {
  const { model, reference } = context;
  if (value === undefined) return defaultSize(context);
  if (typeof value !== "string") throw invalidParameter("size must be a string");
  if (model.size.rule === "none") {
    throw invalidParameter(`size is not supported by model ${model.id}`);
  }
  const side = labelSide(value, context);
  if (side !== undefined) return labelSize(side, reference);
  const [, width = "", height = ""] = /^(\d{1,5})\*(\d{1,5})$/.exec(value) ?? [];
  if (width === "") {
    throw invalidParameter(
      `size ${value} is invalid, expected width*height, for example 1024*1024`,
    );
  }
  const size = { width: Number(width), height: Number(height) };
  const complaint = sizeComplaint(value, size, context);
  if (complaint !== undefined) throw invalidParameter(complaint);
  // Edits snap to multiples of 16: 1033*1032 came back as 1040*1024 (alibaba.md §4, third).
  return reference !== undefined && model.usage !== "wan" ? snap(size) : size;
}

/** 4K is for text-to-image on the pro model only. */
function labelSide(value: string, context: SizeContext): number | undefined {
  const { model, reference, sequential } = context;
  if (!Object.hasOwn(model.labels, value)) return undefined;
  if (value === "4K" && (reference !== undefined || sequential)) {
    throw invalidParameter("size 4K is supported for text-to-image only");
  }
  return model.labels[value];
}

function labelSize(side: number, reference: Size | undefined): Size {
  return reference === undefined ? { width: side, height: side } : fitArea(reference, side * side);
}

function defaultSize(context: SizeContext): Size {
  const { model, reference } = context;
  const side = Object.hasOwn(model.labels, model.sizeDefault)
    ? model.labels[model.sizeDefault]
    : undefined;
  if (side !== undefined) return labelSize(side, reference);
  const [width = 0, height = 0] = model.sizeDefault.split("*").map(Number);
  // qwen's edits follow the last input picture, at about its default's area when it is too large.
  if (reference === undefined) return { width, height };
  const area = reference.width * reference.height;
  return fitArea(reference, Math.max(512 * 512, Math.min(area, width * height)));
}

/** The reference's shape at about `area` pixels, in multiples of 16. */
function fitArea(reference: Size, area: number): Size {
  const scale = Math.sqrt(area / (reference.width * reference.height));
  return snap({ width: reference.width * scale, height: reference.height * scale });
}

/** Halves go to the even multiple: 1032 is 64.5 steps and became 64. */
function snap({ width, height }: Size): Size {
  const step = (value: number): number => {
    const steps = value / EDIT_STEP;
    const floor = Math.floor(steps);
    const isHalf = steps - floor === 0.5;
    const whole = isHalf ? floor + (floor % 2) : Math.round(steps);
    return Math.max(1, whole) * EDIT_STEP;
  };
  return { width: step(width), height: step(height) };
}

function sizeComplaint(text: string, size: Size, context: SizeContext): string | undefined {
  const { model, reference, sequential } = context;
  const { width, height } = size;
  const rule = model.size;
  switch (rule.rule) {
    case "none":
      return undefined;
    case "fixed":
      return rule.sizes.includes(text)
        ? undefined
        : `size ${text} is not supported, allowed: ${rule.sizes.join(", ")}`;
    case "sides":
      return Math.min(width, height) >= rule.min && Math.max(width, height) <= rule.max
        ? undefined
        : `size ${text}: each side must be between ${rule.min} and ${rule.max}`;
    case "area": {
      const wide = reaches4k(model) && reference === undefined && !sequential;
      const max = wide ? AREA_4096 : rule.max;
      if (width * height < rule.min || width * height > max) {
        return `size ${text}: total pixels must be between ${rule.min} and ${max}`;
      }
      const { aspectMax = Number.POSITIVE_INFINITY } = rule;
      return Math.max(width, height) > aspectMax * Math.min(width, height)
        ? `size ${text}: the aspect ratio must be between 1:${aspectMax} and ${aspectMax}:1`
        : undefined;
    }
    default:
      return rule satisfies never;
  }
}
