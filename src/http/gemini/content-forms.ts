import type { UsageItem } from "../../billing/usage.ts";
import type { Envelope } from "../../gateway/answer.ts";
import type { Finished } from "../../gateway/client.ts";
import type { RouteJson } from "../../gateway/route-json.ts";
import type { ImageFacts } from "../../ledger/port.ts";
import type { Surface } from "../../ledger/request-facts.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { type AnswerForm, type CostSaid, EVENT_HEADERS, type Sold } from "../answer-form.ts";
import type { SurfaceWords } from "../surface-client.ts";
import { geminiBody, geminiError } from "./error-envelope.ts";
import { inGeminiWords } from "./field-names.ts";

/**
 * Gemini's answers around the base64: a candidate an image. The picture stands before its own `mimeType`, which
 * its bytes tell; usage and cost come last. Streams carry a whole image an event, then one of the end
 * (recorded streams of gemini-2.5-flash-image, pydantic/pydantic-ai [seen], checked 2026-11-22).
 */

/** `generateContent`; `streamGenerateContent` as a JSON array; the same with `alt=sse`. */
export type ContentSurface = Exclude<Surface, "generations" | "edits">;

const CANDIDATE_OPEN = '{"content":{"role":"model","parts":[{"inlineData":{"data":"';
const EVENT_END = "\r\n\r\n";
const JSON_HEADERS = { "content-type": "application/json" };

/** What the main path's client says on this surface. */
export function contentWords(surface: ContentSurface): SurfaceWords {
  return {
    formOf: (_order, sold) => contentForm(surface, sold),
    errorOf: (refusal) => geminiError(inGeminiWords(refusal)),
    events: {
      errorOf: (refusal) => `data: ${geminiBody(inGeminiWords(refusal))}${EVENT_END}`,
      keepAlive: Buffer.from(`: keep-alive${EVENT_END}`, "utf8"),
    },
  };
}

/** How a good answer is written. */
export function contentForm(surface: ContentSurface, sold: Sold): AnswerForm {
  switch (surface) {
    case "generate_content":
      return {
        headers: JSON_HEADERS,
        envelope: {
          before: (index) => `${index === 0 ? '{"candidates":[' : ","}${CANDIDATE_OPEN}`,
          after: (index, image) =>
            `${candidateClose(image)},"finishReason":"STOP","index":${index}}`,
        },
        tail: (made, cost) => `],${lastFields(made, cost)}}\n`,
      };
    case "generate_content_list":
      return {
        headers: JSON_HEADERS,
        envelope: chunks(sold, { open: ["[", ",\r\n"], close: "" }),
        tail: (made, cost) => `,\r\n${lastChunk(made, cost)}]\n`,
      };
    case "generate_content_events":
      return {
        headers: EVENT_HEADERS,
        envelope: {
          ...chunks(sold, { open: ["data: ", "data: "], close: EVENT_END }),
          closes: true,
        },
        tail: (made, cost) => `data: ${lastChunk(made, cost)}${EVENT_END}`,
      };
    default:
      return surface satisfies never;
  }
}

function candidateClose({ format }: ImageFacts): string {
  // What isn't known by its first bytes is not called an image; the receipt says "unreadable".
  const type = format === null ? "application/octet-stream" : `image/${format}`;
  return `","mimeType":${JSON.stringify(type)}}}]}`;
}

/** An image a chunk; `open` stands before the first chunk and before each other. */
function chunks(
  { receiptId }: Sold,
  around: { readonly open: readonly [string, string]; readonly close: string },
): Envelope {
  const id = `"responseId":${JSON.stringify(receiptId)}`;
  return {
    before: (index) => `${around.open[index === 0 ? 0 : 1]}{"candidates":[${CANDIDATE_OPEN}`,
    after: (index, image) => `${candidateClose(image)},"index":${index}}],${id}}${around.close}`,
  };
}

/** The end of a stream: why each candidate ended, and what they cost together. */
function lastChunk(made: Finished, cost: CostSaid): string {
  const ended = Array.from({ length: made.outcome.images }, (_, index) => ({
    content: { role: "model", parts: [] },
    finishReason: "STOP",
    index,
  }));
  return `{"candidates":${JSON.stringify(ended)},${lastFields(made, cost)}}`;
}

