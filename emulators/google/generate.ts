import { randomBytes } from "node:crypto";
import { type Answer, type BodyPart, jsonAroundPictures, pause } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { faultyUsage, imagesThatCome } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { Picture } from "../picture/picture.ts";
import { googleError, googleHeaders, googleStatus } from "./errors.ts";
import { GEMINI_MODELS, thinks } from "./models.ts";
import type { GeminiOrder } from "./order.ts";
import { blockedUsage, imageUsage, overrunUsage, refusalUsage, textUsage } from "./usage.ts";

/** How the answer is asked for: one JSON, a JSON list of chunks, or server-sent events (google.md §3.2). */
export type GeminiForm = "whole" | "list" | "events";

const TEXT_ANSWER = "This is a text answer of the Spotmeter sandbox.";

/** Makes the picture of a validated call and answers in the Developer API's shape (google.md §3). */
export async function generateContent(
  exchange: Exchange,
  order: GeminiOrder,
  form: GeminiForm,
): Promise<Answer> {
  const { faults, world, call } = exchange;
  await pause(world.config.latencyMs);
  if (faults.status !== undefined) return googleStatus(faults.status, order.model.id);
  if (faults.failed) return failureInside200();
  if (faults.moderation) {
    const promptFeedback = { blockReason: "PROHIBITED_CONTENT" };
    return answer(exchange, order, form, {
      fields: { promptFeedback },
      usage: blockedUsage(order),
    });
  }
  if (!order.wantsImage) {
    const content = { role: "model", parts: [{ text: TEXT_ANSWER }] };
    const candidates = [{ content, finishReason: "STOP", index: 0 }];
    return answer(exchange, order, form, {
      fields: { candidates },
      usage: textUsage(order, TEXT_ANSWER),
    });
  }
  // One call makes one image, so `partial=0` is the same as no image.
  if (imagesThatCome(1, faults) === 0) {
    const finishMessage = "Unable to show the generated image.";
    const candidates = [{ finishReason: "NO_IMAGE", finishMessage, index: 0 }];
    return answer(exchange, order, form, { fields: { candidates }, usage: refusalUsage(order) });
  }
  const picture = await makePicture(exchange, order);
  call.images = 1;
  return answer(exchange, order, form, {
    fields: {},
    picture,
    usage: imageUsage(order),
    overrun: overrunUsage(order),
  });
}

function makePicture(exchange: Exchange, order: GeminiOrder): Promise<Picture> {
  return exchange.world.studio.make({
    width: order.size.width,
    height: order.size.height,
    format: order.model.outputMime === "image/png" ? "png" : "jpeg",
    transparent: false,
    watermark: false,
    encoding: "base64",
    caption: {
      model: order.model.id,
      size: `${order.size.width}x${order.size.height}`,
      quality: order.model.sizes.length === 0 ? "" : order.label,
      prompt: order.contents.text,
    },
  });
}

type Outcome = {
  readonly fields: JsonObject;
  readonly picture?: Picture;
  readonly usage: JsonObject;
  readonly overrun?: JsonObject;
};

function answer(
  exchange: Exchange,
  order: GeminiOrder,
  form: GeminiForm,
  outcome: Outcome,
): Answer {
  const { picture, overrun = outcome.usage } = outcome;
  const usage = faultyUsage(outcome.usage, exchange.faults, () => overrun);
  exchange.call.usage = usage ?? null;
  const tail = {
    ...(usage === undefined ? {} : { usageMetadata: usage }),
    modelVersion: modelVersion(exchange, order),
    responseId: randomBytes(17).toString("base64url"),
  };
  const build = (place: (base64: Uint8Array) => string): unknown =>
    picture === undefined
      ? { ...outcome.fields, ...tail }
      : { candidates: [pictureCandidate(order, picture, place)], ...tail };
  if (form === "whole") return respond(order, "application/json", jsonAroundPictures(build, 2));
  if (form === "list") {
    return respond(order, "application/json", ["[", ...jsonAroundPictures(build, 2), "\n]"]);
  }
  return respond(order, "text/event-stream", ["data: ", ...jsonAroundPictures(build), "\r\n\r\n"]);
}

/** Part order and the signature on Gemini 3 parts: google.md §3. No text part: set by the emulator. */
function pictureCandidate(
  order: GeminiOrder,
  picture: Picture,
  place: (base64: Uint8Array) => string,
): JsonObject {
  const part = {
    inlineData: { mimeType: `image/${picture.format}`, data: place(picture.bytes) },
    ...(thinks(order.model) ? { thoughtSignature: randomBytes(96).toString("base64") } : {}),
  };
  const content = { role: "model", parts: [part] };
  return { content, finishReason: "STOP", index: 0, ...grounding(order) };
}

/** One query for every call that may search: set by the emulator (fields: google.md §3 [seen S3]). */
function grounding(order: GeminiOrder): JsonObject {
  if (!order.searches) return {};
  const query = order.contents.text.split(/\s+/).slice(0, 8).join(" ");
  return {
    groundingMetadata: {
      webSearchQueries: [query],
      groundingChunks: [{ web: { uri: "https://example.com/", title: "example.com" } }],
      searchEntryPoint: { renderedContent: "<div>SANDBOX</div>" },
    },
  };
}

function respond(order: GeminiOrder, contentType: string, body: readonly BodyPart[]): Answer {
  const type = contentType === "application/json" ? `${contentType}; charset=UTF-8` : contentType;
  return { status: 200, headers: { "content-type": type, ...googleHeaders(order.tier) }, body };
}

/** `failed`: the error body that streams carry (google.md §9), inside a 200. Set by the emulator. */
function failureInside200(): Answer {
  return { ...googleError(500, "An internal error has occurred."), status: 200 };
}

/** The model that really served; with `other-model` a different one (google.md §0.5). */
function modelVersion(exchange: Exchange, order: GeminiOrder): string {
  if (!exchange.faults.otherModel) return order.model.version;
  const other = GEMINI_MODELS.find((model) => model.tokens !== order.model.tokens);
  return other?.version ?? order.model.version;
}
