import { imageSize } from "image-size";
import { describe, expect, it } from "vitest";
import { DASHSCOPE_MODELS } from "../../emulators/alibaba/models.ts";
import { flatPicture } from "../../emulators/picture/flat-picture.ts";
import { at, PROMPT, textAt, useEmulator } from "./harness.ts";

const emulator = useEmulator();
const SERVICES = "/api/v1/services/aigc";
const SYNC = `${SERVICES}/multimodal-generation/generation`;
const ASYNC_M = `${SERVICES}/image-generation/generation`;
const ASYNC_T = `${SERVICES}/text2image/image-synthesis`;
const ASYNC_I = `${SERVICES}/image2image/image-synthesis`;
const ASYNC = { "x-dashscope-async": "enable" };

const picture = (width: number, height: number): string => {
  const file = flatPicture({ width, height, format: "png", transparent: false });
  return `data:image/png;base64,${file.toString("base64")}`;
};
const messages = (images: readonly string[] = []): object => ({
  messages: [{ role: "user", content: [...images.map((image) => ({ image })), { text: PROMPT }] }],
});
const sync = (model: string, parameters: object = {}, images: readonly string[] = []) =>
  emulator.post(SYNC, { model, input: messages(images), parameters });

/** Polls until the task has ended; every poll gives the emulator a turn, so no sleep is needed. */
async function finished(id: string) {
  for (let polls = 0; polls < 500; polls += 1) {
    const poll = await emulator.get(`/api/v1/tasks/${id}`);
    const status = at(poll.json, "output.task_status");
    if (status !== "PENDING" && status !== "RUNNING") return poll;
  }
  throw new Error("the task did not end");
}

describe("DashScope usage shapes", () => {
  it("qwen 2.0 counts images: A1 and A2", async () => {
    const one = await sync("qwen-image-2.0", { n: 1, size: "2048*2048" });
    expect(at(one.json, "usage")).toEqual({ image_count: 1, width: 2048, height: 2048 });
    const refs = Array<string>(3).fill(picture(1024, 1536));
    const six = await sync("qwen-image-2.0-pro", { n: 6, size: "1024*1536" }, refs);
    expect(at(six.json, "usage")).toEqual({ image_count: 6, width: 1024, height: 1536 });
  });

  it.each([
    ["A3", "1500*1500", 2, "1k"],
    ["A4", "1501*1500", 1, "2k"],
  ])("%s: 3.0-pro at %s makes %i in tier %s; 2,250,000 is inclusive", async (_, size, n, tier) => {
    const { json } = await sync("qwen-image-3.0-pro", { size, n });
    const [width, height] = size.split("*").map(Number);
    expect(at(json, "usage")).toEqual({
      input_image_count: 0,
      input_image_type: `qima_input_${tier}`,
      output_image_count: n,
      output_image_type: `qima_output_${tier}`,
      output_width: width,
      output_height: height,
    });
  });

  it("A6: 3.0 with three references and no size reports input 3 and output 1", async () => {
    const { json } = await sync("qwen-image-3.0", {}, Array<string>(3).fill(picture(512, 512)));
    expect(at(json, "usage.input_image_count")).toBe(3);
    expect(at(json, "usage.output_image_count")).toBe(1);
  });

  it("A8: wan adds token counts beside the image count; 4K is 4096*4096", async () => {
    const { json } = await sync("wan2.7-image-pro", { size: "4K", n: 1 });
    expect(at(json, "usage")).toEqual({
      image_count: 1,
      size: "4096*4096",
      input_tokens: 867,
      output_tokens: 2,
      total_tokens: 869,
    });
    expect(at(json, "output.finished")).toBe(true);
  });

  it("A9: z-image reports the same usage with and without prompt_extend", async () => {
    for (const prompt_extend of [true, false]) {
      const { json } = await sync("z-image-turbo", { prompt_extend });
      expect(at(json, "usage")).toEqual({ image_count: 1, width: 1024, height: 1536 });
    }
  });

  it("n omitted: wan2.6 makes 4, wan2.7 makes 1 (configurable), qwen makes 1", async () => {
    const counts = await Promise.all(
      ["wan2.6-t2i", "wan2.7-image", "qwen-image-2.0"].map(async (model) =>
        at((await sync(model)).json, "usage.image_count"),
      ),
    );
    expect(counts).toEqual([4, 1, 1]);
  });
});

