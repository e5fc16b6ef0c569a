import { ApiError, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { imageSize } from "image-size";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { MUG, type Sandbox, startSandbox } from "../gateway/sandbox.ts";

/** Google's own client, unchanged, pointed at the gateway: every model's pictures, streams, errors, one charge each. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "3000" } });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

function client(
  options: {
    readonly emulate?: string;
    readonly apiVersion?: string;
    readonly apiKey?: string;
    readonly attempts?: number;
  } = {},
): GoogleGenAI {
  const { emulate, apiVersion, attempts } = options;
  return new GoogleGenAI({
    apiKey: options.apiKey ?? sandbox.apiKey,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    httpOptions: {
      baseUrl: sandbox.gateway.url,
      ...(attempts === undefined ? {} : { retryOptions: { attempts } }),
      ...(emulate === undefined ? {} : { headers: { "x-emulate": emulate } }),
    },
  });
}

/** An account of its own, so that what it is charged is this test's alone. */
async function ownClient(): Promise<{ ai: GoogleGenAI; settled: () => Promise<string> }> {
  const account = await sandbox.admin("POST", "/accounts", { name: "a" });
  const made = await sandbox.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
  const apiKey: string = made.body.key;
  return {
    ai: client({ apiKey }),
    settled: async () => (await sandbox.get("/v1/credits", apiKey)).body.settled,
  };
}

function pixelsOf(answer: GenerateContentResponse | undefined, index = 0): string {
  const inline = answer?.candidates?.[index]?.content?.parts?.[0]?.inlineData;
  const { width, height, type } = imageSize(Buffer.from(inline?.data ?? "", "base64"));
  expect(inline?.mimeType).toBe(`image/${type === "jpg" ? "jpeg" : type}`);
  return `${width}x${height}`;
}

function costOf(answer: GenerateContentResponse | undefined): unknown {
  const usage: object = answer?.usageMetadata ?? {};
  return "cost" in usage ? usage.cost : undefined;
}

const LOW = { quality: "low", size: "1024x1024" };

/** Prices by hand: rates times the tokens of the emulators' laws. */
const MODELS = [
  // 10 x 0.0000003 + 1,290 x 0.00003
  { model: "gemini-2.5-flash-image", config: {}, pixels: "1024x1024", usd: "0.038703" },
  {
    model: "gemini-2.5-flash-image",
    config: { imageConfig: { aspectRatio: "16:9" } },
    pixels: "1344x768",
    usd: "0.038703",
  },
  // 10 x 0.000002 + 1,120 x 0.00012 + 275 x 0.000012
  {
    model: "gemini-3-pro-image",
    config: {
      responseModalities: ["IMAGE"],
      imageConfig: { aspectRatio: "16:9", imageSize: "2K" },
    },
    pixels: "2752x1536",
    usd: "0.13772",
  },
  // 21 x 0.000005 + 196 x 0.00003
  {
    model: "gpt-image-2",
    config: { httpOptions: { extraBody: { spotmeter: LOW } } },
    pixels: "1024x1024",
    usd: "0.005985",
  },
  { model: "seedream-4-0", config: {}, pixels: "2048x2048", usd: "0.03" },
  {
    model: "seedream-4-0",
    config: { imageConfig: { aspectRatio: "16:9", imageSize: "2K" } },
    pixels: "2848x1600",
    usd: "0.03",
  },
  { model: "qwen-image-2.0", config: {}, pixels: "2048x2048", usd: "0.035" },
];

describe.each(MODELS)("$model $config", ({ model, config, pixels, usd }) => {
  it("generateContent: the picture, its pixels, its cost, one call, one charge", async () => {
    const { ai, settled } = await ownClient();
    const answer = await ai.models.generateContent({ model, contents: MUG, config });
    expect(pixelsOf(answer)).toBe(pixels);
    expect(answer.candidates?.[0]?.finishReason).toBe("STOP");
    expect(String(costOf(answer))).toBe(usd);
    expect(answer.responseId).toMatch(/^rcpt_/);
    expect(await sandbox.calls()).toHaveLength(1);
    expect(await settled()).toBe(usd);
  });

  it("generateContentStream: the picture in one chunk, the cost in the last, one charge", async () => {
    const { ai, settled } = await ownClient();
    const stream = await ai.models.generateContentStream({ model, contents: MUG, config });
    const chunks: GenerateContentResponse[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).toHaveLength(2);
    expect(pixelsOf(chunks[0])).toBe(pixels);
    expect(String(costOf(chunks[1]))).toBe(usd);
    expect(chunks[1]?.candidates?.[0]?.finishReason).toBe("STOP");
    expect(await sandbox.calls()).toHaveLength(1);
    expect(await settled()).toBe(usd);
  });
});

describe("pictures to work on, inline", () => {
  const mug = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });
  const reference = { inlineData: { mimeType: "image/png", data: mug.toString("base64") } };

  it.each([
    // Text 12 + 6 + 1 at 5 USD, the picture's 1,024 at 8, output 196 at 30, each a million
    {
      model: "gpt-image-2",
      config: { httpOptions: { extraBody: { spotmeter: LOW } } },
      counted: { promptTokenCount: 1043, candidatesTokenCount: 196 },
      details: { TEXT: 19, IMAGE: 1024 },
      usd: "0.014167",
    },
    // google.md G4: 1,297 x 0.0000003 + 1,290 x 0.00003
    {
      model: "gemini-2.5-flash-image",
      config: {},
      counted: { promptTokenCount: 1297, candidatesTokenCount: 1290 },
      details: { TEXT: 7, IMAGE: 1290 },
      usd: "0.0390891",
    },
  ])("$model: text and picture counted apart, $usd USD", async (given) => {
    const { ai, settled } = await ownClient();
    const { model, config, counted, details, usd } = given;
    const answer = await ai.models.generateContent({
      ...{ model, config },
      contents: [{ text: "Recolor this mug: matte cobalt-blue, nothing else." }, reference],
    });
    expect(pixelsOf(answer)).toBe("1024x1024");
    expect(answer.usageMetadata).toMatchObject(counted);
    const said = answer.usageMetadata?.promptTokensDetails ?? [];
    expect(Object.fromEntries(said.map((each) => [each.modality, each.tokenCount]))).toEqual(
      details,
    );
    expect(String(costOf(answer))).toBe(usd);
    expect(await settled()).toBe(usd);
    expect(await sandbox.calls()).toHaveLength(1);
  });

  it("seedream: as a picture to work on, at its flat price", async () => {
    const { ai, settled } = await ownClient();
    const contents = [reference, { text: "Recolor this mug" }];
    await ai.models.generateContent({ model: "seedream-4-0", contents });
    const [call] = await sandbox.calls();
    expect(call?.body).toHaveProperty("image");
    expect(await settled()).toBe("0.03");
  });
});

