import { ink, type TextMask } from "./ink.ts";
import { createNoise } from "./noise.ts";
import { writePng } from "./png.ts";

/** Sample value of the paper behind the text, in every format. */
export const PAPER = 204;
const NOISE_LEVELS = 4;

/** Draws a PNG of noise with text over it. Needs no canvas: without masks it is the fallback picture. */
export type DrawNoisePng = (
  order: { readonly width: number; readonly height: number; readonly transparent: boolean },
  masks: readonly TextMask[],
) => Uint8Array;

/** Prepares the noise once; the result draws any number of pictures. */
export function createNoisePng(): DrawNoisePng {
  const opaque = createNoise({ base: PAPER, levels: NOISE_LEVELS, alpha: undefined });
  const clear = createNoise({ base: PAPER, levels: NOISE_LEVELS, alpha: 0 });
  return ({ width, height, transparent }, masks) => {
    const noise = transparent ? clear : opaque;
    const channels = transparent ? 4 : 3;
    const rowBytes = 1 + width * channels;
    const samples = new Uint8Array(rowBytes * height);
    for (let y = 0; y < height; y += 1) noise.fill(samples, y * rowBytes + 1, width * channels);
    for (const mask of masks) ink({ samples, rowBytes, rowStart: 1, channels }, mask);
    return writePng(
      { width, height, bitDepth: 8, colourType: transparent ? 6 : 2, huffmanOnly: true },
      samples,
    );
  };
}
