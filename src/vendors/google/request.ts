import type { AcceptedOrder } from "../../gates/accept.ts";
import { base64Text, type InlinePicture, mimeType } from "../wire/json-body.ts";

type Picture = { readonly inlineData: { readonly mimeType: string; readonly data: InlinePicture } };

/** The body of `generateContent`, as far as we use it. Wire names are the vendor's. */
type WireRequestBody = {
  readonly contents: readonly [
    { readonly role: "user"; readonly parts: readonly [{ readonly text: string }, ...Picture[]] },
  ];
  readonly generationConfig: {
    readonly responseModalities: readonly ["IMAGE"];
    readonly imageConfig?: { readonly aspectRatio?: string; readonly imageSize?: string };
  };
};

/**
 * The native call. v1beta: on v1 `responseModalities` is an unknown field and answers 400.
 * Source: js-genai issue 1322, a recorded 400 [seen], checked 2026-11-22.
 */
export function wirePath(wireId: string): string {
  return `/v1beta/models/${encodeURIComponent(wireId)}:generateContent`;
}

/**
 * An accepted order in the vendor's words. Images only: a text beside the picture would be billed.
 * The text stands before the references, as in the vendor's own example.
 * Never `candidateCount`: above 1 it answers 400 on every image model.
 * Source: ai.google.dev/gemini-api/docs/image-generation [spec]; gemini-cli issue 10370 [seen], checked 2026-11-22.
 */
export function wireBody(accepted: AcceptedOrder): WireRequestBody {
  const { order } = accepted;
  const imageConfig = wireImageConfig(accepted);
  const pictures = (order.references ?? []).map((reference) => ({
    inlineData: { mimeType: mimeType(reference), data: base64Text(reference) },
  }));
  return {
    contents: [{ role: "user", parts: [{ text: order.prompt }, ...pictures] }],
    generationConfig: {
      responseModalities: ["IMAGE"],
      ...(imageConfig === undefined ? {} : { imageConfig }),
    },
  };
}

function wireImageConfig({
  order,
  model,
  size,
}: AcceptedOrder): WireRequestBody["generationConfig"]["imageConfig"] {
  // A ratio asked for alone resolves to the model's own default label: that one isn't ours to send.
  const labelAsked = order.resolution !== undefined || order.size !== undefined;
  const { sendsImageSize } = model.wire;
  const imageSize =
    sendsImageSize === true && labelAsked && size.label !== undefined
      ? { imageSize: size.label }
      : {};
  const aspectRatio = size.ratio === undefined ? {} : { aspectRatio: size.ratio };
  const config = { ...aspectRatio, ...imageSize };
  return Object.keys(config).length === 0 ? undefined : config;
}
