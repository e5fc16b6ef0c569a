import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serve } from "../core/vendor-bench.ts";
import { type ChildGateway, startChild } from "./child-gateway.ts";
import { errorsSeen, expectRefusal, type RawAnswer, send } from "./raw-client.ts";
import { baseUrls } from "./replay-vendor.ts";
import { askerOf, MUG } from "./sandbox.ts";

/** Whatever is sent, the answer is a documented refusal, no vendor is called, nothing is held, no secret leaves. */

const MASTER_KEY = "a-master-key-of-this-test-only";
const PROMPT_SECRET = "a prompt that must stay out of every log";

let home: string;
let gateway: ChildGateway;
let ask: ReturnType<typeof askerOf>;
let vendor: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  vendor = await serve((_request, response) => {
    response.writeHead(500);
    response.end();
  });
  const environment = { ...baseUrls(vendor.origin), MASTER_KEY };
  gateway = await startChild({ home, environment });
  ask = askerOf(gateway, vendor.origin);
});
afterAll(async () => {
  await gateway.kill("SIGTERM");
  await vendor[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});
afterEach(async () => {
  expect(vendor.seen).toEqual([]);
  expect((await ask.admin("GET", "/holds")).body.data).toEqual([]);
});

function post(body: string | Buffer | readonly (string | Buffer)[], headers = {}) {
  const authorization = `Bearer ${gateway.apiKey}`;
  return send(gateway.url, {
    headers: { authorization, "content-type": "application/json", ...headers },
    body,
  });
}

function order(changed: Record<string, unknown>): Promise<RawAnswer> {
  return post(JSON.stringify({ model: "gpt-image-2", prompt: MUG, ...changed }));
}

describe("a body that is no order", () => {
  it.each([
    ["nothing at all", ""],
    ["half an object", '{"model":"gpt-image-2","prompt":"a mug'],
    ["text", "a mug, please"],
    ["a stray comma", '{"model":"gpt-image-2",}'],
    ["single quotes", "{'model':'gpt-image-2'}"],
    ["two objects", "{}{}"],
    ["a byte order of UTF-16", Buffer.from('{"model":"gpt-image-2"}', "utf16le")],
    ["bytes that are not UTF-8", Buffer.from('{"model":"\xff\xfe"}', "latin1")],
    ["NaN", '{"model":"gpt-image-2","n":NaN}'],
  ])("%s is invalid_json", async (_name, body) => {
    expectRefusal(await post(body), "invalid_json", null);
  });

  it.each([
    ["an array", "[]"],
    ["an array of an order", '[{"model":"gpt-image-2","prompt":"a mug"}]'],
    ["a string", '"gpt-image-2"'],
    ["a number", "7"],
    ["null", "null"],
    ["true", "true"],
    ["a very deep array", "[".repeat(200_000) + "]".repeat(200_000)],
  ])("%s is invalid_value", async (_name, body) => {
    expectRefusal(await post(body), "invalid_value");
  });

  it("the prompt's own text is never said back where the JSON broke", async () => {
    const answer = await post(`{"model":"gpt-image-2","prompt":"${PROMPT_SECRET}" oops`);
    expectRefusal(answer, "invalid_json");
    expect(answer.text).not.toContain(PROMPT_SECRET);
  });

  it.each([
    ["text/plain", "text/plain"],
    ["a form", "application/x-www-form-urlencoded"],
    ["multipart, which is for edits", "multipart/form-data; boundary=x"],
    ["nothing", ""],
  ])("content-type %s is unsupported_media_type", async (_name, type) => {
    const error = expectRefusal(
      await post("{}", { "content-type": type }),
      "unsupported_media_type",
    );
    expect(error["allowed"]).toEqual(["application/json"]);
  });

  it("content-type with a charset is JSON all the same", async () => {
    const answer = await post("{}", { "content-type": "Application/JSON; charset=utf-8" });
    expectRefusal(answer, "missing_parameter");
  });
});

describe("a body over its size limit", () => {
  const large = Buffer.alloc(3 * 1024 * 1024, " ");

  it("with a length is refused by it", async () => {
    const error = expectRefusal(await post(large), "body_too_large");
    expect(error["allowed"]).toEqual({ bytes_max: 1_048_576 });
  });

  it("without a length is refused when it gets there", async () => {
    const pieces = Array.from({ length: 48 }, () => large.subarray(0, 65_536));
    expectRefusal(await post(pieces), "body_too_large");
  });

  it("of an admin route is 64 KiB", async () => {
    const headers = {
      authorization: `Bearer ${MASTER_KEY}`,
      "content-type": "application/json",
    };
    const body = [Buffer.alloc(65_536, " "), Buffer.alloc(1, " ")];
    for (const sent of [Buffer.concat(body), body]) {
      const answer = await send(gateway.url, { path: "/admin/v1/accounts", headers, body: sent });
      expectRefusal(answer, "body_too_large");
    }
  });
});

describe("a parameter", () => {
  it.each([
    [{ prompt: undefined }, "missing_parameter", "prompt"],
    [{ model: undefined }, "missing_parameter", "model"],
    [{ prompt: null }, "missing_parameter", "prompt"],
    [{ prompt: "" }, "invalid_value", "prompt"],
    [{ prompt: 7 }, "invalid_value", "prompt"],
    [{ prompt: ["a mug"] }, "invalid_value", "prompt"],
    [{ prompt: { text: "a mug" } }, "invalid_value", "prompt"],
    [{ model: 2 }, "invalid_value", "model"],
    [{ model: "x".repeat(129) }, "invalid_value", "model"],
    [{ n: 0 }, "invalid_value", "n"],
    [{ n: -1 }, "invalid_value", "n"],
    [{ n: 1.5 }, "invalid_value", "n"],
    [{ n: "2" }, "invalid_value", "n"],
    [{ n: 1e30 }, "invalid_value", "n"],
    [{ n: true }, "invalid_value", "n"],
    [{ size: "big" }, "invalid_value", "size"],
    [{ size: "1024*1024" }, "invalid_value", "size"],
    [{ size: "0x1024" }, "invalid_value", "size"],
    [{ size: 1024 }, "invalid_value", "size"],
    [{ size: "1024x1024x3" }, "invalid_value", "size"],
    [{ quality: 1 }, "invalid_value", "quality"],
    [{ quality: {} }, "invalid_value", "quality"],
    [{ seed: "7" }, "invalid_value", "seed"],
    [{ watermark: "false" }, "invalid_value", "watermark"],
    [{ stream: "true" }, "invalid_value", "stream"],
    [{ aspect_ratio: "wide" }, "invalid_value", "aspect_ratio"],
    [{ guidance_scale: "5" }, "invalid_value", "guidance_scale"],
    [{ response_format: "png" }, "invalid_value", "response_format"],
    [{ output_compression: 9.5 }, "invalid_value", "output_compression"],
    [{ tags: ["a"] }, "invalid_value", "tags"],
    [{ tags: { a: 1 } }, "invalid_value", "tags"],
    [{ user: 7 }, "invalid_value", "user"],
  ] as const)("%o is %s of %s", async (changed, code, param) => {
    expectRefusal(await order(changed), code, param);
  });

  it.each(["temperature", "style", "max_tokens", "N", "Prompt", "constructor", "toString"])(
    "%s is unknown, and the known ones are named",
    async (name) => {
      const error = expectRefusal(await order({ [name]: 1 }), "unknown_parameter", name);
      expect(error["allowed"]).toEqual(expect.arrayContaining(["model", "prompt", "n", "size"]));
      expect(error["allowed"]).not.toContain(name);
    },
  );

  it("__proto__ is an unknown parameter like any other, and taints nothing", async () => {
    const answer = await post('{"model":"gpt-image-2","prompt":"a mug","__proto__":{"n":9}}');
    expectRefusal(answer, "unknown_parameter", "__proto__");
    const tags = await post('{"model":"no","prompt":"a mug","tags":{"__proto__":{"a":"b"}}}');
    expect(tags.status).toBeGreaterThanOrEqual(400);
    expectRefusal(await order({ model: "gpt-image-9" }), "unknown_model");
  });

  it("twice in one body counts once, the last one, as in every JSON reader", async () => {
    const answer = await post('{"model":"gpt-image-2","prompt":"a mug","n":1,"n":0}');
    expectRefusal(answer, "invalid_value", "n");
  });

  it("a very long name or value is cut short before it is said back", async () => {
    const name = expectRefusal(await order({ ["x".repeat(5_000)]: 1 }), "unknown_parameter");
    expect(name.message.length).toBeLessThan(200);
    const size = expectRefusal(await order({ quality: "q".repeat(5_000) }), "invalid_value");
    expect(String(size["sent"]).length).toBeLessThan(100);
  });

  it("a prompt over its limit is refused quickly, however it is spelled, and never said back", async () => {
    for (const letter of ["x", "字", "😀", " x"]) {
      const prompt = letter.repeat(Math.floor(1_000_000 / Buffer.byteLength(letter)));
      const answer = await order({ prompt });
      expectRefusal(answer, "prompt_too_long", "prompt");
      expect(answer.text.length).toBeLessThan(1_000);
    }
  });
});

describe("a model", () => {
  it.each([
    ["gpt-imgae-2", "gpt-image-2"],
    ["gemini-2.5-flash-imagee", "gemini-2.5-flash-image"],
    ["qwen-image2.0", "qwen-image-2.0"],
    ["seedream-4.O", "seedream-4.0"],
  ])("%s is unknown; the nearest is %s", async (model, nearest) => {
    const error = expectRefusal(await order({ model }), "unknown_model", "model");
    expect(error.message).toContain(`the nearest is ${nearest}`);
  });

  it.each(["../../etc/passwd", "constructor", "__proto__", "gpt-image-2\u0000", "%00", "💥"])(
    "%j is unknown",
    async (model) => {
      expectRefusal(await order({ model }), "unknown_model", "model");
    },
  );
});

it("no secret, no prompt and no stack stands in any error, and none of the keys in the log", () => {
  const log = gateway.output();
  const secrets = [gateway.apiKey, gateway.adminToken, MASTER_KEY, "sandbox-emulator-key"];
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(15);
    for (const text of errorsSeen) expect(text).not.toContain(secret);
  }
  // The banner shows the sandbox's own key to whoever started it; log lines show none.
  const lines = log.split("\n").filter((line) => line.startsWith("{"));
  for (const secret of [...secrets, PROMPT_SECRET, MUG]) {
    expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  }
  expect(lines.filter((line) => line.includes("an error of our own"))).toEqual([]);
});
