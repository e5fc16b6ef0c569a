/** Figures of a picture by its pixels alone: pure functions of decoded RGBA. None of them says whether it is good. */

/** A decoded picture, four bytes a pixel (red, green, blue, alpha), row by row. */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
};

/** What can be measured of a product photo. */
export type Figures = {
  readonly width: number;
  readonly height: number;
  /** Mean of the darkest channel on the outermost pixels, 0 to 1; null where they are no plain background. */
  readonly whiteness: number | null;
  /** Part of the area that the box around everything else takes, 0 to 1; null without a plain background. */
  readonly fill: number | null;
  /** The narrowest distance from that box to an edge, as a part of that edge's side, 0 to 1; null likewise. */
  readonly border: number | null;
  /** Variance of the Laplacian of the brightness: comparable between pictures of one subject and size only. */
  readonly sharpness: number;
};

/** Edge pixels that are plain lie within so many of 255 of their mean, in every channel. */
const PLAIN_WITHIN = 12;
/** So many of 1,000 edge pixels must: a shadow may touch the edge. */
const PLAIN_PER_MILLE = 950;

export function figuresOf(pixels: Pixels): Figures {
  const { width, height } = pixels;
  const background = plainBackground(pixels);
  const box = background === undefined ? undefined : boxAround(pixels, background);
  return {
    width,
    height,
    whiteness: background === undefined ? null : Math.min(...background) / 255,
    fill: box === undefined ? null : areaOf(box) / (width * height),
    border: box === undefined ? null : narrowest(box, pixels),
    sharpness: sharpnessOf(pixels),
  };
}

type Colour = readonly [number, number, number];
type Box = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

/** The colour of the outermost pixels; undefined where they have no one colour. */
function plainBackground(pixels: Pixels): Colour | undefined {
  const edge = edgePixels(pixels).map((place) => colourAt(pixels, place));
  const mean = ([0, 1, 2] as const).map(
    (channel) => edge.reduce((sum, colour) => sum + colour[channel], 0) / edge.length,
  );
  const [red = 0, green = 0, blue = 0] = mean;
  const background: Colour = [red, green, blue];
  const plain = edge.filter((colour) => distance(colour, background) <= PLAIN_WITHIN).length;
  return plain * 1_000 >= edge.length * PLAIN_PER_MILLE ? background : undefined;
}

function edgePixels({ width, height }: Pixels): readonly number[] {
  const places: number[] = [];
  for (let x = 0; x < width; x += 1) places.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y += 1) places.push(y * width, y * width + width - 1);
  return places;
}

/** What is see-through shows white, as on a page. */
function colourAt({ data }: Pixels, place: number): Colour {
  const at = place * 4;
  const alpha = (data[at + 3] ?? 255) / 255;
  const over = (channel: number): number => (data[at + channel] ?? 0) * alpha + 255 * (1 - alpha);
  return [over(0), over(1), over(2)];
}

function distance(one: Colour, other: Colour): number {
  return Math.max(
    Math.abs(one[0] - other[0]),
    Math.abs(one[1] - other[1]),
    Math.abs(one[2] - other[2]),
  );
}

/** Twice as far from the background as an edge pixel may be: noise is no product. */
const PRODUCT_BEYOND = 2 * PLAIN_WITHIN;

/** The box around everything that is not background; undefined where there is nothing. */
function boxAround(pixels: Pixels, background: Colour): Box | undefined {
  const { width, height } = pixels;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (distance(colourAt(pixels, y * width + x), background) <= PRODUCT_BEYOND) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right === -1 ? undefined : { left, top, right, bottom };
}

function areaOf({ left, top, right, bottom }: Box): number {
  return (right - left + 1) * (bottom - top + 1);
}

function narrowest({ left, top, right, bottom }: Box, { width, height }: Pixels): number {
  return Math.min(
    left / width,
    (width - 1 - right) / width,
    top / height,
    (height - 1 - bottom) / height,
  );
}

/** 0 to 255, by the weights of ITU-R BT.601. */
function brightness(pixels: Pixels): Float64Array {
  const { width, height } = pixels;
  return Float64Array.from({ length: width * height }, (_, place) => {
    const [red, green, blue] = colourAt(pixels, place);
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  });
}

function sharpnessOf(pixels: Pixels): number {
  const { width, height } = pixels;
  const light = brightness(pixels);
  let [count, sum, squares] = [0, 0, 0];
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      const value =
        (light[at - 1] ?? 0) +
        (light[at + 1] ?? 0) +
        (light[at - width] ?? 0) +
        (light[at + width] ?? 0) -
        4 * (light[at] ?? 0);
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/**
 * How far apart two pictures of one size are: the mean difference of their channels, 0 to 1.
 *
 * @param counts which pixels are looked at; all where it is left out.
 * @returns undefined where the sizes differ or nothing is looked at.
 */
export function differenceOf(
  one: Pixels,
  other: Pixels,
  counts: (place: number) => boolean = () => true,
): number | undefined {
  if (one.width !== other.width || one.height !== other.height) return undefined;
  let [pixels, sum] = [0, 0];
  for (let place = 0; place < one.width * one.height; place += 1) {
    if (!counts(place)) continue;
    const [left, right] = [colourAt(one, place), colourAt(other, place)];
    pixels += 1;
    sum +=
      Math.abs(left[0] - right[0]) + Math.abs(left[1] - right[1]) + Math.abs(left[2] - right[2]);
  }
  return pixels === 0 ? undefined : sum / (pixels * 3 * 255);
}

/**
 * How much of a reference an edit left as it was, outside the mask: 1 minus their difference there. All three of one
 * size; a mask is see-through where the picture may be changed.
 */
export function similarityOutside(
  picture: Pixels,
  reference: Pixels,
  mask: Pixels,
): number | undefined {
  if (mask.width !== picture.width || mask.height !== picture.height) return undefined;
  const difference = differenceOf(picture, reference, (place) => mask.data[place * 4 + 3] !== 0);
  return difference === undefined ? undefined : 1 - difference;
}
