import type { Estimate } from "../../billing/quote.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { OutputLaw } from "../../catalog/schema.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { parsePixels } from "../../gates/size.ts";
import { referenceTokens } from "./references.ts";
import { isFormEdit } from "./request.ts";

/** What one output image is estimated to use up, by the published laws that the catalog row carries. Integer arithmetic only. */

type Pixels = { readonly width: number; readonly height: number };
type GridLaw = Extract<OutputLaw, { kind: "factor_grid" }>;
type TableLaw = Extract<OutputLaw, { kind: "table" }>;

/** Which way a tie goes in the grid's rounding: the official calculator is read both ways. */
export type Ties = "even" | "up";

/** Of each interim picture. Source: third parties quoting OpenAI's image guide [third], 2026-11-22; nobody published a measurement. */
export const DRAFT_TOKENS = 100n;

const AREA_BASE = 2_000_000n;
const AREA_SCALE = 4_000_000n;

/**
 * What an omitted size becomes in a form: its schema's default. In JSON it is `auto`.
 * Source: OpenAI OpenAPI spec 2.3.0, CreateImageEditRequest, 2026-08-21 [spec].
 */
const FORM_SIZE: Pixels = { width: 1024, height: 1024 };

/**
 * Text: the prompt's o200k tokens and the model's constant; at most its UTF-8 bytes and that constant,
 * for no byte-level tokenizer makes more tokens than bytes. References: image tokens by the row's law, and
 * the text tokens that each adds. Output: the model's law. The vendor bills all of it for every image.
 * Source: longform.social recording of 2026-06-25 (o200k + 6) [third]; n > 1 from the founding article and
 * a reseller's record of 2026-04-22 [third].
 */
export function estimate(accepted: AcceptedOrder): Estimate {
  const { model, order, prompt } = accepted;
  const law = model.outputLaw;
  const constant = BigInt(model.textConstant);
  const output = outputTokens(accepted);
  const references = referenceTokens(accepted);
  const text = (tokens: number, more = 0n): UsageItem => ({
    meter: "text_input_tokens",
    quantity: BigInt(tokens) + constant + more,
  });
  const input = (quantity: bigint | undefined): readonly UsageItem[] =>
    quantity === undefined ? [] : [{ meter: "image_input_tokens", quantity }];
  const image = (quantity: bigint): UsageItem => ({ meter: "image_output_tokens", quantity });
  const drafts = BigInt(order.partialImages ?? 0) * DRAFT_TOKENS;
  const ceilingText = law.kind === "table" ? BigInt(law.ceilingTextTokens) : 0n;
  return {
    expected: [
      text(prompt.tokens, references?.text.expected),
      ...input(references?.image.expected),
      image(output.expected + drafts),
    ],
    ceiling: [
      text(prompt.bytes, references?.text.ceiling),
      ...input(references?.image.ceiling),
      image(output.ceiling + drafts),
      ...(ceilingText === 0n
        ? []
        : [{ meter: "text_output_tokens" as const, quantity: ceilingText }]),
    ],
  };
}

function outputTokens(accepted: AcceptedOrder): {
  readonly expected: bigint;
  readonly ceiling: bigint;
} {
  const law = accepted.model.outputLaw;
  switch (law.kind) {
    case "factor_grid":
      return gridOutput(law, accepted);
    case "table":
      return tableOutput(law, accepted);
    case "flat":
    case "label_constant":
      throw new Error(`${accepted.model.id}: no ${law.kind} law is known to this vendor`);
    default:
      return law satisfies never;
  }
}

function gridOutput(
  law: GridLaw,
  accepted: AcceptedOrder,
): { readonly expected: bigint; readonly ceiling: bigint } {
  const { size, model, quality } = accepted;
  const expectedSize = size.pixels ?? omittedSize(accepted) ?? parsePixels(law.autoSize.expected);
  const ceilingSize = size.pixels ?? parsePixels(law.autoSize.ceiling);
  const ceilingTier = law.ceilingTier ?? quality;
  const ceilingFactor =
    ceilingTier === undefined
      ? dearest(Object.values(law.factors))
      : inTable(law.factors, ceilingTier, model.id);
  return {
    expected: gridTokens(inTable(law.factors, expectedTier(accepted), model.id), {
      ...expectedSize,
      ties: "even",
    }),
    ceiling: gridTokens(ceilingFactor, { ...ceilingSize, ties: "up" }),
  };
}

/** Of an edit that goes out as a form and names no size. */
function omittedSize(accepted: AcceptedOrder): Pixels | undefined {
  return accepted.order.size === undefined && isFormEdit(accepted) ? FORM_SIZE : undefined;
}

function tableOutput(
  law: TableLaw,
  accepted: AcceptedOrder,
): { readonly expected: bigint; readonly ceiling: bigint } {
  const { size, model, quality } = accepted;
  const asked = size.pixels === undefined ? undefined : pixelsText(size.pixels);
  const rowOf = (pixels: string): Readonly<Record<string, number>> => {
    const row = law.tokens[pixels];
    if (row === undefined) throw new Error(`${model.id}: no output tokens for ${pixels}`);
    return row;
  };
  const rows = asked === undefined ? Object.values(law.tokens) : [rowOf(asked)];
  const cells = rows.flatMap((row) =>
    quality === undefined ? Object.values(row) : [inTable(row, quality, model.id)],
  );
  const expectedRow = rowOf(asked ?? law.autoSizeExpected);
  return {
    expected: BigInt(inTable(expectedRow, expectedTier(accepted), model.id)),
    ceiling: BigInt(dearest(cells)),
  };
}

/**
 * ceil(F * s * (2,000,000 + W*H) / 4,000,000) with s = round(F * short / long), per image.
 * Source: OpenAI's pricing calculator, re-implemented at community.openai.com/t/1382699, 2026-06-05 [third];
 * it gives all of 54 recorded cells. No live tie is published.
 */
export function gridTokens(
  factor: number,
  { width, height, ties }: Pixels & { readonly ties: Ties },
): bigint {
  const tier = BigInt(factor);
  const long = BigInt(width > height ? width : height);
  const short = BigInt(width > height ? height : width);
  const rows = roundDivide(tier * short, long, ties);
  const scaled = tier * rows * (AREA_BASE + long * short);
  return (scaled + AREA_SCALE - 1n) / AREA_SCALE;
}

function roundDivide(dividend: bigint, divisor: bigint, ties: Ties): bigint {
  const quotient = dividend / divisor;
  const doubled = 2n * (dividend % divisor);
  if (doubled < divisor) return quotient;
  const tieDown = doubled === divisor && ties === "even" && quotient % 2n === 0n;
  return tieDown ? quotient : quotient + 1n;
}

function expectedTier({ quality, model }: AcceptedOrder): string {
  const tier = quality ?? model.capabilities.quality?.autoExpected;
  if (tier === undefined) throw new Error(`${model.id}: no quality is expected for auto`);
  return tier;
}

function inTable(table: Readonly<Record<string, number>>, tier: string, modelId: string): number {
  const value = table[tier];
  if (value === undefined) throw new Error(`${modelId}: no output tokens for quality ${tier}`);
  return value;
}

function dearest(values: readonly number[]): number {
  return Math.max(...values);
}

function pixelsText({ width, height }: Pixels): string {
  return `${width}x${height}`;
}
