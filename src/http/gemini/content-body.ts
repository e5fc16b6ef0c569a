import { z } from "zod";
import { isObject } from "../../json.ts";
import { Refusal } from "../../refusals.ts";
import { joined, shown } from "./camel-case.ts";

/**
 * The body of `generateContent`: the fields that are read, and those that are known but can't be honoured, each
 * with what may stand in it all the same because it asks for nothing. A field in neither list is refused too.
 *
 * Source: googleapis/js-genai `src/types.ts` and `src/converters/_models_converters.ts` [spec], checked 2026-11-22.
 */

const blob = z.strictObject({
  mimeType: z.string().regex(/^image\//, "must be a type of image, such as image/png"),
  data: z.string(),
});
const file = z.strictObject({
  mimeType: z
    .string()
    .regex(/^image\//, "must be a type of image, such as image/png")
    .optional(),
  fileUri: z.string(),
});
const part = z.strictObject({
  text: z.string().optional(),
  inlineData: blob.optional().describe("A picture as base64; its first bytes decide its format"),
  fileData: file.optional().describe("A picture at a public https URL"),
});
const content = z.strictObject({
  role: z.literal("user", "must be user: one turn is read").optional(),
  parts: z.array(part).min(1, "must not be empty"),
});
const imageConfig = z.strictObject({
  aspectRatio: z.string().optional(),
  imageSize: z.string().optional().describe("A label such as 1K, 2K or 4K"),
});
const generationConfig = z.strictObject({
  responseModalities: z
    .array(z.enum(["TEXT", "IMAGE"]))
    .refine((list) => list.length === 0 || list.includes("IMAGE"), "must include IMAGE")
    .optional(),
  imageConfig: imageConfig.optional(),
  candidateCount: z.int().min(1).max(1_000).optional().describe("Images, one candidate each"),
  seed: z.int().optional(),
});

/** What a request is, once its names are camelCase and what asks for nothing is gone. */
export const contentBody = z.strictObject({
  contents: z.array(content).length(1, "must be one turn of the user: conversations are not read"),
  generationConfig: generationConfig.optional(),
  spotmeter: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "Parameters without a field in this contract, by their names in /v1/images/generations",
    ),
  model: z.string().optional().describe("As in the path, if it is given"),
});
export type ContentBody = z.infer<typeof contentBody>;

/** Fields that can't be honoured: what to do instead, and the values beside empty ones that ask for nothing. */
type Unhonoured = Readonly<
  Record<string, { readonly remedy?: string; readonly nothing?: readonly unknown[] }>
>;

const BODY: Unhonoured = {
  systemInstruction: { remedy: "put it into the prompt" },
  tools: {},
  toolConfig: {},
  safetySettings: { remedy: "the vendor's own settings hold" },
  cachedContent: {},
  serviceTier: { nothing: ["standard", "unspecified"] },
  labels: { remedy: "spotmeter.tags are dimensions of the bill" },
  continuationToken: {},
  store: {},
};
const CONFIG: Unhonoured = {
  temperature: {},
  topP: {},
  topK: {},
  maxOutputTokens: {},
  stopSequences: {},
  presencePenalty: { nothing: [0] },
  frequencyPenalty: { nothing: [0] },
  responseMimeType: { nothing: ["text/plain"], remedy: "spotmeter.output_format is the picture's" },
  responseSchema: {},
  responseJsonSchema: {},
  responseFormat: { remedy: "imageConfig has the sizes" },
  responseLogprobs: {},
  logprobs: {},
  mediaResolution: { nothing: ["MEDIA_RESOLUTION_UNSPECIFIED"] },
  thinkingConfig: {},
  speechConfig: {},
  audioTimestamp: {},
  audioTranscriptionConfig: {},
  enableAffectiveDialog: {},
  enableEnhancedCivicAnswers: {},
  routingConfig: {},
  modelSelectionConfig: {},
  modelArmorConfig: {},
};
const IMAGE: Unhonoured = {
  personGeneration: {},
  prominentPeople: {},
  imageOutputOptions: { remedy: "spotmeter.output_format and output_compression have it" },
  outputMimeType: { remedy: "spotmeter.output_format has it" },
  outputCompressionQuality: { remedy: "spotmeter.output_compression has it" },
};
const PART: Unhonoured = {
  thought: {},
  thoughtSignature: { remedy: "conversations are not read" },
  functionCall: {},
  functionResponse: {},
  toolCall: {},
  toolResponse: {},
  executableCode: {},
  codeExecutionResult: {},
  videoMetadata: {},
  mediaResolution: { nothing: ["MEDIA_RESOLUTION_UNSPECIFIED"] },
  partMetadata: {},
};
const PICTURE: Unhonoured = { displayName: {} };

/**
 * Reads a request in camelCase whose pictures have been taken out: each `data` is an empty text.
 *
 * @throws Refusal naming the field by its path, what was sent and what is allowed.
 */
export function readContentBody(body: unknown): ContentBody {
  if (!isObject(body)) throw new Refusal("invalid_value", "the body must be a JSON object");
  const bare = withoutNothing(wrapped(body));
  const parsed = contentBody.safeParse(bare);
  if (parsed.success) return parsed.data;
  throw wrongField(parsed.error.issues[0], bare);
}

/** A turn or part that stands by itself is a list of one; a text is a part. */
function wrapped(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (body["contents"] === undefined) return body;
  const contents = listOf(body["contents"]).map((turn) => {
    if (typeof turn === "string") return { parts: [{ text: turn }] };
    if (!isObject(turn) || turn["parts"] === undefined) return turn;
    const parts = listOf(turn["parts"]).map((each) =>
      typeof each === "string" ? { text: each } : each,
    );
    return { ...turn, parts };
  });
  return { ...body, contents };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** @throws Refusal for a known field that asks for what can't be honoured. */
function withoutNothing(body: Readonly<Record<string, unknown>>): unknown {
  const { contents, generationConfig: config, ...rest } = passed(body, BODY, "");
  return {
    ...rest,
    ...(contents === undefined ? {} : { contents: each(contents, "contents", turnOf) }),
    ...(config === undefined ? {} : { generationConfig: configOf(config) }),
  };
}

function configOf(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { imageConfig: image, ...rest } = passed(config, CONFIG, "generationConfig");
  if (!isObject(image)) return image === undefined ? rest : { ...rest, imageConfig: image };
  const kept = Object.entries(passed(image, IMAGE, "generationConfig.imageConfig"));
  // The empty text is this contract's default: the field is not set.
  return { ...rest, imageConfig: Object.fromEntries(kept.filter(([, value]) => value !== "")) };
}

function turnOf(turn: unknown, path: string): unknown {
  if (!isObject(turn) || turn["parts"] === undefined) return turn;
  return { ...turn, parts: each(turn["parts"], `${path}.parts`, partOf) };
}

function partOf(value: unknown, path: string): unknown {
  if (!isObject(value)) return value;
  const { inlineData, fileData, ...rest } = passed(value, PART, path);
  const picture = (given: unknown, name: string): object => {
    if (given === undefined) return {};
    return { [name]: isObject(given) ? passed(given, PICTURE, joined(path, name)) : given };
  };
  return { ...rest, ...picture(inlineData, "inlineData"), ...picture(fileData, "fileData") };
}

function each(list: unknown, path: string, read: (item: unknown, at: string) => unknown): unknown {
  return listOf(list).map((item, index) => read(item, `${path}[${index}]`));
}

function passed(
  object: Readonly<Record<string, unknown>>,
  unhonoured: Unhonoured,
  path: string,
): Record<string, unknown> {
  const entries = Object.entries(object).filter(([name, value]) => {
    const known = Object.hasOwn(unhonoured, name) ? unhonoured[name] : undefined;
    if (known === undefined) return true;
    if (asksForNothing(value) || known.nothing?.includes(value) === true) return false;
    const param = joined(path, name);
    const why = known.remedy === undefined ? "leave it out" : `leave it out; ${known.remedy}`;
    const message = `${param} is not honoured by this gateway: ${why}`;
    throw new Refusal("unsupported_parameter", message, {
      param,
      sent: shown(value),
      allowed: known.nothing ?? null,
    });
  });
  return Object.fromEntries(entries);
}

/** Empty text, list or object, false, and objects of nothing else. */
function asksForNothing(value: unknown): boolean {
  if (isObject(value)) return Object.values(value).every(asksForNothing);
  return value === "" || value === false || (Array.isArray(value) && value.length === 0);
}

function wrongField(issue: z.core.$ZodIssue | undefined, body: unknown): Refusal {
  if (issue === undefined) throw new Error("a body was refused for no reason");
  const path = issue.path.reduce<string>(
    (at, key) => (typeof key === "number" ? `${at}[${key}]` : joined(at, String(key))),
    "",
  );
  const found = issue.path.reduce<unknown>(
    (value, key) => (isObject(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    body,
  );
  if (issue.code === "unrecognized_keys") {
    const param = joined(path, shown(issue.keys[0] ?? ""));
    return new Refusal("unknown_parameter", `unknown field: ${param}`, { param });
  }
  if (found === undefined) {
    return new Refusal("missing_parameter", `${path} is required`, { param: path });
  }
  // What was written for the model stays out of messages and logs.
  const sent = path.startsWith("contents") ? kindOf(found) : shown(found);
  return new Refusal("invalid_value", `${path}: ${issue.message}`, { param: path, sent });
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? `(list of ${value.length})` : `(${typeof value})`;
}
