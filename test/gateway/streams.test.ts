import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Answers as server-sent events, through the official client. */

let sandbox: Sandbox;
let client: OpenAI;

beforeAll(async () => {
  sandbox = await startSandbox();
  client = clientWith({});
});

beforeEach(() => sandbox.forgetCalls());

afterAll(() => sandbox.close());

function clientWith(headers: Record<string, string>): OpenAI {
  const { apiKey, gateway } = sandbox;
  const of = { apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 };
  return new OpenAI({ ...of, defaultHeaders: headers });
}

const low = { model: "gpt-image-2", prompt: MUG, size: "1024x1024", quality: "low" } as const;

async function collect(openai: OpenAI, body: Record<string, unknown>) {
  const stream = await openai.images.generate({
    ...(body as { prompt: string; model: string }),
    stream: true,
  });
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** The cost that stands in an event beside what the client's types know. */
function costOf(event: object | undefined): unknown {
  return JSON.parse(JSON.stringify(event)).usage?.cost_details?.total;
}

describe("a stream", () => {
  it("passes the vendor's interim pictures through, and charges 100 output tokens for each", async () => {
    const events = await collect(client, { ...low, partial_images: 2 });
    expect(events.map(({ type }) => type)).toEqual([
      "image_generation.partial_image",
      "image_generation.partial_image",
      "image_generation.completed",
    ]);
    expect(events.slice(0, 2)).toMatchObject([
      { partial_image_index: 0, size: "1024x1024", output_format: "png" },
      { partial_image_index: 1, size: "1024x1024", output_format: "png" },
    ]);
    const last = events.at(-1);
    expect(last).toMatchObject({ size: "1024x1024", quality: "low", output_format: "png" });
    // openai.md 11, vector 12: 21 text tokens at 5 USD and 396 image tokens at 30 USD a million.
    expect(costOf(last)).toBe("0.011985");
    const picture = Buffer.from(events.at(-1)?.b64_json ?? "", "base64");
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
  });

  it("is made of a whole answer where no interim pictures are asked for, at the same price as without", async () => {
    const events = await collect(client, low);
    expect(events.map(({ type }) => type)).toEqual(["image_generation.completed"]);
    expect(costOf(events[0])).toBe("0.005985");
    const [call] = await sandbox.calls();
    expect(call?.body).not.toHaveProperty("stream");
  });

  it.each([
    ["gemini-2.5-flash-image", "0.038703"],
    ["seedream-4-0", "0.03"],
    ["qwen-image-2.0", "0.035"],
  ])("of %s is one event with the image, its pixels and the cost", async (model, cost) => {
    const events = await collect(client, { model, prompt: MUG });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: "image_generation.completed" });
    expect(events[0]?.size).toMatch(/^\d+x\d+$/);
    expect(costOf(events[0])).toBe(cost);
  });

  it("has one event an image, and usage in the last one only", async () => {
    const events = await collect(client, { model: "qwen-image-2.0", prompt: MUG, n: 3 });
    expect(events.map(({ type }) => type)).toEqual(Array(3).fill("image_generation.completed"));
    expect(events.map(costOf)).toEqual([undefined, undefined, "0.105"]);
  });

  it("of several images is refused where the model streams one a call, before anything is spent", async () => {
    await expect(collect(client, { ...low, n: 2 })).rejects.toMatchObject({
      status: 400,
      code: "unsupported_combination",
      param: "stream",
    });
    expect(await sandbox.calls()).toEqual([]);
    const events = await collect(client, { ...low, n: 2, fan_out: true });
    expect(events.map(costOf)).toEqual([undefined, "0.01197"]);
  });

  it.each([
    [{ ...low, partial_images: 4 }, "unsupported_value"],
    [{ model: "seedream-4-0", prompt: MUG, partial_images: 1 }, "unsupported_parameter"],
    [{ ...low, n: 2, partial_images: 1, fan_out: true }, "unsupported_combination"],
  ])("refuses interim pictures that would not come: %j", async (body, code) => {
    await expect(collect(client, body)).rejects.toMatchObject({ status: 400, code });
  });

  it("refuses interim pictures without a stream", async () => {
    const answer = await sandbox.generate({ ...low, partial_images: 1 });
    expect(answer.body.error).toMatchObject({
      code: "unsupported_combination",
      param: "partial_images",
    });
  });

  it("fails with a proper error before its first event", async () => {
    const moderated = clientWith({ "x-emulate": "moderation" });
    await expect(collect(moderated, { ...low, partial_images: 1 })).rejects.toMatchObject({
      status: 400,
      code: "moderation_blocked",
    });
  });

  it("without usage is billed at the ceiling, interim pictures included", async () => {
    const events = await collect(clientWith({ "x-emulate": "no-usage" }), {
      ...low,
      partial_images: 2,
    });
    // (79 + 6) x 0.000005 + (196 + 200) x 0.00003
    expect(costOf(events.at(-1))).toBe("0.012305");
  });

  it("that is cut before its image is whole charges nothing", async () => {
    const cut = clientWith({ "x-emulate": "cut" });
    await expect(collect(cut, { ...low, partial_images: 1 })).rejects.toThrow();
    const { body } = await sandbox.get("/v1/credits");
    expect(body.held).toBe("0");
  });

  it("is recomputed from the journal like any other call", async () => {
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, first_discrepancy: null });
  });
});
