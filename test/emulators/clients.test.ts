import { GoogleGenAI } from "@google/genai";
import { imageSize } from "image-size";
import OpenAI, { toFile } from "openai";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { PROMPT, useEmulator } from "./harness.ts";

const emulator = useEmulator();
const openai = (): OpenAI =>
  new OpenAI({ apiKey: "test-key", baseURL: `${emulator.url()}/v1`, maxRetries: 0 });

describe("the official openai package", () => {
  it("generates", async () => {
    const made = await openai().images.generate({
      model: "gpt-image-2",
      prompt: PROMPT,
      size: "1024x1024",
      quality: "low",
    });
    expect(made.usage).toMatchObject({ input_tokens: 21, output_tokens: 196 });
    const bytes = Buffer.from(made.data?.[0]?.b64_json ?? "", "base64");
    expect(imageSize(bytes)).toMatchObject({ width: 1024, height: 1024 });
  });

  it("edits with a file", async () => {
    const square = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });
    const made = await openai().images.edit({
      model: "gpt-image-2",
      image: await toFile(square, "mug.png", { type: "image/png" }),
      prompt: "Recolor this mug: matte cobalt-blue, nothing else.",
    });
    expect(made.usage?.input_tokens).toBe(1043);
  });

  it("streams", async () => {
    const stream = await openai().images.generate({
      model: "gpt-image-2",
      prompt: PROMPT,
      stream: true,
      partial_images: 1,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual(["image_generation.partial_image", "image_generation.completed"]);
  });

  it("gets typed errors", async () => {
    const call = openai().images.generate({ model: "gpt-image-2", prompt: PROMPT, n: 11 });
    await expect(call).rejects.toMatchObject({ status: 400, code: "integer_above_max_value" });
  });
});

describe("the official @google/genai package", () => {
  const google = (): GoogleGenAI =>
    new GoogleGenAI({ apiKey: "test-key", httpOptions: { baseUrl: emulator.url() } });

  it("generates", async () => {
    const made = await google().models.generateContent({
      model: "gemini-2.5-flash-image",
      contents: PROMPT,
      config: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "1:1" } },
    });
    expect(made.usageMetadata).toMatchObject({ promptTokenCount: 10, candidatesTokenCount: 1290 });
    const data = made.candidates?.[0]?.content?.parts?.[0]?.inlineData?.data ?? "";
    expect(imageSize(Buffer.from(data, "base64"))).toMatchObject({ width: 1024, height: 1024 });
  });

  it("streams", async () => {
    const stream = await google().models.generateContentStream({
      model: "gemini-3-pro-image",
      contents: PROMPT,
    });
    const totals: unknown[] = [];
    for await (const chunk of stream) totals.push(chunk.usageMetadata?.totalTokenCount);
    expect(totals.at(-1)).toBe(1405);
  });
});
