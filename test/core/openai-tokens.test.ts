import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePixels } from "../../src/gates/size.ts";
import { estimate, gridTokens } from "../../src/vendors/openai/tokens.ts";
import { acceptedFor, catalogModel } from "./vendor-bench.ts";

/** The published figures: size, then tokens for each tier from the cheapest on. */
const cells2: readonly [string, bigint, bigint, bigint][] = [
  ["1024x1024", 196n, 1_756n, 7_024n],
  ["1024x1536", 158n, 1_372n, 5_488n],
  ["1536x1024", 158n, 1_372n, 5_488n],
  ["1280x720", 106n, 947n, 3_787n],
  ["1536x864", 120n, 1_078n, 4_312n],
  ["2048x1152", 157n, 1_413n, 5_650n],
  ["2048x2048", 397n, 3_568n, 14_272n],
  ["2560x1440", 205n, 1_843n, 7_370n],
  ["3840x2160", 371n, 3_336n, 13_342n],
  ["2160x3840", 371n, 3_336n, 13_342n],
  ["2880x2880", 659n, 5_930n, 23_719n],
];
const cells25: readonly [string, bigint, bigint, bigint, bigint, bigint][] = [
  ["1024x1024", 196n, 439n, 1_756n, 3_122n, 7_024n],
  ["1024x1536", 158n, 343n, 1_372n, 2_459n, 5_488n],
  ["1536x1024", 158n, 343n, 1_372n, 2_459n, 5_488n],
  ["1280x720", 106n, 246n, 947n, 1_683n, 3_787n],
  ["1536x864", 120n, 280n, 1_078n, 1_917n, 4_312n],
  ["2048x1152", 157n, 367n, 1_413n, 2_511n, 5_650n],
  ["2048x2048", 397n, 892n, 3_568n, 6_343n, 14_272n],
  ["2560x1440", 205n, 478n, 1_843n, 3_276n, 7_370n],
  ["3840x2160", 371n, 865n, 3_336n, 5_930n, 13_342n],
  ["2880x2880", 659n, 1_483n, 5_930n, 10_542n, 23_719n],
];

/** The image tokens of one output image, expected and at most. */
async function outputOf(
  model: string,
  asked: { readonly size?: string; readonly quality?: string },
): Promise<readonly [bigint | undefined, bigint | undefined]> {
  const { expected, ceiling } = estimate(
    await acceptedFor(model, {
      ...(asked.size === undefined
        ? {}
        : asked.size === "auto"
          ? { size: { kind: "auto" } }
          : { size: { kind: "pixels", ...parsePixels(asked.size) } }),
      ...(asked.quality === undefined ? {} : { quality: asked.quality }),
    }),
  );
  const image = (items: typeof expected) =>
    items.find((item) => item.meter === "image_output_tokens")?.quantity;
  return [image(expected), image(ceiling)];
}

const tiers2 = ["low", "medium", "high"];
const tiers25 = ["low", "medium", "high", "xhigh", "max"];