describe("DashScope answers", () => {
  it("3.0 packs one choice an image, the others put all images into one choice", async () => {
    const three = await sync("qwen-image-3.0", { n: 2 });
    expect(at(three.json, "output.choices")).toHaveLength(2);
    const two = await sync("qwen-image-2.0", { n: 2 });
    expect(at(two.json, "output.choices")).toHaveLength(1);
    expect(at(two.json, "output.choices.0.message.content")).toHaveLength(2);
  });

  it("qwen-image-max and plus add task_metric", async () => {
    const { json } = await sync("qwen-image-plus-2026-01-09");
    expect(at(json, "output.task_metric")).toEqual({ TOTAL: 1, SUCCEEDED: 1, FAILED: 0 });
  });

  it("pictures are PNGs behind URLs that name their expiry; unknown ones are 403", async () => {
    const { json } = await sync("qwen-image-max");
    const url = textAt(json, "output.choices.0.message.content.0.image");
    expect(url).toMatch(/\/__pictures\/[\w-]+\.png\?Expires=\d+$/);
    const file = await fetch(url);
    expect(file.headers.get("content-type")).toBe("image/png");
    const size = imageSize(new Uint8Array(await file.arrayBuffer()));
    expect(size).toMatchObject({ width: 1664, height: 928 });
    expect((await fetch(url.replace(/\/[\w-]+\.png/, "/gone.png"))).status).toBe(403);
  });

  it("edits without a size follow the last input, and sizes snap to 16: 1033*1032 is 1040*1024", async () => {
    const refs = [picture(512, 512), picture(800, 1200)];
    const followed = await sync("qwen-image-2.0", {}, refs);
    expect(at(followed.json, "usage")).toEqual({ image_count: 1, width: 800, height: 1200 });
    const snapped = await sync("qwen-image-2.0", { size: "1033*1032" }, refs);
    expect(at(snapped.json, "usage")).toEqual({ image_count: 1, width: 1040, height: 1024 });
  });

  it("a wan label gives a square for text and the last input's ratio for edits", async () => {
    const text = await sync("wan2.7-image", { size: "1K" });
    expect(at(text.json, "usage.size")).toBe("1024*1024");
    const edit = await sync("wan2.7-image", { size: "2K" }, [picture(1600, 900)]);
    expect(at(edit.json, "usage.size")).toBe("2736*1536");
  });
});

