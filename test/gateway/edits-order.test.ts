import { afterEach, describe, expect, it } from "vitest";
import { readImageRequest } from "../../src/http/openai/image-request.ts";
import { PictureRoom } from "../../src/intake/picture.ts";
import { type FormPart, formOf, formType, requestOf, restingFiles } from "./intake-bench.ts";
import { animationChunk, heavyPng, pngOf } from "./pictures.ts";
import { until } from "./sandbox.ts";

/** A form and a JSON body that ask for the same are the same order, and the same request. */

afterEach(() => until(() => restingFiles() === 0));

async function read(type: string, body: Buffer) {
  using room = new PictureRoom();
  const left = new AbortController().signal;
  const reading = { room, left, invite: () => undefined, legacy: new Map() };
  const { order, identity } = await readImageRequest(requestOf(type, [body]), reading);
  const sizes = order.references?.map(({ width, height }) => `${width}x${height}`);
  return { order, identity, sizes };
}

const asForm = (parts: readonly FormPart[]) => read(formType(), formOf(parts));
const asJson = (body: unknown) => read("application/json", Buffer.from(JSON.stringify(body)));

function fields(values: Readonly<Record<string, string>>): FormPart[] {
  return Object.entries(values).map(([name, body]) => ({ name, body }));
}

function dataUrl(picture: Buffer): string {
  return `data:image/png;base64,${picture.toString("base64")}`;
}

const ASKED = { model: "gpt-image-2", prompt: "Recolor this mug" };
const first = pngOf({ width: 640, height: 480 });
const second = heavyPng(200_000);
const mask = pngOf({ width: 640, height: 480, colourType: 6 });

describe("an order with pictures", () => {
  it("has them measured, in their order, the mask apart", async () => {
    const { order } = await asForm([
      { name: "mask", body: mask },
      { name: "image[]", body: first },
      ...fields(ASKED),
      { name: "image[]", body: pngOf({ before: [animationChunk(3)] }) },
    ]);
    expect(order).toMatchObject({ model: "gpt-image-2", prompt: "Recolor this mug", n: 1 });
    expect(order.references).toEqual([
      {
        format: "png",
        width: 640,
        height: 480,
        alpha: false,
        animated: false,
        bytes: first.length,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        read: expect.any(Function),
      },
      expect.objectContaining({ width: 1, height: 1, animated: true }),
    ]);
    expect(order.mask).toMatchObject({ width: 640, height: 480, alpha: true });
  });

  it.each<[string, unknown]>([
    [
      "images of objects",
      { images: [{ image_url: dataUrl(first) }, { image_url: dataUrl(second) }] },
    ],
    ["image, a list", { image: [dataUrl(first), dataUrl(second)] }],
    ["images, a list of strings", { images: [dataUrl(first), dataUrl(second)], image: null }],
    ["a mixed list", { image: [{ image_url: dataUrl(first) }, dataUrl(second)], mask: null }],
  ])("as JSON with %s is the same as a form", async (_what, pictures) => {
    const form = await asForm([
      { name: "image", body: first },
      { name: "image", body: second },
      ...fields({ ...ASKED, n: "2" }),
    ]);
    const json = await asJson({ ...ASKED, n: 2, ...(pictures as object) });
    expect(json.sizes).toEqual(["640x480", "1024x1024"]);
    expect(json.sizes).toEqual(form.sizes);
    expect(json.identity).toBe(form.identity);
  });

  it.each([
    ["one picture as a string", { image: dataUrl(first) }],
    ["one picture as an object", { images: { image_url: dataUrl(first) } }],
  ])("takes %s", async (_what, pictures) => {
    expect((await asJson({ ...ASKED, ...pictures })).sizes).toEqual(["640x480"]);
  });

  it("is another request with other pictures, another order of them, or one of them as the mask", async () => {
    const of = (...parts: FormPart[]) => asForm([...parts, ...fields(ASKED)]);
    const image = (body: Buffer): FormPart => ({ name: "image", body });
    const asked = [
      await of(image(first)),
      await of(image(second)),
      await of(image(first), image(second)),
      await of(image(second), image(first)),
      await of(image(first), { name: "mask", body: second }),
      await asForm([image(first), ...fields({ ...ASKED, prompt: "another" })]),
    ];
    expect(new Set(asked.map(({ identity }) => identity)).size).toBe(asked.length);
  });
});

describe("fields of a form have the types that JSON would give them", () => {
  it("numbers, booleans and objects are read from their text", async () => {
    const { order } = await asForm([
      { name: "image", body: first },
      ...fields({
        ...ASKED,
        n: "3",
        size: "1024x1024",
        quality: "low",
        output_compression: "80",
        guidance_scale: "2.5",
        seed: "-1",
        stream: "false",
        watermark: "true",
        input_fidelity: "high",
        user: "7",
        tags: '{"shop":"mugs"}',
      }),
    ]);
    expect(order).toMatchObject({
      n: 3,
      size: { kind: "pixels", width: 1_024, height: 1_024 },
      quality: "low",
      outputCompression: 80,
      guidanceScale: 2.5,
      seed: -1,
      watermark: true,
      inputFidelity: "high",
      user: "7",
      tags: { shop: "mugs" },
    });
  });

  it.each([
    ["n", "two"],
    ["n", "1.0e0"],
    ["n", "0x1"],
    ["n", "01"],
    ["n", " 1"],
    ["n", ""],
    ["n", "0"],
    ["n", "99999999999999999"],
    ["n", "1.5"],
    ["seed", "9007199254740993"],
    ["stream", "True"],
    ["stream", "1"],
    ["watermark", "yes"],
    ["guidance_scale", "NaN"],
    ["guidance_scale", "Infinity"],
    ["tags", "shop=mugs"],
    ["tags", '["a"]'],
    ["spotmeter", "{"],
    ["quality", ""],
  ])("%s=%j is invalid_value", async (name, text) => {
    const parts = [{ name: "image", body: first }, ...fields({ ...ASKED, [name]: text })];
    await expect(asForm(parts)).rejects.toMatchObject({
      code: "invalid_value",
      details: { param: name },
    });
  });
});
