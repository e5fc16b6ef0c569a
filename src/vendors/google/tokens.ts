import type { Estimate } from "../../billing/quote.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { OutputLaw } from "../../catalog/schema.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { sizesFor } from "../../gates/size.ts";

type LabelLaw = Extract<OutputLaw, { readonly kind: "label_constant" }>;

/**
 * What one call is estimated to use up: a constant of image tokens for each resolution label, whatever the
 * ratio, and output at the text rate beside it (thinking, invisible residual).
 *
 * References are a constant each, whatever their pixels, at the rate of text but counted apart.
 *
 * The ceiling counts a token for each UTF-8 byte of the prompt, which no byte-level tokenizer exceeds, and
 * as many images as the row allows for drafts.
 *
 * Source: ai.google.dev/gemini-api/docs/pricing, "tokens per image" [spec], checked 2026-11-22; the residual
 * from 66 recorded calls (docs.apiyi.com, 2026) [seen].
 */
export function estimate(accepted: AcceptedOrder): Estimate {
  const law = labelLaw(accepted);
  const { prompt, model } = accepted;
  const expectedImage = tokensOf(law.imageTokens, accepted);
  const ceilingImage = tokensOf({ ...law.imageTokens, ...law.ceilingImageTokens }, accepted);
  return {
    expected: [
      { meter: "text_input_tokens", quantity: BigInt(prompt.tokens + model.textConstant) },
      ...imageInput(accepted, "expected"),
      { meter: "image_output_tokens", quantity: BigInt(expectedImage) },
      { meter: "text_output_tokens", quantity: BigInt(law.expectedTextTokens) },
    ],
    ceiling: [
      { meter: "text_input_tokens", quantity: BigInt(prompt.bytes + model.textConstant) },
      ...imageInput(accepted, "ceiling"),
      { meter: "image_output_tokens", quantity: BigInt(law.ceilingImages * ceilingImage) },
      { meter: "text_output_tokens", quantity: BigInt(law.ceilingTextTokens) },
    ],
  };
}

function imageInput(
  { order, model }: AcceptedOrder,
  which: "expected" | "ceiling",
): readonly UsageItem[] {
  const law = model.referenceLaw;
  if (order.references === undefined) return [];
  if (law?.kind !== "constant") {
    throw new Error(`${model.id}: no ${law?.kind} law of references is known to this vendor`);
  }
  const quantity = BigInt(order.references.length) * BigInt(law[which]);
  return [{ meter: "image_input_tokens", quantity }];
}

/** Whether reported image tokens are a whole number of pictures by the law. Deviation is a flag, never a repair. */
export function isOnLaw(imageTokens: bigint, accepted: AcceptedOrder): boolean {
  const law = labelLaw(accepted);
  const counts = [law.imageTokens, { ...law.imageTokens, ...law.ceilingImageTokens }];
  return counts.some((tokens) => imageTokens % BigInt(tokensOf(tokens, accepted)) === 0n);
}

function labelLaw({ model }: AcceptedOrder): LabelLaw {
  if (model.outputLaw.kind === "label_constant") return model.outputLaw;
  throw new Error(`${model.id}: output law ${model.outputLaw.kind} is not this vendor's`);
}

/** Tokens of the label that the call will be made at; of the dearest where the row names no default. */
function tokensOf(
  tokens: Readonly<Record<string, number>>,
  { model, order, size }: AcceptedOrder,
): number {
  const label = size.label ?? sizesFor(order, model.capabilities).omitted.label;
  const found = label === undefined ? Math.max(...Object.values(tokens)) : tokens[label];
  if (found === undefined) throw new Error(`${model.id}: no output tokens for the label ${label}`);
  return found;
}
