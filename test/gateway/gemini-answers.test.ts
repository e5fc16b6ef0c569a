import { imageSize } from "image-size";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Content, content, expectGeminiRefusal, PLAIN } from "./gemini-client.ts";
import { type RawAnswer, send } from "./raw-client.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Orders in Gemini's contract, byte by byte: what is honoured, how answers and streams are written, one charge each. */

/** 21 x 0.000005 + 196 x 0.00003 = 0.005985 USD. */
const LOW = { ...PLAIN, spotmeter: { quality: "low", size: "1024x1024" } };
const EVENTS = "streamGenerateContent?alt=sse";

let sandbox: Sandbox;
let door: { readonly url: string; readonly apiKey: string };
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "3000" } });
  door = { url: sandbox.gateway.url, apiKey: sandbox.apiKey };
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

function read(answer: RawAnswer): Content {
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
}

function pictureOf({ candidates }: Content, index = 0) {
  const inline = candidates[index]?.content.parts[0]?.inlineData;
  const { width, height, type } = imageSize(Buffer.from(inline?.data ?? "", "base64"));
  return { mimeType: inline?.mimeType, pixels: `${width}x${height}`, type };
}

async function settled(key: string = sandbox.apiKey): Promise<string> {
  return (await sandbox.get("/v1/credits", key)).body.settled;
}

describe("generateContent", () => {
  it("one candidate with the vendor's picture, usage, cost and receipt", async () => {
    const answer = await content(door, { model: "gpt-image-2", body: LOW });
    const made = read(answer);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(made.candidates).toHaveLength(1);
    expect(made.candidates[0]).toMatchObject({
      content: { role: "model" },
      finishReason: "STOP",
      index: 0,
    });
    expect(pictureOf(made)).toEqual({
      mimeType: "image/png",
      pixels: "1024x1024",
      type: "png",
    });
    const receipt = String(answer.headers["x-receipt-id"]);
    expect(made).toMatchObject({ modelVersion: "gpt-image-2", responseId: receipt });
    expect(made.usageMetadata).toEqual({
      promptTokenCount: 21,
      candidatesTokenCount: 196,
      totalTokenCount: 217,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 21 }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 196 }],
      cost: 0.005985,
      costDetails: {
        currency: "USD",
        total: "0.005985",
        ceiling: "0.006305",
        basis: "usage",
        priceVersion: "gpt-image-2@2026-04-21",
        receiptId: receipt,
        lines: [
          {
            meter: "text_input_tokens",
            quantity: "21",
            unitPrice: "0.000005",
            amount: "0.000105",
          },
          {
            meter: "image_output_tokens",
            quantity: "196",
            unitPrice: "0.00003",
            amount: "0.00588",
          },
        ],
      },
    });
    expect(answer.headers).toMatchObject({
      "x-spotmeter-sandbox": "true",
      "x-cost-ceiling-usd": "0.006305",
      "x-cost-usd": "0.005985",
      "x-cost-basis": "usage",
      "x-litellm-response-cost": "0.005985",
      "x-litellm-total-tokens": "217",
    });
    expect((await sandbox.get(`/v1/receipts/${receipt}`)).body).toMatchObject({
      status: "settled",
      total: "0.005985",
    });
  });

  it("a flat model: the images in place of tokens", async () => {
    const made = read(await content(door, {}));
    expect(made.usageMetadata).toMatchObject({
      outputImages: 1,
      referenceImages: 0,
      cost: 0.03,
      costDetails: { total: "0.03", basis: "flat" },
    });
    expect(made.usageMetadata["totalTokenCount"]).toBeUndefined();
    expect(made.modelVersion).toBe("seedream-4-0-250828");
  });

  it("thinking stands apart, and everything adds up", async () => {
    const made = read(await content(door, { model: "gemini-3-pro-image" }));
    // 10 x 0.000002 + 1,120 x 0.00012 + (96 + 179) x 0.000012
    expect(made.usageMetadata).toMatchObject({
      promptTokenCount: 10,
      candidatesTokenCount: 1216,
      thoughtsTokenCount: 179,
      totalTokenCount: 1405,
      candidatesTokensDetails: [
        { modality: "IMAGE", tokenCount: 1120 },
        { modality: "TEXT", tokenCount: 96 },
      ],
      cost: 0.13772,
    });
  });

  it("candidateCount: a candidate an image, in one call, billed once", async () => {
    const body = { ...LOW, generationConfig: { candidateCount: 3 } };
    const made = read(await content(door, { model: "gpt-image-2", body }));
    expect(made.candidates.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const index of [0, 1, 2]) expect(pictureOf(made, index).pixels).toBe("1024x1024");
    // 3 x 0.005985
    expect(made.usageMetadata["cost"]).toBe(0.017955);
    expect(await sandbox.calls()).toHaveLength(1);
  });

  it("a fan-out that fails in part: what came, what failed, and the price of what came", async () => {
    const body = {
      ...PLAIN,
      generationConfig: { candidateCount: 4 },
      spotmeter: { fan_out: true },
    };
    const headers = { "x-emulate": "partial=3" };
    const made = read(await content(door, { model: "gemini-3-pro-image", body, headers }));
    expect(made.candidates.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(made).toMatchObject({ spotmeter: { failures: [{ index: 3 }] } });
    // 3 x 0.13772, thoughts 3 x 179 apart
    expect(made.usageMetadata).toMatchObject({ cost: 0.41316, thoughtsTokenCount: 537 });
    expect(await sandbox.calls()).toHaveLength(4);
  });

  it("what the vendor says beside the picture is passed on", async () => {
    const made = read(await content(door, { model: "gpt-image-2", body: LOW }));
    expect(made).toMatchObject({ spotmeter: { quality: "low", size: "1024x1024" } });
  });

  it("the model's usage at the ceiling when the vendor sends none", async () => {
    const headers = { "x-emulate": "no-usage" };
    const made = read(await content(door, { model: "gpt-image-2", body: LOW, headers }));
    expect(made.usageMetadata).toMatchObject({
      cost: 0.006305,
      costDetails: { basis: "ceiling" },
    });
    expect(made.usageMetadata["promptTokenCount"]).toBeUndefined();
  });
});

