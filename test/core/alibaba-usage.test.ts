import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargeFor } from "../../src/billing/charge.ts";
import { quoteEstimate } from "../../src/billing/quote.ts";
import { type PricedFacts, rateItems } from "../../src/billing/rate.ts";
import type { ImageOrder } from "../../src/gates/order.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import { readUsage, shapeOf } from "../../src/vendors/alibaba/usage.ts";
import { acceptedFor } from "./vendor-bench.ts";

/** The quote of an order and the charge of what came: expected figures are literals, never computed here. */
async function bill(
  model: string,
  asked: Partial<ImageOrder>,
  came: { readonly usage: unknown; readonly images: number; readonly facts?: PricedFacts },
): Promise<{ ceiling: string; charge: string; basis: string }> {
  const accepted = await acceptedFor(model, asked);
  const price = accepted.model.rateCard.at(-1);
  if (price === undefined) throw new Error(`${model} has no price`);
  const { usageShape } = accepted.model.wire;
  const shape = usageShape === "three" ? "three" : "classic";
  const n = BigInt(accepted.order.n);
  const facts = came.facts ?? {};
  const estimate = alibabaVendor().estimate(accepted);
  const quote = quoteEstimate(accepted.model, price, { facts, n, estimate });
  const { usage } = readUsage(came.usage, shape, { made: came.images, references: 0 });
  const charge = chargeFor({ usage, images: BigInt(came.images) }, quote.frozen);
  return {
    ceiling: formatUsd(quote.frozen.ceiling),
    charge: formatUsd(charge.amount),
    basis: charge.basis,
  };
}

function pixels(width: number, height: number): Partial<ImageOrder> {
  return { size: { kind: "pixels", width, height } };
}

describe("the bill of a DashScope image", () => {
  it("A1: qwen-image-2.0 costs 0.035 USD, and the quote is exact", async () => {
    const usage = { image_count: 1, width: 2048, height: 2048 };
    expect(await bill("qwen-image-2.0", pixels(2048, 2048), { usage, images: 1 })).toEqual({
      ceiling: "0.035",
      charge: "0.035",
      basis: "flat",
    });
  });

  it("A2 without references: six images of qwen-image-2.0-pro cost 0.45 USD", async () => {
    const asked = { ...pixels(1024, 1536), n: 6 };
    const came = { usage: { image_count: 6 }, images: 6 };
    // 6 x 0.075
    expect(await bill("qwen-image-2.0-pro", asked, came)).toMatchObject({ charge: "0.45" });
  });

  it("A3: two images of exactly 2,250,000 pixels are of the low tier: 0.08 USD", async () => {
    const usage = {
      output_image_count: 2,
      output_image_type: "qima_output_1k",
      output_width: 1500,
      output_height: 1500,
      input_image_count: 0,
      input_image_type: "qima_input_1k",
    };
    const asked = { ...pixels(1500, 1500), n: 2 };
    expect(await bill("qwen-image-3.0-pro", asked, { usage, images: 2 })).toEqual({
      ceiling: "0.08",
      charge: "0.08",
      basis: "flat",
    });
  });

  it("A4: 1,500 pixels more are of the high tier: 0.075 USD", async () => {
    const usage = { output_image_count: 1, output_image_type: "qima_output_2k" };
    const came = { usage, images: 1 };
    expect(await bill("qwen-image-3.0-pro", pixels(1501, 1500), came)).toEqual({
      ceiling: "0.075",
      charge: "0.075",
      basis: "flat",
    });
  });

  it("an omitted size on 3.0-pro holds for the dearest tier and charges the one that came", async () => {
    const usage = { output_image_count: 1, output_image_type: "qima_output_1k" };
    expect(await bill("qwen-image-3.0-pro", {}, { usage, images: 1 })).toEqual({
      ceiling: "0.075",
      charge: "0.04",
      basis: "flat",
    });
  });

  it("A6: three references of qwen-image-3.0 cost 0.003 USD each beside the image: 0.039", async () => {
    const usage = {
      output_image_count: 1,
      output_image_type: "qima_output_2k",
      input_image_count: 3,
    };
    const read = readUsage(usage, "three", { made: 1, references: 0 });
    const price = (await acceptedFor("qwen-image-3.0")).model.rateCard.at(-1);
    if (price === undefined || read.usage.kind === "missing") throw new Error("nothing to rate");
    // 0.03 + 3 x 0.003
    expect(formatUsd(rateItems(read.usage.items, price, {}).total)).toBe("0.039");
  });

  it("A8: wan2.7-image-pro at 4K costs 0.075 USD; its token counts are not billed", async () => {
    const usage = { image_count: 1, size: "4096*4096", input_tokens: 10_867, output_tokens: 2 };
    const asked = { size: { kind: "label", label: "4K" } } as const;
    expect(await bill("wan2.7-image-pro", asked, { usage, images: 1 })).toEqual({
      ceiling: "0.075",
      charge: "0.075",
      basis: "flat",
    });
  });

  it.each([
    { promptExtend: true, usd: "0.03" },
    { promptExtend: false, usd: "0.015" },
  ])("A9: z-image-turbo with prompt_extend $promptExtend costs $usd USD", async (row) => {
    const { promptExtend, usd } = row;
    const came = { usage: { image_count: 1 }, images: 1, facts: { promptExtend } };
    expect(await bill("z-image-turbo", { promptExtend }, came)).toMatchObject({
      ceiling: usd,
      charge: usd,
    });
  });

  it("A13: four images without usage are billed at the ceiling: 0.12 USD", async () => {
    expect(await bill("wan2.7-image", { n: 4 }, { usage: undefined, images: 4 })).toEqual({
      ceiling: "0.12",
      charge: "0.12",
      basis: "ceiling",
    });
  });

  it("A14: an omitted n is one image: 0.03 USD", async () => {
    const came = { usage: { image_count: 1 }, images: 1 };
    expect(await bill("wan2.7-image", {}, came)).toMatchObject({
      ceiling: "0.03",
      charge: "0.03",
    });
  });
});

