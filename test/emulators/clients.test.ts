import { ApiError, GoogleGenAI } from "@google/genai";
import { imageSize } from "image-size";
import OpenAI, { toFile } from "openai";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { PROMPT, useEmulator } from "./harness.ts";

/** The vendors' own clients, pointed straight at their emulators. */

const emulator = useEmulator();
const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";
const square = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });
const small = flatPicture({ width: 512, height: 512, format: "png", transparent: true });
const hole = flatPicture({ width: 1024, height: 1024, format: "png", transparent: true });
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

  const file = () => toFile(square, "mug.png", { type: "image/png" });

  it.each([
    [1, 1043],
    [2, 2068],
    [3, 3093],
  ])("edits %i files: %i tokens go in", async (count, tokens) => {
    const made = await openai().images.edit({
      model: "gpt-image-2",
      image: await Promise.all(Array.from({ length: count }, file)),
      prompt: RECOLOR,
    });
    expect(made.usage?.input_tokens).toBe(tokens);
  });

  it("edits with a mask, and refuses one of another size", async () => {
    const mask = (bytes: Buffer) => toFile(bytes, "mask.png", { type: "image/png" });
    const asked = { model: "gpt-image-2", image: await file(), prompt: RECOLOR };
    const made = await openai().images.edit({ ...asked, mask: await mask(hole) });
    expect(made.data).toHaveLength(1);
    const refused = openai().images.edit({ ...asked, mask: await mask(small) });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it("streams an edit", async () => {
    const stream = await openai().images.edit({
      model: "gpt-image-2",
      image: await file(),
      prompt: RECOLOR,
      stream: true,
      partial_images: 2,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    const partial = "image_edit.partial_image";
    expect(types).toEqual([partial, partial, "image_edit.completed"]);
  });

  it("n pictures in one answer; moderation is an error with its own code", async () => {
    const asked = { model: "gpt-image-2", prompt: PROMPT, quality: "low" } as const;
    expect((await openai().images.generate({ ...asked, n: 3 })).data).toHaveLength(3);
    const headers = { "x-emulate": "moderation" };
    const blocked = openai().images.generate(asked, { headers });
    await expect(blocked).rejects.toMatchObject({ status: 400, code: "moderation_blocked" });
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

  it("edits with two pictures: each is a gemini picture's worth of tokens", async () => {
    const inlineData = { mimeType: "image/png", data: square.toString("base64") };
    const made = await google().models.generateContent({
      model: "gemini-2.5-flash-image",
      contents: [{ text: RECOLOR }, { inlineData }, { inlineData }],
    });
    // 7 words and 2 x 1,290
    expect(made.usageMetadata?.promptTokenCount).toBe(2_587);
  });

  it("a blocked prompt is a good answer without candidates, a wrong key an ApiError", async () => {
    const asked = { model: "gemini-2.5-flash-image", contents: PROMPT };
    const config = { httpOptions: { headers: { "x-emulate": "moderation" } } };
    const blocked = await google().models.generateContent({ ...asked, config });
    expect(blocked.promptFeedback?.blockReason).toBeDefined();
    expect(blocked.candidates ?? []).toEqual([]);
    const stranger = new GoogleGenAI({
      apiKey: "bad-key",
      httpOptions: { baseUrl: emulator.url() },
    });
    await expect(stranger.models.generateContent(asked)).rejects.toBeInstanceOf(ApiError);
  });
});
