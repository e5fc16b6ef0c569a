import { isObject, isWhole, type JsonObject } from "../json.ts";
import { type Contents, readContents } from "./contents.ts";
import { invalidArgument } from "./errors.ts";
import { readFields, readList } from "./fields.ts";
import { type GeminiModel, thinks } from "./models.ts";
import { cellSize, nearestRatio, type Size } from "./sizes.ts";

/** A validated generateContent call of an image model. */
export type GeminiOrder = {
  readonly model: GeminiModel;
  readonly contents: Contents;
  readonly label: string;
  readonly size: Size;
  /** False when only text is asked for: the answer has no image then. */
  readonly wantsImage: boolean;
  readonly searches: boolean;
  readonly tier: string;
};

const TOP_FIELDS = [
  "model",
  "contents",
  "systemInstruction",
  "generationConfig",
  "safetySettings",
  "tools",
  "toolConfig",
  "cachedContent",
  "serviceTier",
];

/** The fields of GenerationConfig that are in the schema and not rejected: google.md §2. */
const CONFIG_FIELDS = [
  "candidateCount",
  "stopSequences",
  "maxOutputTokens",
  "temperature",
  "topP",
  "topK",
  "seed",
  "presencePenalty",
  "frequencyPenalty",
  "responseModalities",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "responseFormat",
  "responseLogprobs",
  "logprobs",
  "mediaResolution",
  "thinkingConfig",
  "imageConfig",
];

const LABEL_DEFAULT = "1K";

/** Validates a request body as strictly as the Developer API: google.md §2, 2026-11-22. */
export function readGeminiOrder(json: unknown, model: GeminiModel): GeminiOrder {
  if (!isObject(json)) {
    throw invalidArgument("Invalid JSON payload received. Unexpected end of string.");
  }
  const body = readFields(json, TOP_FIELDS, "");
  const { generationConfig = {}, tools, serviceTier } = body;
  const config = readFields(generationConfig, CONFIG_FIELDS, "generation_config");
  refuseOddConfig(config, model);
  const contents = readContents(body, model);
  const image = readImageConfig(config, model);
  const ratio = image.ratio ?? nearestRatio(model, contents.lastReference);
  return {
    model,
    contents,
    label: image.label,
    size: cellSize(model, image.label, ratio),
    wantsImage: readModalities(config),
    searches: readTools(tools, model),
    tier: readTier(serviceTier, model),
  };
}

function refuseOddConfig(config: JsonObject, model: GeminiModel): void {
  const { candidateCount, thinkingConfig, responseFormat, responseMimeType } = config;
  if (candidateCount !== undefined && candidateCount !== 1) {
    throw invalidArgument(
      isWhole(candidateCount) && candidateCount > 1
        ? "Multiple candidates is not enabled for this model"
        : "Invalid value at 'generation_config.candidate_count' (TYPE_INT32)",
    );
  }
  // Enum-typed on this route; the plain words that SDK users write are refused [seen S30].
  if (responseFormat !== undefined) {
    throw invalidArgument(
      "Invalid value at 'generation_config.response_format.image.aspect_ratio'",
    );
  }
  // 2.5 and 2.1 have no JSON output (google.md §2); wording [guess].
  if (responseMimeType !== undefined && responseMimeType !== "text/plain") {
    throw invalidArgument(`JSON mode is not enabled for models/${model.id}`);
  }
  if (thinkingConfig !== undefined) readThinking(thinkingConfig, model);
}

/** Upper-case enum names; an error on a model without thinking (google.md §2 [spec S1]; wordings [guess]). */
function readThinking(value: unknown, model: GeminiModel): void {
  const { thinkingLevel } = readFields(
    value,
    ["thinkingLevel", "includeThoughts", "thinkingBudget"],
    "generation_config.thinking_config",
  );
  if (!thinks(model)) throw invalidArgument("Thinking is not enabled for this model");
  if (thinkingLevel === undefined) return;
  if (typeof thinkingLevel !== "string" || !model.thinkingLevels.includes(thinkingLevel)) {
    throw invalidArgument(
      `Invalid value at 'generation_config.thinking_config.thinking_level', "${String(thinkingLevel)}"`,
    );
  }
}

function readImageConfig(
  config: JsonObject,
  model: GeminiModel,
): { readonly label: string; readonly ratio: string | undefined } {
  const { imageConfig = {} } = config;
  const path = "generation_config.image_config";
  const { aspectRatio, imageSize } = readFields(imageConfig, ["aspectRatio", "imageSize"], path);
  if (
    aspectRatio !== undefined &&
    !(typeof aspectRatio === "string" && model.ratios.includes(aspectRatio))
  ) {
    throw invalidArgument(`Invalid value at '${path}.aspect_ratio', "${String(aspectRatio)}"`);
  }
  const ratio = typeof aspectRatio === "string" ? aspectRatio : undefined;
  // On 2.5 the size is not a parameter: ignored (google.md §2 [third] and the seed).
  if (model.sizes.length === 0 || imageSize === undefined) return { label: LABEL_DEFAULT, ratio };
  if (typeof imageSize !== "string" || !model.sizes.includes(imageSize)) {
    throw invalidArgument(`Invalid value at '${path}.image_size', "${String(imageSize)}"`);
  }
  return { label: imageSize, ratio };
}

/** Default is text and image; only `["TEXT"]` makes no picture. */
function readModalities(config: JsonObject): boolean {
  const { responseModalities } = config;
  const list = readList(responseModalities, "generation_config.response_modalities");
  for (const modality of list) {
    if (modality !== "TEXT" && modality !== "IMAGE") {
      throw invalidArgument(
        `Invalid value at 'generation_config.response_modalities', "${String(modality)}"`,
      );
    }
  }
  return list.length === 0 || list.includes("IMAGE");
}

/** Search on 3-pro, 3.1-flash and 2.1 only; no other tool works on an image model (wordings [guess]). */
function readTools(tools: unknown, model: GeminiModel): boolean {
  let searches = false;
  for (const [index, tool] of readList(tools, "tools").entries()) {
    const known = ["googleSearch", "functionDeclarations", "codeExecution", "urlContext"];
    const fields = readFields(tool, known, `tools[${index}]`);
    for (const name of Object.keys(fields)) {
      if (name !== "googleSearch" || !model.search) {
        throw invalidArgument(`Tool '${name}' is not enabled for models/${model.id}`);
      }
      searches = true;
    }
  }
  return searches;
}

/** An unhonoured tier is served and reported as standard (google.md §5.2). */
function readTier(value: unknown, model: GeminiModel): string {
  if (value === undefined || value === "unspecified") return "standard";
  if (typeof value !== "string" || !["standard", "flex", "priority"].includes(value)) {
    throw invalidArgument(`Invalid value at 'service_tier', "${String(value)}"`);
  }
  return model.tiers.includes(value) ? value : "standard";
}
