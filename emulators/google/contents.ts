import type { JsonObject } from "../json.ts";
import { measurePicture } from "../picture/measure.ts";
import { invalidArgument } from "./errors.ts";
import { readFields, readList } from "./fields.ts";
import { type GeminiModel, thinks } from "./models.ts";
import type { Size } from "./sizes.ts";

/** What the prompt of a call consists of. */
export type Contents = {
  readonly text: string;
  readonly references: number;
  /** The last input image whose pixels are known; a file by URI is never fetched here. */
  readonly lastReference: Size | undefined;
};

const PART_FIELDS = [
  "text",
  "inlineData",
  "fileData",
  "thought",
  "thoughtSignature",
  "mediaResolution",
  "partMetadata",
];
/** google.md §2 [spec S14]. */
const IMAGE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"];

/** Reads `contents` and `systemInstruction`: google.md §2. */
export function readContents(body: JsonObject, model: GeminiModel): Contents {
  const { contents, systemInstruction } = body;
  const list = readList(contents, "contents");
  if (list.length === 0) {
    throw invalidArgument("* GenerateContentRequest.contents: contents is not specified\n");
  }
  const reader = new PartReader(model);
  for (const [index, content] of list.entries()) reader.readContent(content, index);
  if (systemInstruction !== undefined) {
    const { parts } = readFields(systemInstruction, ["role", "parts"], "system_instruction");
    for (const part of readList(parts, "system_instruction.parts")) {
      const { text } = readFields(part, ["text"], "system_instruction.parts[0]");
      reader.addText(text);
    }
  }
  if (model.referencesMax !== undefined && reader.references > model.referencesMax) {
    // The limits are documented, the wording of the refusal is not: [guess].
    throw invalidArgument(
      `At most ${model.referencesMax} input images are supported for models/${model.id}.`,
    );
  }
  return {
    text: reader.texts.join(" "),
    references: reader.references,
    lastReference: reader.lastReference,
  };
}

/** Collects texts and reference images while it walks over the parts. */
class PartReader {
  readonly texts: string[] = [];
  references = 0;
  lastReference: Size | undefined;
  readonly #model: GeminiModel;

  constructor(model: GeminiModel) {
    this.#model = model;
  }

  readContent(content: unknown, index: number): void {
    const { role = "user", parts } = readFields(content, ["role", "parts"], `contents[${index}]`);
    if (role !== "user" && role !== "model") {
      throw invalidArgument("Please use a valid role: user, model.");
    }
    const list = readList(parts, `contents[${index}].parts`);
    if (list.length === 0) {
      throw invalidArgument(
        `* GenerateContentRequest.contents[${index}].parts: contents.parts must not be empty.\n`,
      );
    }
    for (const [position, part] of list.entries()) {
      this.#readPart(part, { index, position, isModel: role === "model" });
    }
  }

  addText(text: unknown): void {
    if (text === undefined) return;
    if (typeof text !== "string") throw invalidArgument("Invalid value at 'text' (TYPE_STRING)");
    this.texts.push(text);
  }

  #readPart(
    part: unknown,
    at: { readonly index: number; readonly position: number; readonly isModel: boolean },
  ): void {
    const path = `contents[${at.index}].parts[${at.position}]`;
    const fields = readFields(part, PART_FIELDS, path);
    const { text, inlineData, fileData, thoughtSignature } = fields;
    this.addText(text);
    if (inlineData === undefined && fileData === undefined) return;
    if (at.isModel && thoughtSignature === undefined && thinks(this.#model)) {
      throw invalidArgument(
        `Image part is missing a thought_signature in content position ${at.index + 1}, part position ${at.position + 1}.`,
      );
    }
    this.references += 1;
    if (inlineData === undefined)
      readFields(fileData, ["mimeType", "fileUri"], `${path}.file_data`);
    else this.lastReference = readInlineImage(inlineData, `${path}.inline_data`);
  }
}

function readInlineImage(value: unknown, path: string): Size {
  const { mimeType, data } = readFields(value, ["mimeType", "data", "displayName"], path);
  if (typeof mimeType !== "string" || !IMAGE_TYPES.includes(mimeType)) {
    throw invalidArgument(`Unsupported MIME type: ${String(mimeType)}`);
  }
  if (typeof data !== "string" || !/^[A-Za-z0-9+/_-]+=*$/.test(data)) {
    throw invalidArgument(`Invalid value at '${path}.data' (TYPE_BYTES), Base64 decoding failed`);
  }
  const size = measurePicture(Buffer.from(data, "base64"));
  // The vendor's words for what is no image at all are [guess].
  if (size === undefined) throw invalidArgument("Unable to process input image.");
  return size;
}
