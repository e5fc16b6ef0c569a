import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { geminiReply, geminiUsage, openaiReply } from "./replay-vendor.ts";
import { COUNT } from "./sandbox.ts";
import { startVectorBench, type Vector, type VectorBench } from "./vector-bench.ts";

/** Vectors of vendors that bill tokens, through the whole gateway: exact to the last digit. */

let bench: VectorBench;
beforeAll(async () => {
  bench = await startVectorBench();
});
afterAll(() => bench.close());

const GPT2 = { model: "gpt-image-2", size: "1024x1024" } as const;

describe("OpenAI: tokens by class", () => {
  const vectors: readonly Vector[] = [
    {
      name: "1",
      asked: { ...GPT2, quality: "low" },
      reply: openaiReply({ quality: "low", counts: [21, 0, 196, 0] }),
      charge: "0.005985",
      ceiling: "0.006305", // (79 + 6) x 0.000005 + 196 x 0.00003
    },
    {
      name: "2",
      asked: { ...GPT2, quality: "high" },
      reply: openaiReply({ quality: "high", counts: [21, 0, 7_024, 0] }),
      charge: "0.210825",
      ceiling: "0.211145", // 85 x 0.000005 + 7,024 x 0.00003
    },
    {
      name: "3",
      asked: { model: "gpt-image-2", size: "2048x2048", quality: "high" },
      reply: openaiReply({ quality: "high", pixels: [2048, 2048], counts: [21, 0, 14_272, 0] }),
      charge: "0.428265",
      ceiling: "0.428585", // 85 x 0.000005 + 14,272 x 0.00003
    },
    {
      name: "4",
      asked: { ...GPT2, quality: "low", n: 4, prompt: COUNT },
      reply: openaiReply({ quality: "low", n: 4, counts: [112, 0, 784, 0] }),
      charge: "0.02408",
      ceiling: "0.02582", // 4 x ((109 + 6) x 0.000005 + 0.00588)
    },
    {
      name: "8",
      asked: { model: "gpt-image-1.5", size: "1024x1024", quality: "low" },
      reply: openaiReply({ quality: "low", counts: [48, 0, 272, 209] }),
      charge: "0.011034",
      ceiling: "0.029129", // 85 x 0.000005 + 272 x 0.000032 + 2,000 x 0.00001
    },
    {
      name: "10, quality left open",
      asked: { model: "gpt-image-1-mini", size: "1024x1024" },
      reply: openaiReply({ quality: "medium", counts: [20, 0, 1_056, 0] }),
      charge: "0.008488",
      ceiling: "0.03345", // 85 x 0.000002 + 4,160 x 0.000008: open quality is held for as high
    },
    {
      name: "11",
      asked: { model: "gpt-image-2.5-flare", size: "1024x1024", quality: "high" },
      reply: openaiReply({ quality: "high", counts: [21, 0, 1_756, 0] }),
      charge: "0.052785",
      ceiling: "0.053105", // 85 x 0.000005 + 1,756 x 0.00003
    },
  ];
  it.each(vectors)("$name: $asked.model costs $charge USD", async (vector) => {
    await bench.expectCharged(vector);
  });
});

