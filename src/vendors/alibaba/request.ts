import type { AcceptedOrder } from "../../gates/accept.ts";
import type { JsonValue } from "../../json.ts";

type WireParameters = { readonly [name: string]: string | number | boolean };

/** One call in the vendor's words. */
export type WireCall = {
  readonly path: string;
  /** The vendor answers with a task to poll instead of pictures. */
  readonly isTask: boolean;
  readonly body: {
    readonly model: string;
    readonly input: { readonly [name: string]: JsonValue };
    readonly parameters: WireParameters;
  };
};

/**
 * An accepted order in the vendor's words. `n` always goes along: left out, the vendor's documents disagree
 * whether it is 1 or 4.
 *
 * Source: alibabacloud.com model-studio, wan and qwen image API references [spec], checked 2026-10-12.
 */
export function wireCall(accepted: AcceptedOrder): WireCall {
  const { order, model } = accepted;
  const { route } = model.wire;
  const parameters = wireParameters(accepted);
  const exclusions =
    order.negativePrompt === undefined ? {} : { negative_prompt: order.negativePrompt };
  const messages = {
    model: model.wireId,
    input: { messages: [{ role: "user", content: [{ text: order.prompt }] }] },
    parameters: { ...exclusions, ...parameters },
  };
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
    default:
      throw new Error(`${model.id}: no text-to-image call goes by the route ${String(route)}`);
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
