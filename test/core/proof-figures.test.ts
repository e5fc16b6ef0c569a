import { describe, expect, it } from "vitest";
import {
  differenceOf,
  figuresOf,
  type Pixels,
  similarityOutside,
} from "../../src/runs/proof/figures.ts";
import { median, twoTriesOf, twoTriesText } from "../../src/runs/proof/two-tries.ts";

/** Pixels from a picture in letters: # black, . white, g grey (128), o see-through. */
function pixels(...rows: readonly string[]): Pixels {
  const colours: Readonly<Record<string, readonly number[]>> = {
    "#": [0, 0, 0, 255],
    ".": [255, 255, 255, 255],
    g: [128, 128, 128, 255],
    o: [0, 0, 0, 0],
  };
  const data = Uint8Array.from(rows.flatMap((row) => [...row].flatMap((at) => colours[at] ?? [])));
  return { width: rows[0]?.length ?? 0, height: rows.length, data };
}

const thousandths = (value: number | null | undefined) => Math.round((value ?? -1) * 1_000);

const product = pixels(
  "..........",
  "..........",
  "...####...",
  "...#..#...",
  "...####...",
  "...#..#...",
  "...####...",
  "..........",
  "..........",
  "..........",
);

describe("figures of a picture", () => {
  it("a product on white: 4 x 5 of 10 x 10 pixels, 2 of 10 from the nearest edge", () => {
    expect(figuresOf(product)).toMatchObject({ whiteness: 1, fill: 0.2, border: 0.2 });
  });

  it("the border is the narrowest of all four, each as a part of its own side", () => {
    const border = (...rows: readonly string[]) => thousandths(figuresOf(pixels(...rows)).border);
    // Of 8 pixels across and 5 down: 2 / 8 left, 3 / 8 right, 2 / 5 above and below, and likewise turned.
    expect(border("........", "........", "..###...", "........", "........")).toBe(250);
    expect(border("........", "........", "...###..", "........", "........")).toBe(250);
    expect(border("........", "...##...", "........", "........", "........")).toBe(200);
    expect(border("........", "........", "........", "...##...", "........")).toBe(200);
  });

  it("a grey background is as white as it is, and what is see-through is white", () => {
    // 128 / 255
    expect(thousandths(figuresOf(pixels("ggg", "g#g", "ggg")).whiteness)).toBe(502);
    expect(figuresOf(pixels("ooo", "o#o", "ooo")).whiteness).toBe(1);
  });

  it("without a plain background there is neither whiteness nor fill nor border", () => {
    const busy = figuresOf(pixels("#.#.", ".##.", "#.#."));
    expect([busy.whiteness, busy.fill, busy.border]).toEqual([null, null, null]);
  });

  it("nothing but background fills nothing: there is no product to measure", () => {
    expect(figuresOf(pixels("...", "...", "..."))).toMatchObject({
      whiteness: 1,
      fill: null,
      border: null,
      sharpness: 0,
    });
  });

  it("sharpness is the variance of the Laplacian", () => {
    // Inside are (1,1), white in black: -4 x 255 = -1020, and (2,1), black beside white: 255.
    // Mean -382.5, both 637.5 away from it: 637.5² = 406,406.25
    expect(thousandths(figuresOf(pixels("####", "#.##", "####")).sharpness)).toBe(406_406_250);
  });
});

describe("two pictures", () => {
  it("differ by the mean of their channels' differences", () => {
    expect(thousandths(differenceOf(pixels("#."), pixels("##")))).toBe(500);
    expect(differenceOf(pixels("#."), pixels("#."))).toBe(0);
  });

  it("of two sizes can't be held against each other", () => {
    expect(differenceOf(pixels("##"), pixels("#"))).toBeUndefined();
    expect(similarityOutside(pixels("##"), pixels("##"), pixels("#"))).toBeUndefined();
  });

  it("an edit is held against its reference only where the mask lets nothing change", () => {
    expect(similarityOutside(pixels(".#"), pixels("##"), pixels("o#"))).toBe(1);
    expect(similarityOutside(pixels(".#"), pixels("##"), pixels("#o"))).toBe(0);
    expect(similarityOutside(pixels(".#"), pixels("##"), pixels("oo"))).toBeUndefined();
  });
});

describe("candidates by pixels", () => {
  const rows = (between: number) =>
    Array.from({ length: 6 }, (_, row) => ({
      row: String(row),
      between,
      within: [0.1, 0.05] as const,
    }));

  it("differ no more than two tries where they are no further apart than those of the less steady one", () => {
    const found = twoTriesOf(rows(0.1));
    expect(found).toMatchObject({ rows: 6, between: 0.1, within: 0.1, noMore: true });
    expect(twoTriesText(["a", "b"], found as never)).toBe(
      "a and b differ no more than two tries (10.0 % between them, 10.0 % between two tries; medians of 6 rows)",
    );
    expect(twoTriesOf(rows(0.11))?.noMore).toBe(false);
  });

  it("of five rows nothing is said, and nothing is ever called as good", () => {
    expect(twoTriesOf(rows(0).slice(1))).toBeUndefined();
    expect(median([3, 1, 2, 10])).toBe(2.5);
  });
});
