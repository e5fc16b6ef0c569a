import type { PictureWeight } from "../config.ts";
import { WorkerPool } from "../worker-pool.ts";
import { flatPicture } from "./flat-picture.ts";
import { encodePicture, type Picture, type PictureOrder } from "./picture.ts";

/** Where pictures are made. */
export type Studio = {
  readonly make: (order: PictureOrder) => Promise<Picture>;
  readonly close: () => Promise<void>;
};

/** Drawing is quick and the machine is shared with the gateway under test. */
const DRAW_THREADS_MAX = 2;

/** Full pictures come from worker threads, small ones are made on the spot. */
export function createStudio(weight: PictureWeight): Studio {
  if (weight === "small") {
    return {
      make: async (order) => ({
        bytes: encodePicture(flatPicture(order), order.encoding),
        format: order.format,
      }),
      close: async () => undefined,
    };
  }
  const file = import.meta.url.endsWith(".ts") ? "./draw-worker.ts" : "./draw-worker.js";
  const pool = new WorkerPool<PictureOrder, Picture>(
    new URL(file, import.meta.url),
    DRAW_THREADS_MAX,
  );
  return { make: (order) => pool.run(order), close: () => pool.close() };
}