describe("DashScope refusals", () => {
  it.each(["qwen-image", "qwen-image-plus", "qwen-image-max", "z-image-turbo"])(
    "%s makes exactly one",
    async (model) => {
      const { status, json } = await sync(model, { n: 2 });
      expect(status).toBe(400);
      expect(json).toEqual({
        request_id: expect.any(String),
        code: "InvalidParameter",
        message: "num_images_per_prompt must be 1",
      });
    },
  );

  it.each([
    ["qwen-image-2.0", { n: 7 }, "n must be in [1, 6]"],
    ["wan2.7-image", { n: 5 }, "n must be in [1, 4]"],
    ["wan2.7-image", { enable_sequential: true, n: 13 }, "n must be in [1, 12]"],
    ["qwen-image-2.0", { size: "1024x1024" }, "expected width*height"],
    ["qwen-image-2.0", { size: "512*511" }, "between 262144 and 4194304"],
    ["qwen-image-2.0", { size: "2K" }, "expected width*height"],
    ["qwen-image-3.0-pro", { size: "3000*300" }, "between 1:8 and 8:1"],
    ["qwen-image", { size: "1024*1024" }, "allowed: 1664*928"],
    ["wan2.7-image", { size: "4K" }, "expected width*height"],
    ["wan2.7-image", { size: "4096*4096" }, "between 589824 and 4194304"],
    ["wan2.6-t2i", { size: "1024*1024" }, "between 1638400 and 2073600"],
    ["wan2.7-image", { prompt_extend: false }, "prompt_extend is not supported"],
    ["wan2.7-image", { negative_prompt: "x" }, "negative_prompt is not supported"],
    ["qwen-image-2.0", { seed: -1 }, "seed must be in [0, 2147483647]"],
    ["qwen-image-2.0", { watermark: "no" }, "watermark must be a boolean"],
  ])("%s with %j: %s", async (model, parameters, words) => {
    const { status, json } = await sync(model, parameters);
    expect(status).toBe(400);
    expect(textAt(json, "message")).toContain(words);
  });

  it("4K on the pro model is for text-to-image only", async () => {
    expect((await sync("wan2.7-image-pro", { size: "4K" })).status).toBe(200);
    const edit = await sync("wan2.7-image-pro", { size: "4K" }, [picture(512, 512)]);
    expect(edit.status).toBe(400);
  });

  it.each([
    ["qwen-image-2.0", 4, "at most 3 images"],
    ["qwen-image-edit-plus", 0, "at least 1 image"],
    ["wan2.7-image", 10, "at most 9 images"],
    ["qwen-image", 1, "at most 0 images"],
  ])("%s with %i references: %s", async (model, count, words) => {
    const refs = Array<string>(count).fill(picture(512, 512));
    const { status, json } = await sync(model, {}, refs);
    expect(status).toBe(400);
    expect(textAt(json, "message")).toContain(words);
  });

  it("names nobody knows are ignored, as n is sent and nothing else is known", async () => {
    expect((await sync("qwen-image-2.0", { guidance_scale: 3, quality: "high" })).status).toBe(200);
  });

  it("exactly one message, one text; wrong bodies have the vendor's codes", async () => {
    const bodies = [
      { model: "qwen-image-2.0" },
      { input: messages() },
      { model: "qwen-image-2.0", input: { messages: [] } },
      { model: "qwen-image-2.0", input: { messages: [{ role: "user", content: [] }] } },
      { model: "qwen-image-2.0", input: messages(["nonsense"]) },
      { model: "nothing", input: messages() },
    ];
    const replies = await Promise.all(bodies.map((body) => emulator.post(SYNC, body)));
    expect(replies.map(({ status, json }) => [status, at(json, "code")])).toEqual([
      [400, "BadRequest.EmptyInput"],
      [400, "BadRequest.EmptyModel"],
      [400, "InvalidParameter"],
      [400, "InvalidParameter"],
      [400, "InvalidURL"],
      [404, "ModelNotFound"],
    ]);
  });

  it("keys: 401 InvalidApiKey with the two texts", async () => {
    const body = { model: "qwen-image-2.0", input: messages() };
    const none = await emulator.post(SYNC, body, { authorization: "" });
    expect([none.status, at(none.json, "message")]).toEqual([401, "No API-key provided."]);
    const bad = await emulator.post(SYNC, body, { authorization: "Bearer bad" });
    expect([bad.status, at(bad.json, "message")]).toEqual([401, "Invalid API-key provided."]);
  });

  it("routes: tasks want their header, models their own address", async () => {
    const body = { model: "wan2.7-image", input: messages() };
    const lost = await emulator.post(ASYNC_M, body);
    expect(textAt(lost.json, "message")).toBe(
      "current user api does not support synchronous calls",
    );
    const wrong = await emulator.post(ASYNC_M, { ...body, model: "qwen-image-2.0" }, ASYNC);
    expect([wrong.status, at(wrong.json, "code")]).toEqual([400, "InvalidParameter"]);
  });
});

