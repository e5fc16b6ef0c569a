import { describe, expect, it } from "vitest";
import { quoteEstimate } from "../../src/billing/quote.ts";
import type { AcceptedOrder } from "../../src/gates/accept.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { alibabaVendor } from "../../src/vendors/alibaba/client.ts";
import { sent, wireCall } from "../../src/vendors/alibaba/request.ts";
import { jsonBody } from "../../src/vendors/wire/json-body.ts";
import { drawn, measured } from "./pictures.ts";
import { acceptedFor, catalogModel } from "./vendor-bench.ts";

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

/** A body as it goes out, read to its end. */
async function bodyOf(accepted: AcceptedOrder): Promise<unknown> {
  const body = jsonBody(wireCall(accepted).body);
  if (typeof body === "string") return JSON.parse(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body.read()) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

describe("what goes to DashScope with references", () => {
  const photo = drawn(400, 400, { format: "jpeg" });
  const art = drawn(512, 512, { format: "webp" });
  const references = [photo, art] as const;
  const [photoUrl, artUrl] = [
    `data:image/jpeg;base64,${photo.file.toString("base64")}`,
    `data:image/webp;base64,${art.file.toString("base64")}`,
  ];
  const content = [{ image: photoUrl }, { image: artUrl }, { text: "a matte blue mug" }];
  const SYNC = "/api/v1/services/aigc/multimodal-generation/generation";
  const MESSAGES = "/api/v1/services/aigc/image-generation/generation";

  it.each([
    ["qwen-image-2.0", SYNC, { n: 1, watermark: false, prompt_extend: false }],
    ["qwen-image-edit-plus", SYNC, { n: 1, watermark: false, prompt_extend: false }],
    ["qwen-image-3.0-pro", MESSAGES, { n: 1, watermark: false, prompt_extend: false }],
    ["wan2.7-image", MESSAGES, { n: 1, watermark: false }],
    ["wan2.6-image", MESSAGES, { n: 1, watermark: false, prompt_extend: false }],
  ])("%s: in the message before the text, in their order", async (model, path, parameters) => {
    const accepted = await acceptedFor(model, { references });
    expect(wireCall(accepted)).toMatchObject({ path, isTask: path === MESSAGES });
    const messages = [{ role: "user", content }];
    expect(await bodyOf(accepted)).toEqual({ model, input: { messages }, parameters });
  });

  it("wan2.5-i2i: as images beside the prompt, as a task", async () => {
    const accepted = await acceptedFor("wan2.5-i2i-preview", {
      references,
      negativePrompt: "text",
    });
    expect(wireCall(accepted)).toMatchObject({
      path: "/api/v1/services/aigc/image2image/image-synthesis",
      isTask: true,
    });
    expect(await bodyOf(accepted)).toEqual({
      model: "wan2.5-i2i-preview",
      input: { prompt: "a matte blue mug", images: [photoUrl, artUrl], negative_prompt: "text" },
      parameters: { n: 1, watermark: false, prompt_extend: false },
    });
  });

  it("a text-only route with references is a bug: nothing that was sent is left out", async () => {
    const accepted = await acceptedFor("wan2.7-image", { references });
    const row = { ...accepted.model, wire: { route: "async_text" } };
    expect(() => wireCall({ ...accepted, model: row })).toThrow("2 references");
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

  it("references stand once beside it, priced or not: 3 of qwen-image-3.0 with n 2 cost 0.069", async () => {
    const three = [measured(), measured(), measured()] as const;
    const size = { kind: "pixels", width: 1500, height: 1500 } as const;
    const accepted = await acceptedFor("qwen-image-3.0", { references: three, n: 2, size });
    const items = [
      { meter: "output_images", quantity: 1n, areaPixels: 2_250_000n },
      { meter: "reference_images", quantity: 3n },
    ];
    const estimated = alibabaVendor().estimate(accepted);
    expect(estimated).toEqual({ expected: items, ceiling: items });
    const total = async (id: string) => {
      const model = await catalogModel(id);
      const [price] = model.rateCard;
      if (price === undefined) throw new Error("no price");
      const quote = quoteEstimate(model, price, { facts: {}, n: 2n, estimate: estimated });
      return [formatUsd(quote.expected.total), quote.exact];
    };
    // 2 x 0.03 + 3 x 0.003, once; A2's half of it: references are free, 2 x 0.075.
    expect(await total("qwen-image-3.0")).toEqual(["0.069", true]);
    expect(await total("qwen-image-2.0-pro")).toEqual(["0.15", true]);
  });

  it("an edit of wan2.7 pro is 2K when nothing is asked; qwen 3.0 pro's size is the model's choice", async () => {
    const references = [measured()] as const;
    const areaOf = async (model: string) =>
      alibabaVendor().estimate(await acceptedFor(model, { references })).expected[0]?.areaPixels;
    expect(await areaOf("wan2.7-image-pro")).toBe(4_194_304n);
    expect(await areaOf("qwen-image-3.0-pro")).toBeUndefined();
  });
});
