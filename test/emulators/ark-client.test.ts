import { createByteDance } from "@ai-sdk/bytedance";
import { APICallError, generateImage } from "ai";
import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { at, PROMPT, useEmulator } from "./harness.ts";

/** A client of ModelArk that we did not write, pointed straight at the emulator. */

const emulator = useEmulator();
const LITE = "seedream-4-0-250828";
const PRO = "dola-seedream-5-0-pro-260628";
const mug = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });

type Asked = Omit<Parameters<typeof generateImage>[0], "model">;

function ark(model: string, asked: Asked) {
  const baseURL = `${emulator.url()}/api/v3`;
  const client = createByteDance({ apiKey: "test-key", baseURL });
  return generateImage({ model: client.image(model), maxRetries: 0, ...asked });
}

function pixelsOf(made: Awaited<ReturnType<typeof ark>>): readonly string[] {
  return made.images.map(({ uint8Array, mediaType }) => {
    const { width, height, type } = imageSize(uint8Array);
    expect(mediaType).toBe(`image/${type === "jpg" ? "jpeg" : type}`);
    return `${width}x${height}`;
  });
}

describe("@ai-sdk/bytedance", () => {
  it.each([
    [LITE, { prompt: PROMPT }, ["2048x2048"]],
    [LITE, { prompt: PROMPT, size: "1024x1024" as const }, ["1024x1024"]],
    [LITE, { prompt: PROMPT, n: 2 }, ["2048x2048", "2048x2048"]],
    [LITE, { prompt: { images: [mug], text: PROMPT } }, ["2048x2048"]],
    [LITE, { prompt: { images: [mug, mug], text: PROMPT } }, ["2048x2048"]],
    [PRO, { prompt: PROMPT, providerOptions: { bytedance: { size: "1K" } } }, ["1024x1024"]],
    [
      PRO,
      { prompt: PROMPT, providerOptions: { bytedance: { outputFormat: "png" } } },
      ["2048x2048"],
    ],
  ])("%s, %o: pictures of %j", async (model, asked, pixels) => {
    expect(pixelsOf(await ark(model, asked))).toEqual(pixels);
  });

  it("a group comes whole", async () => {
    const group = { sequentialImageGeneration: "auto", maxImages: 3, watermark: false } as const;
    const made = await ark(LITE, { prompt: PROMPT, providerOptions: { bytedance: group } });
    expect(pixelsOf(made)).toHaveLength(3);
    const body = at((await emulator.calls()).at(-1), "body");
    expect(body).toMatchObject({ response_format: "b64_json", watermark: false });
  });

  it.each([
    [{ prompt: PROMPT, size: "100x100" as const }, "InvalidParameter"],
    [{ prompt: PROMPT, headers: { "x-emulate": "moderation" } }, "OutputImageSensitiveContent"],
    [{ prompt: PROMPT, headers: { "x-emulate": "status=401" } }, "AuthenticationError"],
  ])("%j: its error carries the code %s", async (asked, code) => {
    const error = await ark(LITE, asked).catch((cause: unknown) => cause);
    if (!APICallError.isInstance(error)) throw error;
    expect(at(error.data, "error.code")).toContain(code);
    expect(error.isRetryable).toBe(false);
  });
});