describe("what a request may look like", () => {
  const parts = [{ text: MUG }];
  it.each<[string, object]>([
    ["a role", { contents: [{ role: "user", parts }] }],
    ["no role", { contents: [{ parts }] }],
    ["a turn by itself", { contents: { parts } }],
    ["a part by itself", { contents: { parts: parts[0] } }],
    ["a text", { contents: MUG }],
    ["a list of a text", { contents: [MUG] }],
    ["a model as the path says", { ...PLAIN, model: "models/gpt-image-2" }],
  ])("%s", async (_name, body) => {
    const given = { ...body, spotmeter: LOW.spotmeter };
    const made = read(await content(door, { model: "gpt-image-2", body: given }));
    expect(made.usageMetadata).toMatchObject({ promptTokenCount: 21, cost: 0.005985 });
  });

  it("several texts are the prompt, a line each", async () => {
    const contents = [{ parts: [{ text: "a mug" }, { text: "" }, { text: "on a table" }] }];
    read(await content(door, { body: { contents } }));
    const [call] = await sandbox.calls();
    expect(call?.body["prompt"]).toBe("a mug\non a table");
  });

  it.each<[string, object]>([
    ["empty ones", { systemInstruction: { parts: [] }, tools: [], safetySettings: [], labels: {} }],
    ["null", { systemInstruction: null, generationConfig: null, spotmeter: null }],
    ["the standard tier", { serviceTier: "standard" }],
    [
      "defaults",
      {
        generationConfig: {
          responseModalities: ["TEXT", "IMAGE"],
          responseMimeType: "text/plain",
          stopSequences: [],
          presencePenalty: 0,
          candidateCount: 1,
          thinkingConfig: { includeThoughts: false },
          imageConfig: { aspectRatio: "" },
        },
      },
    ],
  ])("values that ask for nothing: %s", async (_name, changed) => {
    const made = read(await content(door, { body: { ...PLAIN, ...changed } }));
    expect(made.usageMetadata["cost"]).toBe(0.03);
    const [call] = await sandbox.calls();
    expect(call?.body).not.toHaveProperty("size");
  });

  it("snake_case throughout is the same order", async () => {
    const body = {
      contents: [{ role: "user", parts: [{ text: MUG }] }],
      generation_config: {
        response_modalities: ["IMAGE"],
        candidate_count: 1,
        image_config: { aspect_ratio: "16:9", image_size: "2K" },
      },
    };
    const model = "gemini-3-pro-image";
    expect(pictureOf(read(await content(door, { model, body }))).pixels).toBe("2752x1536");
    const [call] = await sandbox.calls();
    expect(call?.body["generationConfig"]).toEqual({
      responseModalities: ["IMAGE"],
      imageConfig: { aspectRatio: "16:9", imageSize: "2K" },
    });
  });

  it.each(["/v1", "/v1beta", ""])(
    "under %j, with the vendor before the model or not",
    async (version) => {
      const given = { version, body: LOW };
      read(await content(door, { ...given, model: "gpt-image-2" }));
      read(await content(door, { ...given, model: "openai/gpt-image-2" }));
      read(await content(door, { ...given, model: "openai%2Fgpt-image-2" }));
    },
  );

  it.each<[string, string, Record<string, string>]>([
    ["x-goog-api-key", "", { "x-goog-api-key": "KEY" }],
    ["a bearer", "", { authorization: "Bearer KEY" }],
    ["the query", "?key=KEY", {}],
  ])("the key as %s", async (_name, query, headers) => {
    const withKey = (text: string): string => text.replace("KEY", sandbox.apiKey);
    const answer = await send(door.url, {
      path: withKey(`/v1beta/models/seedream-4-0:generateContent${query}`),
      headers: {
        "content-type": "application/json",
        ...Object.fromEntries(Object.entries(headers).map(([name, key]) => [name, withKey(key)])),
      },
      body: JSON.stringify(PLAIN),
    });
    read(answer);
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(sandbox.apiKey);
  });

  it("our own parameters stand in spotmeter, under their own names", async () => {
    const spotmeter = {
      ...LOW.spotmeter,
      output_format: "webp",
      user: "u-1",
      tags: { shop_id: "7" },
    };
    const body = { ...PLAIN, spotmeter };
    const made = read(await content(door, { model: "gpt-image-2", body }));
    expect(pictureOf(made)).toMatchObject({ mimeType: "image/webp", type: "webp" });
    const [call] = await sandbox.calls();
    expect(call?.body).toMatchObject({ quality: "low", output_format: "webp", user: "u-1" });
    const usage = (await sandbox.get("/v1/usage?by=tag:shop_id")).body;
    expect(JSON.stringify(usage.data)).toContain('"7"');
  });
});

