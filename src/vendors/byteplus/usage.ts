import { z } from "zod";
import type { Usage, UsageItem } from "../../billing/usage.ts";
import type { JsonValue } from "../../json.ts";
import { referenceItems, reportedReferences, type SentReferences } from "../counted-references.ts";

const count = z.int().nonnegative();

/**
 * The two billed counts. Unknown fields pass; a wrong type is malformed, never zero. `output_tokens` is
 * geometry and bills nothing: whatever stands there is only looked at for an area.
 * Source: docs.byteplus.com ModelArk/1541523, `usage` [spec]; `input_images` on 5.0-pro and 5.5
 * [spec][seen]; checked 2026-11-22.
 */
const usageSchema = z.object({
  generated_images: count.nullish(),
  input_images: count.nullish(),
  output_tokens: z.unknown().optional(),
});

/** Pixels behind one output token: 2048x2048 is 16,384 tokens: ModelArk/1541523 [spec][seen], checked 2026-11-22. */
const PIXELS_PER_TOKEN = 256n;

/** What a whole answer reports. `areas`: one for each picture it made, undefined where it does not say. */
export function readUsage(
  usage: JsonValue | undefined,
  areas: readonly (bigint | undefined)[],
  sent: SentReferences,
): Usage {
  if (usage === undefined || usage === null) return { kind: "missing", reason: "absent" };
  if (typeof usage === "object" && Object.keys(usage).length === 0) {
    return { kind: "missing", reason: "empty" };
  }
  const parsed = usageSchema.safeParse(usage);
  if (!parsed.success) return { kind: "missing", reason: "malformed" };
  const { generated_images: generated, input_images: inputs } = parsed.data;
  // A flat count that is absent, zero or below the images that are there (DESIGN §6).
  if (generated === undefined || generated === null || generated < areas.length) {
    return { kind: "missing", reason: "contradictory" };
  }
  // With nothing made only what it says was billed, if it says so.
  const references =
    generated === 0 ? referenceItems(inputs ?? 0) : reportedReferences(sent, inputs);
  if (references === undefined) return { kind: "missing", reason: "contradictory" };
  const known = areas.length === 1 ? [areas[0] ?? areaOf(parsed.data.output_tokens)] : areas;
  return {
    kind: "reported",
    items: [
      ...known.map((area) => imageItem(1n, area)),
      ...(generated > areas.length ? [imageItem(BigInt(generated - areas.length), undefined)] : []),
      ...references,
    ],
  };
}

function imageItem(quantity: bigint, areaPixels: bigint | undefined): UsageItem {
  return {
    meter: "output_images",
    quantity,
    ...(areaPixels === undefined ? {} : { areaPixels }),
  };
}

/** Of the only picture, when the answer names no size; undefined when that can't be read either. */
function areaOf(outputTokens: unknown): bigint | undefined {
  const parsed = z.int().positive().safeParse(outputTokens);
  return parsed.success ? BigInt(parsed.data) * PIXELS_PER_TOKEN : undefined;
}
