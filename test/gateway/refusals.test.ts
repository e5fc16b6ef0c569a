import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe("what a model can't do is refused before any spend", () => {
  // Whatever a test asked for: the emulators saw nothing, and nothing is held or charged.
  afterEach(async () => {
    expect(await sandbox.calls()).toEqual([]);
    const { body } = await sandbox.get("/v1/credits");
    expect([body.settled, body.held]).toEqual(["0", "0"]);
  });

  it.each([
    { asked: { model: "gemini-2.5-flash-image", n: 2 }, code: "unsupported_n", param: "n" },
    { asked: { model: "seedream-4-0", n: 2 }, code: "unsupported_n", param: "n" },
    {
      asked: { model: "seedream-4-5", size: "1024x1024" },
      code: "unsupported_size",
      param: "size",
    },
    { asked: { model: "gpt-image-2", size: "512x512" }, code: "unsupported_size", param: "size" },
    { asked: { model: "gpt-image-2", size: "1920x1080" }, code: "unsupported_size", param: "size" },
    {
      asked: { model: "gpt-image-1-mini", size: "2048x2048" },
      code: "unsupported_size",
      param: "size",
    },
    {
      asked: { model: "gemini-2.5-flash-image", size: "1000x1000" },
      code: "unsupported_size",
      param: "size",
    },
    { asked: { model: "gemini-3-pro-image", size: "8K" }, code: "unsupported_size", param: "size" },
    {
      asked: { model: "gemini-3.1-flash-lite-image", size: "2K" },
      code: "unsupported_size",
      param: "size",
    },
    {
      asked: { model: "gpt-image-2", aspect_ratio: "16:9" },
      code: "unsupported_size",
      param: "aspect_ratio",
    },
    {
      asked: { model: "wan2.7-image", aspect_ratio: "16:9", resolution: "2K" },
      code: "unsupported_size",
      param: "aspect_ratio",
    },
    {
      asked: { model: "seedream-5-0-pro", aspect_ratio: "1:1", resolution: "1K" },
      code: "unsupported_size",
      param: "aspect_ratio",
    },
    {
      asked: { model: "seedream-4-0", size: "2K", aspect_ratio: "1:1" },
      code: "unsupported_combination",
      param: "size",
    },
    { asked: { model: "gpt-image-2", seed: 7 }, code: "unsupported_parameter", param: "seed" },
    {
      asked: { model: "gpt-image-2", quality: "xhigh" },
      code: "unsupported_value",
      param: "quality",
    },
    {
      asked: { model: "seedream-4-0", quality: "high" },
      code: "unsupported_parameter",
      param: "quality",
    },
    {
      asked: { model: "gpt-image-2", background: "transparent", output_format: "jpeg" },
      code: "unsupported_combination",
      param: "background",
    },
    {
      asked: { model: "gpt-image-2", output_compression: 50 },
      code: "unsupported_combination",
      param: "output_compression",
    },
    {
      asked: { model: "gpt-image-2", output_format: "jpeg", output_compression: 101 },
      code: "unsupported_value",
      param: "output_compression",
    },
    {
      asked: { model: "gpt-image-2.6-flare", output_format: "svg" },
      code: "unsupported_value",
      param: "output_format",
    },
    {
      asked: { model: "gpt-image-2.6-flare", output_format: "gif" },
      code: "unsupported_value",
      param: "output_format",
    },
    {
      asked: { model: "gemini-2.5-flash-image", output_format: "webp" },
      code: "unsupported_value",
      param: "output_format",
    },
    {
      asked: { model: "wan2.7-image", negative_prompt: "text" },
      code: "unsupported_parameter",
      param: "negative_prompt",
    },
    {
      asked: { model: "qwen-image-2.0", negative_prompt: "x".repeat(501) },
      code: "unsupported_value",
      param: "negative_prompt",
    },
    {
      asked: { model: "qwen-image-2.0", seed: 2_147_483_648 },
      code: "unsupported_value",
      param: "seed",
    },
    {
      asked: { model: "qwen-image-2.0", guidance_scale: 5 },
      code: "unsupported_parameter",
      param: "guidance_scale",
    },
    {
      asked: { model: "gpt-image-2", watermark: true },
      code: "unsupported_parameter",
      param: "watermark",
    },
    {
      asked: { model: "wan2.7-image", prompt_extend: true },
      code: "unsupported_parameter",
      param: "prompt_extend",
    },
    {
      asked: { model: "gpt-image-2", moderation: "off" },
      code: "unsupported_value",
      param: "moderation",
    },
    {
      asked: { model: "seedream-4-0", moderation: "low" },
      code: "unsupported_parameter",
      param: "moderation",
    },
    {
      asked: { model: "gpt-image-2", input_fidelity: "high" },
      code: "unsupported_parameter",
      param: "input_fidelity",
    },
    { asked: { model: "gpt-image-2", n: 11 }, code: "unsupported_n", param: "n" },
    { asked: { model: "qwen-image", n: 2 }, code: "unsupported_n", param: "n" },
    {
      asked: { model: "gpt-image-2", prompt: "x".repeat(32_001) },
      code: "prompt_too_long",
      param: "prompt",
    },
    {
      asked: { model: "wan2.7-image", prompt: "字".repeat(5_001) },
      code: "prompt_too_long",
      param: "prompt",
    },
  ])("$asked.model: $param of $code", async ({ asked, code, param }) => {
    const { status, headers, body } = await sandbox.generate({ prompt: MUG, ...asked });
    expect(status).toBe(400);
    expect(headers.get("x-should-retry")).toBe("false");
    expect(body.error).toMatchObject({ code, param, type: "invalid_request_error" });
    expect(body.error.message).toContain(param);
  });

  it("a refusal says what was sent, what is allowed, and the cheapest model that could do it", async () => {
    const { body } = await sandbox.generate({ model: "gemini-2.5-flash-image", prompt: MUG, n: 2 });
    expect(body.error).toMatchObject({
      message:
        'n=2: this model makes at most 1 per call; send "fan_out": true for as many calls under one hold, or several requests',
      sent: 2,
      allowed: { min: 1, max: 1 },
      suggested_model: expect.any(String),
    });
    const suggested = await sandbox.quote({ model: body.error.suggested_model, prompt: MUG, n: 2 });
    expect(suggested.status).toBe(200);
  });

  it("suggests nothing when no model could do it", async () => {
    const { body } = await sandbox.generate({ model: "gpt-image-2", prompt: MUG, size: "16x16" });
    expect(body.error.suggested_model).toBeUndefined();
  });

  it.each([
    { model: "gpt-image-9", status: 404, code: "unknown_model" },
    { model: "dall-e-3", status: 404, code: "model_not_served" },
    { model: "imagen-4.0-generate-001", status: 404, code: "model_not_served" },
    { model: "qwen-image-2.1-pro", status: 400, code: "unpriced_model" },
    { model: "doubao-seedream-4-0-250828", status: 400, code: "unpriced_model" },
    { model: "auto/product-photo", status: 404, code: "unknown_model" },
  ])("$model is $status $code", async ({ model, status, code }) => {
    const answer = await sandbox.generate({ model, prompt: MUG });
    expect(answer).toMatchObject({ status, body: { error: { code, param: "model" } } });
  });

  it("a model that only edits makes nothing from text, and says where it does", async () => {
    const answer = await sandbox.generate({ model: "seededit-3-0", prompt: MUG });
    const error = { code: "missing_parameter", param: "image", allowed: { min: 1, max: 1 } };
    expect(answer).toMatchObject({ status: 400, body: { error } });
    expect(answer.body.error.message).toContain("POST /v1/images/edits");
  });

  it("an unknown model is answered with the nearest name", async () => {
    const { body } = await sandbox.generate({ model: "gpt-imgae-2", prompt: MUG });
    expect(body.error.message).toContain("the nearest is gpt-image-2");
  });

  it("what belongs to another parameter of ours is refused by name, never ignored", async () => {
    const sent = { spotmeter: { bands: "draft" } };
    const { status, body } = await sandbox.generate({ model: "gpt-image-2", prompt: MUG, ...sent });
    expect([status, body.error.code, body.error.param]).toEqual([
      400,
      "invalid_value",
      "spotmeter",
    ]);
    expect(body.error.message).toContain("bands");
  });
});

