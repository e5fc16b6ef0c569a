import type { AcceptedOrder } from "../../gates/accept.ts";
import type { JsonValue } from "../../json.ts";
import type { WireBody } from "../wire/exchange.ts";
import { dataUrl, jsonBody } from "../wire/json-body.ts";
import { type FormPart, multipartBody } from "../wire/multipart-body.ts";

/**
 * Body of `POST /images/generations`, and the fields of `POST /images/edits` beside its pictures, as far as we
 * use them. Wire names are the vendor's.
 * Source: OpenAI OpenAPI spec 2.3.0, CreateImageRequest and CreateImageEditRequest, 2026-08-21 [spec].
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
  readonly input_fidelity?: string;
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
    ...(can.inputFidelity?.includes(order.inputFidelity ?? "") === true
      ? { input_fidelity: order.inputFidelity }
      : {}),
    ...(order.user === undefined ? {} : { user: order.user }),
    ...(isStreamed(accepted) ? { stream: true, partial_images: order.partialImages ?? 0 } : {}),
  };
}

/** Whether the vendor's own events are wanted: a stream without interim pictures is made of a whole answer. */
function isStreamed({ order }: AcceptedOrder): boolean {
  return order.stream === true && (order.partialImages ?? 0) > 0;
}

/** One call in the vendor's words, its path below the base URL. */
type WireCall = { readonly path: string; readonly body: string | WireBody };

/** An order without references is a generation; one with them an edit, as a form or in JSON. */
export function wireCall(accepted: AcceptedOrder): WireCall {
  const { references, mask } = accepted.order;
  const fields = wireBody(accepted);
  if (references === undefined) return { path: "/images/generations", body: jsonBody(fields) };
  const path = "/images/edits";
  if (isFormEdit(accepted)) return { path, body: multipartBody(formParts(accepted)) };
  const images = references.map((reference) => ({ image_url: dataUrl(reference) }));
  const maskField = mask === undefined ? {} : { mask: { image_url: dataUrl(mask) } };
  return { path, body: jsonBody({ ...fields, images, ...maskField }) };
}

/**
 * Whether an order's pictures go out as files of a form. Its list of fields has no `moderation`, which JSON
 * has; `auto` asks for nothing.
 * Source: OpenAI OpenAPI spec 2.3.0, CreateImageEditRequest and EditImageBodyJsonParam, 2026-08-21 [spec].
 */
export function isFormEdit({ order }: AcceptedOrder): boolean {
  return order.references !== undefined && (order.moderation ?? "auto") === "auto";
}

/**
 * One picture goes under `image`, several under `image[]`.
 * Source: OpenAI OpenAPI spec 2.3.0, CreateImageEditRequest, 2026-08-21 [spec]; ComfyUI nodes_openai.py [third].
 */
function formParts(accepted: AcceptedOrder): FormPart[] {
  const { references = [], mask } = accepted.order;
  const { moderation: _, ...fields } = wireBody(accepted);
  const name = references.length === 1 ? "image" : "image[]";
  return [
    ...Object.entries(fields).map(([field, value]) => ({ name: field, text: String(value) })),
    ...references.map((picture, index) => ({
      name,
      picture,
      fileName: `image-${index + 1}.${picture.format}`,
    })),
    ...(mask === undefined
      ? []
      : [{ name: "mask", picture: mask, fileName: `mask.${mask.format}` }]),
  ];
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
