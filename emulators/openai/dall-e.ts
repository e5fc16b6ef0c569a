import { type Answer, jsonAnswer, jsonAroundPictures, pause } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { imagesThatCome } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { Picture } from "../picture/picture.ts";
import { moderationBlocked, openaiHeaders, openaiStatus } from "./errors.ts";
import { choiceField, promptField, refuseUnknown, wholeField } from "./fields.ts";

type DallEModel = {
  readonly id: string;
  readonly sizes: readonly string[];
  readonly qualities: readonly string[];
  readonly imagesMax: number;
  readonly promptCharactersMax: number;
  readonly parameters: readonly string[];
};

const COMMON = ["prompt", "model", "n", "size", "quality", "response_format", "user"];

/** Shut down 2026-05-12, kept for history: openai.md §1 and §2.1 [spec], §6.1 for the sizes that were priced. */
const DALL_E_MODELS: readonly DallEModel[] = [
  {
    id: "dall-e-2",
    sizes: ["1024x1024", "256x256", "512x512"],
    qualities: ["standard"],
    imagesMax: 10,
    promptCharactersMax: 1_000,
    parameters: COMMON,
  },
  {
    id: "dall-e-3",
    sizes: ["1024x1024", "1792x1024", "1024x1792"],
    qualities: ["standard", "hd"],
    imagesMax: 1,
    promptCharactersMax: 4_000,
    parameters: [...COMMON, "style"],
  },
];

export const DALL_E_IDS: readonly string[] = DALL_E_MODELS.map((model) => model.id);

/** Answers a DALL·E call: pictures by URL unless `b64_json` is asked for, and never any usage. */
export async function generateWithDallE(
  exchange: Exchange,
  body: JsonObject,
  id: string,
): Promise<Answer> {
  const model = DALL_E_MODELS.find((candidate) => candidate.id === id);
  if (model === undefined) throw new Error(`${id} is no DALL-E model`);
  refuseUnknown(body, model.parameters);
  const prompt = promptField(body, model.promptCharactersMax);
  const count = wholeField(body, "n", { min: 1, max: model.imagesMax, fallback: 1 });
  const size = choiceField(body, "size", model.sizes, "1024x1024");
  const quality = choiceField(body, "quality", model.qualities, "standard");
  choiceField(body, "style", ["vivid", "natural"], "vivid");
  const encoding =
    choiceField(body, "response_format", ["url", "b64_json"], "url") === "url"
      ? "binary"
      : "base64";
  const { faults, world, call, origin } = exchange;
  await pause(world.config.latencyMs);
  if (faults.status !== undefined) return openaiStatus(faults.status, id);
  if (faults.moderation) return moderationBlocked();
  if (faults.failed) return jsonAnswer(200, { error: { message: "failed", type: "server_error" } });
  const [width = 0, height = 0] = size.split("x").map(Number);
  const order = { width, height, format: "png", transparent: false, watermark: false } as const;
  const caption = { model: id, size, quality, prompt };
  const pictures = await Promise.all(
    Array.from({ length: imagesThatCome(count, faults) }, () =>
      world.studio.make({ ...order, encoding, caption }),
    ),
  );
  call.images = pictures.length;
  const url = (picture: Picture): string => origin + world.store.put(picture.bytes, picture.format);
  return {
    status: 200,
    headers: { "content-type": "application/json", ...openaiHeaders() },
    body: jsonAroundPictures((place) => ({
      created: Math.floor(world.nowMs() / 1_000),
      data: pictures.map((picture) =>
        encoding === "binary" ? { url: url(picture) } : { b64_json: place(picture.bytes) },
      ),
    })),
  };
}
