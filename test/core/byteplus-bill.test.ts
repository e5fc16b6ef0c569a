import { describe, expect, it } from "vitest";
import { chargeFor } from "../../src/billing/charge.ts";
import { quoteEstimate } from "../../src/billing/quote.ts";
import { rateItems } from "../../src/billing/rate.ts";
import { priceAt } from "../../src/catalog/find.ts";
import type { Model, PriceVersion } from "../../src/catalog/schema.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { billAnswer } from "../../src/vendors/byteplus/response.ts";
import { estimate } from "../../src/vendors/byteplus/tokens.ts";
import { readImagesBody } from "../../src/vendors/wire/images-body.ts";
import { acceptedFor } from "./vendor-bench.ts";

const AS_OF = "2026-11-22";

function priceOf(model: Model): PriceVersion {
  const price = priceAt(model, AS_OF);
  if (price === undefined) throw new Error(`no price for ${model.id}`);
  return price;
}

/** The usage of an answer with so many whole pictures of these sizes. */
async function usageOf(id: string, sizes: readonly (string | undefined)[], usage: object) {
  const accepted = await acceptedFor(id);
  const body = readImagesBody({
    skeleton: {
      data: sizes.map((size) => (size === undefined ? {} : { size })),
      usage: { ...usage },
    },
    filled: [],
  });
  if (body === undefined) throw new Error("unreadable");
  const pictures = body.items.map(({ fields }) => ({ fields, delivered: true }));
  return { accepted, usage: billAnswer(accepted, body, pictures).usage };
}

describe("a bill of BytePlus', from its answer and the catalog", () => {
  const square = "2048x2048";
  it.each<[string, string, (string | undefined)[], object, string]>([
    [
      "B1: 4.0 at 2K",
      "seedream-4-0",
      [square],
      { generated_images: 1, output_tokens: 16_384 },
      "0.03",
    ],
    // 3 x 0.04: the fourth slot failed
    [
      "B2: three of four",
      "seedream-4-5",
      [square, square, square],
      { generated_images: 3 },
      "0.12",
    ],
    // one reference is free
    [
      "B4: pro at 1.5K, 1 reference",
      "seedream-5-0-pro",
      ["1536x1536"],
      { generated_images: 1, input_images: 1 },
      "0.045",
    ],
    [
      "B5: pro at 2K",
      "seedream-5-0-pro",
      [square],
      { generated_images: 1, input_images: 0, output_tokens: 16_384 },
      "0.09",
    ],
    // 0.09 + 9 x 0.003
    [
      "B7: pro at 2K, 10 references",
      "seedream-5-0-pro",
      [square],
      { generated_images: 1, input_images: 10 },
      "0.117",
    ],
    [
      "B8: flash at 2K, 10 references",
      "seedream-5-0-flash",
      [square],
      { generated_images: 1 },
      "0.018",
    ],
    // 0.020 + 3 x 0.008
    [
      "B9: 5.5 at 1K, 3 references",
      "seedream-5-5",
      ["1024x1024"],
      { generated_images: 1, input_images: 3 },
      "0.044",
    ],
    // 1612 x 1612 = 2,598,544, below 2,601,123
    [
      "B10: 5.5 just below the tier",
      "seedream-5-5",
      ["1612x1612"],
      { generated_images: 1 },
      "0.02",
    ],
    // 1613 x 1613 = 2,601,769, above it
    ["5.5 just above the tier", "seedream-5-5", ["1613x1613"], { generated_images: 1 }, "0.035"],
    ["B13: two of a group", "seedream-4-0", [square, square], { generated_images: 2 }, "0.06"],
    // 16,384 x 256 = 4,194,304
    [
      "pro without a size, by its tokens",
      "seedream-5-0-pro",
      [undefined],
      { generated_images: 1, output_tokens: 16_384 },
      "0.09",
    ],
    // 4,096 x 256 = 1,048,576
    [
      "pro without a size, small by its tokens",
      "seedream-5-0-pro",
      [undefined],
      { generated_images: 1, output_tokens: 4_096 },
      "0.045",
    ],
    [
      "pro of unknown size takes the dearest tier",
      "seedream-5-0-pro",
      [undefined],
      { generated_images: 1 },
      "0.09",
    ],
    [
      "each picture by its own tier",
      "seedream-5-0-pro",
      ["1024x1024", square],
      { generated_images: 2 },
      "0.135",
    ],
  ])("%s", async (_name, id, sizes, reported, usd) => {
    const { accepted, usage } = await usageOf(id, sizes, reported);
    if (usage.kind === "missing") throw new Error(usage.reason);
    expect(formatUsd(rateItems(usage.items, priceOf(accepted.model), {}).total)).toBe(usd);
  });

  it("a quote of one picture is exact, and a count above the delivered picture is exposure", async () => {
    const { accepted, usage } = await usageOf("seedream-4-5", [square], { generated_images: 2 });
    const quote = quoteEstimate(accepted.model, priceOf(accepted.model), {
      facts: {},
      n: 1n,
      estimate: estimate(accepted),
    });
    expect([quote.exact, formatUsd(quote.ceiling.total)]).toEqual([true, "0.04"]);
    const charge = chargeFor({ usage, images: 1n }, quote.frozen);
    expect([charge.basis, formatUsd(charge.amount), formatUsd(charge.exposure)]).toEqual([
      "flat",
      "0.04",
      "0.04",
    ]);
  });

  it("missing usage is billed at the ceiling of the pictures that came", async () => {
    const { accepted, usage } = await usageOf("seedream-5-0-pro", ["1024x1024"], {});
    const quote = quoteEstimate(accepted.model, priceOf(accepted.model), {
      facts: {},
      n: 1n,
      estimate: estimate(accepted),
    });
    const charge = chargeFor({ usage, images: 1n }, quote.frozen);
    expect([charge.basis, charge.reason, formatUsd(charge.amount)]).toEqual([
      "ceiling",
      "empty",
      "0.09",
    ]);
  });
});
