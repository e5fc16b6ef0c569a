import { AnswerError } from "../answer.ts";
import { isObject, isWhole, type JsonObject } from "../json.ts";
import { measurePicture } from "../picture/measure.ts";
import { dashScopeError, invalidParameter } from "./errors.ts";
import type { DashScopeModel, DashScopeRoute } from "./models.ts";
import { readSize, type Size } from "./sizes.ts";

/** A validated call. */
export type DashScopeOrder = {
  readonly model: DashScopeModel;
  readonly prompt: string;
  readonly size: Size;
  readonly references: number;
  readonly images: number;
  readonly watermark: boolean;
};

/** Parameters that some model knows; on another one they are refused, and names nobody knows are ignored [guess]. */
const KNOWN_SOMEWHERE = [
  "negative_prompt",
  "prompt_extend",
  "prompt_extend_mode",
  "thinking_mode",
  "enable_sequential",
  "color_palette",
  "bbox_list",
  "enable_interleave",
  "max_images",
];

const SEED_MAX = 2_147_483_647;
const SEQUENTIAL_MAX = 12;
const INTERLEAVE_MAX = 5;
const UNSEEN_REFERENCE: Size = { width: 1_024, height: 1_024 };

/** Validates a body: alibaba.md §3 and §4, 2026-11-22. `wanImagesDefault` is for wan2.7 without `n`. */
export function readDashScopeOrder(
  body: JsonObject,
  at: {
    readonly model: DashScopeModel;
    readonly route: DashScopeRoute;
    readonly wanImagesDefault: number;
  },
): DashScopeOrder {
  const { model, route } = at;
  const { input, parameters = {} } = body;
  if (!isObject(input)) throw empty("EmptyInput", "input");
  if (!isObject(parameters)) throw empty("EmptyParameters", "parameters");
  const isMessages = route === "sync" || route === "async-messages";
  const { prompt, images } = isMessages ? readMessages(input) : readPlainInput(input);
  const isInterleaved = flag(parameters, "enable_interleave", false);
  checkReferences(images.length, model, isInterleaved);
  checkParameters(parameters, model);
  let reference: Size | undefined;
  for (const image of images) reference = readReference(image, model);
  const sequential = flag(parameters, "enable_sequential", false);
  const { size } = parameters;
  return {
    model,
    prompt,
    size: readSize(size, { model, reference, sequential }),
    references: images.length,
    images: readImages(parameters, { ...at, sequential, isInterleaved }),
    watermark: flag(parameters, "watermark", false),
  };
}

type Input = { readonly prompt: string; readonly images: readonly unknown[] };

/** Exactly one message, role user; image parts in order and exactly one text part. */
function readMessages(input: JsonObject): Input {
  const { messages } = input;
  if (!Array.isArray(messages) || messages.length !== 1 || !isObject(messages[0])) {
    throw invalidParameter("messages must contain exactly one message");
  }
  const { role, content } = messages[0];
  if (role !== "user") throw invalidParameter("the role of the message must be user");
  if (!Array.isArray(content)) throw invalidParameter("content must be a list");
  const texts: string[] = [];
  const images: unknown[] = [];
  for (const part of content) {
    const { text, image } = isObject(part) ? part : {};
    if (typeof text === "string") texts.push(text);
    else if (image !== undefined) images.push(image);
    else throw invalidParameter("content items must be an image or a text");
  }
  const [prompt, ...more] = texts;
  if (prompt === undefined || prompt === "" || more.length > 0) {
    throw invalidParameter("content must contain exactly one text");
  }
  return { prompt, images };
}

/** `input.prompt` and `input.images` of ASYNC-T and ASYNC-I. */
function readPlainInput(input: JsonObject): Input {
  const { prompt, images = [] } = input;
  if (typeof prompt !== "string" || prompt === "") throw invalidParameter("prompt is required");
  if (!Array.isArray(images)) throw invalidParameter("images must be a list");
  return { prompt, images };
}

function checkReferences(count: number, model: DashScopeModel, isInterleaved: boolean): void {
  const min = isInterleaved ? 0 : model.referencesMin;
  const max = isInterleaved ? 1 : model.referencesMax;
  if (count < min) throw invalidParameter(`at least ${min} image is required by ${model.id}`);
  if (count > max) throw invalidParameter(`at most ${max} images are allowed by ${model.id}`);
}

