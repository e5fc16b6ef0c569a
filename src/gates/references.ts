import type { Capabilities, Model, ReferenceLimits } from "../catalog/schema.ts";
import { Refusal } from "../refusals.ts";
import type { ImageOrder, Reference } from "./order.ts";
import { refuse, unknownTo } from "./refuse.ts";

/**
 * The gates of the pictures that a caller supplies: how many, of what kind, of what measures, and the mask
 * over the first of them. What was sent is told by its measures; nothing is ever shrunk or converted to fit.
 */

/** The refusals of an order's pictures: of their kind of request, of each by itself, of the mask. */
export function referenceRefusals(order: ImageOrder, model: Model): readonly Refusal[] {
  return [
    wrongSurface(order, model),
    wrongReferences(order, model.capabilities),
    wrongMask(order, model.capabilities),
  ].flatMap((refusal) => refusal ?? []);
}

/** Characters of a data URL with a file in it. */
function dataUrlCharacters({ format, bytes }: Pick<Reference, "format" | "bytes">): number {
  const triples = (bytes + 2 - ((bytes + 2) % 3)) / 3;
  return `data:image/${format};base64,`.length + triples * 4;
}

function wrongSurface({ references }: ImageOrder, model: Model): Refusal | undefined {
  const { min, max } = model.capabilities.references;
  const sent = references?.length ?? 0;
  if (sent > 0 && !model.surfaces.includes("edits")) {
    return refuse("unsupported_parameter", "image", {
      sent,
      allowed: null,
      why: "this model makes pictures from text alone",
    });
  }
  if (sent === 0 && min > 0) {
    return new Refusal(
      "missing_parameter",
      `image: this model only edits pictures; send ${countText({ min, max })} to POST /v1/images/edits`,
      { param: "image", sent, allowed: { min, max } },
    );
  }
  if (sent >= min && sent <= max) return undefined;
  return refuse("unsupported_value", "image", {
    sent,
    allowed: { min, max },
    why: `this model takes ${countText({ min, max })}`,
  });
}

function countText({ min, max }: { readonly min: number; readonly max: number }): string {
  if (max === 1) return "one picture";
  return min === max ? `${max} pictures` : `${min} to ${max} pictures`;
}

function wrongReferences(order: ImageOrder, can: Capabilities): Refusal | undefined {
  const { references = [], mask } = order;
  const limits = can.references;
  for (const [index, reference] of references.entries()) {
    const param = references.length === 1 ? "image" : `image[${index}]`;
    const refusal =
      wrongKind(reference, limits, param) ??
      wrongMeasures(reference, limits, param) ??
      tooLongAsUrl(reference, { order, limits, param });
    if (refusal !== undefined) return refusal;
  }
  const files = [...references, ...(mask === undefined ? [] : [mask])];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (limits.bytesTotalMax === undefined || bytes <= limits.bytesTotalMax) return undefined;
  return refuse("unsupported_value", "image", {
    sent: `${bytes} bytes`,
    allowed: { bytesTotalMax: limits.bytesTotalMax },
    why: `this model takes at most ${limits.bytesTotalMax} bytes in all files of a request together`,
  });
}

function wrongKind(
  { format, animated, alpha }: Reference,
  limits: ReferenceLimits,
  param: string,
): Refusal | undefined {
  if (!limits.formats.includes(format)) {
    return refuse("unsupported_value", param, {
      sent: format,
      allowed: limits.formats,
      why: `this model reads ${limits.formats.join(", ")}`,
    });
  }
  if (animated) {
    return refuse("unsupported_value", param, {
      sent: `animated ${format}`,
      allowed: limits.formats,
      why: "of more than one frame the first alone would be read; send a still picture",
    });
  }
  if (!alpha || !limits.opaqueFormats.includes(format)) return undefined;
  return refuse("unsupported_value", param, {
    sent: `${format} with an alpha channel`,
    allowed: { alpha: false },
    why: `this model reads ${format} without an alpha channel only`,
  });
}

function wrongMeasures(
  { width, height, bytes }: Reference,
  limits: ReferenceLimits,
  param: string,
): Refusal | undefined {
  const [short, long] = width < height ? [width, height] : [height, width];
  const { bytesMax, edgeMin, edgeMax, areaMax, ratioMax } = limits;
  const no = (sent: string, why: string, allowed: unknown): Refusal =>
    refuse("unsupported_value", param, { sent, allowed, why });
  if (bytesMax !== undefined && bytes > bytesMax) {
    return no(`${bytes} bytes`, `this model takes files of at most ${bytesMax} bytes`, {
      bytesMax,
    });
  }
  const size = `${width}x${height}`;
  if (edgeMin !== undefined && short < edgeMin) {
    return no(size, `an edge is at least ${edgeMin} pixels`, { edgeMin });
  }
  if (edgeMax !== undefined && long > edgeMax) {
    return no(size, `an edge is at most ${edgeMax} pixels`, { edgeMax });
  }
  if (areaMax !== undefined && width * height > areaMax) {
    return no(size, `${width * height} pixels in all, at most ${areaMax}`, { areaMax });
  }
  if (ratioMax !== undefined && long > short * ratioMax) {
    return no(size, `the long edge is at most ${ratioMax} times the short one`, { ratioMax });
  }
  return undefined;
}

/** `auto` asks for nothing, so that the file goes out as a file. */
function tooLongAsUrl(
  file: Reference,
  of: { readonly order: ImageOrder; readonly limits: ReferenceLimits; readonly param: string },
): Refusal | undefined {
  const { moderation = "auto" } = of.order;
  const { moderatedUrlCharactersMax: max } = of.limits;
  const characters = dataUrlCharacters(file);
  if (moderation === "auto" || max === undefined || characters <= max) return undefined;
  return refuse("unsupported_combination", of.param, {
    sent: `${characters} characters as a data URL`,
    allowed: { charactersMax: max },
    why: `with moderation=${moderation} a picture goes out as a data URL of at most ${max} characters; send a smaller file, or leave moderation out`,
  });
}

function wrongMask(order: ImageOrder, can: Capabilities): Refusal | undefined {
  const { mask } = order;
  const first = order.references?.[0];
  if (mask === undefined) return undefined;
  const size = `${mask.width}x${mask.height}`;
  if (can.mask === undefined) return unknownTo("mask", `${size} ${mask.format}`);
  const { formats, bytesMax } = can.mask;
  const no = (sent: string, why: string, allowed: unknown): Refusal =>
    refuse("unsupported_value", "mask", { sent, allowed, why });
  if (first === undefined) {
    return no(size, "it goes over the first image, and there is none", { image: { min: 1 } });
  }
  if (!formats.includes(mask.format)) {
    return no(mask.format, `a mask is ${formats.join(" or ")}`, formats);
  }
  if (mask.animated) return no(`animated ${mask.format}`, "a mask is a still picture", formats);
  if (mask.bytes > bytesMax) {
    return no(`${mask.bytes} bytes`, `a mask has at most ${bytesMax} bytes`, { bytesMax });
  }
  if (!mask.alpha) {
    return no("no alpha channel", "its see-through pixels say what to change", { alpha: true });
  }
  if (mask.width !== first.width || mask.height !== first.height) {
    const wanted = `${first.width}x${first.height}`;
    return no(size, `a mask has the pixels of the first image, ${wanted}`, wanted);
  }
  return tooLongAsUrl(mask, { order, limits: can.references, param: "mask" });
}
