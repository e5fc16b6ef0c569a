import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { GEMINI_MODELS } from "../../emulators/google/models.ts";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { at, PROMPT, textAt, useEmulator } from "./harness.ts";

const emulator = useEmulator();
const path = (model: string, action = "generateContent"): string =>
  `/v1beta/models/${model}:${action}`;
const contents = [{ parts: [{ text: PROMPT }] }];
const ask = (model: string, generationConfig: object = {}) =>
  emulator.post(path(model), { contents, generationConfig });
const INLINE = "candidates.0.content.parts.0.inlineData";

function pixels(json: unknown): string {
  const size = imageSize(Buffer.from(textAt(json, `${INLINE}.data`), "base64"));
  return `${size.width}x${size.height}`;
}

describe("Gemini usage", () => {
  it("2.5: prompt 10 words, candidates 1290, no thoughts", async () => {
    const { json } = await ask("gemini-2.5-flash-image");
    expect(at(json, "usageMetadata")).toEqual({
      promptTokenCount: 10,
      candidatesTokenCount: 1290,
      totalTokenCount: 1300,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 10 }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
      serviceTier: "standard",
    });
    expect(json).toMatchObject({ modelVersion: "gemini-2.5-flash-image" });
    expect(textAt(json, `${INLINE}.mimeType`)).toBe("image/png");
    expect(at(json, "candidates.0.index")).toBe(0);
  });

  it("3-pro: the G5 shape, candidates 1216 = 1120 + 96, thoughts 179, everything adds up", async () => {
    const { json } = await ask("gemini-3-pro-image");
    expect(at(json, "usageMetadata")).toEqual({
      promptTokenCount: 10,
      candidatesTokenCount: 1216,
      totalTokenCount: 1405,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 10 }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1120 }],
      thoughtsTokenCount: 179,
      serviceTier: "standard",
    });
    expect(textAt(json, `${INLINE}.mimeType`)).toBe("image/jpeg");
    expect(textAt(json, "candidates.0.content.parts.0.thoughtSignature")).not.toBe("");
  });

  it.each([
    ["gemini-nano-banana-2.1", "1K", 1120],
    ["gemini-nano-banana-2.1", "2K", 1680],
    // The pricing page's count; the guide says 2520 (google.md §13.1).
    ["gemini-nano-banana-2.1", "4K", 3780],
    ["gemini-3-pro-image", "1K", 1120],
    ["gemini-3-pro-image", "2K", 1120],
    ["gemini-3-pro-image", "4K", 2000],
    ["gemini-3-pro-image-preview", "4K", 2000],
    ["nano-banana-pro-preview", "2K", 1120],
    ["gemini-3.1-flash-lite-image", "1K", 1120],
    ["gemini-3.1-flash-image", "512", 747],
    ["gemini-3.1-flash-image", "1K", 1120],
    ["gemini-3.1-flash-image", "2K", 1680],
    ["gemini-3.1-flash-image-preview", "4K", 2520],
    ["gemini-2.5-flash-image-preview", "4K", 1290],
  ])("%s at %s is %i image tokens", async (model, imageSizeLabel, tokens) => {
    const { json } = await ask(model, { imageConfig: { imageSize: imageSizeLabel } });
    expect(at(json, "usageMetadata.candidatesTokensDetails.0.tokenCount")).toBe(tokens);
  });

  it.each([
    ["gemini-2.5-flash-image", 1297],
    ["gemini-3-pro-image", 567],
    ["gemini-nano-banana-2.1", 1127],
  ])("%s: a reference and seven words are %i prompt tokens", async (model, tokens) => {
    const picture = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });
    const inlineData = { mimeType: "image/png", data: picture.toString("base64") };
    const text = "Recolor this mug: matte cobalt-blue, nothing else.";
    const body = { contents: [{ role: "user", parts: [{ text }, { inlineData }] }] };
    const { json } = await emulator.post(path(model), body);
    expect(at(json, "usageMetadata.promptTokenCount")).toBe(tokens);
  });
});

