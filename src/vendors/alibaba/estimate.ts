import type { Estimate } from "../../billing/quote.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { parsePixels, sizesFor } from "../../gates/size.ts";
import { referenceItems } from "../counted-references.ts";

/** One priced image an image, and the references of the request: exact, except where the vendor chooses the size and the size has a price. */
export function estimate(accepted: AcceptedOrder): Estimate {
  const items = [
    outputImages(1n, areaOf(accepted)),
    ...referenceItems(accepted.order.references?.length ?? 0),
  ];
  return { expected: items, ceiling: items };
}

export function outputImages(quantity: bigint, areaPixels: bigint | undefined): UsageItem {
  return { meter: "output_images", quantity, ...(areaPixels === undefined ? {} : { areaPixels }) };
}

/** The area that one picture will have; undefined, and so priced as the dearest, when the model chooses. */
export function areaOf({ model, order, size }: AcceptedOrder): bigint | undefined {
  const { labels, omitted } = sizesFor(order, model.capabilities);
  const nothingAsked = size.pixels === undefined && size.label === undefined;
  const label = size.label ?? (nothingAsked ? omitted.label : undefined);
  const pixels =
    size.pixels ??
    (nothingAsked && omitted.pixels !== undefined ? parsePixels(omitted.pixels) : undefined);
  if (pixels !== undefined) return BigInt(pixels.width) * BigInt(pixels.height);
  const area = label === undefined ? undefined : labels[label]?.areaPixels;
  return area === undefined ? undefined : BigInt(area);
}