describe("streamGenerateContent", () => {
  function eventsOf({ text }: RawAnswer): Record<string, unknown>[] {
    expect(text.endsWith("\r\n\r\n")).toBe(true);
    const events = text.slice(0, -4).split("\r\n\r\n");
    for (const event of events) expect(event.startsWith("data: {")).toBe(true);
    return events.map((event) => JSON.parse(event.slice("data: ".length)));
  }

  it("events: a whole image each, then one with the end, usage and cost", async () => {
    const body = { ...LOW, generationConfig: { candidateCount: 2 } };
    const answer = await content(door, { model: "gpt-image-2", method: EVENTS, body });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    const [first, second, last, ...more] = eventsOf(answer);
    expect(more).toEqual([]);
    const id = answer.headers["x-receipt-id"];
    for (const [index, chunk] of [first, second].entries()) {
      expect(Object.keys(chunk ?? {})).toEqual(["candidates", "responseId"]);
      const { candidates } = chunk as unknown as Content;
      expect(candidates).toMatchObject([{ index, content: { role: "model" } }]);
      expect(candidates[0]).not.toHaveProperty("finishReason");
      const data = candidates[0]?.content.parts[0]?.inlineData.data ?? "";
      expect(imageSize(Buffer.from(data, "base64"))).toMatchObject({ width: 1024, height: 1024 });
    }
    expect(last).toMatchObject({
      candidates: [
        { content: { role: "model", parts: [] }, finishReason: "STOP", index: 0 },
        { content: { role: "model", parts: [] }, finishReason: "STOP", index: 1 },
      ],
      // 2 x 0.005985
      usageMetadata: { totalTokenCount: 434, cost: 0.01197 },
      modelVersion: "gpt-image-2",
      responseId: id,
    });
  });

  it("without alt=sse: one JSON array of the same chunks", async () => {
    const answer = await content(door, { method: "streamGenerateContent" });
    expect(answer.headers["content-type"]).toBe("application/json");
    const [first, last, ...more] = JSON.parse(answer.text);
    expect(more).toEqual([]);
    expect(first.candidates[0].content.parts[0].inlineData.mimeType).toBe("image/jpeg");
    expect(last).toMatchObject({ usageMetadata: { cost: 0.03 } });
  });

  it("a refusal before the first byte is a plain error with its status", async () => {
    const headers = { "x-emulate": "moderation" };
    const answer = await content(door, { method: EVENTS, headers });
    expectGeminiRefusal(answer, "moderation_blocked");
  });
});

