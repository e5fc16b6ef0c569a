import { isObject, type JsonObject } from "../json.ts";
import { measurePicture } from "../picture/measure.ts";
import { refuseParameter } from "./errors.ts";
import { field, refuseUnknown } from "./fields.ts";
import type { GptImageModel } from "./models.ts";
import type { Size } from "./sizes.ts";

/** Limits of an edit's inputs: openai.md §2.2 [spec], 2026-11-22. */
const REFERENCES_MAX = 16;
const FILE_BYTES_MAX = 52_428_800;
const MASK_BYTES_MAX = 4_194_304;
const URL_CHARACTERS_MAX = 20_971_520;
const FILE_TYPES = ["image/jpeg", "image/png", "image/webp"];

/** What an http URL or a file id is taken for: the emulator fetches nothing. */
const UNSEEN: Size = { width: 1_024, height: 1_024 };

/** An uploaded file of a multipart body. */
export type Upload = { readonly type: string; readonly bytes: Buffer };

/** `images` of a JSON edit: 1 to 16 of `{image_url}` xor `{file_id}`, nothing else in them. */
export function readJsonReferences(body: JsonObject): Size[] {
  const images = field(body, "images");
  if (!Array.isArray(images) || images.length === 0) throw missingImage("images");
  refuseTooMany(images.length, "images");
  return images.map((image, index) => readJsonReference(image, `images[${index}]`));
}

/** `mask` of a JSON edit: one reference object with the first image's pixels. */
export function checkJsonMask(body: JsonObject, first: Size | undefined): void {
  const mask = field(body, "mask");
  if (mask !== undefined) checkMaskSize(readJsonReference(mask, "mask"), first);
}

