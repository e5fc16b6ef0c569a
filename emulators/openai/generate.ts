import { type Answer, type BodyPart, jsonAroundPictures, pause } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { faultyUsage, imagesThatCome } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import { moderationBlocked, openaiError, openaiHeaders, openaiStatus } from "./errors.ts";
import { GPT_IMAGE_MODELS } from "./models.ts";
import type { GptImageOrder } from "./order.ts";
import { type BilledCall, imageUsage, overrunUsage } from "./usage.ts";

/** What an edit adds to a generation. */
export type EditPart = {
  readonly operation: "image_generation" | "image_edit";
  readonly editTextTokens: number;
  readonly referenceTokens: number;
};

export const NO_EDIT: EditPart = {
  operation: "image_generation",
  editTextTokens: 0,
  referenceTokens: 0,
};

/** Makes the pictures of a validated call and answers in the vendor's shape (openai.md §3, §4). */
export async function generateImages(
  exchange: Exchange,
  order: GptImageOrder,
  edit: EditPart,
): Promise<Answer> {
  const { faults, world, call } = exchange;
  await pause(world.config.latencyMs);
  if (faults.status !== undefined) return openaiStatus(faults.status, order.model.id);
  if (faults.moderation) return moderationBlocked();
  if (faults.failed) return failureInside200();
  const [promptTokens, pictures] = await Promise.all([
    world.tokenizer.count(order.prompt),
    makePictures(exchange, order, imagesThatCome(order.images, faults)),
  ]);
  const billed: BilledCall = {
    model: order.model,
    quality: order.quality,
    size: order.size,
    promptTokens,
    editTextTokens: edit.editTextTokens,
    referenceTokens: edit.referenceTokens,
    images: pictures.length,
    partialImages: order.stream ? order.partialImages * pictures.length : 0,
  };
  call.images = pictures.length;
  const made: Made = { order, edit, billed, pictures };
  return order.stream ? streamAnswer(exchange, made) : wholeAnswer(exchange, made);
}

type Made = {
  readonly order: GptImageOrder;
  readonly edit: EditPart;
  readonly billed: BilledCall;
  readonly pictures: readonly Uint8Array[];
};

function makePictures(
  exchange: Exchange,
  order: GptImageOrder,
  count: number,
): Promise<Uint8Array[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const picture = await exchange.world.studio.make({
        width: order.size.width,
        height: order.size.height,
        format: order.format,
        transparent: order.background === "transparent",
        watermark: false,
        encoding: "base64",
        caption: {
          model: order.model.id,
          size: sizeText(order),
          quality: order.quality,
          prompt: order.prompt,
        },
      });
      return picture.bytes;
    }),
  );
}

function wholeAnswer(exchange: Exchange, { order, billed, pictures }: Made): Answer {
  const usage = faultyUsage(imageUsage(billed), exchange.faults, () => overrunUsage(billed));
  exchange.call.usage = usage ?? null;
  const body = jsonAroundPictures(
    (place) => ({
      created: secondsNow(exchange),
      ...otherModel(exchange, order),
      background: order.background,
      data: pictures.map((base64) => ({ b64_json: place(base64) })),
      output_format: order.format,
      quality: order.quality,
      size: sizeText(order),
      ...(usage === undefined ? {} : { usage }),
    }),
    2,
  );
  return {
    status: 200,
    headers: { "content-type": "application/json", ...openaiHeaders() },
    body,
  };
}

/**
 * Server-sent events: previews, then one `completed` for each image with the usage of that image.
 *
 * One event per image for n > 1, and no `[DONE]` at the end, are [guess] (openai.md §4, §12). Every
 * preview that was asked for comes; each repeats the picture, since previews are never looked at.
 */
function streamAnswer(exchange: Exchange, made: Made): Answer {
  const { order, edit, pictures } = made;
  const one: BilledCall = { ...made.billed, images: 1, partialImages: order.partialImages };
  const usage = faultyUsage(imageUsage(one), exchange.faults, () => overrunUsage(one));
  exchange.call.usage = pictures.length === 0 ? null : (usage ?? null);
  const body = pictures.flatMap((base64) => {
    const common = {
      created_at: secondsNow(exchange),
      size: sizeText(order),
      quality: order.quality,
      background: order.background,
      output_format: order.format,
      ...otherModel(exchange, order),
    };
    const previews = Array.from({ length: order.partialImages }, (_, index) =>
      event(`${edit.operation}.partial_image`, base64, { ...common, partial_image_index: index }),
    );
    const last = { ...common, ...(usage === undefined ? {} : { usage }) };
    return [...previews.flat(), ...event(`${edit.operation}.completed`, base64, last)];
  });
  return {
    status: 200,
    headers: { "content-type": "text/event-stream", ...openaiHeaders() },
    body,
  };
}

function event(type: string, base64: Uint8Array, fields: JsonObject): BodyPart[] {
  const data = jsonAroundPictures((place) => ({ type, b64_json: place(base64), ...fields }));
  return [`event: ${type}\ndata: `, ...data, "\n\n"];
}

/** `failed`: a failure body inside a 200. Not recorded from this vendor: set by the emulator. */
function failureInside200(): Answer {
  return openaiError({
    status: 200,
    type: "server_error",
    code: null,
    message: "The server had an error while processing your request.",
  });
}

/** Real answers name no model (openai.md §3 [seen]); with `other-model` another one is named. */
function otherModel(exchange: Exchange, order: GptImageOrder): JsonObject {
  if (!exchange.faults.otherModel) return {};
  const other = GPT_IMAGE_MODELS.find((model) => model.law !== order.model.law);
  return { model: other?.id };
}

function sizeText({ size }: GptImageOrder): string {
  return `${size.width}x${size.height}`;
}

function secondsNow(exchange: Exchange): number {
  return Math.floor(exchange.world.nowMs() / 1_000);
}
