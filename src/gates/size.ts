import type { Capabilities, SizeRule, Sizes } from "../catalog/schema.ts";
import { Refusal } from "../refusals.ts";
import type { ImageOrder, ResolvedSize, SizeAsked } from "./order.ts";

type Pixels = { readonly width: number; readonly height: number };

/**
 * What the asked size comes to on a model: exact pixels, a label with or without a ratio, or nothing when
 * nothing was asked. Never rounds to the nearest legal size.
 *
 * @throws Refusal naming the bound that the size breaks and what is allowed.
 */
export function resolveSize(order: ImageOrder, sizes: Sizes): ResolvedSize {
  const { size, aspectRatio, resolution } = order;
  const sizeAsked = size !== undefined && size.kind !== "auto";
  if (aspectRatio !== undefined || resolution !== undefined) {
    if (sizeAsked) {
      throw new Refusal(
        "unsupported_combination",
        "size goes without aspect_ratio and resolution: they say the same thing twice",
        { param: "size", sent: sizeText(order) },
      );
    }
    return resolveLabel(resolution ?? sizes.omitted.label, {
      ratio: aspectRatio,
      sizes,
      param: resolution === undefined ? "aspect_ratio" : "resolution",
    });
  }
  if (size === undefined || size.kind === "auto") return {};
  if (size.kind === "label") {
    return resolveLabel(size.label, { ratio: undefined, sizes, param: "size" });
  }
  return resolvePixels(size, sizes);
}

/** The sizes that an order may ask for: with references a model may make others than without. */
export function sizesFor(
  { references }: Pick<ImageOrder, "references">,
  { sizes, sizesWithReferences = sizes }: Capabilities,
): Sizes {
  return references === undefined ? sizes : sizesWithReferences;
}

/** What `size` may look like on any model. */
export const SIZE_FORMS = ["WxH", "512", "1K", "1.5K", "2K", "3K", "4K", "auto"];

/** Reads a size as a caller writes it; undefined for what no model could mean. */
export function readSize(text: string): SizeAsked | undefined {
  if (text === "auto") return { kind: "auto" };
  if (/^[1-9]\d{0,4}x[1-9]\d{0,4}$/.test(text)) return { kind: "pixels", ...parsePixels(text) };
  return /^\d(\.\d)?K$|^512$/.test(text) ? { kind: "label", label: text } : undefined;
}

/** The size as the caller wrote it, for messages and receipts; undefined when nothing was asked. */
export function sizeText({ size }: ImageOrder): string | undefined {
  if (size === undefined) return undefined;
  if (size.kind === "auto") return "auto";
  return size.kind === "label" ? size.label : `${size.width}x${size.height}`;
}

/** What `size` takes on a model, in words and lists that a caller can act on. */
function allowedSizes(sizes: Sizes): {
  readonly exact: unknown;
  readonly labels: readonly string[];
} {
  const labels = Object.keys(sizes.labels);
  switch (sizes.exact.kind) {
    case "list":
      return { exact: sizes.exact.values, labels };
    case "rule":
      return { exact: sizes.exact.rule, labels };
    case "cells":
      return { exact: cells(sizes).map((cell) => cell.pixels), labels };
    case "none":
      return { exact: null, labels };
    default:
      return sizes.exact satisfies never;
  }
}

function resolveLabel(
  label: string | undefined,
  asked: { readonly ratio: string | undefined; readonly sizes: Sizes; readonly param: string },
): ResolvedSize {
  const { ratio, sizes, param } = asked;
  const known = label === undefined ? undefined : sizes.labels[label];
  if (label === undefined || known === undefined) {
    const labels = Object.keys(sizes.labels);
    throw new Refusal(
      "unsupported_size",
      labels.length === 0
        ? `${param}: this model has no resolution labels or ratios; give size as WxH`
        : `${param}=${label ?? ratio}: this model takes the labels ${labels.join(", ")}`,
      { param, sent: label ?? ratio, allowed: allowedSizes(sizes) },
    );
  }
  if (ratio === undefined) return { label };
  const cell = known.byRatio[ratio];
  if (cell === undefined) {
    const ratios = Object.keys(known.byRatio);
    throw new Refusal(
      "unsupported_size",
      ratios.length === 0
        ? `aspect_ratio=${ratio}: no exact size is published for ${label}; give size as WxH`
        : `aspect_ratio=${ratio}: at ${label} this model makes ${ratios.join(", ")}`,
      { param: "aspect_ratio", sent: ratio, allowed: ratios },
    );
  }
  return cell === null ? { label, ratio } : { label, ratio, pixels: parsePixels(cell) };
}

function resolvePixels(size: Pixels, sizes: Sizes): ResolvedSize {
  const text = `${size.width}x${size.height}`;
  const refuse = (why: string): Refusal =>
    new Refusal("unsupported_size", `size=${text}: ${why}`, {
      param: "size",
      sent: text,
      allowed: allowedSizes(sizes),
    });
  const { exact } = sizes;
  switch (exact.kind) {
    case "list":
      if (exact.values.includes(text)) return { pixels: size };
      throw refuse(`this model makes ${exact.values.join(", ")}`);
    case "cells": {
      const cell = cells(sizes).find((candidate) => candidate.pixels === text);
      if (cell !== undefined) return { pixels: size, label: cell.label, ratio: cell.ratio };
      throw refuse("not one of the sizes that this model makes");
    }
    case "rule": {
      const broken = brokenRule(size, exact.rule);
      if (broken === undefined) return { pixels: size };
      throw refuse(broken);
    }
    case "none":
      throw refuse(`this model takes no exact size; use ${Object.keys(sizes.labels).join(", ")}`);
    default:
      return exact satisfies never;
  }
}

/** The first bound of a free-size rule that a size breaks, in words; undefined when it keeps all. */
function brokenRule({ width, height }: Pixels, rule: SizeRule): string | undefined {
  const long = width > height ? width : height;
  const short = width > height ? height : width;
  const area = width * height;
  const { edgeMultiple, edgeMin, edgeMax, ratioMax, areaMin, areaMax } = rule;
  if (edgeMultiple !== undefined && (width % edgeMultiple !== 0 || height % edgeMultiple !== 0)) {
    return `both edges must be multiples of ${edgeMultiple}`;
  }
  if (edgeMin !== undefined && short < edgeMin) return `an edge is at least ${edgeMin} pixels`;
  if (edgeMax !== undefined && long > edgeMax) return `an edge is at most ${edgeMax} pixels`;
  if (ratioMax !== undefined && long > short * ratioMax) {
    return `the long edge is at most ${ratioMax} times the short one`;
  }
  if (areaMin !== undefined && area < areaMin) {
    return `${area} pixels in all, this model makes at least ${areaMin}`;
  }
  if (areaMax !== undefined && area > areaMax) {
    return `${area} pixels in all, this model makes at most ${areaMax}`;
  }
  return undefined;
}

function cells(
  sizes: Sizes,
): { readonly label: string; readonly ratio: string; readonly pixels: string }[] {
  return Object.entries(sizes.labels).flatMap(([label, { byRatio }]) =>
    Object.entries(byRatio).flatMap(([ratio, pixels]) =>
      pixels === null ? [] : [{ label, ratio, pixels }],
    ),
  );
}

/** Reads WxH as the catalog's schema has proved it. */
export function parsePixels(text: string): Pixels {
  const [width = "", height = ""] = text.split("x");
  return { width: +width, height: +height };
}
