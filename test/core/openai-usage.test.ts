import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUsage } from "../../src/vendors/openai/usage.ts";

const about = { images: 1, textOutputBilled: true };
const good = {
  input_tokens: 21,
  input_tokens_details: { image_tokens: 0, text_tokens: 21 },
  output_tokens: 196,
  output_tokens_details: { image_tokens: 196, text_tokens: 0 },
  total_tokens: 217,
};
const { output_tokens_details: _, ...withoutOutputDetails } = good;

function quantities(usage: ReturnType<typeof readUsage>): unknown {
  if (usage.kind === "missing") return usage.reason;
  return Object.fromEntries(usage.items.map(({ meter, quantity }) => [meter, quantity]));
}

describe("readUsage of OpenAI's images", () => {
  it("reads every billed class", () => {
    expect(quantities(readUsage(good, about))).toEqual({
      text_input_tokens: 21n,
      image_input_tokens: 0n,
      image_output_tokens: 196n,
      text_output_tokens: 0n,
    });
  });

  it.each([
    ["absent", withoutOutputDetails],
    ["null", { ...good, output_tokens_details: null }],
  ])("bills all output at the image rate when its details are %s", (_name, usage) => {
    expect(quantities(readUsage(usage, about))).toMatchObject({
      image_output_tokens: 196n,
      text_output_tokens: 0n,
    });
  });

  const split = {
    ...good,
    output_tokens: 481,
    output_tokens_details: { image_tokens: 272, text_tokens: 209 },
    total_tokens: 502,
  };

  it("splits output into image and text where details say so", () => {
    expect(quantities(readUsage(split, about))).toMatchObject({
      image_output_tokens: 272n,
      text_output_tokens: 209n,
    });
  });

  it("leaves output text out where the model's prices don't know it: an unpriced meter can't be rated", () => {
    expect(quantities(readUsage(split, { ...about, textOutputBilled: false }))).toEqual({
      text_input_tokens: 21n,
      image_input_tokens: 0n,
      image_output_tokens: 272n,
    });
  });

  it("lets unknown fields pass, and totals that aren't there", () => {
    const { input_tokens: _in, total_tokens: _total, ...bare } = good;
    expect(readUsage({ ...bare, cached: 7 }, about)).toEqual(readUsage(good, about));
  });

  it.each<[string, unknown, string]>([
    ["absent", undefined, "absent"],
    ["null", null, "absent"],
    ["{}", {}, "empty"],
    ["[]", [], "empty"],
    ["a number", 7, "malformed"],
    ["text", "196", "malformed"],
    ["chat names", { prompt_tokens: 21, completion_tokens: 196 }, "malformed"],
    ["no input details", { input_tokens: 21, output_tokens: 196, total_tokens: 217 }, "malformed"],
    ["input details null", { ...good, input_tokens_details: null }, "malformed"],
    [
      "half of the input details",
      { ...good, input_tokens_details: { text_tokens: 21 } },
      "malformed",
    ],
    ["no output", { ...good, output_tokens: undefined }, "malformed"],
    ["output as text", { ...good, output_tokens: "196" }, "malformed"],
    ["output negative", { ...good, output_tokens: -196 }, "malformed"],
    ["output a fraction", { ...good, output_tokens: 196.5 }, "malformed"],
    ["output beyond exact numbers", { ...good, output_tokens: 2 ** 53 }, "malformed"],
    ["output details as a number", { ...good, output_tokens_details: 196 }, "malformed"],
    ["total as text", { ...good, total_tokens: "217" }, "malformed"],
    ["total wrong", { ...good, total_tokens: 216 }, "contradictory"],
    ["input wrong", { ...good, input_tokens: 20, total_tokens: 216 }, "contradictory"],
    [
      "output details that don't add up",
      { ...good, output_tokens_details: { image_tokens: 195, text_tokens: 0 } },
      "contradictory",
    ],
    [
      "no output with an image",
      { ...withoutOutputDetails, output_tokens: 0, total_tokens: 21 },
      "contradictory",
    ],
    [
      "only text with an image",
      { ...good, output_tokens_details: { image_tokens: 0, text_tokens: 196 } },
      "contradictory",
    ],
    [
      "all zero",
      {
        input_tokens: 0,
        input_tokens_details: { image_tokens: 0, text_tokens: 0 },
        output_tokens: 0,
        total_tokens: 0,
      },
      "zero_details",
    ],
    [
      "all details zero",
      {
        ...good,
        input_tokens_details: { image_tokens: 0, text_tokens: 0 },
        output_tokens_details: { image_tokens: 0, text_tokens: 0 },
      },
      "zero_details",
    ],
    [
      "output details zero",
      { ...good, output_tokens_details: { image_tokens: 0, text_tokens: 0 } },
      "zero_details",
    ],
  ])("usage with %s is missing, never zero", (_name, usage, reason) => {
    const asJson = usage === undefined ? undefined : JSON.parse(JSON.stringify(usage));
    expect(readUsage(asJson, about)).toEqual({ kind: "missing", reason });
  });

  it("without an image, no output is no contradiction: input may have been billed", () => {
    const usage = { ...withoutOutputDetails, output_tokens: 0, total_tokens: 21 };
    expect(quantities(readUsage(usage, { ...about, images: 0 }))).toMatchObject({
      text_input_tokens: 21n,
      image_output_tokens: 0n,
    });
  });

  it("whatever JSON stands there, it is missing or its quantities add up to its totals", () => {
    const number = fc.oneof(fc.nat({ max: 50 }), fc.constantFrom(-1, 0.5, "3", null));
    const details = fc.oneof(
      fc.record({ text_tokens: number, image_tokens: number }, { requiredKeys: [] }),
      fc.constant(null),
    );
    const anything = fc.record(
      {
        input_tokens: number,
        input_tokens_details: details,
        output_tokens: number,
        output_tokens_details: details,
        total_tokens: number,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anything, (value) => {
        const usage = readUsage(JSON.parse(JSON.stringify(value)), about);
        if (usage.kind === "missing") return;
        const sum = usage.items.reduce((total, item) => total + item.quantity, 0n);
        expect(sum).toBeGreaterThan(0n);
        if (typeof value.total_tokens === "number") expect(sum).toBe(BigInt(value.total_tokens));
      }),
      { numRuns: 3_000 },
    );
  });
});