describe("Google: counters, residual and thinking", () => {
  const pro = "gemini-3-pro-image";
  const vectors: readonly Vector[] = [
    {
      name: "G1",
      asked: { model: "gemini-2.5-flash-image", prompt: "Generate an image of an axolotl." },
      reply: geminiReply("gemini-2.5-flash-image", {
        pixels: [1024, 1024],
        format: "png",
        text: "Here you go! ",
        usage: geminiUsage({ prompt: 9, candidates: 1295, text: 5, image: 1290, total: 1304 }),
      }),
      charge: "0.0387152",
      ceiling: "0.0449596", // 32 x 0.0000003 + 1,290 x 0.00003 + 2,500 x 0.0000025
    },
    {
      name: "G5",
      asked: { model: pro, size: "1K" },
      reply: geminiReply(pro, {
        pixels: [1024, 1024],
        usage: geminiUsage({
          prompt: 22,
          candidates: 1216,
          image: 1120,
          thoughts: 179,
          total: 1417,
        }),
      }),
      charge: "0.137744",
      ceiling: "0.421358", // 79 x 0.000002 + 3 x 1,120 x 0.00012 + 1,500 x 0.000012
    },
    {
      name: "G8 at standard speed",
      asked: { model: pro, size: "4K" },
      reply: geminiReply(pro, {
        pixels: [4096, 4096],
        usage: geminiUsage({
          prompt: 326,
          candidates: 2340,
          image: 2000,
          thoughts: 337,
          total: 3003,
        }),
      }),
      charge: "0.248776",
      ceiling: "0.738158", // 79 x 0.000002 + 3 x 2,000 x 0.00012 + 1,500 x 0.000012
    },
    {
      name: "G12",
      asked: { model: "gemini-3.1-flash-image", size: "512" },
      reply: geminiReply("gemini-3.1-flash-image", {
        pixels: [512, 512],
        usage: geminiUsage({ prompt: 12, candidates: 747, image: 747, total: 759 }),
      }),
      charge: "0.044826",
      ceiling: "0.0523595", // 79 x 0.0000005 + 747 x 0.00006 + 2,500 x 0.000003
    },
    {
      name: "G14",
      asked: { model: "gemini-nano-banana-2.1", size: "1K" },
      reply: geminiReply("gemini-nano-banana-2.1", {
        pixels: [1024, 1024],
        usage: geminiUsage({
          prompt: 20,
          candidates: 1200,
          image: 1120,
          thoughts: 300,
          total: 1520,
        }),
      }),
      charge: "0.03648",
      ceiling: "0.0524685", // 79 x 0.0000015 + 1,120 x 0.00003 + 2,500 x 0.0000075
    },
  ];
  it.each(vectors)("$name: $asked.model costs $charge USD", async (vector) => {
    await bench.expectCharged(vector);
  });

  it.each([
    {
      name: "G3",
      model: "gemini-2.5-flash-image",
      said: { text: "A cat is a small animal.", finishReason: "STOP" },
      usage: geminiUsage({ prompt: 18, candidates: 48, total: 66 }),
      cost: "0.0001254", // 18 x 0.0000003 + 48 x 0.0000025
      code: "no_image",
    },
    {
      name: "G11",
      model: pro,
      said: { finishReason: "IMAGE_SAFETY" },
      usage: geminiUsage({ prompt: 271, candidates: 180, thoughts: 180, total: 451 }),
      cost: "0.002702", // 271 x 0.000002 + 180 x 0.000012, the thoughts counted once
      code: "moderation_blocked",
    },
  ])("$name: no image is no charge; the house bears $cost USD", async (vector) => {
    const { model, said, usage, cost, code } = vector;
    const { answer, receipt } = await bench.order(
      { model },
      geminiReply(model, { ...said, usage }),
    );
    expect(answer.body.error.code).toBe(code);
    expect(receipt).toMatchObject({ status: "voided", total: "0", lines: [], exposure: null });
    expect(receipt.vendor_cost.total).toBe(cost);
    expect(receipt.released).toBe(receipt.ceiling);
  });

  it("G17: an image without usage is charged at the ceiling, flagged", async () => {
    const reply = geminiReply(pro, { pixels: [1024, 1024], usage: undefined });
    const { answer, receipt } = await bench.order({ model: pro, size: "1K" }, reply);
    expect(answer.body.usage.cost_details).toMatchObject({ total: "0.421358", basis: "ceiling" });
    expect(receipt).toMatchObject({ status: "settled", basis: "ceiling", reason: "absent" });
    expect(receipt).toMatchObject({ total: "0.421358", ceiling: "0.421358", usage: null });
    expect(receipt.flags).toContain("charged_at_ceiling");
  });
});
