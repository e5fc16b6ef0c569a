import { z } from "zod";
import type { MissingReason, Usage, UsageItem } from "../../billing/usage.ts";
import type { JsonValue } from "../../json.ts";

const tokens = z.int().nonnegative();
const detailsSchema = z.object({ text_tokens: tokens, image_tokens: tokens });

/**
 * The billed fields and the totals over them. Unknown fields pass; a wrong type is malformed, never zero.
 * Source: OpenAI OpenAPI spec 2.3.0, ImageGenUsage, 2026-08-21 [spec]; `output_tokens_details` absent in
 * recordings of gpt-image-1 (2025) and some of gpt-image-1.5 and 2 [seen].
 */
const usageSchema = z.object({
  input_tokens: tokens.nullish(),
  input_tokens_details: detailsSchema,
  output_tokens: tokens,
  output_tokens_details: detailsSchema.nullish(),
  total_tokens: tokens.nullish(),
});
type WireUsage = z.infer<typeof usageSchema>;

/** What a whole answer reports, for all its images together. */
export function readUsage(
  usage: JsonValue | undefined,
  about: {
    /** Images that the vendor made. With none, an output of zero is no contradiction. */
    readonly images: number;
    /** False: the model's prices have no such meter, and output text goes unbilled. */
    readonly textOutputBilled: boolean;
  },
): Usage {
  if (usage === undefined || usage === null) return { kind: "missing", reason: "absent" };
  if (typeof usage === "object" && Object.keys(usage).length === 0) {
    return { kind: "missing", reason: "empty" };
  }
  const parsed = usageSchema.safeParse(usage);
  if (!parsed.success) return { kind: "missing", reason: "malformed" };
  const reason = contradiction(parsed.data, about.images > 0);
  if (reason !== undefined) return { kind: "missing", reason };
  return { kind: "reported", items: itemsOf(parsed.data, about.textOutputBilled) };
}

/** DESIGN §6: totals or details that don't add up, details all zero, no output with an image. */
function contradiction(usage: WireUsage, madeImages: boolean): MissingReason | undefined {
  const output = usage.output_tokens_details;
  const input = sumOf(usage.input_tokens_details);
  const outputDetails = output ? sumOf(output) : undefined;
  if (madeImages) {
    const zeroOutputDetails = outputDetails === 0 && usage.output_tokens > 0;
    if (zeroOutputDetails || input + (outputDetails ?? 0) === 0) return "zero_details";
    if (usage.output_tokens === 0 || output?.image_tokens === 0) return "contradictory";
  }
  const total = input + usage.output_tokens;
  const addUp =
    input === (usage.input_tokens ?? input) &&
    usage.output_tokens === (outputDetails ?? usage.output_tokens) &&
    total === (usage.total_tokens ?? total);
  return addUp ? undefined : "contradictory";
}

function sumOf(details: z.infer<typeof detailsSchema>): number {
  return details.text_tokens + details.image_tokens;
}

/** Without output details all output is billed at the image rate: never below the truth on gpt-image-1.5. */
function itemsOf(usage: WireUsage, textOutputBilled: boolean): UsageItem[] {
  const input = usage.input_tokens_details;
  const output = usage.output_tokens_details ?? {
    image_tokens: usage.output_tokens,
    text_tokens: 0,
  };
  return [
    { meter: "text_input_tokens", quantity: BigInt(input.text_tokens) },
    { meter: "image_input_tokens", quantity: BigInt(input.image_tokens) },
    { meter: "image_output_tokens", quantity: BigInt(output.image_tokens) },
    ...(textOutputBilled
      ? [{ meter: "text_output_tokens" as const, quantity: BigInt(output.text_tokens) }]
      : []),
  ];
}
