import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { at, PROMPT, reply, textAt, useEmulator } from "./harness.ts";

const PATH = "/v1/images/generations";
const emulator = useEmulator();
const image = (body: object) =>
  emulator.post(PATH, { model: "gpt-image-2", prompt: PROMPT, ...body });

describe("OpenAI generations", () => {
  it("gpt-image-2 low 1024x1024: text 21, output 196, details that add up", async () => {
    const { status, json, headers } = await image({ size: "1024x1024", quality: "low" });
    expect(status).toBe(200);
    expect(at(json, "usage")).toEqual({
      input_tokens: 21,
      input_tokens_details: { image_tokens: 0, text_tokens: 21 },
      output_tokens: 196,
      output_tokens_details: { image_tokens: 196, text_tokens: 0 },
      total_tokens: 217,
    });
    expect(json).toMatchObject({ size: "1024x1024", quality: "low", output_format: "png" });
    expect(json).not.toHaveProperty("model");
    expect(headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
  });

  it("n multiplies the prompt too: n=4 with 22 tokens is 112 in and 784 out", async () => {
    const prompt =
      "Studio photo of a matte white ceramic mug, three-quarter view, soft light, seamless white background, no text";
    const { json } = await image({ prompt, n: 4, size: "1024x1024", quality: "low" });
    expect(at(json, "usage.input_tokens")).toBe(112);
    expect(at(json, "usage.output_tokens")).toBe(784);
    expect(at(json, "data")).toHaveLength(4);
  });

  it.each([
    ["gpt-image-2", "low", "1254x1254", 229],
    ["gpt-image-2-2026-04-21", "low", "1254x1254", 229],
    ["gpt-image-2.5-flare", "medium", "1254x1254", 515],
    ["gpt-image-2.5-sunburst-2026-09-08", "medium", "1254x1254", 515],
    ["gpt-image-2.6-flare", "medium", "1254x1254", 515],
    ["gpt-image-2.6-sunburst", "high", "1254x1254", 2058],
    ["gpt-image-1", "medium", "1024x1024", 1056],
    ["gpt-image-1-mini", "medium", "1024x1024", 1056],
    ["gpt-image-1.5-2025-12-16", "medium", "1024x1024", 1056],
    ["chatgpt-image-latest", "medium", "1024x1024", 1056],
  ])("%s: auto becomes %s at %s, %i tokens", async (model, quality, size, tokens) => {
    const { json } = await image({ model });
    expect(json).toMatchObject({ quality, size });
    expect(at(json, "usage.output_tokens")).toBe(tokens);
    const picture = imageSize(Buffer.from(textAt(json, "data.0.b64_json"), "base64"));
    expect(`${picture.width}x${picture.height}`).toBe(size);
  });

  it("gpt-image-1 reports no output details, gpt-image-1.5 reports text 0", async () => {
    expect(at((await image({ model: "gpt-image-1" })).json, "usage.output_tokens_details")).toBe(
      undefined,
    );
    const half = await image({ model: "gpt-image-1.5" });
    expect(at(half.json, "usage.output_tokens_details.text_tokens")).toBe(0);
  });

  it("text that looks like a special token is ordinary text", async () => {
    const { json } = await image({ prompt: "<|endoftext|>" });
    // Seven ordinary tokens and the usual six.
    expect(at(json, "usage.input_tokens")).toBe(13);
  });

  it.each([
    ["png", "png"],
    ["jpeg", "jpg"],
    ["webp", "webp"],
  ])("output_format %s is what comes", async (format, type) => {
    const { json } = await image({ output_format: format, size: "1024x1536" });
    const picture = imageSize(Buffer.from(textAt(json, "data.0.b64_json"), "base64"));
    expect(picture).toMatchObject({ width: 1024, height: 1536, type });
  });

  it("null is omitted, and values that ask for nothing are taken", async () => {
    const body = { n: null, partial_images: null, stream: false, background: "auto", user: "u" };
    expect((await image({ ...body, moderation: "low", size: "auto" })).status).toBe(200);
  });
});

describe("OpenAI refusals", () => {
  it.each([
    [{ response_format: "b64_json" }, "unknown_parameter", "Unknown parameter: 'response_format'."],
    [{ style: "vivid" }, "unknown_parameter", "Unknown parameter: 'style'."],
    [{ seed: 1 }, "unknown_parameter", "Unknown parameter: 'seed'."],
    [{ complexity: "low" }, "unknown_parameter", "Unknown parameter: 'complexity'."],
    [
      { size: "512x512" },
      "invalid_value",
      "Invalid size '512x512'. Requested resolution is below the current minimum pixel budget.",
    ],
    [
      { size: "1920x1080" },
      "invalid_value",
      "Invalid size '1920x1080'. Width and height must both be divisible by 16.",
    ],
    [
      { size: "4096x2048" },
      "invalid_value",
      "Invalid size '4096x2048'. The longest edge must be less than or equal to 3840.",
    ],
    [
      { model: "gpt-image-1", size: "1254x836" },
      "invalid_value",
      "Invalid value: '1254x836'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
    ],
    [
      { quality: "xhigh" },
      "invalid_value",
      "The model 'gpt-image-2' does not support quality 'xhigh'",
    ],
    [
      { n: 11 },
      "integer_above_max_value",
      "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
    ],
    [
      { n: 0 },
      "integer_below_min_value",
      "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      { n: "2" },
      "invalid_type",
      "Invalid type for 'n': expected an integer, but got a string instead.",
    ],
    [
      { background: "transparent", output_format: "jpeg" },
      "invalid_value",
      "Transparent background is not supported for output format 'jpeg'",
    ],
    [
      { model: "gpt-image-2.6-flare", output_format: "gif" },
      "invalid_value",
      "Invalid value: 'gif'. Supported values are: 'png', 'jpeg', and 'webp'.",
    ],
    [{ prompt: null }, "missing_required_parameter", "Missing required parameter: 'prompt'."],
  ])("%j is a 400", async (body, code, message) => {
    const { status, json } = await image(body);
    expect(status).toBe(400);
    expect(at(json, "error.code")).toBe(code);
    expect(at(json, "error.message")).toBe(message);
    expect(at(json, "error.type")).toBe("invalid_request_error");
  });

  it.each(["2880x2880", "3840x2160", "1408x480", "1024x640"])("%s is legal", async (size) => {
    expect((await image({ size })).status).toBe(200);
  });

  it.each(["3840x2176", "1600x512", "800x800"])("%s is not", async (size) => {
    expect((await image({ size })).status).toBe(400);
  });

  it("2.5 knows xhigh and max; 2.6 knows complexity", async () => {
    const max = await image({ model: "gpt-image-2.5-flare", size: "1024x1024", quality: "max" });
    expect(at(max.json, "usage.output_tokens")).toBe(7024);
    expect((await image({ model: "gpt-image-2.6-flare", complexity: "low" })).status).toBe(200);
  });

  it("there is no bare gpt-image-2.5", async () => {
    const { status, json } = await image({ model: "gpt-image-2.5" });
    expect(status).toBe(404);
    expect(at(json, "error.code")).toBe("model_not_found");
  });

  it("keys: none and bad ones are 401 invalid_api_key, and the key is not repeated", async () => {
    const body = { model: "gpt-image-2", prompt: PROMPT };
    const bad = await emulator.post(PATH, body, { authorization: "Bearer bad-secret" });
    expect([bad.status, at(bad.json, "error.code")]).toEqual([401, "invalid_api_key"]);
    expect(bad.text).not.toContain("secret");
    expect((await emulator.post(PATH, body, { authorization: "" })).status).toBe(401);
  });
});

describe("OpenAI models", () => {
  it("carry shutdown_date, which is null for living ones", async () => {
    const { json } = await emulator.get("/v1/models/gpt-image-1-mini");
    expect(json).toMatchObject({ object: "model", shutdown_date: "2026-12-01" });
    const list = await emulator.get("/v1/models");
    expect(at(list.json, "data")).toHaveLength(13);
    expect((await emulator.get("/v1/models/nothing")).status).toBe(404);
  });

  it("DALL·E answers URLs and no usage, and takes response_format", async () => {
    const byUrl = await image({ model: "dall-e-3", size: "1792x1024" });
    expect(byUrl.json).not.toHaveProperty("usage");
    const file = await fetch(textAt(byUrl.json, "data.0.url"));
    expect(imageSize(new Uint8Array(await file.arrayBuffer()))).toMatchObject({ width: 1792 });
    const inBody = await image({ model: "dall-e-2", size: "256x256", response_format: "b64_json" });
    expect(textAt(inBody.json, "data.0.b64_json")).not.toBe("");
    expect((await image({ model: "dall-e-3", n: 2 })).status).toBe(400);
  });
});

describe("OpenAI streams", () => {
  it("send previews and one completed with usage: two previews add 200 tokens", async () => {
    const body = { stream: true, partial_images: 2, size: "1024x1024", quality: "low" };
    const { headers, text } = await image(body);
    expect(headers.get("content-type")).toBe("text/event-stream");
    const events = text.trim().split("\n\n");
    expect(events.map((event) => event.split("\n")[0])).toEqual([
      "event: image_generation.partial_image",
      "event: image_generation.partial_image",
      "event: image_generation.completed",
    ]);
    const data = JSON.parse(events[2]?.split("\ndata: ")[1] ?? "");
    expect(at(data, "usage.output_tokens")).toBe(396);
    expect(data).toMatchObject({ type: "image_generation.completed", size: "1024x1024" });
  });
});

describe("OpenAI edits", () => {
  const recolor = "Recolor this mug: matte cobalt-blue, nothing else.";
  const square = flatPicture({ width: 1024, height: 1024, format: "png", transparent: false });
  const dataUrl = `data:image/png;base64,${square.toString("base64")}`;
  const edit = (body: object) =>
    emulator.post("/v1/images/edits", { model: "gpt-image-2", prompt: recolor, ...body });

  it.each([
    [1, 1043, 19, 1024],
    [2, 2068, 20, 2048],
    [3, 3093, 21, 3072],
  ])("%i references of 1024x1024 are %i tokens in", async (count, total, text, inputs) => {
    const { json } = await edit({ images: Array(count).fill({ image_url: dataUrl }) });
    expect(at(json, "usage.input_tokens")).toBe(total);
    expect(at(json, "usage.input_tokens_details")).toEqual({
      image_tokens: inputs,
      text_tokens: text,
    });
  });

  it("multipart: files may come first, numbers are text, the size default is 1024x1024", async () => {
    const form = new FormData();
    form.append("image[]", new File([new Uint8Array(square)], "blob", { type: "image/png" }));
    form.append("mask", new File([new Uint8Array(square)], "blob", { type: "image/png" }));
    form.append("prompt", recolor);
    form.append("model", "gpt-image-2");
    form.append("n", "2");
    const headers = { authorization: "Bearer k" };
    const url = `${emulator.url()}/v1/images/edits`;
    const { status, json } = await reply(await fetch(url, { method: "POST", headers, body: form }));
    expect(status).toBe(200);
    expect(json).toMatchObject({ size: "1024x1024" });
    expect(at(json, "usage.input_tokens")).toBe(2086);
    expect((await emulator.calls()).at(-1)).toMatchObject({
      path: "/v1/images/edits",
      model: "gpt-image-2",
      images: 2,
      body: { n: 2, "image[]#0": `image/png, ${square.byteLength} bytes` },
    });
  });

  it.each([
    [{ images: [] }, "missing_required_parameter"],
    [{ images: Array(17).fill({ image_url: dataUrl }) }, "array_above_max_length"],
    [{ images: [{ image_url: dataUrl, file_id: "f" }] }, "invalid_value"],
    [{ images: [{ image_url: dataUrl, detail: "high" }] }, "unknown_parameter"],
    [{ images: [{ image_url: "data:image/png;base64,AAAA" }] }, "invalid_image_file"],
    [{ images: [{ image_url: "data:image/gif;base64,AAAA" }] }, "unsupported_file_mimetype"],
    [{ images: [{ image_url: dataUrl }], input_fidelity: "high" }, "invalid_value"],
    [{ images: [{ image_url: dataUrl }], mask: { image_url: "https://x/y.png" } }, undefined],
  ])("%# an odd edit answers %s", async (body, code) => {
    expect(at((await edit(body)).json, "error.code")).toBe(code);
  });
});
