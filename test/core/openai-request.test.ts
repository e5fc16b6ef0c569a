import { describe, expect, it } from "vitest";
import type { ImageOrder } from "../../src/gates/order.ts";
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import { wireBody } from "../../src/vendors/openai/request.ts";
import { acceptedFor } from "./vendor-bench.ts";

const prompt = "a matte blue mug";

describe("a request to OpenAI", () => {
  it.each<[string, Partial<ImageOrder>, object]>([
    ["nothing but a prompt", {}, {}],
    ["n=1, which asks for nothing", { n: 1 }, {}],
    ["n=4", { n: 4 }, { n: 4 }],
    [
      "exact pixels",
      { size: { kind: "pixels", width: 1536, height: 1024 } },
      { size: "1536x1024" },
    ],
    ["size auto", { size: { kind: "auto" } }, { size: "auto" }],
    ["quality low", { quality: "low" }, { quality: "low" }],
    ["quality auto", { quality: "auto" }, { quality: "auto" }],
    [
      "a transparent background",
      { background: "transparent", outputFormat: "webp" },
      { background: "transparent", output_format: "webp" },
    ],
    ["background auto", { background: "auto" }, { background: "auto" }],
    [
      "a compressed jpeg",
      { outputFormat: "jpeg", outputCompression: 0 },
      { output_format: "jpeg", output_compression: 0 },
    ],
    ["low moderation", { moderation: "low" }, { moderation: "low" }],
    ["a user", { user: "u-1" }, { user: "u-1" }],
    [
      "what asks for nothing on this vendor, and our own dimensions",
      { watermark: false, promptExtend: false, tags: { shop: "a" } },
      {},
    ],
  ])("carries what was asked and nothing else: %s", async (_name, asked, fields) => {
    const accepted = await acceptedFor("gpt-image-2", asked);
    expect(wireBody(accepted)).toEqual({ model: "gpt-image-2", prompt, ...fields });
    expect(openaiVendor().sent(accepted)).toEqual({});
  });

  it.each(["gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2.5-flare", "gpt-image-2.6-sunburst"])(
    "%s takes the same fields",
    async (model) => {
      const order = {
        quality: "high",
        size: { kind: "pixels", width: 1024, height: 1024 },
      } as const;
      expect(wireBody(await acceptedFor(model, order))).toEqual({
        model,
        prompt,
        quality: "high",
        size: "1024x1024",
      });
    },
  );

  it("never asks for a response format: these models answer it with 400", async () => {
    expect(wireBody(await acceptedFor("gpt-image-2"))).not.toHaveProperty("response_format");
  });
});
