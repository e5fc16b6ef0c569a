import { createCanvas, ImageData } from "@napi-rs/canvas";
import { ink, type TextMask } from "./ink.ts";
import { createNoise, type Noise } from "./noise.ts";
import { createNoisePng, PAPER } from "./noise-png.ts";
import type { PictureOrder } from "./picture.ts";
import { captionMask, registerFont, watermarkMask } from "./text-mask.ts";

/** Photographic weight in lossy formats needs stronger noise than in PNG. */
const NOISE_LEVELS = 48;
const JPEG_QUALITY = 88;
const WEBP_QUALITY = 75;

/** A function that draws whole pictures; it keeps its noise between them. */
export type Draw = (order: PictureOrder) => Uint8Array;

/** Loads the font and prepares noise. Throws where the canvas cannot be used. */
export function createDraw(): Draw {
  registerFont();
  const drawPng = createNoisePng();
  const noise = createNoise({ base: PAPER - 20, levels: NOISE_LEVELS, alpha: 255 });
  const clear = createNoise({ base: PAPER - 20, levels: NOISE_LEVELS, alpha: 0 });
  return (order) => {
    const masks = [captionMask(order.width, order.height, order.caption)];
    if (order.watermark) masks.push(watermarkMask(order.width, order.height));
    if (order.format === "png") return drawPng(order, masks);
    return drawLossy(order, masks, order.transparent ? clear : noise);
  };
}

function drawLossy(order: PictureOrder, masks: readonly TextMask[], noise: Noise): Uint8Array {
  const { width, height, format } = order;
  const rowBytes = width * 4;
  const clamped = new Uint8ClampedArray(rowBytes * height);
  const samples = new Uint8Array(clamped.buffer);
  for (let y = 0; y < height; y += 1) noise.fill(samples, y * rowBytes, rowBytes);
  for (const mask of masks) ink({ samples, rowBytes, rowStart: 0, channels: 4 }, mask);
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(clamped, width, height), 0, 0);
  return format === "webp"
    ? canvas.encodeSync("webp", WEBP_QUALITY)
    : canvas.encodeSync("jpeg", JPEG_QUALITY);
}
