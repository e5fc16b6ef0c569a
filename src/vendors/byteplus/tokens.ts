import type { Estimate } from "../../billing/quote.ts";
import type { UsageItem } from "../../billing/usage.ts";
import type { AcceptedOrder } from "../../gates/accept.ts";
import { parsePixels, sizesFor } from "../../gates/size.ts";
import { referenceItems } from "../counted-references.ts";

/**
 * One priced image an image, and the references of the request: nothing is estimated but the image's area,
 * where price tiers depend on it. Output tokens are geometry (area / 256), not cost.
 * Source: docs.byteplus.com ModelArk/1544106, price page of 2026-09-19 as quoted [spec].
 */
export function estimate(accepted: AcceptedOrder): Estimate {
  const area = areaPixels(accepted);
  const image: UsageItem = {
    meter: "output_images",
    quantity: 1n,
    ...(area === undefined ? {} : { areaPixels: area }),
  };
  const items = [image, ...referenceItems(accepted.order.references?.length ?? 0)];
  return { expected: items, ceiling: items };
}

/** The area that the price tier follows; undefined where it can't be known: the dearest tier then. */
function areaPixels({ order, size, model }: AcceptedOrder): bigint | undefined {
  const { labels, omitted } = sizesFor(order, model.capabilities);
  const isOmitted = size.pixels === undefined && size.label === undefined;
  const pixels =
    size.pixels ??
    (isOmitted && omitted.pixels !== undefined ? parsePixels(omitted.pixels) : undefined);
  if (pixels !== undefined) return BigInt(pixels.width) * BigInt(pixels.height);
  const label = size.label ?? omitted.label;
  const known = label === undefined ? undefined : labels[label];
  return known === undefined ? undefined : BigInt(known.areaPixels);
}
