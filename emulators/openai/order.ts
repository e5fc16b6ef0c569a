import type { JsonObject } from "../json.ts";
import type { PictureFormat } from "../picture/picture.ts";
import { refuseParameter } from "./errors.ts";
import {
  choiceField,
  field,
  flagField,
  invalidChoice,
  promptField,
  refuseUnknown,
  wholeField,
  wrongType,
} from "./fields.ts";
import type { GptImageModel, Quality } from "./models.ts";
import { readSize, type Size } from "./sizes.ts";

/** A validated call of a GPT image model. */
export type GptImageOrder = {
  readonly model: GptImageModel;
  readonly prompt: string;
  readonly images: number;
  readonly size: Size;
  /** The tier that runs: `auto` is already resolved, as the answer's echo has it (openai.md §3 [seen]). */
  readonly quality: Quality;
  readonly background: "transparent" | "opaque";
  readonly format: PictureFormat;
  readonly stream: boolean;
  readonly partialImages: number;
};

/** Parameters of `POST /v1/images/generations` for GPT image models: openai.md §2.1 [spec]. */
const PARAMETERS = [
  "prompt",
  "model",
  "n",
  "size",
  "quality",
  "background",
  "output_format",
  "output_compression",
  "moderation",
  "partial_images",
  "stream",
  "user",
];

const PROMPT_CHARACTERS_MAX = 32_000;
const IMAGES_MAX = 10;
const PARTIAL_IMAGES_MAX = 3;
const ALL_QUALITIES: readonly string[] = ["low", "medium", "high", "xhigh", "max"];

/** Validates a call as strictly as the vendor. `extra` are an edit's own parameters. */
export function readGptImageOrder(
  body: JsonObject,
  model: GptImageModel,
  extra: readonly string[] = [],
): GptImageOrder {
  refuseUnknown(body, [...PARAMETERS, ...model.extras, ...extra]);
  const prompt = promptField(body, PROMPT_CHARACTERS_MAX);
  const images = wholeField(body, "n", { min: 1, max: IMAGES_MAX, fallback: 1 });
  const size = readSize(field(body, "size"), model);
  const quality = readQuality(body, model);
  const format = readFormat(body, model);
  choiceField(body, "moderation", ["auto", "low"], "auto");
  const user = field(body, "user");
  if (user !== undefined && typeof user !== "string") throw wrongType("user", "a string", user);
  if (model.extras.includes("complexity")) {
    choiceField(body, "complexity", ["low", "medium", "high"], "high");
  }
  return {
    model,
    prompt,
    images,
    size,
    quality,
    background: readBackground(body, format),
    format,
    stream: flagField(body, "stream"),
    partialImages: wholeField(body, "partial_images", {
      min: 0,
      max: PARTIAL_IMAGES_MAX,
      fallback: 0,
    }),
  };
}

/** 2.5 and 2.6 know five tiers; older ones refuse the upper two in the words seen (openai.md §5). */
function readQuality(body: JsonObject, model: GptImageModel): Quality {
  const value = field(body, "quality");
  if (value === undefined || value === "auto") return model.autoQuality;
  const found = model.qualities.find((quality) => quality === value);
  if (found !== undefined) return found;
  if (typeof value === "string" && ALL_QUALITIES.includes(value)) {
    throw refuseParameter(
      "invalid_value",
      "quality",
      `The model '${model.id}' does not support quality '${value}'`,
    );
  }
  throw invalidChoice("quality", value, [...model.qualities, "auto"]);
}

/**
 * png, jpeg or webp. GIF and SVG of 2.6 are refused here: the gateway refuses them before us, and
 * their billing is not published (openai.md §12). Compression wording for PNG: [guess].
 */
function readFormat(body: JsonObject, model: GptImageModel): PictureFormat {
  const format = choiceField(body, "output_format", ["png", "jpeg", "webp"], "png");
  const compression = wholeField(body, "output_compression", { min: 0, max: 100, fallback: 100 });
  if (format === "png" && compression < 100) {
    throw refuseParameter(
      "invalid_value",
      "output_compression",
      "Compression less than 100 is not supported for PNG output format",
    );
  }
  for (const name of ["svg", "frame_count", "frame_duration_ms"]) {
    if (model.extras.includes(name) && field(body, name) !== undefined) {
      throw refuseParameter(
        "invalid_value",
        name,
        `'${name}' is not supported with output format '${format}'`,
      );
    }
  }
  return format;
}

/** Transparent needs png or webp (openai.md §2.1); wording [third]: `Transparent background …`. */
function readBackground(body: JsonObject, format: PictureFormat): "transparent" | "opaque" {
  const background = choiceField(body, "background", ["transparent", "opaque", "auto"], "auto");
  if (background === "transparent" && format === "jpeg") {
    throw refuseParameter(
      "invalid_value",
      "background",
      "Transparent background is not supported for output format 'jpeg'",
    );
  }
  return background === "transparent" ? "transparent" : "opaque";
}
