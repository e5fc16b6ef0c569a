import type { Meter } from "../catalog/schema.ts";

/** Why a usage can't be billed as reported. Each is billed at the ceiling, never at zero (P4). */
export const missingReasons = [
  "absent",
  "empty",
  "zero_details",
  "malformed",
  "contradictory",
] as const;
export type MissingReason = (typeof missingReasons)[number];

/** A quantity of one meter. `areaPixels` is the area of each output image, where the price depends on it. */
export type UsageItem = {
  readonly meter: Meter;
  readonly quantity: bigint;
  readonly areaPixels?: bigint;
};

/** What a vendor said that a call used up: reported or missing, nothing in between. */
export type Usage =
  | { readonly kind: "reported"; readonly items: readonly UsageItem[] }
  | { readonly kind: "missing"; readonly reason: MissingReason };

/**
 * Splits items at the images really delivered: a flat count above them charges the delivered ones, and
 * the rest is what the vendor may bill the house for (DESIGN §6). The cheapest images are charged and
 * the dearest exposed, because which ones are missing is unknown and the doubt is the house's.
 */
export function splitAtDelivered(
  items: readonly UsageItem[],
  delivered: bigint,
): { readonly charged: readonly UsageItem[]; readonly exposed: readonly UsageItem[] } {
  const flat = items.filter((item) => item.meter === "output_images").toSorted(byArea);
  const charged: UsageItem[] = items.filter((item) => item.meter !== "output_images");
  const exposed: UsageItem[] = [];
  let left = delivered;
  for (const item of flat) {
    const taken = item.quantity < left ? item.quantity : left;
    if (taken > 0n) charged.push({ ...item, quantity: taken });
    if (item.quantity > taken) exposed.push({ ...item, quantity: item.quantity - taken });
    left -= taken;
  }
  return { charged, exposed };
}

/** Smallest first; an unknown area last, because it is priced by the dearest tier. */
function byArea(left: UsageItem, right: UsageItem): number {
  if (left.areaPixels === right.areaPixels) return 0;
  if (left.areaPixels === undefined) return 1;
  if (right.areaPixels === undefined) return -1;
  return left.areaPixels < right.areaPixels ? -1 : 1;
}
