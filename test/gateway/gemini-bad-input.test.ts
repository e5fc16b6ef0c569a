import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createGatewayServer } from "../../src/http/server.ts";
import { listen } from "../../src/start/listen.ts";
import { content, expectGeminiRefusal, PLAIN } from "./gemini-client.ts";
import { errorsSeen, type RawAnswer, send } from "./raw-client.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Whatever is sent in Gemini's contract, the answer is a refusal that names the field; nobody is called or charged. */

const SECRET = "a prompt that must stay out of every answer";

let sandbox: Sandbox;
let door: { readonly url: string; readonly apiKey: string };
beforeAll(async () => {
  sandbox = await startSandbox();
  door = { url: sandbox.gateway.url, apiKey: sandbox.apiKey };
});
afterAll(() => sandbox.close());
afterEach(async () => {
  expect(await sandbox.calls()).toEqual([]);
  const { settled, held } = (await sandbox.get("/v1/credits")).body;
  expect([settled, held]).toEqual(["0", "0"]);
  for (const text of errorsSeen) expect(text).not.toContain(sandbox.apiKey);
});

function order(changed: Record<string, unknown>): Promise<RawAnswer> {
  return content(door, { body: { ...PLAIN, ...changed } });
}

function parts(...list: readonly unknown[]): Promise<RawAnswer> {
  return content(door, { body: { contents: [{ parts: list }] } });
}

describe("a body that is no request", () => {
  it.each([
    ["nothing", "", "invalid_json"],
    ["half an object", '{"contents":[{"parts":[{"text":"', "invalid_json"],
    ["bytes that are not UTF-8", Buffer.from('{"contents":"\xff"}', "latin1"), "invalid_json"],
    ["a list", "[]", "invalid_value"],
    ["null", "null", "invalid_value"],
  ] as const)("%s", async (_name, body, code) => {
    expectGeminiRefusal(await content(door, { body }), code);
  });

  it("another content type", async () => {
    const headers = { "content-type": "text/plain" };
    expectGeminiRefusal(await content(door, { headers }), "unsupported_media_type");
  });

  it("a body over 1 MiB", async () => {
    const large = { contents: [{ parts: [{ text: "a".repeat(2 ** 20) }] }] };
    expectGeminiRefusal(await content(door, { body: large }), "body_too_large");
  });
});