describe("the output token law", () => {
  it.each(cells2)("gpt-image-2 makes %s for %s / %s / %s tokens", async (size, ...tokens) => {
    for (const [index, quality] of tiers2.entries()) {
      const cell = await outputOf("gpt-image-2", { size, quality });
      expect(cell).toEqual([tokens[index], tokens[index]]);
    }
  });

  it.each(cells25)(
    "gpt-image-2.5 makes %s for %s / %s / %s / %s / %s tokens",
    async (size, ...t) => {
      for (const model of ["gpt-image-2.5-flare", "gpt-image-2.5-sunburst"]) {
        for (const [index, quality] of tiers25.entries()) {
          const cell = await outputOf(model, { size, quality });
          expect(cell).toEqual([t[index], t[index]]);
        }
      }
    },
  );

  it("at a tie the expected takes the even row, the ceiling the upper one", async () => {
    // 1024x672 low: 16 * 672 / 1024 = 10.5 rows. Even: ceil(16 * 10 * 2,688,128 / 4,000,000) = 108; up: 11 rows, 119.
    expect(await outputOf("gpt-image-2", { size: "1024x672", quality: "low" })).toEqual([
      108n,
      119n,
    ]);
    // 1024x736 low: 16 * 736 / 1024 = 11.5 rows. Both readings go to 12: ceil(192 * 2,753,664 / 4,000,000) = 133.
    expect(await outputOf("gpt-image-2", { size: "1024x736", quality: "low" })).toEqual([
      133n,
      133n,
    ]);
  });

  it("the cheapest legal picture is 54 tokens", async () => {
    expect(await outputOf("gpt-image-2", { size: "1408x480", quality: "low" })).toEqual([54n, 54n]);
  });

  it.each([
    ["1254x1254", 16, 229n],
    ["1254x1254", 48, 2_058n],
    ["1672x941", 48, 1_158n],
  ])("sizes that only auto makes follow the law too: %s at %i is %s", (size, factor, tokens) => {
    expect(gridTokens(factor, { ...parsePixels(size), ties: "even" })).toBe(tokens);
  });

  it("quality omitted or auto: the usual tier is expected, the dearest is the ceiling", async () => {
    const size = "1024x1024";
    for (const asked of [{ size }, { size, quality: "auto" }]) {
      expect(await outputOf("gpt-image-2", asked)).toEqual([196n, 7_024n]);
      expect(await outputOf("gpt-image-2.5-flare", asked)).toEqual([439n, 7_024n]);
      expect(await outputOf("gpt-image-2.6-sunburst", asked)).toEqual([1_756n, 7_024n]);
      expect(await outputOf("gpt-image-1-mini", asked)).toEqual([1_056n, 4_160n]);
    }
  });

  it("size omitted or auto: 1254x1254 is expected, the dearest legal size is the ceiling", async () => {
    for (const size of [{}, { size: "auto" }]) {
      // 2880x2880 low: 659.
      expect(await outputOf("gpt-image-2", { ...size, quality: "low" })).toEqual([229n, 659n]);
      expect(await outputOf("gpt-image-2", size)).toEqual([229n, 23_719n]);
    }
  });

  it("gpt-image-2.6 has no law of its own: the ceiling is 2.5's dearest tier, whatever was asked", async () => {
    const asked = { size: "1024x1024", quality: "low" };
    expect(await outputOf("gpt-image-2.6-flare", asked)).toEqual([196n, 7_024n]);
    expect(await outputOf("gpt-image-2.6-flare", { quality: "max" })).toEqual([
      // 1254x1254 max: ceil(96 * 96 * 3,572,516 / 4,000,000) = 8,232.
      8_232n,
      23_719n,
    ]);
  });

  it.each([
    ["1024x1024", 272n, 1_056n, 4_160n],
    ["1024x1536", 408n, 1_584n, 6_240n],
    ["1536x1024", 400n, 1_568n, 6_208n],
  ])("gpt-image-1 and its kin read the table: %s is %s / %s / %s", async (size, ...tokens) => {
    for (const model of ["gpt-image-1-mini", "gpt-image-1.5"]) {
      for (const [index, quality] of tiers2.entries()) {
        const cell = await outputOf(model, { size, quality });
        expect(cell).toEqual([tokens[index], tokens[index]]);
      }
    }
  });

  it("with a table, auto is at most the dearest cell of the tier asked for", async () => {
    expect(await outputOf("gpt-image-1-mini", { quality: "low" })).toEqual([272n, 408n]);
    expect(await outputOf("gpt-image-1-mini", {})).toEqual([1_056n, 6_240n]);
  });

  it("is the same for a picture and for that picture turned, and never cheaper at a dearer tier", () => {
    const edge = fc.integer({ min: 1, max: 240 }).map((multiple) => multiple * 16);
    fc.assert(
      fc.property(
        edge,
        edge,
        fc.constantFrom("even" as const, "up" as const),
        (width, height, ties) => {
          const tokens = [16, 24, 48, 64, 96].map((f) => gridTokens(f, { width, height, ties }));
          const turned = [16, 24, 48, 64, 96].map((f) =>
            gridTokens(f, { width: height, height: width, ties }),
          );
          expect(tokens).toEqual(turned);
          expect(tokens).toEqual(tokens.toSorted((a, b) => Number(a - b)));
        },
      ),
    );
  });

  it("rounded up it is never below rounded to even, and they differ at ties alone", () => {
    const edge = fc.integer({ min: 1, max: 240 }).map((multiple) => multiple * 16);
    fc.assert(
      fc.property(edge, edge, fc.constantFrom(16, 24, 48, 64, 96), (width, height, factor) => {
        const up = gridTokens(factor, { width, height, ties: "up" });
        const even = gridTokens(factor, { width, height, ties: "even" });
        expect(up).toBeGreaterThanOrEqual(even);
        const [short, long] = width < height ? [width, height] : [height, width];
        if ((2 * factor * short) % long !== 0 || (factor * short) % long === 0)
          expect(up).toBe(even);
      }),
    );
  });
});

describe("the text of an estimate", () => {
  it("is the prompt's tokens and six, and at most its bytes and six", async () => {
    const accepted = {
      ...(await acceptedFor("gpt-image-2", { quality: "low", size: { kind: "auto" } })),
      prompt: { characters: 79, bytes: 79, tokens: 15 },
    };
    const { expected, ceiling } = estimate(accepted);
    expect(expected[0]).toEqual({ meter: "text_input_tokens", quantity: 21n });
    expect(ceiling[0]).toEqual({ meter: "text_input_tokens", quantity: 85n });
  });

  it("has 2,000 output text tokens in the ceiling of gpt-image-1.5 and none elsewhere", async () => {
    const textOut = { meter: "text_output_tokens", quantity: 2_000n };
    const { expected, ceiling } = estimate(await acceptedFor("gpt-image-1.5"));
    expect(expected).toHaveLength(2);
    expect(ceiling).toContainEqual(textOut);
    for (const model of ["gpt-image-2", "gpt-image-2.6-flare", "gpt-image-1-mini"]) {
      expect(estimate(await acceptedFor(model)).ceiling).toHaveLength(2);
    }
  });

  it("an order without a law for this vendor is a bug", async () => {
    const accepted = await acceptedFor("gpt-image-2");
    const model = { ...(await catalogModel("gpt-image-2")), outputLaw: { kind: "flat" as const } };
    expect(() => estimate({ ...accepted, model })).toThrow("no flat law");
    expect(() => estimate({ ...accepted, quality: "ultra" })).toThrow("quality ultra");
  });
});
