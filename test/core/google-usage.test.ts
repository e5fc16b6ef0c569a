import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rateItems } from "../../src/billing/rate.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { readCost, readUsage } from "../../src/vendors/google/usage.ts";
import { catalogModel, fixture } from "./vendor-bench.ts";

type Counts = {
  readonly p: number;
  readonly c: number;
  readonly i?: number;
  readonly t?: number;
  readonly T: number;
  /** Image tokens of the prompt. */
  readonly pi?: number;
};

/** The vendor's usage from a compact form. */
function wire({ p, c, i, t, T, pi = 0 }: Counts): Record<string, unknown> {
  return {
    promptTokenCount: p,
    candidatesTokenCount: c,
    totalTokenCount: T,
    ...(t === undefined ? {} : { thoughtsTokenCount: t }),
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: p - pi },
      ...(pi === 0 ? [] : [{ modality: "IMAGE", tokenCount: pi }]),
    ],
    ...(i === undefined ? {} : { candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: i }] }),
  };
}

async function usd(model: string, items: readonly UsageItem[] | undefined): Promise<string> {
  const price = (await catalogModel(model)).rateCard.at(-1);
  if (price === undefined || items === undefined) throw new Error("nothing to rate");
  return formatUsd(rateItems(items, price, {}).total);
}

function reported(usage: unknown): readonly UsageItem[] {
  const read = readUsage(usage);
  if (read.kind === "missing") throw new Error(`missing: ${read.reason}`);
  return read.items;
}

describe("the bill of a Gemini image", () => {
  it.each([
    // 9 x 0.30 + 5 x 2.50 + 1,290 x 30 per million
    { id: "G1", model: "gemini-2.5-flash-image", p: 9, c: 1295, i: 1290, T: 1304, is: "0.0387152" },
    // 22 x 2 + (96 + 179) x 12 + 1,120 x 120
    {
      id: "G5",
      model: "gemini-3-pro-image",
      p: 22,
      c: 1216,
      i: 1120,
      t: 179,
      T: 1417,
      is: "0.137744",
    },
    // 33 x 2 + (660 + 529) x 12 + 1,120 x 120
    {
      id: "G7",
      model: "gemini-3-pro-image",
      p: 33,
      c: 1780,
      i: 1120,
      t: 529,
      T: 2342,
      is: "0.148734",
    },
    // 326 x 2 + (340 + 337) x 12 + 2,000 x 120
    {
      id: "G8",
      model: "gemini-3-pro-image",
      p: 326,
      c: 2340,
      i: 2000,
      t: 337,
      T: 3003,
      is: "0.248776",
    },
    // 12 x 0.50 + 747 x 60
    { id: "G12", model: "gemini-3.1-flash-image", p: 12, c: 747, i: 747, T: 759, is: "0.044826" },
    // 20 x 1.50 + (80 + 300) x 7.50 + 1,120 x 30
    {
      id: "G14",
      model: "gemini-nano-banana-2.1",
      p: 20,
      c: 1200,
      i: 1120,
      t: 300,
      T: 1520,
      is: "0.03648",
    },
    // First turns of the same recordings.
    {
      id: "G6a",
      model: "gemini-3-pro-image",
      p: 10,
      c: 1189,
      i: 1120,
      t: 115,
      T: 1314,
      is: "0.136628",
    },
    {
      id: "G6b",
      model: "gemini-3-pro-image",
      p: 14,
      c: 1283,
      i: 1120,
      t: 174,
      T: 1471,
      is: "0.138472",
    },
  ])("$id: $model, $T tokens in all, is $is USD", async ({ model, is, ...counts }) => {
    expect(await usd(model, reported(wire(counts)))).toBe(is);
  });

  it("G4: the 1,290 tokens of a reference are image input, 7 are text: 0.0390891 USD", async () => {
    // 1,297 x 0.30 + 1,290 x 30
    const items = reported(wire({ p: 1297, pi: 1290, c: 1290, i: 1290, T: 2587 }));
    expect(items).toEqual([
      { meter: "text_input_tokens", quantity: 7n },
      { meter: "image_input_tokens", quantity: 1290n },
      { meter: "image_output_tokens", quantity: 1290n },
    ]);
    expect(await usd("gemini-2.5-flash-image", items)).toBe("0.0390891");
  });

  it("all input is text when the prompt's details are absent", () => {
    const items = reported({
      promptTokenCount: 9,
      candidatesTokenCount: 1290,
      totalTokenCount: 1299,
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
    });
    expect(items[0]).toEqual({ meter: "text_input_tokens", quantity: 9n });
  });

  it("drafts are billed as reported: three pictures are three times the tokens", () => {
    const items = reported(wire({ p: 10, c: 3400, i: 3360, t: 90, T: 3500 }));
    expect(items).toEqual([
      { meter: "text_input_tokens", quantity: 10n },
      { meter: "image_output_tokens", quantity: 3360n },
      { meter: "text_output_tokens", quantity: 130n },
    ]);
  });
});

