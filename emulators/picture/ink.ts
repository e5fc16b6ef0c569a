/** Where text lies in a picture, and how strongly it covers each pixel (0 to 255). */
export type TextMask = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly coverage: Uint8Array;
};

/** Eight-bit samples, row by row. */
export type Raster = {
  readonly samples: Uint8Array;
  readonly rowBytes: number;
  /** Bytes before the first pixel of a row. */
  readonly rowStart: number;
  readonly channels: number;
};

const INK = 24;
/** Three steps of softness are enough to read by, and every further sample value weighs in the file. */
const COVER_STEP = 85;

/** Darkens the pixels that the mask covers, and makes them opaque where there is alpha. */
export function ink(raster: Raster, mask: TextMask): void {
  for (let y = 0; y < mask.height; y += 1) {
    const row = (mask.top + y) * raster.rowBytes + raster.rowStart;
    for (let x = 0; x < mask.width; x += 1) {
      const raw = mask.coverage[y * mask.width + x] ?? 0;
      if (raw === 0) continue;
      const cover = Math.round(raw / COVER_STEP) * COVER_STEP;
      inkPixel(raster, row + (mask.left + x) * raster.channels, cover);
    }
  }
}

function inkPixel(raster: Raster, at: number, cover: number): void {
  for (let channel = 0; channel < raster.channels; channel += 1) {
    const ground = raster.samples[at + channel] ?? 0;
    const target = channel === 3 ? 255 : INK;
    raster.samples[at + channel] = Math.round((ground * (255 - cover) + target * cover) / 255);
  }
}