describe("usage that can't be billed as reported is missing, with its reason", () => {
  it.each([
    { law: "no usage", usage: undefined, reason: "absent" },
    { law: "null", usage: null, reason: "absent" },
    { law: "an empty object", usage: {}, reason: "empty" },
    { law: "text instead of a count", usage: { image_count: "2" }, reason: "malformed" },
    { law: "a fraction", usage: { image_count: 1.5 }, reason: "malformed" },
    { law: "a negative count", usage: { image_count: -1 }, reason: "malformed" },
    { law: "a list", usage: [2], reason: "malformed" },
    { law: "no count", usage: { width: 1 }, reason: "contradictory" },
    { law: "zero", usage: { image_count: 0 }, reason: "contradictory" },
    { law: "fewer than came", usage: { image_count: 1 }, reason: "contradictory" },
    { law: "the other shape's count", usage: { output_image_count: 2 }, reason: "contradictory" },
  ])("two pictures and $law is $reason", ({ usage, reason }) => {
    expect(readUsage(usage, "classic", { made: 2, references: 0 }).usage).toEqual({
      kind: "missing",
      reason,
    });
  });

  it("a count above the pictures stands as reported: billing splits it", () => {
    const read = readUsage({ image_count: 4 }, "classic", { made: 3, references: 0 });
    expect(read.flags).toEqual(["count_above_images"]);
    expect(read.usage).toEqual({
      kind: "reported",
      items: [{ meter: "output_images", quantity: 4n }],
    });
  });
});

