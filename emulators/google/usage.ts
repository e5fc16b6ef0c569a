import { OVERRUN_FACTOR } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import { type GeminiModel, thinks } from "./models.ts";
import type { GeminiOrder } from "./order.ts";

/**
 * Stand-ins where no law is published: [guess], DESIGN §9, "set by the emulator". They make G5 of
 * google.md §11 come out: candidates 1,216 = 1,120 + 96, thoughts 179.
 */
const RESIDUAL_TOKENS = 96;
const THOUGHTS_TOKENS = 179;

/** Text tokens: whitespace-separated words, a stand-in (DESIGN §9). */
function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

type Prompt = { readonly count: number; readonly details: readonly JsonObject[] };

function promptOf(order: GeminiOrder): Prompt {
  const words = countWords(order.contents.text);
  const image = order.contents.references * order.model.referenceTokens;
  return {
    count: words + image,
    details: [
      { modality: "TEXT", tokenCount: words },
      ...(image === 0 ? [] : [{ modality: "IMAGE", tokenCount: image }]),
    ],
  };
}

/** Usage of a call that made one image: google.md §3, Developer API (IMAGE is the only detail). */
export function imageUsage(order: GeminiOrder, factor = 1): JsonObject {
  const prompt = promptOf(order);
  const image = (order.model.tokens[order.label] ?? 0) * factor;
  const residual = thinks(order.model) ? RESIDUAL_TOKENS : 0;
  const thoughts = thoughtsOf(order.model);
  return {
    promptTokenCount: prompt.count,
    candidatesTokenCount: image + residual,
    totalTokenCount: prompt.count + image + residual + thoughts,
    promptTokensDetails: prompt.details,
    candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: image }],
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    serviceTier: order.tier,
  };
}

/** The same with far too many image tokens, adding up all the same. */
export function overrunUsage(order: GeminiOrder): JsonObject {
  return imageUsage(order, OVERRUN_FACTOR);
}

/**
 * A 200 whose output was withheld or not drawn: candidates repeat the thoughts, the total counts
 * them once (google.md §3.1, 6 of 6 seen). Without thinking only the prompt is left.
 */
export function refusalUsage(order: GeminiOrder): JsonObject {
  const prompt = promptOf(order);
  const thoughts = thoughtsOf(order.model);
  return {
    promptTokenCount: prompt.count,
    ...(thoughts === 0 ? {} : { candidatesTokenCount: thoughts }),
    totalTokenCount: prompt.count + thoughts,
    promptTokensDetails: prompt.details,
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    serviceTier: order.tier,
  };
}

/** A blocked prompt: input tokens at most (google.md §3.1, third S36). */
export function blockedUsage(order: GeminiOrder): JsonObject {
  const prompt = promptOf(order);
  return {
    promptTokenCount: prompt.count,
    totalTokenCount: prompt.count,
    promptTokensDetails: prompt.details,
    serviceTier: order.tier,
  };
}

/** A text-only answer: candidates at the text rate, no details (google.md §3.1 [seen S3]). */
export function textUsage(order: GeminiOrder, text: string): JsonObject {
  const prompt = promptOf(order);
  const words = countWords(text);
  const thoughts = thoughtsOf(order.model);
  return {
    promptTokenCount: prompt.count,
    candidatesTokenCount: words,
    totalTokenCount: prompt.count + words + thoughts,
    promptTokensDetails: prompt.details,
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    serviceTier: order.tier,
  };
}

function thoughtsOf(model: GeminiModel): number {
  return thinks(model) ? THOUGHTS_TOKENS : 0;
}