describe("what an answer without an image cost the house", () => {
  it("G11: a refusal repeats its thoughts as candidates and is counted once: 0.002702 USD", async () => {
    const { body } = await fixture("google/fixtures/image-safety");
    // 271 x 2 + 180 x 12 per million; both counts together would be 0.004862.
    const { usageMetadata } = body;
    expect(await usd("gemini-3-pro-image", readCost(usageMetadata))).toBe("0.002702");
  });

  it("G3: a text answer costs its tokens at the text rate: 0.0001254 USD", async () => {
    const { body } = await fixture("google/fixtures/text-answer");
    const { usageMetadata } = body;
    expect(await usd("gemini-2.5-flash-image", readCost(usageMetadata))).toBe("0.0001254");
  });

  it("a blocked prompt costs its input at most", () => {
    expect(readCost({ promptTokenCount: 9, totalTokenCount: 9 })).toEqual([
      { meter: "text_input_tokens", quantity: 9n },
    ]);
  });

  it.each([
    ["absent", undefined],
    ["malformed", { promptTokenCount: "9", totalTokenCount: 9 }],
    ["a total below the prompt", { promptTokenCount: 9, totalTokenCount: 8 }],
  ])("is unknown when usage is %s", (_case, usage) => {
    expect(readCost(usage)).toBeUndefined();
  });
});

describe("usage that can't be billed as reported is missing, with its reason", () => {
  const good = wire({ p: 22, c: 1216, i: 1120, t: 179, T: 1417 });
  it.each([
    { law: "no usage", usage: undefined, reason: "absent" },
    { law: "null", usage: null, reason: "absent" },
    { law: "an empty object", usage: {}, reason: "empty" },
    {
      law: "text instead of a count",
      usage: { ...good, totalTokenCount: "1417" },
      reason: "malformed",
    },
    { law: "a negative count", usage: { ...good, thoughtsTokenCount: -1 }, reason: "malformed" },
    { law: "a fraction", usage: { ...good, candidatesTokenCount: 1.5 }, reason: "malformed" },
    { law: "no total", usage: { ...good, totalTokenCount: undefined }, reason: "malformed" },
    { law: "a list", usage: [1], reason: "malformed" },
    { law: "a number", usage: 1417, reason: "malformed" },
    { law: "all zero with an image", usage: wire({ p: 0, c: 0, T: 0 }), reason: "zero_details" },
    {
      law: "a total one too high",
      usage: { ...good, totalTokenCount: 1418 },
      reason: "contradictory",
    },
    {
      law: "a total one too low",
      usage: { ...good, totalTokenCount: 1416 },
      reason: "contradictory",
    },
    {
      law: "image details absent",
      usage: { ...good, candidatesTokensDetails: undefined },
      reason: "contradictory",
    },
    {
      law: "image details zero",
      usage: wire({ p: 22, c: 1216, i: 0, t: 179, T: 1417 }),
      reason: "contradictory",
    },
    {
      law: "image details above candidates",
      usage: wire({ p: 22, c: 1216, i: 1217, t: 179, T: 1417 }),
      reason: "contradictory",
    },
    {
      law: "image input above the prompt",
      usage: { ...good, promptTokensDetails: [{ modality: "IMAGE", tokenCount: 23 }] },
      reason: "contradictory",
    },
    {
      law: "candidates that include thoughts",
      usage: wire({ p: 22, c: 1395, i: 1120, t: 179, T: 1417 }),
      reason: "contradictory",
    },
  ])("$law is $reason", ({ usage, reason }) => {
    expect(readUsage(usage)).toEqual({ kind: "missing", reason });
  });
});

describe("usage arithmetic", () => {
  const count = fc.nat({ max: 1_000_000 });

  it("every output token is billed once, at one of two rates, and tool tokens at none", () => {
    fc.assert(
      fc.property(count, count, count, count, count, (p, residual, image, t, tool) => {
        fc.pre(image > 0);
        const c = residual + image;
        const usage = {
          ...wire({ p, c, i: image, t, T: p + c + t + tool }),
          toolUsePromptTokenCount: tool,
        };
        const sum = reported(usage).reduce((total, { quantity }) => total + quantity, 0n);
        expect(sum).toBe(BigInt(p + residual + image + t));
      }),
    );
  });

  it("a total that is off by anything is contradictory", () => {
    fc.assert(
      fc.property(count, count, fc.integer({ min: -50, max: 50 }), (p, image, off) => {
        fc.pre(off !== 0 && image > 50);
        const read = readUsage(wire({ p, c: image, i: image, T: p + image + off }));
        expect(read).toEqual({ kind: "missing", reason: "contradictory" });
      }),
    );
  });

  it("never throws, whatever the vendor sends", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (usage) => {
        expect(["reported", "missing"]).toContain(readUsage(usage).kind);
        readCost(usage);
      }),
    );
  });
});
