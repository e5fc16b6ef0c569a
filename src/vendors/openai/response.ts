import { z } from "zod";
import type { Usage } from "../../billing/usage.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { parsePixels } from "../../gates/size.ts";
import type { ImagesBody } from "../wire/images-body.ts";
import type { Billed, Picture } from "../wire/judge-images.ts";
import { referenceTokens } from "./references.ts";
import { DRAFT_TOKENS, gridTokens } from "./tokens.ts";
import { readUsage } from "./usage.ts";

/** What really ran. Parsed as text: the spec's lists of sizes and tiers are stale. */
const echoSchema = z.object({
  size: z.string().regex(/^\d{1,5}x\d{1,5}$/),
  quality: z.string(),
});

/** What a whole answer is billed by: its usage, which covers all images of the call in one block. */
export function billAnswer(
  accepted: AcceptedOrder,
  body: ImagesBody,
  pictures: readonly Picture[],
): Billed {
  const usage = readUsage(body.usage, {
    images: pictures.length,
    textOutputBilled: pricesTextOutput(accepted),
  });
  const made = { usage, images: pictures.length };
  const deviates = offTheLaw(accepted, body, made) || inputOffTheLaw(accepted, usage);
  return { usage, flags: deviates ? ["token_law_deviation"] : [] };
}

/** Whether references cost nothing at all, or more than their cap: a flag, never a price. */
function inputOffTheLaw(accepted: AcceptedOrder, usage: Usage): boolean {
  const references = referenceTokens(accepted);
  if (references === undefined || usage.kind === "missing") return false;
  const input = usage.items.find((item) => item.meter === "image_input_tokens")?.quantity ?? 0n;
  return input === 0n || input > BigInt(accepted.order.n) * references.image.ceiling;
}

function pricesTextOutput({ model }: AcceptedOrder): boolean {
  return model.rateCard.some(({ terms }) =>
    terms.some((term) => term.meter === "text_output_tokens"),
  );
}

/**
 * Whether the output tokens are others than the published law gives for what really ran: a flag, never a
 * price. One token an image may be saved with n > 1 (longform.social recording, 2026-06-12 [third]).
 */
function offTheLaw(
  { model, order }: AcceptedOrder,
  body: ImagesBody,
  { usage, images }: { readonly usage: Usage; readonly images: number },
): boolean {
  const law = model.outputLaw;
  const echo = echoSchema.safeParse(body.top);
  // A law with a ceiling tier of its own is a stand-in, not known to hold.
  if (usage.kind === "missing" || law.kind !== "factor_grid" || law.ceilingTier !== undefined) {
    return false;
  }
  const factor = echo.success ? law.factors[echo.data.quality] : undefined;
  const output = usage.items.find((item) => item.meter === "image_output_tokens")?.quantity;
  if (!echo.success || factor === undefined || output === undefined || images === 0) return false;
  const { width, height } = parsePixels(echo.data.size);
  if (width === 0 || height === 0) return true;
  const count = BigInt(images);
  const least = count * (gridTokens(factor, { width, height, ties: "even" }) - 1n);
  const most = count * gridTokens(factor, { width, height, ties: "up" });
  // Interim pictures count too; fewer may come than were asked for.
  const drafts = BigInt(order.partialImages ?? 0) * DRAFT_TOKENS;
  return output < least || output > most + drafts;
}