describe("what the client can ask for", () => {
  it("parts, versions, several candidates", async () => {
    const contents = [{ role: "user", parts: [{ text: MUG }] }];
    const config = { candidateCount: 3, httpOptions: { extraBody: { spotmeter: LOW } } };
    for (const apiVersion of ["v1", "v1beta"]) {
      const { models } = client({ apiVersion });
      const answer = await models.generateContent({ model: "gpt-image-2", contents, config });
      expect([0, 1, 2].map((index) => pixelsOf(answer, index))).toEqual(Array(3).fill("1024x1024"));
      // 3 x 0.005985
      expect(costOf(answer)).toBe(0.017955);
      expect(answer.usageMetadata?.totalTokenCount).toBe(651);
    }
  });

  it("auto, with its constraints among our own parameters", async () => {
    const spotmeter = { size: "1024x1024", band: "finest", allow: ["gpt-image-2"] };
    const config = { httpOptions: { extraBody: { spotmeter } } };
    const { models } = client({ apiVersion: "v1beta" });
    const answer = await models.generateContent({ model: "auto", contents: MUG, config });
    // 21 x 0.000005 + 1,756 x 0.00003
    expect(costOf(answer)).toBe(0.052785);
  });

  it("models by name, and all of them, on v1beta", async () => {
    const { models } = client({ apiVersion: "v1beta" });
    const names: string[] = [];
    for await (const model of await models.list({ config: { pageSize: 10 } })) {
      names.push(model.name ?? "");
    }
    expect(names).toEqual(
      expect.arrayContaining(["models/gpt-image-2", "models/wan2.7-image", "models/seedream-5-5"]),
    );
    const one = await models.get({ model: "gemini-3-pro-image" });
    expect(one).toMatchObject({ displayName: "Nano Banana Pro", inputTokenLimit: 65_536 });
  });
});

