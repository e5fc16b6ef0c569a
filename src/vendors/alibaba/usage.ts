import { z } from "zod";
import type { MissingReason, Usage, UsageItem } from "../../billing/usage.ts";
import { referenceItems, reportedReferences } from "../counted-references.ts";
import { outputImages } from "./estimate.ts";

/**
 * The largest area of the low price tier, inclusive.
 * Source: platform.qianwenai.com/docs, OpenAPI of qwen image [spec], checked 2026-08-10.
 */
const LOW_TIER_AREA_MAX = 2_250_000n;

const count = z.int().nonnegative();

/** Unknown fields pass, wan's token counts among them: the reference says that they are not billed [spec]. */
const classicSchema = z.object({ image_count: count.optional() });

/**
 * The 3.0 family counts inputs and outputs apart.
 * Source: platform.qianwenai.com/docs, OpenAPI of qwen image [spec]; recorded 2026-08 [seen].
 */
const threeSchema = z.object({
  output_image_count: count.optional(),
  output_image_type: z.string().optional(),
  output_width: count.optional(),
  output_height: count.optional(),
  input_image_count: count.optional(),
});
type ThreeUsage = z.infer<typeof threeSchema>;

/** Which of the vendor's two usage shapes a model answers in. */
export type UsageShape = "three" | "classic";

export type ReadUsage = { readonly usage: Usage; readonly flags: readonly string[] };

/**
 * Usage of an answer, flat counts of pictures.
 *
 * `made` are the pictures in the answer, fetched or not: a count below it contradicts itself. A count above
 * it is reported as it is; billing splits it. `references` are those that went out: the 3.0 family counts
 * them, for all others nothing is charged.
 */
export function readUsage(
  usage: unknown,
  shape: UsageShape,
  { made, references }: { readonly made: number; readonly references: number },
): ReadUsage {
  if (usage === undefined || usage === null) return missing("absent");
  if (typeof usage === "object" && Object.keys(usage).length === 0) return missing("empty");
  switch (shape) {
    case "classic": {
      const parsed = classicSchema.safeParse(usage);
      if (!parsed.success) return missing("malformed");
      return counted(parsed.data.image_count, made, (quantity) => ({
        items: [outputImages(quantity, undefined), ...referenceItems(references)],
        flags: [],
      }));
    }
    case "three": {
      const parsed = threeSchema.safeParse(usage);
      if (!parsed.success) return missing("malformed");
      const inputs = reportedReferences(
        { sent: references, law: "counted" },
        parsed.data.input_image_count,
      );
      if (inputs === undefined) return missing("contradictory");
      return counted(parsed.data.output_image_count, made, (quantity) =>
        readThree(parsed.data, quantity, inputs),
      );
    }
    default:
      return shape satisfies never;
  }
}

/** The shape of a usage of which nothing else is known: a task that outlived its gateway. */
export function shapeOf(usage: unknown): UsageShape {
  const isThree = typeof usage === "object" && usage !== null && "output_image_count" in usage;
  return isThree ? "three" : "classic";
}

function counted(
  reported: number | undefined,
  made: number,
  read: (quantity: bigint) => { readonly items: readonly UsageItem[]; readonly flags: string[] },
): ReadUsage {
  if (reported === undefined || reported === 0 || reported < made) return missing("contradictory");
  const { items, flags } = read(BigInt(reported));
  if (reported > made) flags.push("count_above_images");
  return { usage: { kind: "reported", items }, flags };
}

function readThree(
  wire: ThreeUsage,
  quantity: bigint,
  references: readonly UsageItem[],
): { readonly items: readonly UsageItem[]; readonly flags: string[] } {
  const { area, flags } = billedArea(wire);
  return { items: [outputImages(quantity, area), ...references], flags };
}

/** The vendor's own tier decides the price; the measured area only where it names none. */
function billedArea(wire: ThreeUsage): {
  readonly area: bigint | undefined;
  readonly flags: string[];
} {
  const { output_width: width, output_height: height } = wire;
  const measured =
    width === undefined || height === undefined || width === 0 || height === 0
      ? undefined
      : BigInt(width) * BigInt(height);
  const tier = /_(1k|2k)$/i.exec(wire.output_image_type ?? "")?.[1]?.toLowerCase();
  if (tier === undefined) return { area: measured, flags: ["tier_not_named"] };
  const isLow = tier === "1k";
  const agrees = measured === undefined || measured <= LOW_TIER_AREA_MAX === isLow;
  if (agrees && measured !== undefined) return { area: measured, flags: [] };
  const representative = isLow ? LOW_TIER_AREA_MAX : LOW_TIER_AREA_MAX + 1n;
  return { area: representative, flags: agrees ? [] : ["tier_contradicts_area"] };
}

function missing(reason: MissingReason): ReadUsage {
  return { usage: { kind: "missing", reason }, flags: [] };
}
