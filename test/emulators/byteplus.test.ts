import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { at, PROMPT, textAt, useEmulator } from "./harness.ts";

const emulator = useEmulator();
const make = (body: object, headers: Record<string, string> = {}) =>
  emulator.post("/api/v3/images/generations", { prompt: PROMPT, ...body }, headers);
const picture = flatPicture({ width: 512, height: 512, format: "png", transparent: false });
const reference = `data:image/png;base64,${picture.toString("base64")}`;
const refs = (count: number): string[] => Array<string>(count).fill(reference);

describe("Ark usage", () => {
  it.each([
    ["B1", { model: "seedream-4-0-250828", size: "2K" }, 16384, "2048x2048", undefined],
    [
      "B4",
      { model: "dola-seedream-5-0-pro-260628", size: "1.5K", image: refs(1) },
      9216,
      "1536x1536",
      1,
    ],
    ["B5", { model: "dola-seedream-5-0-pro-260628", size: "2K" }, 16384, "2048x2048", 0],
    ["B7", { model: "dola-seedream-5-0-pro-260628", image: refs(10) }, 16384, "2048x2048", 10],
    [
      "B8",
      { model: "dola-seedream-5-0-flash-260915", image: refs(10) },
      16384,
      "2048x2048",
      undefined,
    ],
    ["B9", { model: "dola-seedream-5-5-261028", size: "1K", image: refs(3) }, 4096, "1024x1024", 3],
    // 1612 x 1612 = 2,598,544 pixels; / 256 = 10,150.56, floored.
    ["B10", { model: "seedream-5-5-261028", size: "1612x1612" }, 10150, "1612x1612", 0],
    // 2816 x 1584 / 256 = 17,424 exactly, as seen.
    ["seen", { model: "seedream-4-5-251128", size: "2816x1584" }, 17424, "2816x1584", undefined],
  ])("%s: generated 1, output_tokens %#", async (_, body, tokens, size, inputs) => {
    const { json } = await make(body);
    expect(at(json, "usage")).toEqual({
      generated_images: 1,
      ...(inputs === undefined ? {} : { input_images: inputs }),
      output_tokens: tokens,
      total_tokens: tokens,
    });
    expect(at(json, "data.0.size")).toBe(size);
    expect(at(json, "model")).toBe(body.model);
  });

  it("B16: n is ignored, one picture is made", async () => {
    const { status, json } = await make({ model: "seedream-4-5-251128", n: 3 });
    expect([status, at(json, "usage.generated_images")]).toEqual([200, 1]);
    expect(at(json, "data")).toHaveLength(1);
  });

  it("B2: a group of four with one moderated slot bills three", async () => {
    const group = {
      model: "seedream-4-5-251128",
      sequential_image_generation: "auto",
      sequential_image_generation_options: { max_images: 4 },
    };
    const { json } = await make(group, { "x-emulate": "partial=3" });
    expect(at(json, "usage.generated_images")).toBe(3);
    expect(at(json, "data")).toHaveLength(4);
    expect(at(json, "data.3.error.code")).toBe("OutputImageSensitiveContentDetected");
  });

  it("a group without max_images makes 15 less the references", async () => {
    const { json } = await make({
      model: "seedream-4-0-250828",
      size: "1K",
      image: refs(2),
      sequential_image_generation: "auto",
    });
    expect(at(json, "usage.generated_images")).toBe(13);
  });

  it("3.0 has no data[].size, 5.0-pro and 5.5 name their format", async () => {
    const old = await make({ model: "seedream-3-0-t2i-250415", seed: -1, guidance_scale: 2.5 });
    expect(at(old.json, "data.0")).toEqual({ url: expect.stringContaining("/__pictures/") });
    const pro = await make({ model: "dola-seedream-5-0-pro-260628" });
    expect(at(pro.json, "data.0.output_format")).toBe("jpeg");
    const five = await make({ model: "dola-seedream-5-5-261028" });
    expect(at(five.json, "data.0.output_format")).toBe("png");
  });
});

describe("Ark pictures", () => {
  it("come by URL by default and inline for b64_json, in the exact size: 1500x1000 on pro", async () => {
    const body = { model: "dola-seedream-5-0-pro-260628", size: "1500x1000", output_format: "png" };
    const byUrl = await make(body);
    const file = new Uint8Array(
      await (await fetch(textAt(byUrl.json, "data.0.url"))).arrayBuffer(),
    );
    expect(imageSize(file)).toMatchObject({ width: 1500, height: 1000, type: "png" });
    const inline = await make({ ...body, response_format: "b64_json" });
    const bytes = Buffer.from(textAt(inline.json, "data.0.b64_json"), "base64");
    expect(imageSize(bytes)).toMatchObject({ width: 1500, height: 1000 });
  });

  it("adaptive follows the input picture", async () => {
    const { json } = await make({
      model: "seededit-3-0-i2i-250628",
      size: "adaptive",
      image: reference,
      response_format: "b64_json",
    });
    const bytes = Buffer.from(textAt(json, "data.0.b64_json"), "base64");
    expect(imageSize(bytes)).toMatchObject({ width: 512, height: 512, type: "jpg" });
  });
});