describe("what asks for nothing is accepted everywhere", () => {
  it.each(["gpt-image-2", "gemini-2.5-flash-image", "qwen-image-2.0", "seedream-4-0"])(
    "%s",
    async (model) => {
      const { status } = await sandbox.quote({
        model,
        prompt: MUG,
        n: 1,
        size: "auto",
        quality: "auto",
        background: "auto",
        moderation: "auto",
        response_format: "b64_json",
        stream: false,
        partial_images: 0,
        fan_out: false,
        watermark: false,
        prompt_extend: false,
        seed: null,
        mask: null,
        user: null,
      });
      expect(status).toBe(200);
    },
  );

  it.each([
    ["gemini-2.5-flash-image", "png"],
    ["qwen-image-2.0", "png"],
    ["seedream-4-0", "jpeg"],
  ])("the only format that %s makes", async (model, output_format) => {
    expect((await sandbox.quote({ model, prompt: MUG, output_format })).status).toBe(200);
  });
});

describe("sizes by label and ratio", () => {
  it.each([
    [{ model: "seedream-4-0", aspect_ratio: "16:9", resolution: "2K" }, { size: "2848x1600" }],
    [{ model: "seedream-4-5", size: "4K" }, { size: "4K" }],
    [
      { model: "wan2.7-image-pro", resolution: "4K", aspect_ratio: "1:1" },
      { parameters: { size: "4K" } },
    ],
    [{ model: "qwen-image-2.0", size: "1024x1024" }, { parameters: { size: "1024*1024" } }],
    [
      { model: "gemini-3-pro-image", size: "2752x1536" },
      { generationConfig: { imageConfig: { aspectRatio: "16:9", imageSize: "2K" } } },
    ],
    [
      { model: "gemini-2.5-flash-image", aspect_ratio: "16:9" },
      { generationConfig: { imageConfig: { aspectRatio: "16:9" } } },
    ],
  ])("%o goes out as %o", async (asked, sent) => {
    await sandbox.forgetCalls();
    expect((await sandbox.generate({ prompt: MUG, ...asked })).status).toBe(200);
    const [call] = await sandbox.calls();
    expect(call?.body).toMatchObject(sent);
  });
});
