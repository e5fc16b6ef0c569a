import { OVERRUN_FACTOR } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { GptImageModel, Quality, TokenLaw } from "./models.ts";
import type { Size } from "./sizes.ts";

/** Token factors of the closed formula: openai.md §6.2, community post of 2026-06-05 and 64 price badges. */
const FACTORS: Readonly<Record<Exclude<TokenLaw, "table">, Readonly<Record<string, number>>>> = {
  "formula-2": { low: 16, medium: 48, high: 96 },
  "formula-2.5": { low: 16, medium: 24, high: 48, xhigh: 64, max: 96 },
};

/** Fixed table of gpt-image-1, 1-mini and 1.5: openai.md §6.2 [spec, guide]. */
const TABLE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  low: { "1024x1024": 272, "1024x1536": 408, "1536x1024": 400 },
  medium: { "1024x1024": 1_056, "1024x1536": 1_584, "1536x1024": 1_568 },
  high: { "1024x1024": 4_160, "1024x1536": 6_240, "1536x1024": 6_208 },
};

/** Each preview frame: +100 image output tokens (openai.md §4, third, quoting the guide). */
const PARTIAL_IMAGE_TOKENS = 100;
/** Billed on top of the prompt, once per output image (openai.md §6.4, measured 2026-06-25). */
const PROMPT_OVERHEAD_TOKENS = 6;

/** Image output tokens of one picture. */
export function outputTokens(law: TokenLaw, quality: Quality, size: Size): number {
  if (law === "table") {
    const tokens = TABLE[quality]?.[`${size.width}x${size.height}`];
    if (tokens === undefined)
      throw new Error(`no table cell for ${quality} ${size.width}x${size.height}`);
    return tokens;
  }
  const factor = FACTORS[law][quality];
  if (factor === undefined) throw new Error(`no factor for ${law} ${quality}`);
  const long = Math.max(size.width, size.height);
  const short = Math.min(size.width, size.height);
  const scaled = divideHalfEven(factor * short, long);
  return Math.ceil((factor * scaled * (2_000_000 + size.width * size.height)) / 4_000_000);
}

/** Ties go to even: two readings of the official calculator say so, no live tie is published (openai.md §6.2). */
function divideHalfEven(numerator: number, denominator: number): number {
  const quotient = Math.floor(numerator / denominator);
  const twice = 2 * (numerator % denominator);
  if (twice === denominator) return quotient + (quotient % 2);
  return twice > denominator ? quotient + 1 : quotient;
}

/** What one call bills. Counts are per output image, except `partialImages`, which is for all. */
export type BilledCall = {
  readonly model: GptImageModel;
  readonly quality: Quality;
  readonly size: Size;
  readonly promptTokens: number;
  /** Text tokens of an edit beyond prompt and overhead; 0 for generations. */
  readonly editTextTokens: number;
  /** Image tokens of all references together. */
  readonly referenceTokens: number;
  readonly images: number;
  readonly partialImages: number;
};

/**
 * Usage of the whole call: n multiplies the prompt, the references and the output (openai.md §0.4).
 * A call that made nothing still reports its prompt once: set by the emulator.
 */
export function imageUsage(billed: BilledCall, factor = 1): JsonObject {
  const times = Math.max(1, billed.images);
  const text = (billed.promptTokens + PROMPT_OVERHEAD_TOKENS + billed.editTextTokens) * times;
  const image = billed.referenceTokens * times;
  const each = outputTokens(billed.model.law, billed.quality, billed.size);
  const output = (each * billed.images + billed.partialImages * PARTIAL_IMAGE_TOKENS) * factor;
  return {
    input_tokens: text + image,
    input_tokens_details: { image_tokens: image, text_tokens: text },
    output_tokens: output,
    ...(billed.model.outputDetails
      ? { output_tokens_details: { image_tokens: output, text_tokens: 0 } }
      : {}),
    total_tokens: text + image + output,
  };
}

/** The same report with far too many output tokens, adding up all the same. */
export function overrunUsage(billed: BilledCall): JsonObject {
  return imageUsage({ ...billed, images: Math.max(1, billed.images) }, OVERRUN_FACTOR);
}