describe("Ark refusals", () => {
  it("B12: 4.5 refuses 1024x1024 in the vendor's words, with the request id twice", async () => {
    const { status, json, headers } = await make({
      model: "seedream-4-5-251128",
      size: "1024x1024",
    });
    expect(status).toBe(400);
    expect(json).toEqual({
      error: {
        code: "InvalidParameter",
        message: `The parameter \`size\` specified in the request is not valid: image size must be at least 3686400 pixels. Request id: ${headers.get("x-request-id")}`,
        param: "",
        type: "BadRequest",
      },
    });
    expect(headers.get("x-request-id")).toMatch(/^0217/);
  });

  it.each([
    ["dola-seedream-5-0-pro-260628", { sequential_image_generation: "disabled" }],
    ["dola-seedream-5-0-pro-260628", { stream: false }],
    ["dola-seedream-5-0-flash-260915", { sequential_image_generation: "auto" }],
    ["dola-seedream-5-0-flash-260915", { stream: false }],
    ["dola-seedream-5-5-261028", { stream: true }],
    ["seedream-5-0-lite-260128", { tools: [{ type: "web_search" }] }],
    ["seedream-4-5-251128", { output_format: "png" }],
    ["seedream-4-5-251128", { background: "opaque" }],
    ["seedream-3-0-t2i-250415", { image: reference }],
  ])("%s refuses %j as not supported by the current model", async (model, body) => {
    const { status, json } = await make({ model, ...body });
    expect(status).toBe(400);
    const name = Object.keys(body)[0];
    expect(textAt(json, "error.message")).toContain(
      `the parameter \`${name}\` is not supported by the current model`,
    );
  });

  it.each([
    ["seedream-5-0-lite-260128", { size: "1920x1919" }, "at least 3686400 pixels"],
    ["seedream-4-0-250828", { size: "960x959" }, "at least 921600 pixels"],
    ["dola-seedream-5-0-pro-260628", { size: "2048x2258" }, "at most 4624220 pixels"],
    ["seedream-4-0-250828", { size: "8192x511" }, "between 1/16 and 16"],
    ["seedream-4-5-251128", { size: "1K" }, "the specified size is not supported for model"],
    ["dola-seedream-5-0-pro-260628", { size: "4K" }, "the specified size is not supported"],
    ["seedream-3-0-t2i-250415", { size: "511x1024" }, "between 512 and 2048"],
    ["seedream-3-0-t2i-250415", { seed: -2 }, "between -1 and 2147483647"],
    ["dola-seedream-5-5-261028", { image: refs(11) }, "at most 10 images"],
    ["seededit-3-0-i2i-250628", {}, "at least 1 image"],
    ["seedream-4-5-251128", { optimize_prompt_options: { mode: "fast" } }, "fast is not supported"],
    ["seedream-4-5-251128", { image: "data:image/PNG;base64,AAAA" }, "image URL is not valid"],
  ])("%s with %j: %s", async (model, body, words) => {
    const { status, json } = await make({ model, ...body });
    expect(status).toBe(400);
    expect(textAt(json, "error.message")).toContain(words);
  });

  it.each([
    ["seedream-4-5-251128", "1920x1920"],
    ["seedream-4-5-251128", "2560x1440"],
    ["seedream-4-5-251128", "4096x4096"],
    ["seedream-4-0-250828", "1280x720"],
    ["dola-seedream-5-5-261028", "1536x1024"],
  ])("%s takes %s", async (model, size) => {
    expect((await make({ model, size })).status).toBe(200);
  });

  it("bare ids are 404 InvalidEndpointOrModel.NotFound; endpoints of dated ids serve them", async () => {
    const bare = await make({ model: "seedream-5-0-lite" });
    expect([bare.status, at(bare.json, "error.code")]).toEqual([
      404,
      "InvalidEndpointOrModel.NotFound",
    ]);
    const endpoint = await make({ model: "ep-doubao-seedream-4-0-250828" });
    expect(at(endpoint.json, "model")).toBe("doubao-seedream-4-0-250828");
  });

  it("keys: 401 AuthenticationError", async () => {
    const body = { model: "seedream-4-5-251128" };
    const { status, json } = await make(body, { authorization: "Bearer bad" });
    expect([status, at(json, "error.code")]).toEqual([401, "AuthenticationError"]);
  });
});

describe("Ark streams", () => {
  it("B13: two partial_succeeded, one partial_failed, completed with generated 2, [DONE]", async () => {
    const body = {
      model: "seedream-4-0-250828",
      size: "1K",
      stream: true,
      sequential_image_generation: "auto",
      sequential_image_generation_options: { max_images: 3 },
    };
    const { text, headers } = await make(body, { "x-emulate": "partial=2" });
    expect(headers.get("content-type")).toBe("text/event-stream");
    const events = text.trim().split("\n\n");
    expect(events.map((event) => event.split("\n")[0])).toEqual([
      "event: image_generation.partial_succeeded",
      "event: image_generation.partial_succeeded",
      "event: image_generation.partial_failed",
      "event: image_generation.completed",
      "data: [DONE]",
    ]);
    const completed = JSON.parse(events[3]?.split("\ndata: ")[1] ?? "");
    expect(at(completed, "usage.generated_images")).toBe(2);
  });
});
