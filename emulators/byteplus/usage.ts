import { OVERRUN_FACTOR } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { SeedreamOrder } from "./order.ts";

/** Tokens are geometry, not cost: floor(sum of w·h / 256) (byteplus.md §3 [spec], [seen] 2048² → 16384). */
const PIXELS_PER_TOKEN = 256;

/** Usage by the pictures that came: byteplus.md §3. `input_images` on pro and 5.5 only. */
export function seedreamUsage(order: SeedreamOrder, made: number, factor = 1): JsonObject {
  const images = made * factor;
  const pixels = images * order.size.width * order.size.height;
  const tokens = Math.floor(pixels / PIXELS_PER_TOKEN);
  return {
    generated_images: images,
    ...(order.model.reportsInputs ? { input_images: order.references } : {}),
    output_tokens: tokens,
    total_tokens: tokens,
  };
}

export function overrunUsage(order: SeedreamOrder, made: number): JsonObject {
  return seedreamUsage(order, Math.max(1, made), OVERRUN_FACTOR);
}
