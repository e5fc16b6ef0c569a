import { createCanvas, loadImage } from "@napi-rs/canvas";
import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { createNoisePng } from "../../emulators/picture/noise-png.ts";
import { at, PROMPT, textAt, useEmulator } from "./harness.ts";

const emulator = useEmulator({ pictures: "full" });

async function generate(body: object): Promise<Buffer> {
  const order = {
    model: "gpt-image-2",
    prompt: PROMPT,
    quality: "low",
    size: "1024x1024",
    ...body,
  };
  const { json } = await emulator.post("/v1/images/generations", order);
  return Buffer.from(textAt(json, "data.0.b64_json"), "base64");
}

/** Share of dark pixels in a box given in fractions of the picture. */
async function darkness(
  file: Uint8Array,
  box: readonly [left: number, top: number, right: number, bottom: number],
): Promise<number> {
  const image = await loadImage(file);
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const [left, top, right, bottom] = box;
  const samples = context.getImageData(
    Math.floor(left * image.width),
    Math.floor(top * image.height),
    Math.floor((right - left) * image.width),
    Math.floor((bottom - top) * image.height),
  ).data;
  let dark = 0;
  for (let index = 0; index < samples.length; index += 4) {
    if ((samples[index] ?? 0) < 100 && (samples[index + 3] ?? 0) > 200) dark += 1;
  }
  return dark / (samples.length / 4);
}

describe("full pictures", () => {
  it("a 1024x1024 PNG weighs 0.75 to 1.05 MB and has text on it", async () => {
    const file = await generate({});
    expect(imageSize(file)).toMatchObject({ width: 1024, height: 1024, type: "png" });
    expect(file.byteLength).toBeGreaterThan(750_000);
    expect(file.byteLength).toBeLessThan(1_050_000);
    // SANDBOX, model, size and prompt stand in the upper part; the lower right is empty.
    expect(await darkness(file, [0, 0, 0.7, 0.2])).toBeGreaterThan(0.05);
    expect(await darkness(file, [0, 0.38, 0.9, 0.6])).toBeGreaterThan(0.02);
    expect(await darkness(file, [0.75, 0.9, 1, 1])).toBe(0);
  });

  it("weight goes with the area: 2048x2048 is about four times as heavy", async () => {
    const file = await generate({ size: "2048x2048" });
    expect(file.byteLength).toBeGreaterThan(3_000_000);
    expect(file.byteLength).toBeLessThan(4_200_000);
  });

  it("two pictures of one call are not the same bytes", async () => {
    const order = { model: "gpt-image-2", prompt: PROMPT, n: 2, size: "1024x1024" };
    const { json } = await emulator.post("/v1/images/generations", order);
    expect(at(json, "data.0.b64_json")).not.toBe(at(json, "data.1.b64_json"));
  });

  it.each([
    ["jpeg", "jpg"],
    ["webp", "webp"],
  ])("%s is real: exact pixels and readable text", async (format, type) => {
    const file = await generate({ output_format: format, size: "1536x1024" });
    expect(imageSize(file)).toMatchObject({ width: 1536, height: 1024, type });
    expect(await darkness(file, [0, 0, 0.7, 0.25])).toBeGreaterThan(0.02);
  });

  it.each(["png", "webp"])("a transparent background is transparent in %s", async (format) => {
    const file = await generate({ background: "transparent", output_format: format });
    const image = await loadImage(file);
    const context = createCanvas(1024, 1024).getContext("2d");
    context.drawImage(image, 0, 0);
    expect(context.getImageData(1000, 900, 1, 1).data[3]).toBe(0);
    expect(await darkness(file, [0, 0, 0.7, 0.2])).toBeGreaterThan(0.05);
  });

  it("a 4096x4096 picture comes, and a watermark stands in the lower right", async () => {
    const order = { model: "seedream-4-5-251128", prompt: PROMPT, size: "4K", watermark: true };
    const { json } = await emulator.post("/api/v3/images/generations", order);
    const file = new Uint8Array(await (await fetch(textAt(json, "data.0.url"))).arrayBuffer());
    expect(imageSize(file)).toMatchObject({ width: 4096, height: 4096, type: "jpg" });
    expect(await darkness(file, [0.77, 0.95, 1, 1])).toBeGreaterThan(0.03);
    const unmarked = await emulator.post("/api/v3/images/generations", {
      ...order,
      size: "2K",
      watermark: false,
    });
    const plain = await fetch(textAt(unmarked.json, "data.0.url"));
    const bytes = new Uint8Array(await plain.arrayBuffer());
    expect(await darkness(bytes, [0.77, 0.95, 1, 1])).toBe(0);
  });
});

describe("pictures without a canvas", () => {
  it.each(["png", "jpeg", "webp"] as const)(
    "a flat %s decodes to its exact pixels",
    async (format) => {
      for (const [width, height] of [
        [1024, 1024],
        [1001, 333],
        [192, 1536],
      ] as const) {
        const file = flatPicture({ width, height, format, transparent: false });
        const image = await loadImage(file);
        expect([image.width, image.height]).toEqual([width, height]);
        expect(file.byteLength).toBeLessThan(5_000);
      }
    },
  );

  it.each(["png", "webp"] as const)("a flat transparent %s has alpha 0", async (format) => {
    const file = flatPicture({ width: 64, height: 64, format, transparent: true });
    const context = createCanvas(64, 64).getContext("2d");
    context.drawImage(await loadImage(file), 0, 0);
    expect(context.getImageData(32, 32, 1, 1).data[3]).toBe(0);
  });

  it("the noise PNG of the fallback decodes and has its weight", async () => {
    const file = createNoisePng()({ width: 1024, height: 1024, transparent: false }, []);
    const image = await loadImage(file);
    expect([image.width, image.height]).toEqual([1024, 1024]);
    expect(file.byteLength).toBeGreaterThan(750_000);
    expect(file.byteLength).toBeLessThan(1_050_000);
  });
});
