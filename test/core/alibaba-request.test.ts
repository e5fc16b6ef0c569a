import { describe, expect, it } from "vitest";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import { sent, wireCall } from "../../src/vendors/alibaba/request.ts";
import { acceptedFor } from "./vendor-bench.ts";

const MUG = { role: "user", content: [{ text: "a matte blue mug" }] };

describe("what goes to DashScope", () => {
  it("qwen-image-2.0 goes by messages, in one answer", async () => {
    const accepted = await acceptedFor("qwen-image-2.0", {
      n: 2,
      size: { kind: "pixels", width: 1024, height: 1536 },
      seed: 7,
      negativePrompt: "text",
    });
    expect(wireCall(accepted)).toEqual({
      path: "/api/v1/services/aigc/multimodal-generation/generation",
      isTask: false,
      body: {
        model: "qwen-image-2.0",
        input: { messages: [MUG] },
        parameters: {
          n: 2,
          size: "1024*1536",
          seed: 7,
          negative_prompt: "text",
          watermark: false,
          prompt_extend: false,
        },
      },
    });
  });

  it("wan2.7 goes by messages as a task; it has no prompt_extend", async () => {
    const size = { kind: "label", label: "2K" } as const;
    expect(wireCall(await acceptedFor("wan2.7-image", { size }))).toEqual({
      path: "/api/v1/services/aigc/image-generation/generation",
      isTask: true,
      body: {
        model: "wan2.7-image",
        input: { messages: [MUG] },
        parameters: { n: 1, size: "2K", watermark: false },
      },
    });
  });

  it("qwen-image-plus by its text route keeps exclusions beside the prompt", async () => {
    const accepted = await acceptedFor("qwen-image-plus", { negativePrompt: "text" });
    const row = { ...accepted.model, wire: { route: "async_text", usageShape: "classic" } };
    expect(wireCall({ ...accepted, model: row })).toEqual({
      path: "/api/v1/services/aigc/text2image/image-synthesis",
      isTask: true,
      body: {
        model: "qwen-image-plus",
        input: { prompt: "a matte blue mug", negative_prompt: "text" },
        parameters: { n: 1, watermark: false, prompt_extend: false },
      },
    });
  });

  it("named values go out as named, and nothing is shown as added", async () => {
    const accepted = await acceptedFor("qwen-image-2.0", {
      n: 3,
      watermark: true,
      promptExtend: true,
    });
    expect(wireCall(accepted).body.parameters).toEqual({
      n: 3,
      watermark: true,
      prompt_extend: true,
    });
    expect(sent(accepted)).toEqual({});
  });

  it("A14: what is added to a bare order is shown: n, no watermark, no rewriting", async () => {
    expect(sent(await acceptedFor("qwen-image-2.0"))).toEqual({
      n: 1,
      watermark: false,
      prompt_extend: false,
    });
    expect(sent(await acceptedFor("wan2.7-image"))).toEqual({ n: 1, watermark: false });
    // Asked for by name it is no addition of ours.
    expect(sent(await acceptedFor("wan2.7-image", { n: 1 }))).toEqual({ watermark: false });
  });

  it("a ratio alone goes out as the label that makes it, and is shown", async () => {
    const accepted = await acceptedFor("wan2.7-image", { aspectRatio: "1:1" });
    expect(wireCall(accepted).body.parameters).toMatchObject({ size: "2K" });
    expect(sent(accepted)).toMatchObject({ resolution: "2K" });
  });

  it("a route that makes no picture from text is a bug, not a call", async () => {
    const accepted = await acceptedFor("wan2.7-image");
    const row = { ...accepted.model, wire: { route: "async_image" } };
    expect(() => wireCall({ ...accepted, model: row })).toThrow("async_image");
  });
});

describe("what a DashScope image is estimated to use up", () => {
  it.each([
    {
      law: "asked pixels",
      model: "qwen-image-3.0-pro",
      size: { kind: "pixels", width: 1500, height: 1500 },
      area: 2_250_000n,
    },
    {
      law: "a label's area",
      model: "wan2.7-image-pro",
      size: { kind: "label", label: "1K" },
      area: 1_048_576n,
    },
    { law: "the model's own default", model: "z-image-turbo", size: undefined, area: 1_572_864n },
    {
      law: "unknown where the model chooses",
      model: "qwen-image-3.0-pro",
      size: undefined,
      area: undefined,
    },
  ] as const)("$law, $model: expected is the ceiling", async ({ model, size, area }) => {
    const accepted = await acceptedFor(model, size === undefined ? {} : { size });
    const item = { meter: "output_images", quantity: 1n, ...(area && { areaPixels: area }) };
    expect(alibabaVendor().estimate(accepted)).toEqual({ expected: [item], ceiling: [item] });
  });
});
