import { describe, expect, it } from "vitest";
import type { ImageOrder } from "../../src/gates/order.ts";
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import { wireBody } from "../../src/vendors/openai/request.ts";
import { drawn } from "./pictures.ts";
import { acceptedFor, callTo, recordingSink, type Seen, sendJson, serve } from "./vendor-bench.ts";

const prompt = "a matte blue mug";

describe("a request to OpenAI", () => {
  it.each<[string, Partial<ImageOrder>, object]>([
    ["nothing but a prompt", {}, {}],
    ["n=1, which asks for nothing", { n: 1 }, {}],
    ["n=4", { n: 4 }, { n: 4 }],
    [
      "exact pixels",
      { size: { kind: "pixels", width: 1536, height: 1024 } },
      { size: "1536x1024" },
    ],
    ["size auto", { size: { kind: "auto" } }, { size: "auto" }],
    ["quality low", { quality: "low" }, { quality: "low" }],
    ["quality auto", { quality: "auto" }, { quality: "auto" }],
    [
      "a transparent background",
      { background: "transparent", outputFormat: "webp" },
      { background: "transparent", output_format: "webp" },
    ],
    ["background auto", { background: "auto" }, { background: "auto" }],
    [
      "a compressed jpeg",
      { outputFormat: "jpeg", outputCompression: 0 },
      { output_format: "jpeg", output_compression: 0 },
    ],
    ["low moderation", { moderation: "low" }, { moderation: "low" }],
    ["a user", { user: "u-1" }, { user: "u-1" }],
    [
      "what asks for nothing on this vendor, and our own dimensions",
      { watermark: false, promptExtend: false, tags: { shop: "a" } },
      {},
    ],
  ])("carries what was asked and nothing else: %s", async (_name, asked, fields) => {
    const accepted = await acceptedFor("gpt-image-2", asked);
    expect(wireBody(accepted)).toEqual({ model: "gpt-image-2", prompt, ...fields });
    expect(openaiVendor().sent(accepted)).toEqual({});
  });

  it.each(["gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2.5-flare", "gpt-image-2.6-sunburst"])(
    "%s takes the same fields",
    async (model) => {
      const order = {
        quality: "high",
        size: { kind: "pixels", width: 1024, height: 1024 },
      } as const;
      expect(wireBody(await acceptedFor(model, order))).toEqual({
        model,
        prompt,
        quality: "high",
        size: "1024x1024",
      });
    },
  );

  it("never asks for a response format: these models answer it with 400", async () => {
    expect(wireBody(await acceptedFor("gpt-image-2"))).not.toHaveProperty("response_format");
  });
});

/** What an edit sends. */
async function editSeen(model: string, asked: Partial<ImageOrder>): Promise<Seen> {
  await using server = await serve((_request, response) => {
    sendJson(response, 200, { created: 1, data: [{ b64_json: "AAAA" }] });
  });
  const accepted = await acceptedFor(model, asked);
  const call = callTo("openai", { origin: `${server.origin}/v1`, accepted });
  expect(await openaiVendor().dispatch(call, recordingSink())).toMatchObject({ kind: "made" });
  const [seen] = server.seen;
  if (seen === undefined || server.seen.length > 1) throw new Error("not one request");
  return seen;
}

/** The fields of a form in their order; a file by its name, type and base64. */
async function formOf({ headers, bytes }: Seen): Promise<readonly (readonly string[])[]> {
  const type = headers["content-type"] ?? "";
  const sent = new Response(new Uint8Array(bytes), { headers: { "content-type": type } });
  return Promise.all(
    [...(await sent.formData())].map(async ([name, value]) =>
      typeof value === "string"
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.bytes()).toString("base64")],
    ),
  );
}

describe("an edit to OpenAI", () => {
  const mug = drawn(64, 48);
  const base64 = mug.file.toString("base64");

  it("one reference goes as a form under image, with what was asked and nothing else", async () => {
    const seen = await editSeen("gpt-image-2", { references: [mug] });
    expect(seen).toMatchObject({ method: "POST", url: "/v1/images/edits" });
    expect(seen.headers["content-length"]).toBe(String(seen.bytes.length));
    expect(seen.headers).toMatchObject({
      authorization: "Bearer test-key",
      "accept-encoding": "identity",
    });
    expect(await formOf(seen)).toEqual([
      ["model", "gpt-image-2"],
      ["prompt", prompt],
      ["image", "image-1.png", "image/png", base64],
    ]);
  });

  it("several go under image[], in their order, with a mask and every field that was asked", async () => {
    const photo = drawn(32, 32, { format: "jpeg" });
    const mask = drawn(64, 48, { transparent: true });
    const seen = await editSeen("gpt-image-1.5", {
      references: [mug, photo],
      mask,
      n: 2,
      size: { kind: "pixels", width: 1536, height: 1024 },
      quality: "high",
      background: "auto",
      outputFormat: "webp",
      outputCompression: 80,
      moderation: "auto",
      inputFidelity: "high",
      user: "u-1",
    });
    expect(await formOf(seen)).toEqual([
      ["model", "gpt-image-1.5"],
      ["prompt", prompt],
      ["n", "2"],
      ["size", "1536x1024"],
      ["quality", "high"],
      ["background", "auto"],
      ["output_format", "webp"],
      ["output_compression", "80"],
      ["input_fidelity", "high"],
      ["user", "u-1"],
      ["image[]", "image-1.png", "image/png", base64],
      ["image[]", "image-2.jpeg", "image/jpeg", photo.file.toString("base64")],
      ["mask", "mask.png", "image/png", mask.file.toString("base64")],
    ]);
  });

  it("a stream with interim pictures is asked for in the form as everywhere", async () => {
    const seen = await editSeen("gpt-image-2", {
      references: [mug],
      stream: true,
      partialImages: 2,
    });
    expect((await formOf(seen)).slice(2)).toEqual([
      ["stream", "true"],
      ["partial_images", "2"],
      ["image", "image-1.png", "image/png", base64],
    ]);
  });

  it("with low moderation, which the form has not, all of it goes as JSON with data URLs", async () => {
    const mask = drawn(64, 48, { transparent: true });
    const references = [mug, mug] as const;
    const asked = { references, mask, moderation: "low", quality: "low", n: 2 };
    const seen = await editSeen("gpt-image-2", asked);
    expect(seen.url).toBe("/v1/images/edits");
    expect(seen.headers["content-type"]).toBe("application/json");
    const url = (file: Buffer) => ({
      image_url: `data:image/png;base64,${file.toString("base64")}`,
    });
    expect(JSON.parse(seen.body)).toEqual({
      model: "gpt-image-2",
      prompt,
      n: 2,
      quality: "low",
      moderation: "low",
      images: [url(mug.file), url(mug.file)],
      mask: url(mask.file),
    });
  });
});
