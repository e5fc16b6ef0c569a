import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteEstimate } from "../../src/billing/quote.ts";
import { accept } from "../../src/gates/accept.ts";
import type { ImageOrder, Reference } from "../../src/gates/order.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import {
  type PatchLaw,
  patchTokens,
  type TileLaw,
  tileTokens,
} from "../../src/vendors/openai/references.ts";
import { estimate } from "../../src/vendors/openai/tokens.ts";
import { measured } from "./pictures.ts";
import { acceptedFor, catalogModel } from "./vendor-bench.ts";

async function patchLaw(): Promise<PatchLaw> {
  const { referenceLaw } = await catalogModel("gpt-image-2");
  if (referenceLaw?.kind !== "patches") throw new Error("no patches");
  return referenceLaw;
}

async function tileLaw(model: string): Promise<TileLaw> {
  const { referenceLaw } = await catalogModel(model);
  if (referenceLaw?.kind !== "tiles") throw new Error("no tiles");
  return referenceLaw;
}

type Asked = Partial<ImageOrder> & { readonly pictures?: readonly Partial<Reference>[] };

/** The input tokens of one output image: text and image, expected and at most. */
async function inputOf(model: string, { pictures = [], ...asked }: Asked) {
  const [first, ...rest] = pictures.map(measured);
  const references = first === undefined ? {} : { references: [first, ...rest] as const };
  const { expected, ceiling } = estimate(await acceptedFor(model, { ...asked, ...references }));
  const of = (items: typeof expected) =>
    (["text_input_tokens", "image_input_tokens"] as const).map(
      (meter) => items.find((item) => item.meter === meter)?.quantity,
    );
  return { expected: of(expected), ceiling: of(ceiling) };
}

const square = { width: 1024, height: 1024 };

/** Any picture that a caller might send, from one pixel on. */
const edges = fc.oneof(fc.integer({ min: 1, max: 2_100 }), fc.integer({ min: 1, max: 60_000 }));

describe("the patch law of gpt-image-2 and later", () => {
  it.each([
    [256, 256, 256n],
    [512, 512, 1_024n],
    [512, 1_024, 512n],
    [550, 368, 704n],
    [768, 768, 1_024n],
    [1_024, 1_024, 1_024n],
    [1_280, 720, 920n],
    [1_536, 1_536, 1_521n],
    [2_048, 2_048, 1_521n],
    [2_048, 1_152, 1_508n],
    [3_840, 2_160, 1_508n],
    [1_600, 900, 1_450n],
  ])("recorded: %i x %i is %s tokens", async (width, height, tokens) => {
    expect(patchTokens(await patchLaw(), { width, height })).toBe(tokens);
  });

  it.each([
    ["one pixel, doubled, is one patch", 1, 1, 1n],
    // 4:3 above the budget: sqrt(1,536 * 4/3) = 45.3 -> 45, sqrt(1,536 * 3/4) = 33.9 -> 33. 45 * 1,800 > 33 * 2,400,
    // so 33 stay whole and the other edge is 33 * 4/3 = 44: 33 * 44.
    ["OpenAI's own example, 33 x 44 patches", 1_800, 2_400, 1_452n],
    ["a 4:3 photo the same", 4_032, 3_024, 1_452n],
    // sqrt(1,536 * 3/2) is 48 and sqrt(1,536 * 2/3) is 32 exactly: nothing is lost.
    ["a 3:2 photo fills the budget to the last patch", 6_000, 4_000, 1_536n],
    ["as does 1536 x 1024, which fits as it is", 1_536, 1_024, 1_536n],
    // One row more is 48 x 33 = 1,584 patches: sqrt(1,536 * 1,536/1,025) = 47.98 -> 47, sqrt(1,536 * 1,025/1,536) = 32.02 -> 32;
    // 47 * 1,025 <= 32 * 1,536, so 47 stay and 47 * 1,025/1,536 = 31.4 -> 32.
    ["one pixel more is shrunk", 1_536, 1_025, 1_504n],
    // A canvas of 3:1: sqrt(1,536 * 3) = 67.9 -> 67, sqrt(1,536 / 3) = 22.6 -> 22; 67 > 22 * 3, so 22 and 66.
    ["beyond 3:1 the canvas counts", 9_000, 1_000, 1_452n],
    ["a line of pixels too", 60_000, 1, 1_452n],
    // 100 x 1 doubles to 200 x 2, on a canvas of 200 x 66.7 -> 67: 7 x 3.
    ["a small line is enlarged first", 100, 1, 21n],
    // 768 * 1,024 / 768.5 isn't whole: 1,000 x 750 becomes 1,024 x 768 exactly, 32 x 24.
    ["an enlarged edge that comes out whole", 1_000, 750, 768n],
    // 1,000 x 751 becomes 1,024 x 769.024 -> 769 pixels: 25 rows.
    ["rounded down to a pixel, still a row more", 1_000, 751, 800n],
    // 513 x 257 becomes 1,024 x 512.998 -> 513: 17 rows. Cut to 512 it would be 16.
    ["rounded up to a pixel, a row more", 513, 257, 544n],
  ])("%s: %i x %i", async (_law, width, height, tokens) => {
    expect(patchTokens(await patchLaw(), { width, height })).toBe(tokens);
  });

  it("never depends on which way a picture is turned, never exceeds 1,536, never is nothing", async () => {
    const law = await patchLaw();
    fc.assert(
      fc.property(edges, edges, (width, height) => {
        const tokens = patchTokens(law, { width, height });
        expect(patchTokens(law, { width: height, height: width })).toBe(tokens);
        expect(tokens).toBeGreaterThanOrEqual(1n);
        expect(tokens).toBeLessThanOrEqual(1_536n);
      }),
      { numRuns: 3_000 },
    );
  });

  it("beyond a budget's worth of pixels only the shape counts: ten times the edges is the same", async () => {
    const law = await patchLaw();
    const large = fc.integer({ min: 1_300, max: 6_000 });
    fc.assert(
      fc.property(large, large, (width, height) => {
        const ten = { width: width * 10, height: height * 10 };
        expect(patchTokens(law, ten)).toBe(
          patchTokens(law, { width: width * 100, height: height * 100 }),
        );
      }),
    );
  });
});