function readJsonReference(value: unknown, name: string): Size {
  if (!isObject(value)) {
    throw refuseParameter("invalid_type", name, `Invalid type for '${name}': expected an object.`);
  }
  refuseUnknown(value, ["image_url", "file_id"]);
  const url = field(value, "image_url");
  const file = field(value, "file_id");
  if ((url === undefined) === (file === undefined)) {
    throw refuseParameter(
      "invalid_value",
      name,
      `Exactly one of '${name}.image_url' and '${name}.file_id' must be given.`,
    );
  }
  if (url === undefined) return UNSEEN;
  if (typeof url !== "string" || url.length > URL_CHARACTERS_MAX) {
    throw refuseParameter("invalid_value", `${name}.image_url`, "Invalid image URL.");
  }
  if (/^https?:\/\//.test(url)) return UNSEEN;
  const [head, type = ""] = /^data:(image\/\w+);base64,/.exec(url) ?? [];
  if (head === undefined) {
    throw refuseParameter("invalid_value", `${name}.image_url`, "Invalid image URL.");
  }
  return readUpload({ type, bytes: Buffer.from(url.slice(head.length), "base64") }, name);
}

/** The pixels of an uploaded reference; code names are [third], openai.md §5. */
export function readUpload(upload: Upload, name: string): Size {
  if (!FILE_TYPES.includes(upload.type)) {
    throw refuseParameter(
      "unsupported_file_mimetype",
      name,
      `Invalid file '${name}': unsupported mimetype ('${upload.type}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.`,
    );
  }
  if (upload.bytes.byteLength >= FILE_BYTES_MAX) {
    throw refuseParameter("invalid_image_file", name, "Image files must be smaller than 50 MB.");
  }
  const size = measurePicture(upload.bytes);
  if (size === undefined) {
    throw refuseParameter("invalid_image_file", name, "Invalid image file or mode for image.");
  }
  return size;
}

/** A mask is a PNG below 4 MB of the first image's size. */
export function checkMask(mask: Upload, first: Size | undefined): void {
  if (mask.type !== "image/png" || mask.bytes.byteLength >= MASK_BYTES_MAX) {
    throw refuseParameter(
      "invalid_image_file",
      "mask",
      "The mask must be a PNG smaller than 4 MB.",
    );
  }
  checkMaskSize(readUpload(mask, "mask"), first);
}

function checkMaskSize(mask: Size, first: Size | undefined): void {
  if (mask.width === first?.width && mask.height === first.height) return;
  throw refuseParameter(
    "invalid_image_file",
    "mask",
    "The mask must have the same dimensions as the first image.",
  );
}

export function missingImage(name: string): Error {
  return refuseParameter(
    "missing_required_parameter",
    name,
    `Missing required parameter: '${name}'.`,
  );
}

export function refuseTooMany(count: number, name: string): void {
  if (count <= REFERENCES_MAX) return;
  throw refuseParameter(
    "array_above_max_length",
    name,
    `Invalid '${name}': array too long. Expected an array with maximum length ${REFERENCES_MAX}, but got an array with length ${count} instead.`,
  );
}

/** Image tokens of all references: openai.md §6.3. */
export function referenceTokens(
  model: GptImageModel,
  references: readonly Size[],
  highFidelity: boolean,
): number {
  return references
    .map((size, index) => {
      if (model.freeSizes) return patchTokens(size);
      const faithful = highFidelity && index < model.highFidelityImages;
      return tileTokens(size) + (faithful ? fidelityTokens(size) : 0);
    })
    .reduce((sum, tokens) => sum + tokens, 0);
}

/**
 * Text tokens of an edit beyond prompt and the usual 6: one for each reference on 2 and later
 * ([guess] that fits 1,043 / 2,068 / 3,093); on the 1-family 13-token prompts were seen as 28 with
 * one reference and 50 with two, so 9 + 22 for each further one (openai.md §6.4).
 */
export function editTextTokens(model: GptImageModel, references: number): number {
  return model.freeSizes ? references : 9 + 22 * (references - 1);
}

const PATCH = 32;
const PATCHES_MAX = 1_536;
const ENLARGED_SIDE = 1_024;
const REFERENCE_ASPECT_MAX = 3;

/**
 * Patches of one reference on gpt-image-2 and later; 13 of 13 points seen (2026-07-28).
 * Above the budget the shrink step is OpenAI's published patch-fit (openai.md §6.3).
 */
export function patchTokens(size: Size): number {
  const long = Math.max(size.width, size.height);
  const factor = long < ENLARGED_SIDE ? Math.min(2, ENLARGED_SIDE / long) : 1;
  const short = Math.max(Math.min(size.width, size.height), long / REFERENCE_ASPECT_MAX);
  const width = long * factor;
  const height = short * factor;
  const patches = countPatches(width, height);
  if (patches <= PATCHES_MAX) return patches;
  return fitPatches(long * REFERENCE_ASPECT_MAX, Math.max(short3(size), long));
}

/**
 * The patch-fit: both edges at the budget's scale are sqrt(1,536 * shape) patches; the one that loses more
 * by becoming whole decides the scale. In whole numbers, because a float's root of 48 * 48 may fall short.
 */
function fitPatches(long: number, short: number): number {
  const across = wholeRoot(PATCHES_MAX * long, short);
  const down = wholeRoot(PATCHES_MAX * short, long);
  const byLong = across * short <= down * long;
  const [whole, other] = byLong
    ? [across, (across * PATCH * short) / long]
    : [down, (down * PATCH * long) / short];
  return whole * Math.ceil(Math.round(other) / PATCH);
}

/** The largest r with r * r <= over / under. */
function wholeRoot(over: number, under: number): number {
  let root = Math.floor(Math.sqrt(over / under));
  while ((root + 1) * (root + 1) * under <= over) root += 1;
  while (root * root * under > over) root -= 1;
  return root;
}

/** The short edge in thirds of a pixel, as the capped canvas has them. */
function short3({ width, height }: Size): number {
  return Math.min(width, height) * REFERENCE_ASPECT_MAX;
}

function countPatches(width: number, height: number): number {
  return Math.ceil(Math.round(width) / PATCH) * Math.ceil(Math.round(height) / PATCH);
}

/** 65 + 129 a tile, the shortest side scaled to 512; 1024x1025 is one tile (seen 194, 323). */
function tileTokens(size: Size): number {
  const long = Math.max(size.width, size.height);
  const short = Math.min(size.width, size.height);
  const scaled = Math.floor((long * 512) / short);
  return 65 + 129 * Math.ceil(scaled / 512);
}

function fidelityTokens(size: Size): number {
  return size.width === size.height ? 4_160 : 6_240;
}