describe("DashScope tasks", () => {
  it("ASYNC-T: submit has no usage, the result counts successes", async () => {
    const submit = await emulator.post(
      ASYNC_T,
      { model: "wan2.2-t2i-flash", input: { prompt: PROMPT }, parameters: { n: 2 } },
      ASYNC,
    );
    expect(submit.json).toEqual({
      request_id: expect.any(String),
      output: { task_id: expect.any(String), task_status: "PENDING" },
    });
    const { json } = await finished(textAt(submit.json, "output.task_id"));
    expect(at(json, "output.task_status")).toBe("SUCCEEDED");
    expect(at(json, "output.results")).toHaveLength(2);
    expect(at(json, "output.task_metrics")).toEqual({ TOTAL: 2, SUCCEEDED: 2, FAILED: 0 });
    expect(at(json, "usage")).toEqual({ image_count: 2 });
    expect(textAt(json, "output.end_time")).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  });

  it("ASYNC-M: the result is the synchronous shape", async () => {
    const body = { model: "wan2.7-image", input: messages(), parameters: { n: 3, size: "1K" } };
    const submit = await emulator.post(ASYNC_M, body, ASYNC);
    const { json } = await finished(textAt(submit.json, "output.task_id"));
    expect(at(json, "output.choices.0.message.content")).toHaveLength(3);
    expect(at(json, "usage.image_count")).toBe(3);
  });

  it("ASYNC-I: wan2.5-i2i takes 1 to 3 images beside its prompt", async () => {
    const input = { prompt: PROMPT, images: [picture(800, 1000)] };
    const body = { model: "wan2.5-i2i-preview", input, parameters: { n: 1 } };
    const submit = await emulator.post(ASYNC_I, body, ASYNC);
    const { json } = await finished(textAt(submit.json, "output.task_id"));
    expect(at(json, "usage")).toEqual({ image_count: 1 });
  });

  it("interleaving makes max_images pictures, in tasks only", async () => {
    const parameters = { enable_interleave: true, max_images: 2, size: "1K" };
    const body = { model: "wan2.6-image", input: messages(), parameters };
    expect((await emulator.post(SYNC, body)).status).toBe(400);
    const submit = await emulator.post(ASYNC_M, body, ASYNC);
    const { json } = await finished(textAt(submit.json, "output.task_id"));
    expect(at(json, "usage.image_count")).toBe(2);
  });

  it("an unknown task polls as UNKNOWN with HTTP 200, and cannot be cancelled", async () => {
    const poll = await emulator.get("/api/v1/tasks/nothing");
    expect([poll.status, at(poll.json, "output.task_status")]).toEqual([200, "UNKNOWN"]);
    const cancel = await emulator.post("/api/v1/tasks/nothing/cancel", {});
    expect([cancel.status, at(cancel.json, "code")]).toEqual([400, "UnsupportedOperation"]);
  });

  it("polls and downloads are counted apart from calls", async () => {
    await fetch(`${emulator.url()}/__calls`, { method: "DELETE" });
    await emulator.get("/api/v1/tasks/nothing");
    await fetch(`${emulator.url()}/__pictures/x.png`);
    const { json } = await emulator.get("/__calls");
    expect(json).toEqual({ calls: [], polls: 1, downloads: 1 });
  });
});

describe("a slow DashScope", () => {
  const slow = useEmulator({ latencyMs: 60_000 });
  it("a PENDING task can be cancelled, once", async () => {
    const body = { model: "wan2.2-t2i-plus", input: { prompt: PROMPT }, parameters: { n: 1 } };
    const submit = await slow.post(ASYNC_T, body, ASYNC);
    const task = `/api/v1/tasks/${textAt(submit.json, "output.task_id")}`;
    expect(at((await slow.get(task)).json, "output.task_status")).toBe("PENDING");
    expect((await slow.post(`${task}/cancel`, {})).status).toBe(200);
    expect(at((await slow.get(task)).json, "output.task_status")).toBe("CANCELED");
    expect((await slow.post(`${task}/cancel`, {})).status).toBe(400);
  });
});

it("knows every id of alibaba.md §4", () => {
  expect(DASHSCOPE_MODELS.map(({ id }) => id)).toEqual([
    "qwen-image-3.0-pro",
    "qwen-image-3.0",
    "qwen-image-2.1-pro",
    "qwen-image-2.0-pro",
    "qwen-image-2.0-pro-2026-03-03",
    "qwen-image-2.0-pro-2026-04-22",
    "qwen-image-2.0-pro-2026-06-22",
    "qwen-image-2.0",
    "qwen-image-2.0-2026-03-03",
    "qwen-image-2.0-2026-04-22",
    "qwen-image-2.0-2026-06-22",
    "qwen-image-max",
    "qwen-image-max-2025-12-30",
    "qwen-image-plus",
    "qwen-image-plus-2026-01-09",
    "qwen-image",
    "qwen-image-edit-max",
    "qwen-image-edit-max-2026-01-16",
    "qwen-image-edit-plus",
    "qwen-image-edit-plus-2025-10-30",
    "qwen-image-edit-plus-2025-12-15",
    "qwen-image-edit",
    "wan2.7-image-pro",
    "wan2.7-image",
    "wan2.6-t2i",
    "wan2.6-image",
    "wan2.5-t2i-preview",
    "wan2.5-i2i-preview",
    "wan2.2-t2i-flash",
    "wan2.2-t2i-plus",
    "wanx2.1-t2i-turbo",
    "wanx2.1-t2i-plus",
    "wanx2.0-t2i-turbo",
    "z-image-turbo",
  ]);
});