describe("contents", () => {
  const user = { role: "user", parts: [{ text: MUG }] };
  const missing: readonly (readonly [string, unknown, string])[] = [
    ["left out", {}, "contents"],
    ["null", { contents: null }, "contents"],
    ["a turn without parts", { contents: [{ role: "user" }] }, "contents[0].parts"],
    ["parts without text", { contents: [{ parts: [{ text: "" }] }] }, "contents"],
    [
      "a picture without its type",
      { contents: [{ parts: [{ inlineData: { data: "" } }] }] },
      "contents[0].parts[0].inlineData.mimeType",
    ],
  ];
  it.each(missing)("%s: missing_parameter", async (_name, body, param) => {
    expectGeminiRefusal(await content(door, { body }), "missing_parameter", param);
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["no turn", [], "contents"],
    ["a conversation", [user, { role: "model", parts: [{ text: "?" }] }, user], "contents"],
    ["two turns of the user", [user, user], "contents"],
    ["a turn of the model", [{ ...user, role: "model" }], "contents[0].role"],
    ["an unknown role", [{ ...user, role: "USER" }], "contents[0].role"],
    ["a number", 7, "contents[0]"],
    ["no parts", [{ parts: [] }], "contents[0].parts"],
    ["text that is a number", [{ parts: [{ text: 7 }] }], "contents[0].parts[0].text"],
    ["an empty part", [{ parts: [{ text: MUG }, {}] }], "contents[0].parts[1]"],
    [
      "text and file in one part",
      [{ parts: [{ text: MUG, fileData: { fileUri: "https://example.com/a.png" } }] }],
      "contents[0].parts[0]",
    ],
    [
      "a picture that is a document",
      [{ parts: [{ inlineData: { mimeType: "application/pdf", data: "JVBERi0=" } }] }],
      "contents[0].parts[0].inlineData.mimeType",
    ],
    [
      "a picture that is a number",
      [{ parts: [{ inlineData: { mimeType: "image/png", data: 7 } }] }],
      "contents[0].parts[0].inlineData.data",
    ],
  ];
  it.each(wrong)("%s: invalid_value", async (_name, contents, param) => {
    expectGeminiRefusal(await order({ contents }), "invalid_value", param);
  });

  it.each(["gs://bucket/a.png", "files/abc", "http://example.com/a.png", "https://"])(
    "a file at %s can't be read",
    async (fileUri) => {
      const answer = await parts({ text: MUG }, { fileData: { fileUri } });
      const param = "contents[0].parts[1].fileData.fileUri";
      expect(expectGeminiRefusal(answer, "invalid_value", param).message).toContain("public https");
    },
  );

  it.each([
    { thought: true },
    { thoughtSignature: "c2lnbmVk" },
    { functionCall: { name: "draw" } },
    { functionResponse: { name: "draw", response: {}, id: "1" } },
    { executableCode: { language: "PYTHON", code: "draw()" } },
    { videoMetadata: { fps: 1 } },
    { mediaResolution: { level: "MEDIA_RESOLUTION_HIGH" } },
  ])("a part with %o is unsupported", async (extra) => {
    const [name] = Object.keys(extra);
    const answer = await parts({ text: MUG, ...extra });
    expectGeminiRefusal(answer, "unsupported_parameter", `contents[0].parts[0].${name}`);
  });

  it("the prompt is never said back", async () => {
    const asked = [
      content(door, { body: { contents: [{ parts: [{ text: SECRET, words: SECRET }] }] } }),
      content(door, { body: { contents: [{ role: SECRET, parts: [{ text: SECRET }] }] } }),
      content(door, { body: { contents: [SECRET, SECRET] } }),
      content(door, { body: `{"contents":"${SECRET}" oops` }),
    ];
    for (const answer of await Promise.all(asked)) {
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(SECRET);
    }
  });
});

describe("a field that would not be honoured is refused by its name", () => {
  it.each([
    { systemInstruction: { parts: [{ text: "draw well" }] } },
    { tools: [{ googleSearch: {} }] },
    { toolConfig: { functionCallingConfig: { mode: "AUTO" } } },
    { safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }] },
    { cachedContent: "cachedContents/1" },
    { serviceTier: "flex" },
    { labels: { shop: "a" } },
  ])("%o", async (field) => {
    const [name] = Object.keys(field);
    expectGeminiRefusal(await order(field), "unsupported_parameter", name);
  });

  it.each([
    { temperature: 0 },
    { temperature: 1 },
    { topP: 0.9 },
    { topK: 40 },
    { maxOutputTokens: 8192 },
    { stopSequences: ["."] },
    { presencePenalty: 0.5 },
    { responseMimeType: "application/json" },
    { responseSchema: { type: "OBJECT" } },
    { responseFormat: { image: { aspectRatio: "16:9" } } },
    { responseLogprobs: true },
    { mediaResolution: "MEDIA_RESOLUTION_HIGH" },
    { thinkingConfig: { thinkingLevel: "HIGH" } },
    { speechConfig: { languageCode: "en" } },
  ])("generationConfig %o", async (field) => {
    const [name] = Object.keys(field);
    const answer = await order({ generationConfig: field });
    expectGeminiRefusal(answer, "unsupported_parameter", `generationConfig.${name}`);
  });

  it.each([
    { personGeneration: "ALLOW_ALL" },
    { imageOutputOptions: { mimeType: "image/jpeg" } },
    { outputMimeType: "image/jpeg" },
  ])("imageConfig %o", async (imageConfig) => {
    const [name] = Object.keys(imageConfig);
    const answer = await order({ generationConfig: { imageConfig } });
    expectGeminiRefusal(answer, "unsupported_parameter", `generationConfig.imageConfig.${name}`);
  });

  it.each([
    ["at the top", { quality: "high" }, "quality"],
    [
      "in generationConfig",
      { generationConfig: { aspectRatio: "16:9" } },
      "generationConfig.aspectRatio",
    ],
    [
      "in imageConfig",
      { generationConfig: { imageConfig: { size: "2K" } } },
      "generationConfig.imageConfig.size",
    ],
    ["in spotmeter", { spotmeter: { colour: "blue" } }, "spotmeter.colour"],
    ["in spotmeter, though it has a field", { spotmeter: { n: 2 } }, "spotmeter.n"],
    [
      "in spotmeter, though the method says it",
      { spotmeter: { stream: true } },
      "spotmeter.stream",
    ],
  ])("an unknown name %s", async (_where, changed, param) => {
    expectGeminiRefusal(await order(changed), "unknown_parameter", param);
  });
});