describe("Gemini pictures", () => {
  it.each([
    ["gemini-2.5-flash-image", "16:9", undefined, "1344x768"],
    ["gemini-2.5-flash-image", "21:9", "4K", "1536x672"],
    ["gemini-3-pro-image", "2:3", "2K", "1696x2528"],
    ["gemini-3-pro-image", "1:1", "4K", "4096x4096"],
    ["gemini-3.1-flash-image", "1:8", "512", "192x1536"],
    ["gemini-3.1-flash-image", "21:9", "512", "792x168"],
    ["gemini-nano-banana-2.1", "4:1", "1K", "2048x512"],
    ["gemini-3.1-flash-lite-image", "9:16", "1K", "768x1376"],
  ])("%s %s %s is %s", async (model, aspectRatio, imageSizeLabel, expected) => {
    const label = imageSizeLabel === undefined ? {} : { imageSize: imageSizeLabel };
    const { json } = await ask(model, { imageConfig: { aspectRatio, ...label } });
    expect(pixels(json)).toBe(expected);
  });

  it("without a ratio the last input picture's shape is followed", async () => {
    const picture = flatPicture({ width: 900, height: 1600, format: "jpeg", transparent: false });
    const inlineData = { mimeType: "image/jpeg", data: picture.toString("base64") };
    const body = { contents: [{ parts: [{ text: "blue" }, { inlineData }] }] };
    const { json } = await emulator.post(path("gemini-3-pro-image"), body);
    expect(pixels(json)).toBe("768x1376");
  });
});

describe("Gemini requests", () => {
  it("snake_case is read like camelCase, and both versions of the path answer", async () => {
    const body = {
      contents,
      generation_config: {
        response_modalities: ["IMAGE"],
        image_config: { aspect_ratio: "16:9", image_size: "2K" },
        thinking_config: { thinking_level: "HIGH" },
      },
      system_instruction: { parts: [{ text: "two words" }] },
    };
    const { json } = await emulator.post("/v1/models/gemini-nano-banana-2.1:generateContent", body);
    expect(pixels(json)).toBe("2752x1536");
    expect(at(json, "usageMetadata.promptTokenCount")).toBe(12);
  });

  it("only text asked for: an answer without a picture, billed as text", async () => {
    const { json } = await ask("gemini-2.5-flash-image", { responseModalities: ["TEXT"] });
    expect(at(json, "candidates.0.finishReason")).toBe("STOP");
    expect(at(json, INLINE)).toBe(undefined);
    expect(at(json, "usageMetadata.candidatesTokensDetails")).toBe(undefined);
  });

  it("search is one query in groundingMetadata, where the model can search", async () => {
    const tools = [{ googleSearch: {} }];
    const { json } = await emulator.post(path("gemini-3-pro-image"), { contents, tools });
    expect(at(json, "candidates.0.groundingMetadata.webSearchQueries")).toHaveLength(1);
    const lite = await emulator.post(path("gemini-3.1-flash-lite-image"), { contents, tools });
    expect(lite.status).toBe(400);
  });

  it("a tier that the model has not got is served and reported as standard", async () => {
    const flex = await emulator.post(path("gemini-3-pro-image"), { contents, serviceTier: "flex" });
    expect(at(flex.json, "usageMetadata.serviceTier")).toBe("flex");
    const lite = await emulator.post(path("gemini-3.1-flash-lite-image"), {
      contents,
      serviceTier: "priority",
    });
    expect(at(lite.json, "usageMetadata.serviceTier")).toBe("standard");
  });

  it("?key= is a key, and the log says which was used but never its value", async () => {
    const url = `${emulator.url()}${path("gemini-2.5-flash-image")}?key=secret-key`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ contents }) });
    expect(response.status).toBe(200);
    const last = (await emulator.calls()).at(-1);
    expect(at(last, "headers")).toEqual({ auth: "key" });
    expect(JSON.stringify(last)).not.toContain("secret");
  });

  it("streams one chunk and no [DONE]; without alt=sse the answer is a JSON list", async () => {
    const stream = path("gemini-2.5-flash-image", "streamGenerateContent");
    const events = await emulator.post(`${stream}?alt=sse`, { contents });
    expect(events.headers.get("content-type")).toBe("text/event-stream");
    expect(events.text.startsWith("data: {")).toBe(true);
    expect(events.text.endsWith("}\r\n\r\n")).toBe(true);
    expect(events.text).not.toContain("[DONE]");
    const list = await emulator.post(stream, { contents });
    expect(at(JSON.parse(list.text), "0.usageMetadata.totalTokenCount")).toBe(1300);
  });
});