describe("the tier of a 3.0 picture", () => {
  const size = (width: number, height: number): object => ({
    output_image_count: 1,
    output_width: width,
    output_height: height,
  });
  it.each([
    {
      law: "the type agrees: the true area stands",
      type: "qima_output_2k",
      wh: [2048, 2048],
      area: 4_194_304n,
      flags: [],
    },
    {
      law: "the type says 1k, the area 2k",
      type: "qima_output_1k",
      wh: [1501, 1500],
      area: 2_250_000n,
      flags: ["tier_contradicts_area"],
    },
    {
      law: "the type says 2k, the area 1k",
      type: "qima_output_2k",
      wh: [1500, 1500],
      area: 2_250_001n,
      flags: ["tier_contradicts_area"],
    },
    {
      law: "no type: the area decides",
      type: undefined,
      wh: [1500, 1500],
      area: 2_250_000n,
      flags: ["tier_not_named"],
    },
    {
      law: "an unknown type: the area decides",
      type: "qima_output_4k",
      wh: [1024, 1024],
      area: 1_048_576n,
      flags: ["tier_not_named"],
    },
    {
      law: "neither: unknown, priced as the dearest",
      type: undefined,
      wh: [0, 0],
      area: undefined,
      flags: ["tier_not_named"],
    },
  ])("$law", ({ type, wh: [width = 0, height = 0], area, flags }) => {
    const usage = { ...size(width, height), output_image_type: type };
    const read = readUsage(usage, "three", { made: 1, references: 0 });
    expect(read.flags).toEqual(flags);
    expect(read.usage).toEqual({
      kind: "reported",
      items: [
        {
          meter: "output_images",
          quantity: 1n,
          ...(area === undefined ? {} : { areaPixels: area }),
        },
      ],
    });
  });

  it("the type alone decides where no size is told", () => {
    const usage = { output_image_count: 1, output_image_type: "qima_output_1k" };
    expect(readUsage(usage, "three", { made: 1, references: 0 }).usage).toEqual({
      kind: "reported",
      items: [{ meter: "output_images", quantity: 1n, areaPixels: 2_250_000n }],
    });
  });
});

describe("usage arithmetic", () => {
  it("is reported exactly when the count is at least the pictures, and then is that count", () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 20 }), (count, made) => {
        for (const shape of ["classic", "three"] as const) {
          const field = shape === "three" ? "output_image_count" : "image_count";
          const { usage } = readUsage({ [field]: count }, shape, { made: made, references: 0 });
          expect(usage.kind).toBe(count >= made ? "reported" : "missing");
          if (usage.kind === "reported") {
            expect(usage.items).toContainEqual(
              expect.objectContaining({ meter: "output_images", quantity: BigInt(count) }),
            );
          }
        }
      }),
    );
  });

  it("never throws, whatever the vendor sends", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat({ max: 6 }), (usage, made) => {
        expect(["reported", "missing"]).toContain(
          readUsage(usage, shapeOf(usage), { made: made, references: 0 }).usage.kind,
        );
      }),
    );
  });
});

describe("references in a usage", () => {
  const three = { output_image_count: 1, output_image_type: "qima_output_1k" };
  const read = (inputs: object) =>
    readUsage({ ...three, ...inputs }, "three", { made: 1, references: 2 }).usage;

  it("are what the 3.0 family counts of them", () => {
    expect(read({ input_image_count: 2 })).toMatchObject({
      items: [{ meter: "output_images" }, { meter: "reference_images", quantity: 2n }],
    });
  });

  it.each([{}, { input_image_count: 0 }, { input_image_count: 1 }])(
    "%o of 2 that went out contradicts itself: billed at the ceiling",
    (inputs) => {
      expect(read(inputs)).toEqual({ kind: "missing", reason: "contradictory" });
    },
  );

  it("of all others are those that went out, which have no price", () => {
    const made = { made: 2, references: 3 };
    expect(readUsage({ image_count: 2 }, "classic", made).usage).toEqual({
      kind: "reported",
      items: [
        { meter: "output_images", quantity: 2n },
        { meter: "reference_images", quantity: 3n },
      ],
    });
  });
});
