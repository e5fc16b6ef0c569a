import { z } from "zod";
import type { MissingReason, Usage, UsageItem } from "../../billing/usage.ts";

const tokens = z.int().nonnegative();
const details = z
  .array(z.object({ modality: z.string(), tokenCount: tokens.default(0) }))
  .default([]);

/**
 * Only the counts that the bill rests on. Unknown fields pass; a wrong type is "malformed", never zero.
 * A count that is left out is zero: the vendor's JSON omits fields at their default.
 *
 * Source: googleapis/js-genai `UsageMetadata` [spec]; recorded answers in pydantic/pydantic-ai [seen],
 * checked 2026-11-22.
 */
const usageSchema = z.object({
  promptTokenCount: tokens,
  candidatesTokenCount: tokens.default(0),
  thoughtsTokenCount: tokens.default(0),
  toolUsePromptTokenCount: tokens.default(0),
  totalTokenCount: tokens,
  promptTokensDetails: details,
  candidatesTokensDetails: details,
});
type WireUsage = z.infer<typeof usageSchema>;

/**
 * The usage of an answer with an image. `candidatesTokenCount` mixes image tokens and text-rate tokens;
 * only the IMAGE detail tells them apart, and what it leaves over is output at the text rate, visible or
 * not. Thinking is not part of the candidates.
 *
 * Tokens of tool use are not billed as input: ai.google.dev/gemini-api/docs/pricing, grounding [spec],
 * checked 2026-11-22. We send no tools.
 */
export function readUsage(usage: unknown): Usage {
  const read = parseUsage(usage);
  if (read.kind === "missing") return read;
  const wire = read.wire;
  if (isAllZero(wire)) return missing("zero_details");
  const image = imageTokens(wire.candidatesTokensDetails);
  const imageInput = imageTokens(wire.promptTokensDetails);
  const adds =
    wire.totalTokenCount === wire.promptTokenCount + outputTokens(wire) + toolTokens(wire);
  if (!adds || image === 0 || image > wire.candidatesTokenCount) return missing("contradictory");
  if (imageInput > wire.promptTokenCount) return missing("contradictory");
  return {
    kind: "reported",
    items: [
      ...inputItems(wire),
      { meter: "image_output_tokens", quantity: BigInt(image) },
      ...item("text_output_tokens", outputTokens(wire) - image),
    ],
  };
}

/**
 * What an answer without an image cost all the same; undefined when its usage doesn't say.
 *
 * In refusals `candidatesTokenCount` repeats `thoughtsTokenCount`; adding both would count them twice, so
 * the total decides. Source: 6 of 6 recorded refusals, docs.apiyi.com 2026 [seen]; that they are billed, and
 * at the text rate, is [guess].
 */
export function readCost(usage: unknown): readonly UsageItem[] | undefined {
  const read = parseUsage(usage);
  if (read.kind === "missing") return undefined;
  const wire = read.wire;
  const output = wire.totalTokenCount - wire.promptTokenCount - toolTokens(wire);
  const image = imageTokens(wire.candidatesTokensDetails);
  if (output < image || imageTokens(wire.promptTokensDetails) > wire.promptTokenCount) {
    return undefined;
  }
  return [
    ...inputItems(wire),
    ...item("image_output_tokens", image),
    ...item("text_output_tokens", output - image),
  ];
}

/** Standard is what we ask for and price; served at another speed the bill has another rate. */
export function isStandardTier(usage: unknown): boolean {
  const parsed = z.object({ serviceTier: z.string() }).safeParse(usage);
  return !parsed.success || parsed.data.serviceTier.toLowerCase() === "standard";
}

function parseUsage(
  usage: unknown,
): { readonly kind: "read"; readonly wire: WireUsage } | Extract<Usage, { kind: "missing" }> {
  if (usage === undefined || usage === null) return missing("absent");
  if (typeof usage === "object" && Object.keys(usage).length === 0) return missing("empty");
  const parsed = usageSchema.safeParse(usage);
  return parsed.success ? { kind: "read", wire: parsed.data } : missing("malformed");
}

function missing(reason: MissingReason): Extract<Usage, { kind: "missing" }> {
  return { kind: "missing", reason };
}

function isAllZero(wire: WireUsage): boolean {
  return wire.totalTokenCount + wire.promptTokenCount + outputTokens(wire) + toolTokens(wire) === 0;
}

function outputTokens(wire: WireUsage): number {
  return wire.candidatesTokenCount + wire.thoughtsTokenCount;
}

function toolTokens(wire: WireUsage): number {
  return wire.toolUsePromptTokenCount;
}

function imageTokens(list: WireUsage["promptTokensDetails"]): number {
  return list
    .filter(({ modality }) => modality === "IMAGE")
    .reduce((sum, { tokenCount }) => sum + tokenCount, 0);
}

function inputItems(wire: WireUsage): readonly UsageItem[] {
  const image = imageTokens(wire.promptTokensDetails);
  return [
    ...item("text_input_tokens", wire.promptTokenCount - image),
    ...item("image_input_tokens", image),
  ];
}

/** Zero tokens are no item, so that a price without that meter is not asked for it. */
function item(meter: UsageItem["meter"], quantity: number): readonly UsageItem[] {
  return quantity === 0 ? [] : [{ meter, quantity: BigInt(quantity) }];
}
