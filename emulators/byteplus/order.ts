import { AnswerError } from "../answer.ts";
import { isObject, isWhole, type JsonObject } from "../json.ts";
import { measurePicture } from "../picture/measure.ts";
import { arkError, refuseParameter, refuseUnsupported } from "./errors.ts";
import { ASPECT_MAX, type SeedreamModel } from "./models.ts";
import { readSize, type Size } from "./sizes.ts";

/** A validated Seedream call. */
export type SeedreamOrder = {
  readonly model: SeedreamModel;
  /** The dated id, which the answer echoes. */
  readonly id: string;
  readonly prompt: string;
  readonly size: Size;
  readonly references: number;
  /** One, or what a group makes: as many as it may. */
  readonly images: number;
  readonly format: "jpeg" | "png";
  readonly transparent: boolean;
  readonly watermark: boolean;
  readonly asUrl: boolean;
  readonly stream: boolean;
};

/** Group generation: at most 15, references included (byteplus.md §2, §5). */
const GROUP_MAX = 15;
const REFERENCE_BYTES_MAX = 31_457_280;
const REFERENCE_SIDE_ABOVE = 14;
const REFERENCE_PIXELS_MAX = 36_000_000;
const SEED_MAX = 2_147_483_647;

/**
 * Validates a body: byteplus.md §2, 2026-11-22.
 *
 * Fields that the API does not have (`n`, `negative_prompt`, `quality`, `mask`, `aspect_ratio`, …)
 * are ignored (§0.2); fields that another model has and this one has not are refused where a
 * refusal is on record (sequential, stream, tools), and, stricter than known, where the table has a
 * dash (`output_format`, `background`, `layer_decomposition`, `image`) [guess].
 */
export function readSeedreamOrder(
  body: JsonObject,
  found: { readonly id: string; readonly model: SeedreamModel },
): SeedreamOrder {
  const { model, id } = found;
  refuseOtherModelsFields(body, model);
  const { prompt, size, watermark, response_format: responseFormat, stream } = body;
  if (typeof prompt !== "string" || prompt === "") {
    throw new AnswerError(
      arkError(
        400,
        "MissingParameter",
        "The request failed because it is missing one or multiple required parameters: prompt.",
      ),
    );
  }
  const references = readReferences(body, model);
  checkSeeds(body, model);
  const format = readFormat(body, model);
  if (responseFormat !== undefined && responseFormat !== "url" && responseFormat !== "b64_json") {
    throw refuseParameter("response_format", "url or b64_json is expected");
  }
  return {
    model,
    id,
    prompt,
    size: readSize(size, model, references.last),
    references: references.count,
    images: readImages(body, references.count),
    format,
    transparent: readTransparent(body, { model, format, references: references.count }),
    watermark: readFlag("watermark", watermark, true),
    asUrl: responseFormat !== "b64_json",
    stream: readFlag("stream", stream, false),
  };
}

function refuseOtherModelsFields(body: JsonObject, model: SeedreamModel): void {
  const refused = [
    ...(model.groups
      ? []
      : ["sequential_image_generation", "sequential_image_generation_options", "stream"]),
    // Web search is documented for lite on Volcengine; BytePlus answered 400 in 2026-06 [seen].
    "tools",
    ...(model.choosesFormat ? [] : ["output_format"]),
    ...(model.transparent === "never" ? ["background"] : []),
    ...(model.referencesMax === 0 ? ["image"] : []),
    ...(model.promptModes.length === 0 ? ["optimize_prompt_options"] : []),
  ];
  for (const name of refused) {
    if (Object.hasOwn(body, name)) throw refuseUnsupported(name);
  }
  const { layer_decomposition: layers, optimize_prompt_options: options } = body;
  // Layers are not emulated: the gateway refuses them (DESIGN §8), and their dollar rate is a guess.
  if (layers !== undefined && (layers !== false || !model.layers)) {
    throw refuseUnsupported("layer_decomposition");
  }
  if (options === undefined) return;
  const { mode = "standard" } = isObject(options) ? options : { mode: options };
  if (typeof mode !== "string" || !model.promptModes.includes(mode)) {
    throw refuseParameter(
      "optimize_prompt_options.mode",
      `${String(mode)} is not supported by the current model`,
    );
  }
}

type References = { readonly count: number; readonly last: Size | undefined };