describe("a call that comes to nothing: Google's envelope, the receipt, no charge", () => {
  it.each([
    ["moderation", "moderation_blocked", "INVALID_ARGUMENT"],
    ["status=400", "vendor_rejected", "INVALID_ARGUMENT"],
    ["no-image", "no_image", "FAILED_PRECONDITION"],
    ["failed", "vendor_failed", "FAILED_PRECONDITION"],
    ["status=401", "vendor_account", "FAILED_PRECONDITION"],
    ["cut", "outcome_unknown", "FAILED_PRECONDITION"],
    ["hang", "outcome_unknown", "FAILED_PRECONDITION"],
  ] as const)("%s: %s", async (emulate, code, status) => {
    const before = await settled();
    const headers = { "x-emulate": emulate };
    const answer = await content(door, { model: "gpt-image-2", body: LOW, headers });
    const said = expectGeminiRefusal(answer, code);
    expect(JSON.parse(answer.text).error.status).toBe(status);
    expect(said["receipt_id"]).toBe(answer.headers["x-receipt-id"]);
    expect(answer.headers["x-cost-ceiling-usd"]).toBe("0.006305");
    expect(await settled()).toBe(before);
    expect(await sandbox.calls()).toHaveLength(1);
  });

  it("a busy vendor: when to come back, in the header and in the details", async () => {
    const headers = { "x-emulate": "status=429" };
    const answer = await content(door, { model: "gpt-image-2", body: LOW, headers });
    expectGeminiRefusal(answer, "vendor_busy");
    const { status, details } = JSON.parse(answer.text).error;
    expect(status).toBe("RESOURCE_EXHAUSTED");
    expect(details.at(-1)).toEqual({
      "@type": "type.googleapis.com/google.rpc.RetryInfo",
      retryDelay: `${answer.headers["retry-after"]}s`,
    });
  });

  it("an empty account: 402, which no client takes for a rate limit", async () => {
    const { body } = await sandbox.admin("POST", "/accounts", { name: "a", prepaid: true });
    const made = await sandbox.admin("POST", "/keys", { account_id: body.id, name: "k" });
    const answer = await content({ ...door, apiKey: made.body.key });
    const said = expectGeminiRefusal(answer, "budget_exceeded");
    expect(said).toMatchObject({ required: "0.03", available: "0" });
    expect(JSON.parse(answer.text).error.status).toBe("FAILED_PRECONDITION");
  });
});
