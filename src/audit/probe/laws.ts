import type { Estimate } from "../../billing/quote.ts";
import type { Meter, Model } from "../../catalog/schema.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import type { ImageOrder, PromptMeasure, Reference, ResolvedSize } from "../../gates/order.ts";
import { resolveSize, sizesFor } from "../../gates/size.ts";
import { Refusal } from "../../refusals.ts";
import { registrations } from "../../vendors/registry.ts";
import type { Pixels } from "./evidence.ts";

/** Both ends inclusive. */
export type Range = { readonly least: bigint; readonly most: bigint };

/** What usage the published laws give for a whole call. Undefined parts: nobody published them. */
export type Law = {
  readonly textIn: bigint | undefined;
  readonly imageIn: Range | undefined;
  readonly imageOut: Range | undefined;
  /** Several pictures may come where one was asked: any whole number of times is on the law. */
  readonly multiples: boolean;
};

/** An order in the terms of the laws. */
export type LawAsked = {
  readonly n: number;
  readonly size: Pixels | undefined;
  readonly quality: string | undefined;
  readonly prompt: PromptMeasure;
  /** Of the one square reference, in pixels; undefined: no reference. */
  readonly imageEdge?: number | undefined;
};

/**
 * What the laws of a model's row give for an order, whether or not the model would take it: what somebody else's
 * gateway made may be of a size that nobody asked for. Pure.
 *
 * @returns undefined when its price is flat or no law covers the order.
 */
export function lawOf(model: Model, asked: LawAsked): Law | undefined {
  const estimate = estimateOf(model, asked);
  if (estimate === undefined || model.outputLaw.kind === "flat") return undefined;
  const n = BigInt(asked.n);
  const isEdit = asked.imageEdge !== undefined;
  const text = quantityOf(estimate.expected, "text_input_tokens");
  return {
    textIn: isEdit || !countsText(model) ? undefined : n * text,
    imageIn: isEdit ? imageInput(model, estimate, n) : undefined,
    imageOut: imageOutput(model, estimate, asked),
    multiples: model.outputLaw.kind === "label_constant",
  };
}

/** Whether a quantity is what a law gives. */
export function isOn(range: Range, quantity: bigint, multiples = false): boolean {
  if (quantity >= range.least && quantity <= range.most) return true;
  return multiples && quantity > 0n && quantity % range.most === 0n;
}

/** The prompt is counted by a published tokenizer where output follows a tier and a size, not by labels. */
function countsText({ outputLaw }: Model): boolean {
  return outputLaw.kind === "factor_grid" || outputLaw.kind === "table";
}

/** Whether a model bills words of its own beside the picture: their tokens can't be told from it without details. */
export function makesText({ outputLaw }: Model): boolean {
  if (outputLaw.kind === "table") return outputLaw.ceilingTextTokens > 0;
  return outputLaw.kind === "label_constant";
}

/** One token an image may be saved (longform.social recording, 2026-06-12 [third]). */
function imageOutput(model: Model, estimate: Estimate, asked: LawAsked): Range | undefined {
  const n = BigInt(asked.n);
  const expected = quantityOf(estimate.expected, "image_output_tokens");
  const { outputLaw } = model;
  if (outputLaw.kind === "label_constant") return { least: n * expected, most: n * expected };
  // A tier left to the model, or a law that stands in for one that isn't published, gives no figure to hold on to.
  if (asked.quality === undefined || asked.size === undefined) return undefined;
  if (outputLaw.kind === "factor_grid" && outputLaw.ceilingTier !== undefined) return undefined;
  const most = quantityOf(estimate.ceiling, "image_output_tokens");
  return { least: n * (expected - 1n), most: n * most };
}

/** Of one small square reference the laws by pixels are exact; a constant is told as a range. */
function imageInput(model: Model, estimate: Estimate, n: bigint): Range | undefined {
  const expected = quantityOf(estimate.expected, "image_input_tokens");
  if (expected === 0n) return undefined;
  const law = model.referenceLaw;
  if (law?.kind !== "constant") return { least: n * expected, most: n * expected };
  const ceiling = quantityOf(estimate.ceiling, "image_input_tokens");
  return { least: n * expected, most: n * ceiling };
}

function estimateOf(model: Model, asked: LawAsked): Estimate | undefined {
  const vendor = registrations.find((each) => each.vendor.id === model.vendor)?.vendor;
  if (vendor === undefined) return undefined;
  const order = orderOf(model, asked);
  const accepted: AcceptedOrder = {
    ...{ order, model, prompt: asked.prompt, quality: asked.quality },
    size: sizeOf(order, model, asked.size),
  };
  try {
    return vendor.estimate(accepted);
  } catch {
    // No law covers this size, tier or reference: a table without that cell.
    return undefined;
  }
}

function orderOf(model: Model, { n, size, quality, imageEdge }: LawAsked): ImageOrder {
  return {
    ...{ model: model.id, prompt: "", n },
    ...(size === undefined ? {} : { size: { kind: "pixels" as const, ...size } }),
    ...(quality === undefined ? {} : { quality }),
    ...(imageEdge === undefined ? {} : { references: [squareReference(imageEdge)] }),
  };
}

/** Laws of tiers and sizes hold for any pixels; those of labels only for cells of the row. */
function sizeOf(order: ImageOrder, model: Model, pixels: Pixels | undefined): ResolvedSize {
  try {
    return resolveSize(order, sizesFor(order, model.capabilities));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return pixels === undefined ? {} : { pixels };
  }
}

/** A square PNG as the gates and laws see it; it has no bytes to read. */
export function squareReference(edge: number, alpha = false): Reference {
  return {
    ...{ format: "png", width: edge, height: edge, alpha, animated: false },
    ...{ bytes: edge * edge, sha256: "0".repeat(64) },
    read: async function* () {},
  };
}

function quantityOf(items: Estimate["expected"], meter: Meter): bigint {
  return items.reduce((sum, item) => (item.meter === meter ? sum + item.quantity : sum), 0n);
}
