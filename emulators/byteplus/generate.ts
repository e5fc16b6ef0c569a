import { type Answer, type BodyPart, jsonAnswer, jsonAroundPictures, pause } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { faultyUsage, imagesThatCome } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { Picture } from "../picture/picture.ts";
import { arkError, arkHeaders, arkStatus, INTERNAL_ERROR, OUTPUT_MODERATED } from "./errors.ts";
import { SEEDREAM_MODELS } from "./models.ts";
import type { SeedreamOrder } from "./order.ts";
import { overrunUsage, seedreamUsage } from "./usage.ts";

/** Makes the pictures of a validated call and answers in Ark's shape: byteplus.md §3. */
export async function generateImages(exchange: Exchange, order: SeedreamOrder): Promise<Answer> {
  const { faults, world, call } = exchange;
  await pause(world.config.latencyMs);
  if (faults.status !== undefined) return arkStatus(faults.status);
  if (faults.moderation) return arkError(400, OUTPUT_MODERATED.code, OUTPUT_MODERATED.message);
  if (faults.failed) return failureInside200(exchange, order);
  const count = imagesThatCome(order.images, faults);
  const pictures = await Promise.all(
    Array.from({ length: count }, () => makePicture(exchange, order)),
  );
  call.images = count;
  const usage = faultyUsage(seedreamUsage(order, count), faults, () => overrunUsage(order, count));
  call.usage = usage ?? null;
  const made: Made = { order, pictures, usage, slots: faults.noImage ? 0 : order.images };
  return order.stream ? streamAnswer(exchange, made) : wholeAnswer(exchange, made);
}

type Made = {
  readonly order: SeedreamOrder;
  readonly pictures: readonly Picture[];
  readonly usage: JsonObject | undefined;
  /** Pictures and failed slots together. */
  readonly slots: number;
};

function makePicture(exchange: Exchange, order: SeedreamOrder): Promise<Picture> {
  return exchange.world.studio.make({
    width: order.size.width,
    height: order.size.height,
    format: order.format,
    transparent: order.transparent,
    watermark: order.watermark,
    encoding: order.asUrl ? "binary" : "base64",
    caption: { model: order.id, size: sizeText(order), quality: "", prompt: order.prompt },
  });
}

function wholeAnswer(exchange: Exchange, made: Made): Answer {
  const { order, usage } = made;
  const body = jsonAroundPictures((place) => ({
    model: modelThatServed(exchange, order),
    created: secondsNow(exchange),
    data: slots(made, (picture) => pictureFields(exchange, order, picture, place)),
    ...(usage === undefined ? {} : { usage }),
  }));
  return {
    status: 200,
    headers: { "content-type": "application/json; charset=utf-8", ...arkHeaders() },
    body,
  };
}

/** A slot whose picture did not come carries its own error: a moderated one, so the others went on. */
function slots(made: Made, fields: (picture: Picture) => JsonObject): JsonObject[] {
  return Array.from({ length: made.slots }, (_, index) => {
    const picture = made.pictures[index];
    return picture === undefined ? { error: OUTPUT_MODERATED } : fields(picture);
  });
}

function pictureFields(
  exchange: Exchange,
  order: SeedreamOrder,
  picture: Picture,
  place: (base64: Uint8Array) => string,
): JsonObject {
  const { origin, world } = exchange;
  return {
    ...(order.asUrl
      ? { url: origin + world.store.put(picture.bytes, picture.format) }
      : { b64_json: place(picture.bytes) }),
    ...(order.model.reportsSize ? { size: sizeText(order) } : {}),
    ...(order.model.reportsInputs ? { output_format: picture.format } : {}),
  };
}

/** Server-sent events, `[DONE]` at the end: byteplus.md §3. "Partial" is one finished picture here. */
function streamAnswer(exchange: Exchange, made: Made): Answer {
  const { order, usage } = made;
  const common = { model: modelThatServed(exchange, order), created: secondsNow(exchange) };
  const body: BodyPart[] = [];
  for (let index = 0; index < made.slots; index += 1) {
    const picture = made.pictures[index];
    const at = { ...common, image_index: index };
    body.push(
      ...(picture === undefined
        ? event("image_generation.partial_failed", () => ({ ...at, error: OUTPUT_MODERATED }))
        : event("image_generation.partial_succeeded", (place) => ({
            ...at,
            ...pictureFields(exchange, order, picture, place),
          }))),
    );
  }
  const last = { ...common, ...(usage === undefined ? {} : { usage }) };
  body.push(...event("image_generation.completed", () => last), "data: [DONE]\n\n");
  return { status: 200, headers: { "content-type": "text/event-stream", ...arkHeaders() }, body };
}

function event(
  type: string,
  build: (place: (base64: Uint8Array) => string) => JsonObject,
): BodyPart[] {
  const data = jsonAroundPictures((place) => ({ type, ...build(place) }));
  return [`event: ${type}\ndata: `, ...data, "\n\n"];
}

/** A 200 whose top level says that nothing was generated (byteplus.md §3); on a stream, the `error` event. */
function failureInside200(exchange: Exchange, order: SeedreamOrder): Answer {
  const fields = { model: order.id, created: secondsNow(exchange), error: INTERNAL_ERROR };
  if (!order.stream) return jsonAnswer(200, fields, arkHeaders());
  return {
    status: 200,
    headers: { "content-type": "text/event-stream", ...arkHeaders() },
    body: event("error", () => ({ error: INTERNAL_ERROR })),
  };
}

/** The dated id that served; with `other-model` another one, as after an automated replacement (§1). */
function modelThatServed(exchange: Exchange, order: SeedreamOrder): string {
  if (!exchange.faults.otherModel) return order.id;
  const prefix = order.id.startsWith("doubao-") ? "doubao-" : "";
  const others = SEEDREAM_MODELS.filter((model) => model !== order.model && model.groups);
  return others.flatMap((model) => model.ids).find((id) => id.startsWith(prefix)) ?? order.id;
}

function sizeText({ size }: SeedreamOrder): string {
  return `${size.width}x${size.height}`;
}

function secondsNow(exchange: Exchange): number {
  return Math.floor(exchange.world.nowMs() / 1_000);
}