describe("a value of the wrong kind", () => {
  it.each([
    ["modalities without IMAGE", { responseModalities: ["TEXT"] }, "responseModalities"],
    ["an unknown modality", { responseModalities: ["IMAGE", "AUDIO"] }, "responseModalities[1]"],
    ["modalities in small letters", { responseModalities: ["image"] }, "responseModalities[0]"],
    ["no candidates", { candidateCount: 0 }, "candidateCount"],
    ["half a candidate", { candidateCount: 1.5 }, "candidateCount"],
    ["a seed in words", { seed: "seven" }, "seed"],
    ["an image config that is a text", { imageConfig: "16:9" }, "imageConfig"],
    ["a ratio that is a number", { imageConfig: { aspectRatio: 1.5 } }, "imageConfig.aspectRatio"],
  ])("%s", async (_name, generationConfig, param) => {
    const answer = await order({ generationConfig });
    expectGeminiRefusal(answer, "invalid_value", `generationConfig.${param}`);
  });

  it.each([
    ["a model that isn't the path's", { model: "gpt-image-2" }, "model"],
    ["spotmeter as a text", { spotmeter: "high" }, "spotmeter"],
    ["a quality that is a number", { spotmeter: { quality: 7 } }, "spotmeter.quality"],
    ["a size of another form", { spotmeter: { size: "large" } }, "spotmeter.size"],
  ])("%s", async (_name, changed, param) => {
    expectGeminiRefusal(await order(changed), "invalid_value", param);
  });

  it.each([
    [{ generationConfig: {}, generation_config: {} }, "generationConfig"],
    [{ generationConfig: { imageConfig: {}, image_config: null } }, "generationConfig.imageConfig"],
    [
      { contents: [{ parts: [{ text: MUG, fileData: null, file_data: {} }] }] },
      "contents[0].parts[0].fileData",
    ],
  ])("a field in both spellings: %o", async (changed, param) => {
    const { message } = expectGeminiRefusal(await order(changed), "invalid_value", param);
    expect(message).toContain("both spellings");
  });
});

describe("what the model can't do is refused in the words of this contract", () => {
  it.each([
    [
      "a ratio that the model lacks",
      "gemini-3-pro-image",
      { imageConfig: { aspectRatio: "7:5" } },
      "unsupported_size",
      "imageConfig.aspectRatio",
      "2:3",
    ],
    [
      "a label in small letters",
      "gemini-3-pro-image",
      { imageConfig: { imageSize: "2k" } },
      "unsupported_size",
      "imageConfig.imageSize",
      "1K, 2K, 4K",
    ],
    [
      "a label where the model has none",
      "gpt-image-2",
      { imageConfig: { imageSize: "2K" } },
      "unsupported_size",
      "imageConfig.imageSize",
      "WxH",
    ],
    [
      "several candidates",
      "gemini-3-pro-image",
      { candidateCount: 2 },
      "unsupported_n",
      "candidateCount",
      "at most 1",
    ],
    ["a seed", "gemini-3-pro-image", { seed: 7 }, "unsupported_parameter", "seed", "no such"],
  ] as const)("%s", async (_name, model, generationConfig, code, param, says) => {
    const answer = await content(door, { model, body: { ...PLAIN, generationConfig } });
    const { message } = expectGeminiRefusal(answer, code, `generationConfig.${param}`);
    expect(message.startsWith(`generationConfig.${param}`)).toBe(true);
    expect(message).toContain(says);
  });

  it("a quality that the model lacks: spotmeter.quality, and a model that has it", async () => {
    const answer = await order({ spotmeter: { quality: "low" } });
    const said = expectGeminiRefusal(answer, "unsupported_parameter", "spotmeter.quality");
    expect(said["suggested_model"]).toMatch(/^gpt-image/);
  });

  it("size and ratio say the same thing twice", async () => {
    const changed = {
      generationConfig: { imageConfig: { aspectRatio: "16:9" } },
      spotmeter: { size: "2048x2048" },
    };
    expectGeminiRefusal(await order(changed), "unsupported_combination", "spotmeter.size");
  });

  it("an unknown model", async () => {
    const answer = await content(door, { model: "gemini-9-image" });
    const { message } = expectGeminiRefusal(answer, "unknown_model", "model");
    expect(JSON.parse(answer.text).error.status).toBe("NOT_FOUND");
    expect(message).toContain("gemini-9-image");
  });
});

