import { OVERRUN_FACTOR } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import type { DashScopeRoute } from "./models.ts";
import type { DashScopeOrder } from "./order.ts";

/** Output area up to and including this is the 1k tier: alibaba.md §5 and §7 [spec]. */
const TIER_1K_PIXELS_MAX = 2_250_000;

/** Token counts of wan are reported and not billed (§5 [spec]); these are set by the emulator. */
const WAN_INPUT_TOKENS = 867;
const WAN_REFERENCE_TOKENS = 10_000;
const WAN_OUTPUT_TOKENS = 2;

/** Usage by the pictures that came, in the shape of the model and the route: alibaba.md §5. */
export function dashScopeUsage(
  order: DashScopeOrder,
  at: { readonly route: DashScopeRoute; readonly made: number; readonly factor?: number },
): JsonObject {
  const images = at.made * (at.factor ?? 1);
  const { width, height } = order.size;
  if (at.route === "async-text" || at.route === "async-image") return { image_count: images };
  switch (order.model.usage) {
    case "count":
      return { image_count: images, width, height };
    case "wan": {
      const input = WAN_INPUT_TOKENS + WAN_REFERENCE_TOKENS * order.references;
      const output = WAN_OUTPUT_TOKENS * images;
      return {
        image_count: images,
        size: `${width}*${height}`,
        input_tokens: input,
        output_tokens: output,
        total_tokens: input + output,
      };
    }
    case "qima": {
      // The input type follows the output area too, and is there with no inputs (§5).
      const tier = width * height <= TIER_1K_PIXELS_MAX ? "1k" : "2k";
      return {
        input_image_count: order.references,
        input_image_type: `qima_input_${tier}`,
        output_image_count: images,
        output_image_type: `qima_output_${tier}`,
        output_width: width,
        output_height: height,
      };
    }
    default:
      return order.model.usage satisfies never;
  }
}

export function overrunUsage(
  order: DashScopeOrder,
  at: { readonly route: DashScopeRoute; readonly made: number },
): JsonObject {
  return dashScopeUsage(order, { ...at, made: Math.max(1, at.made), factor: OVERRUN_FACTOR });
}