function lastFields(made: Finished, cost: CostSaid): string {
  const { servedModel, answer } = made.outcome;
  const images = answer.perImage.some((fields) => Object.keys(fields).length > 0);
  const beside = {
    created: answer.created,
    ...answer.top,
    ...(images ? { images: answer.perImage } : {}),
    ...(made.failures.length === 0 ? {} : { failures: made.failures }),
  };
  return [
    `"usageMetadata":${usageText(made, cost)}`,
    `"modelVersion":${JSON.stringify(servedModel ?? cost.model)}`,
    `"responseId":${JSON.stringify(cost.receiptId)}`,
    // What this contract has no field for: the vendor's own words, and what a fan-out failed to make.
    `"spotmeter":${JSON.stringify(beside)}`,
  ].join(",");
}

function usageText({ settlement }: Finished, cost: CostSaid): string {
  const costDetails = {
    currency: "USD",
    total: formatUsd(cost.total),
    ceiling: formatUsd(cost.ceiling),
    basis: cost.basis,
    priceVersion: cost.priceVersion,
    receiptId: cost.receiptId,
    lines: cost.lines.map(({ meter, quantity, unit_price: unitPrice, amount }) => ({
      meter,
      quantity,
      unitPrice,
      amount,
    })),
    ...(cost.route === null ? {} : { route: inCamelCase(cost.route) }),
    ...(cost.warnings.length === 0 ? {} : { warnings: cost.warnings }),
  };
  const counts = JSON.stringify(usageCounts(settlement.items, thoughtsIn(settlement.usage)));
  // Money as a JSON number is printed from the exact integer, never a float.
  const costText = `"cost":${formatUsd(cost.total)},"costDetails":${JSON.stringify(costDetails)}`;
  return counts === "{}" ? `{${costText}}` : `${counts.slice(0, -1)},${costText}}`;
}

function inCamelCase({ runner_up: runnerUp, ...route }: RouteJson) {
  return { ...route, runnerUp };
}

/**
 * Tokens in this contract's names, the images where nothing is counted in tokens. They are the billed ones:
 * thoughts are set apart from the other output where the vendor tells them apart.
 */
function usageCounts(items: readonly UsageItem[], thoughts: number): Record<string, unknown> {
  if (items.length === 0) return {};
  const count = (meter: UsageItem["meter"]): number =>
    Number(items.reduce((sum, item) => (item.meter === meter ? sum + item.quantity : sum), 0n));
  const images = count("output_images");
  if (images > 0) return { outputImages: images, referenceImages: count("reference_images") };
  const textInput = count("text_input_tokens") + count("cached_text_input_tokens");
  const imageInput = count("image_input_tokens") + count("cached_image_input_tokens");
  const imageOutput = count("image_output_tokens");
  const textOutput = count("text_output_tokens");
  const thought = Math.min(thoughts, textOutput);
  return {
    promptTokenCount: textInput + imageInput,
    candidatesTokenCount: imageOutput + textOutput - thought,
    ...(thought === 0 ? {} : { thoughtsTokenCount: thought }),
    totalTokenCount: textInput + imageInput + imageOutput + textOutput,
    promptTokensDetails: details({ TEXT: textInput, IMAGE: imageInput }),
    candidatesTokensDetails: details({ IMAGE: imageOutput, TEXT: textOutput - thought }),
  };
}

function details(counts: Readonly<Record<string, number>>): readonly object[] {
  return Object.entries(counts)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));
}

/** Thinking as the vendor reported it, call by call; 0 where it says nothing of the kind. */
function thoughtsIn(usage: string | null): number {
  const reported: unknown = usage === null ? null : JSON.parse(usage);
  const calls: readonly unknown[] = Array.isArray(reported) ? reported : [reported];
  return calls.reduce<number>((sum, each) => sum + thoughtsOf(each), 0);
}

function thoughtsOf(reported: unknown): number {
  if (typeof reported !== "object" || reported === null) return 0;
  const thoughts = "thoughtsTokenCount" in reported ? reported.thoughtsTokenCount : 0;
  return typeof thoughts === "number" && Number.isSafeInteger(thoughts) ? Math.max(0, thoughts) : 0;
}
