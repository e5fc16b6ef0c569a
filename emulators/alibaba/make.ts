import type { Exchange } from "../exchange.ts";
import { faultyUsage, imagesThatCome } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import { INTERNAL_ERROR } from "./errors.ts";
import type { DashScopeRoute } from "./models.ts";
import type { DashScopeOrder } from "./order.ts";
import { dashScopeUsage, overrunUsage } from "./usage.ts";

/** What a finished call or task says, without its request id and times. */
export type Made = { readonly output: JsonObject; readonly usage: JsonObject | undefined };

/** Makes the pictures, keeps them behind URLs and describes them: alibaba.md §5. */
export async function makeImages(
  exchange: Exchange,
  order: DashScopeOrder,
  route: DashScopeRoute,
): Promise<Made> {
  const { world, faults, call, origin } = exchange;
  const made = imagesThatCome(order.images, faults);
  const urls = await Promise.all(
    Array.from({ length: made }, async () => {
      const picture = await world.studio.make({
        ...order.size,
        format: "png",
        transparent: false,
        watermark: order.watermark,
        encoding: "binary",
        caption: {
          model: order.model.id,
          size: `${order.size.width}*${order.size.height}`,
          quality: "",
          prompt: order.prompt,
        },
      });
      return origin + world.store.put(picture.bytes, picture.format);
    }),
  );
  const at = { route, made };
  const usage = faultyUsage(dashScopeUsage(order, at), faults, () => overrunUsage(order, at));
  call.images = made;
  call.usage = usage ?? null;
  const slots = faults.noImage ? 0 : order.images;
  return { output: describe(order, route, { urls, slots }), usage };
}

type Pictures = { readonly urls: readonly string[]; readonly slots: number };

function describe(order: DashScopeOrder, route: DashScopeRoute, pictures: Pictures): JsonObject {
  const { urls, slots } = pictures;
  const metric = { TOTAL: slots, SUCCEEDED: urls.length, FAILED: slots - urls.length };
  if (route === "async-text" || route === "async-image") {
    // A slot that did not come carries its own code and message.
    const results = Array.from({ length: slots }, (_, index) => {
      const url = urls[index];
      return url === undefined ? INTERNAL_ERROR : { orig_prompt: order.prompt, url };
    });
    return { results, task_metrics: metric };
  }
  const typed = order.model.usage === "count" ? {} : { type: "image" };
  const items = urls.map((image) => ({ image, ...typed }));
  const packed = order.model.packing === "choices" ? items.map((item) => [item]) : [items];
  return {
    choices: packed.map((content) => ({
      finish_reason: "stop",
      message: { role: "assistant", content },
    })),
    ...(order.model.usage === "wan" ? { finished: true } : {}),
    ...(order.model.usage === "qima" ? { rewrite_status: "success" } : {}),
    ...(order.model.taskMetric ? { task_metric: metric } : {}),
  };
}
