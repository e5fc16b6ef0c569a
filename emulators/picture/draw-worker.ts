import { parentPort } from "node:worker_threads";
import type { WorkerReply } from "../worker-pool.ts";
import { cacheDrawings } from "./drawing-cache.ts";
import { flatPicture } from "./flat-picture.ts";
import { createNoisePng } from "./noise-png.ts";
import { encodePicture, type Picture, type PictureOrder } from "./picture.ts";

/**
 * Draws full pictures in its own thread, one at a time.
 *
 * Where the canvas does not load (a platform without its binary), PNGs are noise without text and
 * the lossy formats are flat, so that the sandbox still works.
 */
const port = parentPort;
if (port === null) throw new Error("draw-worker runs as a worker thread only");

const draw = cacheDrawings(await loadDraw());

port.on("message", (order: PictureOrder) => {
  const bytes = encodePicture(draw(order), order.encoding);
  const reply: WorkerReply<Picture> = { kind: "done", result: { bytes, format: order.format } };
  const { buffer } = bytes;
  // Base64 text is ours alone and may move; a canvas's own buffer must be copied.
  const movable =
    order.encoding === "base64" &&
    buffer instanceof ArrayBuffer &&
    buffer.byteLength === bytes.byteLength;
  port.postMessage(reply, movable ? [buffer] : []);
});

async function loadDraw(): Promise<(order: PictureOrder) => Uint8Array> {
  try {
    const { createDraw } = await import("./draw.ts");
    return createDraw();
  } catch {
    // The decision: a sandbox without readable text is better than no sandbox.
    const noisePng = createNoisePng();
    return (order) => (order.format === "png" ? noisePng(order, []) : flatPicture(order));
  }
}