describe("Gemini refusals", () => {
  const pro = "gemini-3-pro-image";
  const flash = "gemini-3.1-flash-image";
  it.each([
    [pro, { candidateCount: 2 }, "Multiple candidates is not enabled for this model"],
    [
      pro,
      { aspectRatio: "16:9" },
      "Invalid JSON payload received. Unknown name \"aspectRatio\" at 'generation_config': Cannot find field.",
    ],
    [
      pro,
      { imageConfig: { personGeneration: "ALLOW_ALL" } },
      "Invalid JSON payload received. Unknown name \"personGeneration\" at 'generation_config.image_config': Cannot find field.",
    ],
    [
      pro,
      { imageConfig: { imageSize: "1k" } },
      "Invalid value at 'generation_config.image_config.image_size', \"1k\"",
    ],
    [
      pro,
      { imageConfig: { imageSize: "512" } },
      "Invalid value at 'generation_config.image_config.image_size', \"512\"",
    ],
    [
      "gemini-nano-banana-2.1",
      { imageConfig: { imageSize: "512" } },
      "Invalid value at 'generation_config.image_config.image_size', \"512\"",
    ],
    [
      "gemini-3.1-flash-lite-image",
      { imageConfig: { imageSize: "2K" } },
      "Invalid value at 'generation_config.image_config.image_size', \"2K\"",
    ],
    [
      flash,
      { imageConfig: { imageSize: "512px" } },
      "Invalid value at 'generation_config.image_config.image_size', \"512px\"",
    ],
    [
      pro,
      { imageConfig: { aspectRatio: "1:8" } },
      "Invalid value at 'generation_config.image_config.aspect_ratio', \"1:8\"",
    ],
    [
      flash,
      { responseFormat: { image: { aspectRatio: "16:9" } } },
      "Invalid value at 'generation_config.response_format.image.aspect_ratio'",
    ],
    [
      "gemini-2.5-flash-image",
      { thinkingConfig: { thinkingLevel: "HIGH" } },
      "Thinking is not enabled for this model",
    ],
    [
      flash,
      { thinkingConfig: { thinkingLevel: "MEDIUM" } },
      "Invalid value at 'generation_config.thinking_config.thinking_level', \"MEDIUM\"",
    ],
    [
      flash,
      { imageConfig: { imageSize: "1K", image_size: "1K" } },
      "Invalid JSON payload received. Field 'imageSize' at 'generation_config.image_config' is set more than once.",
    ],
  ])("%s with %j is 400 INVALID_ARGUMENT", async (model, config, message) => {
    const { status, json } = await ask(model, config);
    expect(json).toEqual({ error: { code: 400, message, status: "INVALID_ARGUMENT" } });
    expect(status).toBe(400);
  });

  it("a bad key is a 400 with API_KEY_INVALID, no key a 403", async () => {
    const target = path("gemini-2.5-flash-image");
    const bad = await emulator.post(target, { contents }, { "x-goog-api-key": "bad" });
    expect([bad.status, at(bad.json, "error.details.0.reason")]).toEqual([400, "API_KEY_INVALID"]);
    const response = await fetch(emulator.url() + target, { method: "POST", body: "{}" });
    expect(response.status).toBe(403);
  });

  it("unknown and Imagen models are 404 NOT_FOUND in the vendor's words", async () => {
    const { status, json } = await ask("imagen-4.0-generate-001");
    expect(status).toBe(404);
    expect(textAt(json, "error.message")).toBe(
      "models/imagen-4.0-generate-001 is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.",
    );
  });

  it("15 references, a GIF, no contents and a lost thought signature are refused", async () => {
    const picture = flatPicture({ width: 64, height: 64, format: "png", transparent: false });
    const part = { inlineData: { mimeType: "image/png", data: picture.toString("base64") } };
    const gif = { inlineData: { mimeType: "image/gif", data: "R0lGODlh" } };
    const bodies = [
      { contents: [{ parts: Array(15).fill(part) }] },
      { contents: [{ parts: [gif] }] },
      { contents: [] },
      { contents: [{ role: "assistant", parts: [{ text: "x" }] }] },
      { contents: [{ role: "model", parts: [part] }, ...contents] },
      { contents, extra: 1 },
    ];
    const replies = await Promise.all(bodies.map((body) => emulator.post(path(pro), body)));
    expect(replies.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
    expect(textAt(replies[4]?.json, "error.message")).toBe(
      "Image part is missing a thought_signature in content position 1, part position 1.",
    );
  });

  it("knows the nine ids of google.md §1", () => {
    expect(GEMINI_MODELS.map(({ id }) => id)).toEqual([
      "gemini-nano-banana-2.1",
      "gemini-3-pro-image",
      "gemini-3-pro-image-preview",
      "nano-banana-pro-preview",
      "gemini-3.1-flash-lite-image",
      "gemini-3.1-flash-image",
      "gemini-3.1-flash-image-preview",
      "gemini-2.5-flash-image",
      "gemini-2.5-flash-image-preview",
    ]);
  });
});