function readReferences(body: JsonObject, model: SeedreamModel): References {
  const { image } = body;
  const list = image === undefined ? [] : Array.isArray(image) ? image : [image];
  if (list.length < model.referencesMin) {
    throw refuseParameter("image", "at least 1 image is required by the current model");
  }
  if (list.length > model.referencesMax) {
    throw refuseParameter("image", `at most ${model.referencesMax} images are allowed`);
  }
  let last: Size | undefined;
  for (const item of list) last = readReference(item) ?? last;
  return { count: list.length, last };
}

/** A URL (never fetched here) or `data:image/<lowercase>;base64,…`. */
function readReference(item: unknown): Size | undefined {
  if (typeof item !== "string") throw refuseParameter("image", "a string is expected");
  if (/^https?:\/\//.test(item)) return undefined;
  const data = /^data:image\/[a-z+.-]+;base64,/.exec(item);
  if (data === null) {
    throw new AnswerError(arkError(400, "InvalidImageURL", "The image URL is not valid."));
  }
  const file = Buffer.from(item.slice(data[0].length), "base64");
  const size = measurePicture(file);
  if (size === undefined) throw refuseParameter("image", "the image cannot be decoded");
  checkReferencePixels(size, file.byteLength);
  return size;
}

/** byteplus.md §2: 30 MB, sides above 14, ratio 1/16 to 16, at most 36,000,000 pixels; wordings [guess]. */
function checkReferencePixels({ width, height }: Size, bytes: number): void {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  if (bytes > REFERENCE_BYTES_MAX) throw refuseParameter("image", "the image is larger than 30 MB");
  if (short <= REFERENCE_SIDE_ABOVE || long > ASPECT_MAX * short) {
    throw refuseParameter("image", "the image's sides or aspect ratio are out of range");
  }
  if (width * height > REFERENCE_PIXELS_MAX) {
    throw refuseParameter("image", `the image has more than ${REFERENCE_PIXELS_MAX} pixels`);
  }
}

/** `auto` lets the model decide how many, up to `max_images`; here it always makes as many as it may. */
function readImages(body: JsonObject, references: number): number {
  const { sequential_image_generation: mode, sequential_image_generation_options: options } = body;
  if (mode === undefined || mode === "disabled") return 1;
  if (mode !== "auto") {
    throw refuseParameter("sequential_image_generation", "auto or disabled is expected");
  }
  const { max_images: max = GROUP_MAX } = isObject(options) ? options : {};
  if (!isWhole(max) || max < 1 || max > GROUP_MAX) {
    throw refuseParameter(
      "sequential_image_generation_options.max_images",
      `a number between 1 and ${GROUP_MAX} is expected`,
    );
  }
  return Math.max(1, Math.min(max, GROUP_MAX - references));
}

/** `seed` and `guidance_scale` are 3.0's; the SDK type has them for all models, so others ignore them. */
function checkSeeds(body: JsonObject, model: SeedreamModel): void {
  if (!model.seeds) return;
  const { seed, guidance_scale: guidance } = body;
  if (seed !== undefined && !(isWhole(seed) && seed >= -1 && seed <= SEED_MAX)) {
    throw refuseParameter("seed", `a number between -1 and ${SEED_MAX} is expected`);
  }
  if (
    guidance !== undefined &&
    !(typeof guidance === "number" && guidance >= 1 && guidance <= 10)
  ) {
    throw refuseParameter("guidance_scale", "a number between 1 and 10 is expected");
  }
}

function readFormat(body: JsonObject, model: SeedreamModel): "jpeg" | "png" {
  const { output_format: format = model.formatDefault } = body;
  if (format !== "jpeg" && format !== "png") {
    throw refuseParameter("output_format", "png or jpeg is expected");
  }
  return format;
}

function readTransparent(
  body: JsonObject,
  at: {
    readonly model: SeedreamModel;
    readonly format: "jpeg" | "png";
    readonly references: number;
  },
): boolean {
  const { background = "opaque" } = body;
  // `auto` is known on 5.5 only (byteplus.md §2); it makes an opaque picture here.
  const autoAllowed = at.model.formatDefault === "png";
  if (background === "opaque" || (background === "auto" && autoAllowed)) return false;
  if (background !== "transparent") {
    throw refuseParameter("background", "transparent or opaque is expected");
  }
  if (at.format === "jpeg") {
    throw refuseParameter("background", "transparent is not supported with output_format jpeg");
  }
  if (at.model.transparent === "edit" && at.references !== 1) {
    throw refuseParameter("background", "transparent needs exactly one input image");
  }
  return true;
}

function readFlag(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw refuseParameter(name, "a boolean is expected");
  return value;
}
