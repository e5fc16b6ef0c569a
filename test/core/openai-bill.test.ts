import { describe, expect, it } from "vitest";
import { chargeFor } from "../../src/billing/charge.ts";
import { quoteEstimate } from "../../src/billing/quote.ts";
import { type PricedFacts, rateItems } from "../../src/billing/rate.ts";
import { priceAt } from "../../src/catalog/find.ts";
import type { Model, PriceVersion } from "../../src/catalog/schema.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { estimate } from "../../src/vendors/openai/tokens.ts";
import { readUsage } from "../../src/vendors/openai/usage.ts";
import { acceptedFor, catalogModel } from "./vendor-bench.ts";

const AS_OF = "2026-11-22";

function priceOf(model: Model): PriceVersion {
  const price = priceAt(model, AS_OF);
  if (price === undefined) throw new Error(`no price for ${model.id}`);
  return price;
}

type Tokens = readonly [textIn: number, imageIn: number, imageOut: number, textOut: number];

function wireUsage([textIn, imageIn, imageOut, textOut]: Tokens) {
  return {
    input_tokens: textIn + imageIn,
    input_tokens_details: { text_tokens: textIn, image_tokens: imageIn },
    output_tokens: imageOut + textOut,
    output_tokens_details: { image_tokens: imageOut, text_tokens: textOut },
    total_tokens: textIn + imageIn + imageOut + textOut,
  };
}

async function bill(id: string, tokens: Tokens, facts: PricedFacts = {}): Promise<string> {
  const model = await catalogModel(id);
  const usage = readUsage(wireUsage(tokens), { images: 1, textOutputBilled: true });
  if (usage.kind === "missing") throw new Error(usage.reason);
  return formatUsd(rateItems(usage.items, priceOf(model), facts).total);
}

describe("a bill of OpenAI's, from its usage and the catalog", () => {
  it.each<[string, string, Tokens, string]>([
    // 21 x 0.000005 + 196 x 0.00003 = 0.000105 + 0.00588
    ["1: low at 1024x1024", "gpt-image-2", [21, 0, 196, 0], "0.005985"],
    // 0.000105 + 7,024 x 0.00003 = 0.000105 + 0.21072
    ["2: high at 1024x1024", "gpt-image-2", [21, 0, 7_024, 0], "0.210825"],
    // 0.000105 + 14,272 x 0.00003 = 0.000105 + 0.42816
    ["3: high at 2048x2048", "gpt-image-2", [21, 0, 14_272, 0], "0.428265"],
    // 112 x 0.000005 + 784 x 0.00003 = 0.00056 + 0.02352
    ["4: four at low", "gpt-image-2", [112, 0, 784, 0], "0.02408"],
    // 0.000105 + 3,072 x 0.000008 + 0.00588 = 0.000105 + 0.024576 + 0.00588
    ["5: three references", "gpt-image-2", [21, 3_072, 196, 0], "0.030561"],
    // 48 x 0.000005 + 272 x 0.000032 + 209 x 0.00001 = 0.00024 + 0.008704 + 0.00209
    ["8: output text beside the picture", "gpt-image-1.5", [48, 0, 272, 209], "0.011034"],
    // 20 x 0.000002 + 1,056 x 0.000008 = 0.00004 + 0.008448
    ["10: mini at its usual medium", "gpt-image-1-mini", [20, 0, 1_056, 0], "0.008488"],
    // 0.000105 + 1,756 x 0.00003 = 0.000105 + 0.05268
    ["11: 2.5 at high", "gpt-image-2.5-flare", [21, 0, 1_756, 0], "0.052785"],
    // 0.000105 + 396 x 0.00003 = 0.000105 + 0.01188
    ["12: two previews of 100 tokens each", "gpt-image-2", [21, 0, 396, 0], "0.011985"],
  ])("vector %s on %s", async (_name, id, tokens, usd) => {
    expect(await bill(id, tokens)).toBe(usd);
  });

  it("vector 14: the Batch API halves every rate", async () => {
    // 21 x 0.0000025 + 196 x 0.000015 = 0.0000525 + 0.00294
    expect(await bill("gpt-image-2", [21, 0, 196, 0], { serviceTier: "batch" })).toBe("0.0029925");
  });

  it("all output at the image rate is never below the truth on gpt-image-1.5", async () => {
    const { output_tokens_details: _, ...without } = wireUsage([48, 0, 272, 209]);
    const usage = readUsage(without, { images: 1, textOutputBilled: true });
    if (usage.kind === "missing") throw new Error(usage.reason);
    const price = priceOf(await catalogModel("gpt-image-1.5"));
    // 0.00024 + 481 x 0.000032 = 0.00024 + 0.015392
    expect(formatUsd(rateItems(usage.items, price, {}).total)).toBe("0.015632");
  });

  it("the quote of the README's picture: expected 0.005985, at most 0.006305", async () => {
    const accepted = {
      ...(await acceptedFor("gpt-image-2", {
        quality: "low",
        size: { kind: "pixels", width: 1024, height: 1024 },
      })),
      prompt: { characters: 79, bytes: 79, tokens: 15 },
    };
    const price = priceOf(accepted.model);
    const quote = quoteEstimate(accepted.model, price, {
      facts: {},
      n: 1n,
      estimate: estimate(accepted),
    });
    expect(formatUsd(quote.expected.total)).toBe("0.005985");
    expect(formatUsd(quote.ceiling.total)).toBe("0.006305");
    const usage = readUsage(wireUsage([21, 0, 196, 0]), { images: 1, textOutputBilled: true });
    const charge = chargeFor({ usage, images: 1n }, quote.frozen);
    expect([charge.basis, formatUsd(charge.amount), charge.overrun]).toEqual([
      "usage",
      "0.005985",
      0n,
    ]);
    const missing = chargeFor(
      { usage: readUsage({}, { images: 1, textOutputBilled: true }), images: 1n },
      quote.frozen,
    );
    expect([missing.basis, missing.reason, formatUsd(missing.amount)]).toEqual([
      "ceiling",
      "empty",
      "0.006305",
    ]);
  });

  it("every served model of this vendor can be quoted and its usage rated, text output included", async () => {
    for (const id of [
      ...["gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-flare"],
      ...["gpt-image-2.5-sunburst", "gpt-image-2.6-flare", "gpt-image-2.6-sunburst"],
    ]) {
      const accepted = await acceptedFor(id, { n: 3 });
      const price = priceOf(accepted.model);
      const quote = quoteEstimate(accepted.model, price, {
        facts: {},
        n: 3n,
        estimate: estimate(accepted),
      });
      const textOutputBilled = price.terms.some((term) => term.meter === "text_output_tokens");
      const usage = readUsage(wireUsage([30, 0, 600, 9]), { images: 3, textOutputBilled });
      expect(chargeFor({ usage, images: 3n }, quote.frozen)).toMatchObject({ basis: "usage" });
    }
  });
});
