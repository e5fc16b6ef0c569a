import { imageSize } from "image-size";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

describe("the main path, through the official client", () => {
  it.each([
    // 21 x 0.000005 + 196 x 0.00003
    { model: "gpt-image-2", quality: "low", size: "1024x1024", cost: "0.005985", made: 1024 },
    // 10 x 0.0000003 + 1290 x 0.00003
    { model: "gemini-2.5-flash-image", cost: "0.038703", made: 1024 },
    { model: "qwen-image-2.0", cost: "0.035", made: 2048 },
    { model: "seedream-4-0", cost: "0.03", made: 2048 },
  ])("$model costs exactly $cost USD", async ({ cost, made, ...asked }) => {
    const client = new OpenAI({
      apiKey: sandbox.apiKey,
      baseURL: `${sandbox.gateway.url}/v1`,
      maxRetries: 0,
    });
    const { data: answer, response } = await client.images
      // biome-ignore lint/suspicious/noExplicitAny: the client's types know OpenAI's own models only
      .generate({ prompt: MUG, ...asked } as any)
      .withResponse();
    const bytes = Buffer.from(answer.data?.[0]?.b64_json ?? "", "base64");
    expect(imageSize(bytes)).toMatchObject({ width: made, height: made });
    expect(answer.usage).toMatchObject({ cost: Number(cost), cost_details: { total: cost } });
    const receipt = await sandbox.get(`/v1/receipts/${response.headers.get("x-receipt-id")}`);
    expect(receipt.body).toMatchObject({
      status: "settled",
      total: cost,
      emulated: true,
      images_made: 1,
      images_delivered: 1,
      images: [{ width: made, height: made, bytes: bytes.length }],
    });
  });

  it("shows the whole receipt of a call, and the house's side to the house only", async () => {
    const before = (await sandbox.get("/v1/credits")).body;
    const asked = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
    const answer = await sandbox.generate({ ...asked, user: "u-1", tags: { shop: "mugs" } });
    const id = answer.body.usage.cost_details.receipt_id;
    expect(answer.headers.get("x-cost-usd")).toBe("0.005985");
    expect(answer.headers.get("x-cost-ceiling-usd")).toBe("0.006305");
    expect(answer.headers.get("x-spotmeter-sandbox")).toBe("true");
    const { body: receipt } = await sandbox.get(`/v1/generation?id=${id}`);
    expect(receipt).toMatchObject({
      object: "receipt",
      status: "settled",
      model: "gpt-image-2",
      served_model: null,
      vendor: "openai",
      price_version: "gpt-image-2@2026-04-21",
      basis: "usage",
      reason: null,
      total: "0.005985",
      expected: "0.005985",
      ceiling: "0.006305",
      released: "0.00032",
      overrun: "0",
      lines: [
        { meter: "text_input_tokens", quantity: "21", unit_price: "0.000005", amount: "0.000105" },
        { meter: "image_output_tokens", quantity: "196", unit_price: "0.00003", amount: "0.00588" },
      ],
      usage: { input_tokens: 21, output_tokens: 196, total_tokens: 217 },
      tags: { shop: "mugs" },
      user: "u-1",
      sent: {},
      flags: [],
      chain: { sequence: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(receipt).not.toHaveProperty("vendor_cost");
    expect(receipt).not.toHaveProperty("attempts");
    const { body: whole } = await sandbox.admin("GET", `/receipts/${id}`);
    expect(whole.vendor_cost.total).toBe("0.005985");
    expect(whole.attempts).toEqual([
      {
        vendor_request_id: expect.any(String),
        status: 200,
        outcome: "made",
        ms: expect.any(Number),
      },
    ]);
    const after = (await sandbox.get("/v1/credits")).body;
    expect(parseUsd(after.settled) - parseUsd(before.settled)).toBe(parseUsd("0.005985"));
    expect(after.held).toBe("0");
  });

  it("quotes the same figures and spends nothing", async () => {
    const asked = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
    const { body } = await sandbox.quote(asked);
    expect(body).toMatchObject({
      object: "image.quote",
      expected: { total: "0.005985" },
      ceiling: { total: "0.006305" },
      exact: false,
      currency: "USD",
      emulated: true,
    });
    expect(await sandbox.calls()).toEqual([]);
  });

  it("names the open parameter when the worst case is far from what is expected", async () => {
    const { body } = await sandbox.quote({ model: "gpt-image-2", prompt: MUG });
    // 2880x2880 high: 23,719 tokens x 0.00003 + 85 x 0.000005
    expect(body.ceiling.total).toBe("0.711995");
    expect(body.levers[0]).toMatchObject({ param: "quality", value: "low" });
    expect(body.warnings.join()).toContain("quality was left open");
  });

  it("sends what the caller did not ask for only where it says so", async () => {
    const { body } = await sandbox.generate({ model: "wan2.7-image", prompt: MUG });
    const receipt = (await sandbox.get(`/v1/receipts/${body.usage.cost_details.receipt_id}`)).body;
    expect(receipt.sent).toEqual({ n: 1, watermark: false });
    const [call] = await sandbox.calls();
    expect(call?.body["parameters"]).toEqual({ n: 1, watermark: false });
  });

  it("forwards user to OpenAI only", async () => {
    await sandbox.generate({ model: "gpt-image-2", prompt: MUG, quality: "low", user: "u-7" });
    await sandbox.generate({ model: "seedream-4-0", prompt: MUG, user: "u-7" });
    const [openai, ark] = await sandbox.calls();
    expect(openai?.body["user"]).toBe("u-7");
    expect(JSON.stringify(ark?.body)).not.toContain("u-7");
  });
});

describe("the cost in headers", () => {
  it.each([
    { model: "qwen-image-2.0", header: "0.035" },
    { model: "seedream-4-0", header: "0.03" },
    // Known only from usage, which comes after the picture.
    { model: "gpt-image-2", header: null },
  ])("$model: known before the picture has passed: $header", async ({ model, header }) => {
    const full = await startSandbox({ pictures: "full" });
    try {
      const { headers } = await full.generate({ model, prompt: MUG });
      expect(headers.get("x-cost-usd")).toBe(header);
      expect(headers.get("x-cost-ceiling-usd")).toMatch(/^\d+\.\d+$/);
    } finally {
      await full.close();
    }
  });

  it("is not foretold when another model was served", async () => {
    const full = await startSandbox({ pictures: "full" });
    try {
      const { headers } = await full.generate(
        { model: "seedream-4-0", prompt: MUG },
        "other-model",
      );
      expect(headers.get("x-cost-usd")).toBeNull();
    } finally {
      await full.close();
    }
  });
});