describe("the tile law of the 1 family", () => {
  it.each([
    [1_024, 1_024, 194n],
    [1_536, 1_024, 323n],
    [1_024, 1_025, 194n], // 512.5 pixels are 512: one tile
    [1_024, 1_026, 323n], // 513 pixels: two
    [3_000, 1_000, 452n],
    [4_096, 1_024, 581n],
    [9_000, 1_000, 581n], // never more than four tiles
    [1, 1, 194n],
  ])("%i x %i is %s tokens", async (width, height, tokens) => {
    const law = await tileLaw("gpt-image-1.5");
    expect(tileTokens(law, { width, height })).toBe(tokens);
    expect(tileTokens(law, { width: height, height: width })).toBe(tokens);
  });

  it("is bounded by four tiles, whatever the shape", async () => {
    const law = await tileLaw("gpt-image-1");
    fc.assert(
      fc.property(edges, edges, (width, height) => {
        const tokens = tileTokens(law, { width, height });
        expect(tokens >= 194n && tokens <= 581n).toBe(true);
      }),
    );
  });
});

describe("the input of an edit", () => {
  const prompt = "Recolor this mug: matte cobalt-blue, nothing else.";
  /** 12 o200k tokens, 50 bytes. */
  async function editOf(count: number) {
    const [first, ...rest] = Array.from({ length: count }, () => measured(square));
    if (first === undefined) throw new Error("no picture");
    const size = { kind: "pixels", ...square } as const;
    const order: ImageOrder = {
      model: "gpt-image-2",
      prompt,
      n: 1,
      quality: "low",
      size,
      references: [first, ...rest],
    };
    const measure = { characters: 50, bytes: 50, tokens: 12 };
    return accept(order, await catalogModel("gpt-image-2"), measure);
  }

  it.each([
    [1, 1_043n, 50n + 6n + 1n, 1_536n],
    [2, 2_068n, 50n + 6n + 2n, 3_072n],
    [3, 3_093n, 50n + 6n + 3n, 4_608n],
  ])("the article's, with %i references: %s tokens in all", async (count, all, text, image) => {
    const { expected, ceiling } = estimate(await editOf(count));
    const input = expected.filter(({ meter }) => meter.endsWith("input_tokens"));
    expect(input.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(all);
    expect(ceiling.slice(0, 2)).toEqual([
      { meter: "text_input_tokens", quantity: text },
      { meter: "image_input_tokens", quantity: image },
    ]);
  });

  it("vector 5: three 1024 x 1024 references, 1024 x 1024 low: 0.030561 expected", async () => {
    const accepted = await editOf(3);
    const { model } = accepted;
    const [price] = model.rateCard;
    if (price === undefined) throw new Error("no price");
    expect(estimate(accepted).expected).toEqual([
      { meter: "text_input_tokens", quantity: 21n },
      { meter: "image_input_tokens", quantity: 3_072n },
      { meter: "image_output_tokens", quantity: 196n },
    ]);
    const request = { facts: {}, n: 1n, estimate: estimate(accepted) };
    const quote = quoteEstimate(model, price, request);
    // 21 * 5 + 3,072 * 8 + 196 * 30 = 30,561 millionths.
    expect(formatUsd(quote.expected.total)).toBe("0.030561");
    // 59 * 5 + 4,608 * 8 + 196 * 30 = 43,039 millionths.
    expect(formatUsd(quote.ceiling.total)).toBe("0.043039");
    // Of four images everything is billed four times: 122,244 and 172,156 millionths.
    const four = quoteEstimate(model, price, { ...request, n: 4n });
    expect(formatUsd(four.expected.total)).toBe("0.122244");
    expect(formatUsd(four.ceiling.total)).toBe("0.172156");
  });

  it("on 1.5 text is dearer, and the ceiling holds four tiles and 129 tokens a reference", async () => {
    const pictures = [square, { width: 1_536, height: 1_024 }];
    // The bench's prompt is 4 words and 16 bytes: 4 + 6 + 9 + 22, 16 + 6 + 2 * 129; 194 + 323, 2 * 581.
    expect(await inputOf("gpt-image-1.5", { pictures })).toEqual({
      expected: [41n, 517n],
      ceiling: [280n, 1_162n],
    });
  });

  it("high fidelity adds 4,160 to a square and 6,240 to another, to the first five on 1.5, the first on 1", async () => {
    const asked = { inputFidelity: "high", pictures: [square, { width: 1_536, height: 1_024 }] };
    expect((await inputOf("gpt-image-1.5", asked)).expected[1]).toBe(517n + 4_160n + 6_240n);
    expect((await inputOf("gpt-image-1", asked)).expected[1]).toBe(517n + 4_160n);
    for (const model of ["gpt-image-1.5", "gpt-image-1"]) {
      expect((await inputOf(model, asked)).ceiling[1]).toBe(2n * (581n + 6_240n));
    }
    const six = { inputFidelity: "high", pictures: Array.from({ length: 6 }, () => square) };
    expect((await inputOf("gpt-image-1.5", six)).expected[1]).toBe(6n * 194n + 5n * 4_160n);
    const low = { inputFidelity: "low", pictures: [square] };
    expect((await inputOf("gpt-image-1.5", low)).expected[1]).toBe(194n);
  });

  it("expected never exceeds the ceiling, whatever the pictures", async () => {
    const picture = fc.record({ width: edges, height: edges });
    const models = fc.constantFrom(
      "gpt-image-2",
      "gpt-image-2.6-flare",
      "gpt-image-1.5",
      "gpt-image-1",
    );
    const given = fc.array(picture, { minLength: 1, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(models, given, fc.boolean(), async (model, pictures, faithful) => {
        const isOne = model.startsWith("gpt-image-1");
        const fidelity = faithful && isOne ? { inputFidelity: "high" } : {};
        const { expected, ceiling } = await inputOf(model, { pictures, ...fidelity });
        for (const [index, quantity] of expected.entries()) {
          expect(ceiling[index]).toBeGreaterThanOrEqual(quantity ?? 0n);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a generation has no image input at all", async () => {
    expect(await inputOf("gpt-image-2", {})).toEqual({
      expected: [10n, undefined],
      ceiling: [22n, undefined],
    });
  });

  it("an omitted size is 1024 x 1024 in a form, and the vendor's choice in JSON", async () => {
    const references = [measured(square)] as const;
    const output = async (asked: Partial<ImageOrder>) => {
      const accepted = await acceptedFor("gpt-image-2", { quality: "low", references, ...asked });
      const { expected, ceiling } = estimate(accepted);
      return [expected, ceiling].map((items) => items.at(-1)?.quantity);
    };
    // At most 2880 x 2880, the dearest that `auto` may become: 659 tokens.
    expect(await output({})).toEqual([196n, 659n]);
    expect(await output({ size: { kind: "auto" } })).toEqual([229n, 659n]);
    expect(await output({ moderation: "low" })).toEqual([229n, 659n]);
  });
});