describe("routes and methods", () => {
  it.each(["countTokens", "embedContent", "batchEmbedContents", "predict", "batchGenerateContent"])(
    "%s makes no images: 404",
    async (method) => {
      const said = expectGeminiRefusal(await content(door, { method }), "unsupported_surface");
      expect(said.message).toContain("generateContent");
      expect(said["allowed"]).toBe('["generateContent","streamGenerateContent"]');
    },
  );

  it("another form of a stream", async () => {
    const answer = await content(door, { method: "streamGenerateContent?alt=proto" });
    expectGeminiRefusal(answer, "invalid_value", "alt");
  });

  it.each([
    ["GET", "/v1beta/models/gemini-3-pro-image:generateContent", "method_not_allowed"],
    ["PUT", "/v1beta/models/gemini-3-pro-image:generateContent", "method_not_allowed"],
    ["POST", "/v1beta/cachedContents", "not_found"],
    ["GET", "/v1beta/files", "not_found"],
    ["GET", "/v1beta/models/nothing", "unknown_model"],
    ["GET", "/v1beta/models?pageSize=many", "invalid_value"],
    ["GET", "/v1beta/models?pageToken=x", "invalid_value"],
  ] as const)("%s %s: %s", async (method, path, code) => {
    const headers = { "x-goog-api-key": sandbox.apiKey };
    expectGeminiRefusal(await send(door.url, { method, path, headers }), code);
  });
});

describe("who asks", () => {
  it("nobody, and a wrong key, wherever it stands", async () => {
    const path = "/v1/models/seedream-4-0:generateContent";
    const none = await send(door.url, { path, body: "{}" });
    expectGeminiRefusal(none, "missing_api_key");
    expect(JSON.parse(none.text).error.status).toBe("UNAUTHENTICATED");
    const wrong = await content({ ...door, apiKey: "sk-wrong-key" });
    expectGeminiRefusal(wrong, "invalid_api_key");
    const query = await send(door.url, { path: `${path}?key=sk-wrong-key`, body: "{}" });
    expectGeminiRefusal(query, "invalid_api_key");
    for (const { text } of [wrong, query]) expect(text).not.toContain("sk-wrong-key");
  });

  it("a key in the query never comes back in an error", async () => {
    for (const path of ["/v1beta/nothing", "/v1beta/models/x:predict"]) {
      const answer = await send(door.url, { path: `${path}?key=sk-in-the-query`, body: "{}" });
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain("sk-in-the-query");
    }
  });
});

describe("a gateway that isn't ready", () => {
  it("says so in each surface's own envelope", async () => {
    const { server } = createGatewayServer();
    const url = await listen(server, "127.0.0.1", 0);
    for (const path of ["/v1/models/a:generateContent", "/v1beta/models"]) {
      const answer = await send(url, { path, body: "{}" });
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.text).error).toMatchObject({ code: 503, status: "UNAVAILABLE" });
    }
    const images = await send(url, { body: "{}" });
    expect(JSON.parse(images.text).error).toMatchObject({ code: "not_ready" });
    await new Promise((resolve) => server.close(resolve));
  });
});
