/**
 * A store of noise from which rows are copied: copying is a hundred times cheaper than drawing
 * random numbers for every sample.
 */
export type Noise = {
  /** Fills `row` from `start` on with noise samples, at another place of the store each time. */
  readonly fill: (row: Uint8Array, start: number, bytes: number) => void;
};

const STORE_BYTES = 1_048_576;
const MULTIPLIER = 1_664_525;
const INCREMENT = 1_013_904_223;

/**
 * Noise of `levels` neighbouring sample values, equally likely, from `base` up.
 *
 * Four levels in three channels weigh 6.75 bits a pixel under Huffman coding, which makes a
 * 1024 x 1024 PNG about 0.9 MB: what a real one weighs (DESIGN §9).
 * `alpha` sets every fourth sample, for RGBA rows.
 */
export function createNoise(options: {
  readonly base: number;
  readonly levels: number;
  readonly alpha: number | undefined;
}): Noise {
  const store = Buffer.alloc(STORE_BYTES);
  let state = 20_261_122;
  for (let index = 0; index < STORE_BYTES; index += 1) {
    state = (Math.imul(state, MULTIPLIER) + INCREMENT) >>> 0;
    const level = Math.floor(((state >>> 8) / 2 ** 24) * options.levels);
    store[index] = options.base + level;
  }
  if (options.alpha !== undefined) {
    for (let index = 3; index < STORE_BYTES; index += 4) store[index] = options.alpha;
  }
  const fill = (row: Uint8Array, start: number, bytes: number): void => {
    for (let done = 0; done < bytes; ) {
      // Offsets are multiples of twelve, so that channels stay where they are in RGB and in RGBA.
      const offset = Math.floor((Math.random() * (STORE_BYTES - 12)) / 12) * 12;
      const room = Math.floor((STORE_BYTES - offset) / 12) * 12;
      const count = Math.min(bytes - done, room);
      row.set(store.subarray(offset, offset + count), start + done);
      done += count;
    }
  };
  return { fill };
}
