import type { AcceptedOrder } from "../../gates/accept.ts";
import type { ImageOrder } from "../../gates/order.ts";
import type { JsonValue } from "../../json.ts";
import { dataUrl, type InlinePicture } from "../wire/json-body.ts";

/**
 * Body of `POST /images/generations`, as far as we use it. Wire names are the vendor's. There is no `n`:
 * sent, it would be ignored. `sequential_image_generation` and `stream` are 400 on the newer models in
 * any value, so they are never sent.
 * Source: docs.byteplus.com ModelArk/1541523 [spec], checked 2026-11-22; tee-gateway pull 141, 2026-08-03 [seen].
 */
export type WireRequestBody = {
  readonly model: string;
  readonly prompt: string;
  /** Data URLs: one alone, or a list. */
  readonly image?: InlinePicture | readonly InlinePicture[];
  readonly size?: string;
  readonly seed?: number;
  readonly guidance_scale?: number;
  readonly output_format?: string;
  readonly background?: string;
  /** The pictures come in the answer: no address to fetch from, none to lose. */
  readonly response_format: "b64_json";
  readonly watermark?: boolean;
};

export function wireBody(accepted: AcceptedOrder): WireRequestBody {
  const { order, model } = accepted;
  const can = model.capabilities;
  return {
    model: model.wireId,
    prompt: order.prompt,
    ...image(order),
    ...size(accepted),
    ...(order.seed === undefined ? {} : { seed: order.seed }),
    ...(order.guidanceScale === undefined ? {} : { guidance_scale: order.guidanceScale }),
    ...(can.outputFormats.selectable && isAsked(order.outputFormat, can.outputFormats.values)
      ? { output_format: order.outputFormat }
      : {}),
    ...(isAsked(order.background, can.background?.values) ? { background: order.background } : {}),
    response_format: "b64_json",
    ...(can.watermark ? { watermark: order.watermark ?? false } : {}),
  };
}

/**
 * The vendor would draw a visible mark unless told not to.
 * Source: docs.byteplus.com ModelArk/1541523, `watermark` defaults to true [spec], checked 2026-11-22.
 */
export function sent({ order, model }: AcceptedOrder): { readonly [param: string]: JsonValue } {
  return model.capabilities.watermark && order.watermark === undefined ? { watermark: false } : {};
}

function image({ references }: ImageOrder): Pick<WireRequestBody, "image"> {
  if (references === undefined) return {};
  const [first, ...others] = references;
  return { image: others.length === 0 ? dataUrl(first) : references.map(dataUrl) };
}

/** Pixels where they were asked for or follow from label and ratio, else the label; never both. */
function size({ size: { pixels, label } }: AcceptedOrder): { readonly size?: string } {
  if (pixels !== undefined) return { size: `${pixels.width}x${pixels.height}` };
  return label === undefined ? {} : { size: label };
}

/** `auto` asks for nothing: it passes every gate, and goes out only where the model has such a value. */
function isAsked(
  value: string | undefined,
  values: readonly string[] | undefined,
): value is string {
  return value !== undefined && values?.includes(value) === true;
}
