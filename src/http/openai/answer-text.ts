import type { UsageItem } from "../../billing/usage.ts";
import type { Envelope } from "../../gateway/answer.ts";
import type { Finished } from "../../gateway/client.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import type { CostSaid } from "../answer-form.ts";

/** OpenAI's images answer around the base64: `data` first, because pictures stream and the rest is known last. */
export const openaiEnvelope: Envelope = {
  before: (index) => (index === 0 ? '{"data":[{"b64_json":"' : '},{"b64_json":"'),
  after: () => '"',
};

/**
 * The rest of the answer after the last image's base64: that image's own fields, the vendor's fields, and
 * `usage` with the cost, last.
 */
export function answerTail(finished: Finished, cost: CostSaid): string {
  const { answer } = finished.outcome;
  // Earlier images have left already; fields beside their base64 exist only where one image is made a call.
  const last = fieldsText(answer.perImage.at(-1) ?? {});
  const { failures } = finished;
  const failed = failures.length === 0 ? {} : { failures };
  const top = fieldsText({ created: answer.created, ...answer.top, ...failed });
  return `${last}}]${top},"usage":${usageText(finished, cost)}}\n`;
}

/** Token counts in OpenAI's names, the images where nothing is counted in tokens, and the cost. */
export function usageText({ settlement }: Finished, cost: CostSaid): string {
  const details = {
    currency: "USD",
    total: formatUsd(cost.total),
    ceiling: formatUsd(cost.ceiling),
    basis: cost.basis,
    price_version: cost.priceVersion,
    receipt_id: cost.receiptId,
    lines: cost.lines,
    ...(cost.route === null ? {} : { route: cost.route }),
    ...(cost.warnings.length === 0 ? {} : { warnings: cost.warnings }),
  };
  const counts = fieldsText(usageCounts(settlement.items)).slice(1);
  // The one place where money is a JSON number: printed from the exact integer, never a float.
  const costText = `"cost":${formatUsd(cost.total)},"cost_details":${JSON.stringify(details)}`;
  return `{${counts === "" ? "" : `${counts},`}${costText}}`;
}

function usageCounts(items: readonly UsageItem[]): Record<string, unknown> {
  if (items.length === 0) return {};
  const count = (meter: UsageItem["meter"]): number =>
    Number(items.reduce((sum, item) => (item.meter === meter ? sum + item.quantity : sum), 0n));
  const images = count("output_images");
  if (images > 0) return { output_images: images, reference_images: count("reference_images") };
  const input = {
    text_tokens: count("text_input_tokens"),
    image_tokens: count("image_input_tokens"),
  };
  const output = {
    image_tokens: count("image_output_tokens"),
    text_tokens: count("text_output_tokens"),
  };
  const inputTokens = input.text_tokens + input.image_tokens;
  const outputTokens = output.image_tokens + output.text_tokens;
  return {
    input_tokens: inputTokens,
    input_tokens_details: input,
    output_tokens: outputTokens,
    output_tokens_details: output,
    total_tokens: inputTokens + outputTokens,
  };
}

/** `,"name":value` for each field: ready to stand behind others in an object. */
export function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join("");
}
