import type { AcceptedOrder } from "../../gates/accept.ts";
import type { JsonValue } from "../../json.ts";
import { dataUrl, type JsonWithPictures } from "../wire/json-body.ts";

type WireParameters = { readonly [name: string]: string | number | boolean };

/** One call in the vendor's words. */
export type WireCall = {
  readonly path: string;
  /** The vendor answers with a task to poll instead of pictures. */
  readonly isTask: boolean;
  readonly body: {
    readonly model: string;
    readonly input: { readonly [name: string]: JsonWithPictures };
    readonly parameters: WireParameters;
  };
};

/**
 * An accepted order in the vendor's words. `n` always goes along: left out, the vendor's documents disagree
 * whether it is 1 or 4. References stand before the text, as data URLs; their order names them "Image 1", "Image 2".
 *
 * Source: alibabacloud.com model-studio, wan and qwen image API references [spec], checked 2026-10-12.
 */
export function wireCall(accepted: AcceptedOrder): WireCall {
  const { order, model } = accepted;
  const { route } = model.wire;
  const parameters = wireParameters(accepted);
  const exclusions =
    order.negativePrompt === undefined ? {} : { negative_prompt: order.negativePrompt };
  const images = (order.references ?? []).map(dataUrl);
  const content = [...images.map((image) => ({ image })), { text: order.prompt }];
  const messages = {
    model: model.wireId,
    input: { messages: [{ role: "user", content }] },
    parameters: { ...exclusions, ...parameters },
  };
  // Either would leave out what the caller sent, or the one thing that the route is for.
  if (route === (images.length === 0 ? "async_image" : "async_text")) {
    throw new Error(`${model.id}: ${images.length} references don't go by the route ${route}`);
  }
  switch (route) {
    case "sync":
      return {
        path: "/api/v1/services/aigc/multimodal-generation/generation",
        isTask: false,
        body: messages,
      };
    case "async_messages":
      return {
        path: "/api/v1/services/aigc/image-generation/generation",
        isTask: true,
        body: messages,
      };
    case "async_text":
      return {
        path: "/api/v1/services/aigc/text2image/image-synthesis",
        isTask: true,
        body: {
          model: model.wireId,
          input: { prompt: order.prompt, ...exclusions },
          parameters,
        },
      };
    case "async_image":
      return {
        path: "/api/v1/services/aigc/image2image/image-synthesis",
        isTask: true,
        body: {
          model: model.wireId,
          input: { prompt: order.prompt, images, ...exclusions },
          parameters,
        },
      };
    default:
      throw new Error(`${model.id}: no call goes by the route ${String(route)}`);
  }
}

function wireParameters({ order, model, size }: AcceptedOrder): WireParameters {
  const { watermark, promptExtend } = model.capabilities;
  const wireSize =
    size.pixels === undefined ? size.label : `${size.pixels.width}*${size.pixels.height}`;
  return {
    n: order.n,
    ...(wireSize === undefined ? {} : { size: wireSize }),
    ...(order.seed === undefined ? {} : { seed: order.seed }),
    ...(watermark ? { watermark: order.watermark ?? false } : {}),
    ...(promptExtend ? { prompt_extend: order.promptExtend ?? false } : {}),
  };
}

/** What goes along though the caller named no value (P7), in our own parameter names. */
export function sent({ order, model, size }: AcceptedOrder): {
  readonly [param: string]: JsonValue;
} {
  const { watermark, promptExtend } = model.capabilities;
  const isRatioAlone = order.aspectRatio !== undefined && order.resolution === undefined;
  return {
    ...(order.nOmitted === true ? { n: order.n } : {}),
    // A ratio is only expressed through the label that makes it.
    ...(isRatioAlone && size.label !== undefined ? { resolution: size.label } : {}),
    ...(watermark && order.watermark === undefined ? { watermark: false } : {}),
    ...(promptExtend && order.promptExtend === undefined ? { prompt_extend: false } : {}),
  };
}
