import { describe, expect, it } from "vitest";
import {
  findGptImageModel,
  GPT_IMAGE_MODELS,
  type Quality,
} from "../../emulators/openai/models.ts";
import { editTextTokens, patchTokens, referenceTokens } from "../../emulators/openai/references.ts";
import { outputTokens } from "../../emulators/openai/usage.ts";

/** The table of vendors/openai.md §6.2: sizes, then gpt-image-2 (3 tiers), then 2.5 (5 tiers). */
const FORMULA_ROWS: readonly (readonly [number, number, readonly number[], readonly number[]])[] = [
  [1024, 1024, [196, 1756, 7024], [196, 439, 1756, 3122, 7024]],
  [1024, 1536, [158, 1372, 5488], [158, 343, 1372, 2459, 5488]],
  [1536, 1024, [158, 1372, 5488], [158, 343, 1372, 2459, 5488]],
  [1280, 720, [106, 947, 3787], [106, 246, 947, 1683, 3787]],
  [1536, 864, [120, 1078, 4312], [120, 280, 1078, 1917, 4312]],
  [2048, 1152, [157, 1413, 5650], [157, 367, 1413, 2511, 5650]],
  [2048, 2048, [397, 3568, 14272], [397, 892, 3568, 6343, 14272]],
  [2560, 1440, [205, 1843, 7370], [205, 478, 1843, 3276, 7370]],
  [3840, 2160, [371, 3336, 13342], [371, 865, 3336, 5930, 13342]],
  [2880, 2880, [659, 5930, 23719], [659, 1483, 5930, 10542, 23719]],
];
const FIVE: readonly Quality[] = ["low", "medium", "high", "xhigh", "max"];

describe("output tokens of gpt-image-2 and 2.5", () => {
  it.each(FORMULA_ROWS)(
    "%i x %i follows the published table in every tier",
    (width, height, two, five) => {
      const size = { width, height };
      expect(two.map((_, tier) => outputTokens("formula-2", FIVE[tier] ?? "low", size))).toEqual(
        two,
      );
      expect(FIVE.map((quality) => outputTokens("formula-2.5", quality, size))).toEqual(five);
    },
  );

  it("the cheapest legal size is 54 tokens", () => {
    expect(outputTokens("formula-2", "low", { width: 1408, height: 480 })).toBe(54);
  });

  it("ties go to even: 1024x672 low is 108, not 119", () => {
    expect(outputTokens("formula-2", "low", { width: 1024, height: 672 })).toBe(108);
  });

  it("sizes that auto picks need not be multiples of 16", () => {
    expect(outputTokens("formula-2", "low", { width: 1254, height: 1254 })).toBe(229);
    expect(outputTokens("formula-2", "medium", { width: 1254, height: 1254 })).toBe(2058);
    expect(outputTokens("formula-2", "medium", { width: 1672, height: 941 })).toBe(1158);
  });

  it("is the same in both orientations", () => {
    expect(outputTokens("formula-2.5", "xhigh", { width: 720, height: 1280 })).toBe(1683);
  });
});

describe("output tokens of gpt-image-1, 1-mini and 1.5", () => {
  it.each([
    ["low", [272, 408, 400]],
    ["medium", [1056, 1584, 1568]],
    ["high", [4160, 6240, 6208]],
  ] as const)("%s follows the fixed table", (quality, tokens) => {
    const sizes = [
      { width: 1024, height: 1024 },
      { width: 1024, height: 1536 },
      { width: 1536, height: 1024 },
    ];
    expect(sizes.map((size) => outputTokens("table", quality, size))).toEqual(tokens);
  });
});

describe("input image tokens", () => {
  it.each([
    [256, 256, 256],
    [512, 512, 1024],
    [512, 1024, 512],
    [550, 368, 704],
    [768, 768, 1024],
    [1024, 1024, 1024],
    [1280, 720, 920],
    [1536, 1536, 1521],
    [2048, 2048, 1521],
    [2048, 1152, 1508],
    [3840, 2160, 1508],
    [1600, 900, 1450],
    // Shapes whose patches fit the budget exactly: 48 x 32 and 64 x 24.
    [1328, 1992, 1536],
    [2080, 780, 1536],
    // OpenAI's patch-fit, where the shrink step is ambiguous (the other reading gives 1,530).
    [4032, 3024, 1452],
  ])("gpt-image-2: a %i x %i reference is %i tokens", (width, height, tokens) => {
    expect(patchTokens({ width, height })).toBe(tokens);
  });

  it.each([
    ["gpt-image-1", 1024, 1024, 194],
    ["gpt-image-1", 1536, 1024, 323],
    ["gpt-image-1", 1024, 1025, 194],
  ])("%s: a %i x %i reference is %i tokens", (id, width, height, tokens) => {
    const model = findGptImageModel(id) ?? GPT_IMAGE_MODELS[0];
    expect(model && referenceTokens(model, [{ width, height }], false)).toBe(tokens);
  });

  it("input_fidelity high adds 4,160 or 6,240 to the first image on 1, to five on 1.5", () => {
    const square = { width: 1024, height: 1024 };
    const wide = { width: 1536, height: 1024 };
    const one = findGptImageModel("gpt-image-1");
    const half = findGptImageModel("gpt-image-1.5");
    // 194 + 4,160 + 323 and 194 + 4,160 + 323 + 6,240.
    expect(one && referenceTokens(one, [square, wide], true)).toBe(4677);
    expect(half && referenceTokens(half, [square, wide], true)).toBe(10917);
  });

  it("an edit's text is prompt + 6 + one for each reference on gpt-image-2", () => {
    const two = findGptImageModel("gpt-image-2");
    expect(two && [1, 2, 3].map((count) => editTextTokens(two, count))).toEqual([1, 2, 3]);
  });
});
