import type { AcceptedOrder } from "../../gates/accept.ts";
import type { JsonValue } from "../../json.ts";

/**
 * Body of `POST /images/generations`, as far as we use it. Wire names are the vendor's.
 * Source: OpenAI OpenAPI spec 2.3.0, CreateImageRequest, 2026-08-21 [spec].
 */
export type WireRequestBody = {
  readonly model: string;
  readonly prompt: string;
  readonly n?: number;
  readonly size?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly output_format?: string;
  readonly output_compression?: number;
  readonly moderation?: string;
  readonly user?: string;
  readonly stream?: true;
  readonly partial_images?: number;
};

/**
 * An accepted order in the vendor's words: what the caller asked for and nothing else. Never
 * `response_format`: GPT image models answer it with 400 unknown_parameter.
 * Source: vercel/ai image fixture, a recorded 400 [seen], checked 2026-11-22.
 */
export function wireBody(accepted: AcceptedOrder): WireRequestBody {
  const { order, model } = accepted;
  const can = model.capabilities;
  return {
    model: model.wireId,
    prompt: order.prompt,
    ...(order.n > 1 ? { n: order.n } : {}),
    ...size(accepted),
    ...(can.quality !== undefined && order.quality !== undefined ? { quality: order.quality } : {}),
    // `auto` asks for nothing: it passes every gate, and goes out only where the model has the knob.
    ...(can.background !== undefined && order.background !== undefined
      ? { background: order.background }
      : {}),
    ...(can.outputFormats.selectable && order.outputFormat !== undefined
      ? { output_format: order.outputFormat }
      : {}),
    ...(order.outputCompression === undefined
      ? {}
      : { output_compression: order.outputCompression }),
    ...(can.moderation !== undefined && order.moderation !== undefined
      ? { moderation: order.moderation }
      : {}),
    ...(order.user === undefined ? {} : { user: order.user }),
    ...(isStreamed(accepted) ? { stream: true, partial_images: order.partialImages ?? 0 } : {}),
  };
}

/** Whether the vendor's own events are wanted: a stream without interim pictures is made of a whole answer. */
export function isStreamed({ order }: AcceptedOrder): boolean {
  return order.stream === true && (order.partialImages ?? 0) > 0;
}

/** Nothing goes out that was not asked for. */
export function sent(_accepted: AcceptedOrder): { readonly [param: string]: JsonValue } {
  return {};
}

function size({ order, size: resolved }: AcceptedOrder): { readonly size?: string } {
  if (resolved.pixels !== undefined) {
    return { size: `${resolved.pixels.width}x${resolved.pixels.height}` };
  }
  return order.size?.kind === "auto" ? { size: "auto" } : {};
}