/** URL (never fetched here; taken for 1024 x 1024) or data URI. */
function readReference(image: unknown, model: DashScopeModel): Size {
  if (typeof image !== "string") throw invalidParameter("image must be a url or a data uri");
  if (/^(https?|oss):\/\//.test(image)) return UNSEEN_REFERENCE;
  const data = /^data:image\/[\w.+-]+;base64,/.exec(image);
  if (data === null) {
    throw new AnswerError(dashScopeError(400, "InvalidURL", "The image url is not valid."));
  }
  const file = Buffer.from(image.slice(data[0].length), "base64");
  const size = measurePicture(file);
  if (size === undefined) {
    throw invalidParameter("the image format is illegal and cannot be opened");
  }
  const { sideMin, sideMax, bytesMax } = model.referenceLimits;
  const sides = [size.width, size.height];
  if (sides.some((side) => side < sideMin || side > sideMax)) {
    throw invalidParameter(`the image's width and height must be in [${sideMin}, ${sideMax}]`);
  }
  if (file.byteLength > bytesMax) throw invalidParameter(`the image exceeds ${bytesMax} bytes`);
  return size;
}

function checkParameters(parameters: JsonObject, model: DashScopeModel): void {
  for (const name of KNOWN_SOMEWHERE) {
    if (parameters[name] !== undefined && !model.parameters.includes(name)) {
      throw invalidParameter(`parameter ${name} is not supported by model ${model.id}`);
    }
  }
  for (const name of ["prompt_extend", "thinking_mode"]) flag(parameters, name, true);
  const {
    seed,
    prompt_extend_mode: mode = "direct",
    negative_prompt: negative = "",
    color_palette: palette = [],
  } = parameters;
  if (seed !== undefined && !(isWhole(seed) && seed >= 0 && seed <= SEED_MAX)) {
    throw invalidParameter(`seed must be in [0, ${SEED_MAX}]`);
  }
  if (mode !== "direct" && mode !== "agent") {
    throw invalidParameter("prompt_extend_mode must be direct or agent");
  }
  // Longer than 500 characters is cut silently, so only the type is checked (§3).
  if (typeof negative !== "string") throw invalidParameter("negative_prompt must be a string");
  if (!Array.isArray(palette)) throw invalidParameter("color_palette must be a list");
}

/** How many pictures are made: alibaba.md §4. */
function readImages(
  parameters: JsonObject,
  at: {
    readonly model: DashScopeModel;
    readonly route: DashScopeRoute;
    readonly wanImagesDefault: number;
    readonly sequential: boolean;
    readonly isInterleaved: boolean;
  },
): number {
  const { n, max_images: maxImages = INTERLEAVE_MAX } = parameters;
  if (at.isInterleaved) {
    if (n !== undefined && n !== 1)
      throw invalidParameter("n must be 1 when enable_interleave is true");
    // Text and image output needs SSE or a task; SSE is not offered here.
    if (at.route === "sync")
      throw invalidParameter("enable_interleave does not support synchronous calls");
    return wholeWithin(maxImages, "max_images", INTERLEAVE_MAX);
  }
  const max = at.sequential ? SEQUENTIAL_MAX : at.model.imagesMax;
  if (n === undefined) return at.sequential ? max : (at.model.imagesDefault ?? at.wanImagesDefault);
  if (at.model.imagesMax === 1 && n !== 1) {
    throw invalidParameter("num_images_per_prompt must be 1");
  }
  return wholeWithin(n, "n", max);
}

function wholeWithin(value: unknown, name: string, max: number): number {
  if (!isWhole(value) || value < 1 || value > max) {
    throw invalidParameter(`${name} must be in [1, ${max}]`);
  }
  return value;
}

function flag(parameters: JsonObject, name: string, fallback: boolean): boolean {
  const value = parameters[name] ?? fallback;
  if (typeof value !== "boolean") throw invalidParameter(`${name} must be a boolean`);
  return value;
}

function empty(what: string, name: string): AnswerError {
  return new AnswerError(dashScopeError(400, `BadRequest.${what}`, `Required ${name} is missing.`));
}
