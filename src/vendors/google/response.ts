import { z } from "zod";
import type { JsonPath } from "../wire/scan-json.ts";

/**
 * What we read of an answer once its pictures are streamed away: which parts were pictures, why the model
 * stopped, what it cost. Everything is optional: a blocked prompt has no candidates at all.
 *
 * Source: googleapis/js-genai `GenerateContentResponse` [spec], checked 2026-11-22. Both spellings of
 * `inlineData` are met.
 */
const blob = z.object({ data: z.string().optional() }).nullish();
const partSchema = z.object({
  text: z.string().nullish(),
  thought: z.boolean().nullish(),
  inlineData: blob,
  inline_data: blob,
});
const candidateSchema = z.object({
  content: z.object({ parts: z.array(partSchema).nullish() }).nullish(),
  finishReason: z.string().nullish(),
  finishMessage: z.string().nullish(),
});
/** An id too long or of another type is as good as none; the picture is not lost over it. */
const name = z.string().max(200).nullish().catch(null);
const answerSchema = z.object({
  candidates: z.array(candidateSchema).nullish(),
  promptFeedback: z
    .object({ blockReason: z.string().nullish(), blockReasonMessage: z.string().nullish() })
    .nullish(),
  usageMetadata: z.unknown().optional(),
  error: z.unknown().optional(),
  modelVersion: name,
  responseId: name,
});

export type Answer = {
  /** One for each picture string in the answer, in its order, empty ones included. */
  readonly pictures: readonly { readonly isThought: boolean }[];
  readonly text: string;
  readonly blockReason: string | null;
  readonly finishReason: string | null;
  /** A failure inside a 200: the error envelope where an answer should be. */
  readonly isError: boolean;
  /** The vendor's own sentence about why it stopped. */
  readonly says: string;
  readonly usage: unknown;
  readonly modelVersion: string | null;
  readonly responseId: string | null;
};

/** Undefined when the JSON is not an answer of this API. */
export function readAnswer(skeleton: unknown): Answer | undefined {
  const parsed = answerSchema.safeParse(skeleton);
  if (!parsed.success) return undefined;
  const { candidates, promptFeedback, usageMetadata, modelVersion, responseId, error } =
    parsed.data;
  const says = [candidates, promptFeedback, usageMetadata, error];
  if (says.every((each) => each === undefined || each === null)) return undefined;
  const parts = (candidates ?? []).flatMap((candidate) => candidate.content?.parts ?? []);
  const last = candidates?.at(-1);
  return {
    pictures: parts.filter(hasPicture).map(({ thought }) => ({ isThought: thought === true })),
    text: parts.flatMap(({ text, thought }) => (thought === true ? [] : [text ?? ""])).join(""),
    blockReason: promptFeedback?.blockReason ?? null,
    finishReason: last?.finishReason ?? null,
    isError: error !== undefined && error !== null,
    says: promptFeedback?.blockReasonMessage ?? last?.finishMessage ?? "",
    usage: usageMetadata,
    modelVersion: modelVersion ?? null,
    responseId: responseId ?? null,
  };
}

function hasPicture(part: z.infer<typeof partSchema>): boolean {
  return part.inlineData?.data !== undefined || part.inline_data?.data !== undefined;
}

const PART: JsonPath = ["candidates", null, "content", "parts", null];

/** Whether a string of the answer is a picture's base64. */
export function isPicture(path: JsonPath): boolean {
  return (
    path.length === PART.length + 2 &&
    isInPart(path) &&
    (path[5] === "inlineData" || path[5] === "inline_data") &&
    path[6] === "data"
  );
}

/**
 * Whether a string is a thought signature: base64 of up to megabytes that only a next turn would need.
 * Source: docs.apiyi.com, 66 recorded calls, 2026 [seen].
 */
export function isSignature(path: JsonPath): boolean {
  return (
    path.length === PART.length + 1 &&
    isInPart(path) &&
    (path[5] === "thoughtSignature" || path[5] === "thought_signature")
  );
}

function isInPart(path: JsonPath): boolean {
  return PART.every((key, index) => path[index] === key);
}