describe("a refusal is the client's ApiError, with everything that it says", () => {
  async function refused(
    ai: GoogleGenAI,
    asked: { readonly model?: string; readonly config?: object; readonly contents?: string },
  ) {
    const given = { model: "gpt-image-2", contents: MUG, ...asked };
    const whole = await ai.models.generateContent(given).catch((cause: unknown) => cause);
    const stream = await ai.models.generateContentStream(given).catch((cause: unknown) => cause);
    for (const error of [whole, stream]) {
      if (!(error instanceof ApiError)) throw new Error(`not refused: ${String(error)}`);
    }
    const { status, message } = whole as ApiError;
    expect((stream as ApiError).status).toBe(status);
    const { error } = JSON.parse(message);
    return { http: status, name: error.status, ...error.details[0].metadata };
  }

  it.each([
    { emulate: "moderation", http: 400, name: "INVALID_ARGUMENT", code: "moderation_blocked" },
    { emulate: "no-image", http: 422, name: "FAILED_PRECONDITION", code: "no_image" },
    { emulate: "cut", http: 424, name: "FAILED_PRECONDITION", code: "outcome_unknown" },
    { emulate: "failed", http: 424, name: "FAILED_PRECONDITION", code: "vendor_failed" },
    { emulate: "status=401", http: 424, name: "FAILED_PRECONDITION", code: "vendor_account" },
  ])("$emulate: $http $name", async ({ emulate, ...expected }) => {
    expect(await refused(client({ emulate }), {})).toMatchObject(expected);
    expect(await sandbox.calls()).toHaveLength(2);
  });

  it.each([
    [{ config: { systemInstruction: "draw well" } }, "unsupported_parameter", "systemInstruction"],
    [{ config: { temperature: 0.5 } }, "unsupported_parameter", "generationConfig.temperature"],
    [
      { config: { responseModalities: ["TEXT"] } },
      "invalid_value",
      "generationConfig.responseModalities",
    ],
    [
      { model: "gemini-3-pro-image", config: { imageConfig: { imageSize: "8K" } } },
      "unsupported_size",
      "generationConfig.imageConfig.imageSize",
    ],
    [{ model: "gemini-9" }, "unknown_model", "model"],
  ])("%j: %s, before any call", async (asked, code, param) => {
    expect(await refused(client(), asked)).toMatchObject({ code, param });
    expect(await sandbox.calls()).toEqual([]);
  });

  it("a wrong key", async () => {
    const said = await refused(client({ apiKey: "sk-1" }), {});
    expect(said).toMatchObject({ http: 401, name: "UNAUTHENTICATED", code: "invalid_api_key" });
  });

  it("tokens aren't counted here", async () => {
    const asked = client().models.countTokens({ model: "gemini-3-pro-image", contents: MUG });
    await expect(asked).rejects.toMatchObject({ status: 404 });
  });
});

describe("a client that retries", () => {
  it("never repeats what was refused for good", async () => {
    const { models } = client({ emulate: "cut", attempts: 3 });
    const asked = models.generateContent({ model: "seedream-4-0", contents: MUG });
    await expect(asked).rejects.toBeInstanceOf(ApiError);
    expect(await sandbox.calls()).toHaveLength(1);
  });
});
