import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  arkError,
  arkReply,
  dashscopeFailedTask,
  dashscopeReply,
  dashscopeTaskReply,
} from "./replay-vendor.ts";
import { MUG } from "./sandbox.ts";
import { startVectorBench, type Vector, type VectorBench } from "./vector-bench.ts";

/** Vectors of vendors that bill images, through the whole gateway: exact to the last digit. */

let bench: VectorBench;
beforeAll(async () => {
  bench = await startVectorBench();
});
afterAll(() => bench.close());

describe("Alibaba: images, in two shapes of usage", () => {
  const zImage = { model: "z-image-turbo", size: "1024x1536" };
  const zReply = dashscopeReply({
    pixels: [1024, 1536],
    usage: { image_count: 1, width: 1024, height: 1536 },
  });
  const vectors: readonly Vector[] = [
    {
      name: "A1",
      asked: { model: "qwen-image-2.0", n: 1, size: "2048x2048" },
      reply: dashscopeReply({
        pixels: [2048, 2048],
        usage: { image_count: 1, width: 2048, height: 2048 },
      }),
      charge: "0.035",
      ceiling: "0.035",
    },
    {
      name: "A3",
      asked: { model: "qwen-image-3.0-pro", size: "1500x1500", n: 2 },
      reply: dashscopeTaskReply({
        n: 2,
        pixels: [1500, 1500],
        usage: usageOf3(2, "1k", 1500, 1500),
      }),
      charge: "0.08",
      ceiling: "0.08",
    },
    {
      name: "A4",
      asked: { model: "qwen-image-3.0-pro", size: "1501x1500" },
      reply: dashscopeTaskReply({ pixels: [1501, 1500], usage: usageOf3(1, "2k", 1501, 1500) }),
      charge: "0.075",
      ceiling: "0.075",
    },
    {
      name: "A8",
      asked: { model: "wan2.7-image-pro", size: "4K", n: 1 },
      reply: dashscopeTaskReply({
        pixels: [4096, 4096],
        usage: { image_count: 1, size: "4096*4096", input_tokens: 10867, output_tokens: 2 },
      }),
      charge: "0.075",
      ceiling: "0.075",
    },
    {
      name: "A9 with prompt_extend",
      asked: { ...zImage, prompt_extend: true },
      reply: zReply,
      charge: "0.03",
      ceiling: "0.03",
    },
    {
      name: "A9 without prompt_extend",
      asked: { ...zImage, prompt_extend: false },
      reply: zReply,
      charge: "0.015",
      ceiling: "0.015",
    },
  ];
  it.each(vectors)("$name: $asked.model costs $charge USD", async (vector) => {
    await bench.expectCharged(vector);
  });

  it("A11: a FAILED task costs nothing, whatever was held", async () => {
    const reply = dashscopeFailedTask("DataInspectionFailed");
    const { answer, receipt } = await bench.order({ model: "wan2.2-t2i-flash", n: 4 }, reply);
    expect([answer.status, answer.body.error.code]).toEqual([400, "moderation_blocked"]);
    expect(receipt).toMatchObject({
      status: "voided",
      total: "0",
      ceiling: "0.1",
      released: "0.1",
    });
    expect(receipt).toMatchObject({ exposure: null, vendor_cost: null });
  });

  it("A13: four images without usage are charged at the ceiling", async () => {
    const reply = dashscopeTaskReply({ n: 4, pixels: [1024, 1024] });
    const { answer, receipt } = await bench.order(
      { model: "wan2.7-image", n: 4, size: "1K" },
      reply,
    );
    expect(answer.body.data).toHaveLength(4);
    expect(receipt).toMatchObject({ basis: "ceiling", reason: "absent", images_delivered: 4 });
    expect(receipt).toMatchObject({ total: "0.12", ceiling: "0.12", released: "0" });
  });

  it("A14: one image is sent for where the client left n out", async () => {
    const { receipt } = await bench.expectCharged({
      name: "A14",
      asked: { model: "wan2.7-image", size: "1K" },
      reply: dashscopeTaskReply({ pixels: [1024, 1024], usage: { image_count: 1 } }),
      charge: "0.03",
      ceiling: "0.03",
    });
    expect(JSON.parse(bench.vendor.paid()[0]?.body ?? "").parameters.n).toBe(1);
    expect(receipt.sent).toMatchObject({ n: 1 });
  });

  function usageOf3(count: number, tier: string, width: number, height: number) {
    return {
      input_image_count: 0,
      input_image_type: `qima_input_${tier}`,
      output_image_count: count,
      output_image_type: `qima_output_${tier}`,
      output_width: width,
      output_height: height,
    };
  }
});

describe("BytePlus: images by area", () => {
  const vectors: readonly Vector[] = [
    {
      name: "B1",
      asked: { model: "seedream-4-0", size: "2K" },
      reply: arkReply({
        model: "seedream-4-0-250828",
        pixels: [2048, 2048],
        usage: { generated_images: 1, output_tokens: 16384, total_tokens: 16384 },
      }),
      charge: "0.03",
      ceiling: "0.03",
    },
    {
      name: "B5",
      asked: { model: "seedream-5-0-pro", size: "2K" },
      reply: arkReply({
        model: "dola-seedream-5-0-pro-260628",
        pixels: [2048, 2048],
        usage: { generated_images: 1, input_images: 0, output_tokens: 16384 },
      }),
      charge: "0.09",
      ceiling: "0.09",
    },
    {
      name: "B10",
      asked: { model: "seedream-5-5", size: "1612x1612" },
      reply: arkReply({
        model: "seedream-5-5-261028",
        pixels: [1612, 1612],
        usage: { generated_images: 1, input_images: 0, output_tokens: 10150, total_tokens: 10150 },
      }),
      charge: "0.02",
      ceiling: "0.02",
    },
  ];
  it.each(vectors)("$name: $asked.model costs $charge USD", async (vector) => {
    await bench.expectCharged(vector);
  });

  it("B12: below the floor is refused before anybody is called", async () => {
    bench.vendor.play(
      arkError(400, "InvalidParameter", "image size must be at least 3686400 pixels"),
    );
    const asked = { model: "seedream-4-5", prompt: MUG, size: "1024x1024" };
    const { status, headers, body } = await bench.sandbox.generate(asked);
    expect([status, body.error.code, body.error.param]).toEqual([400, "unsupported_size", "size"]);
    expect(headers.get("x-receipt-id")).toBeNull();
    expect(bench.vendor.paid()).toEqual([]);
  });

  it("B15: a picture blocked after it was made costs nothing", async () => {
    const reply = arkError(
      400,
      "OutputImageSensitiveContentDetected",
      "may contain sensitive info",
    );
    const { answer, receipt } = await bench.order({ model: "seedream-4-5" }, reply);
    expect([answer.status, answer.body.error.code]).toEqual([400, "moderation_blocked"]);
    expect(receipt).toMatchObject({ status: "voided", total: "0", ceiling: "0.04" });
    expect(receipt).toMatchObject({ released: "0.04", exposure: null, vendor_cost: null });
  });
});
