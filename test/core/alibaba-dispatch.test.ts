import { describe, expect, it } from "vitest";
import { contentOf, run, type World } from "./alibaba-world.ts";
import { fixture, sendJson } from "./vendor-bench.ts";

const SYNC = "/api/v1/services/aigc/multimodal-generation/generation";

function syncAnswer(choices: object[], usage: unknown): object {
  return { request_id: "req-1", output: { choices }, usage };
}

describe("a DashScope call answered at once", () => {
  it("fetches the picture and hands it on; usage, ids and headers are right", async () => {
    const { body } = await fixture("alibaba/fixtures/sync-classic");
    const { outcome, whole, seen } = await run({
      api: (_request, response, origin) =>
        sendJson(
          response,
          200,
          JSON.parse(
            JSON.stringify(body).replace("https://results.example/", `${origin}/pictures/`),
          ),
        ),
    });
    expect(whole).toEqual(["/pictures/1.png?Expires=1"]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      status: 200,
      vendorRequestId: "d0250a3d-b07f-49e1-bdc8-6793f4929xxx",
      servedModel: null,
      usage: { kind: "reported", items: [{ meter: "output_images", quantity: 1n }] },
      usageText: '{"image_count":1,"width":2048,"height":2048}',
      flags: [],
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: SYNC,
      headers: { authorization: "Bearer test-key", "x-emulate": "slow=10" },
    });
    expect(seen[0]?.headers).not.toHaveProperty("x-dashscope-async");
  });

  it.each([
    { law: "in one choice", pack: (urls: string[]) => [contentOf(...urls)] },
    { law: "in one choice each", pack: (urls: string[]) => urls.map((url) => contentOf(url)) },
  ])("several pictures $law arrive in order", async ({ pack }) => {
    const { outcome, whole } = await run({
      n: 3,
      api: (_request, response, origin) => {
        const urls = [1, 2, 3].map((index) => `${origin}/pictures/${index}`);
        sendJson(response, 200, syncAnswer(pack(urls), { image_count: 3 }));
      },
    });
    expect(whole).toEqual(["/pictures/1", "/pictures/2", "/pictures/3"]);
    expect(outcome).toMatchObject({ kind: "made", images: 3, flags: [] });
  });

  it("a choice that didn't stop by itself is no picture", async () => {
    const { outcome, whole } = await run({
      n: 2,
      api: (_request, response, origin) => {
        const filtered = { ...contentOf(`${origin}/pictures/1`), finish_reason: "content_filter" };
        const choices = [filtered, contentOf(`${origin}/pictures/2`)];
        sendJson(response, 200, syncAnswer(choices, { image_count: 1 }));
      },
    });
    expect(whole).toEqual(["/pictures/2"]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      flags: ["images_fewer_than_asked"],
    });
  });

  it("a picture of megabytes arrives whole, as base64", async () => {
    const bytes = Buffer.alloc(3_000_001, "mug");
    const { whole } = await run({
      api: (_request, response, origin) =>
        sendJson(
          response,
          200,
          syncAnswer([contentOf(`${origin}/pictures/1`)], { image_count: 1 }),
        ),
      picture: (_path, response) => {
        response.writeHead(200, { "content-type": "image/png" });
        response.end(bytes);
      },
    });
    expect(whole[0] === bytes.toString("utf8")).toBe(true);
  });

  it("pictures that can't be fetched stay in the usage: billing charges those that came", async () => {
    const { outcome, whole } = await run({
      n: 3,
      api: (_request, response, origin) => {
        const urls = [1, 2].map((index) => `${origin}/pictures/${index}`);
        const choices = [contentOf(...urls, "http://10.0.0.1/3")];
        sendJson(response, 200, syncAnswer(choices, { image_count: 3 }));
      },
    });
    expect(whole).toEqual(["/pictures/1", "/pictures/2"]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 2,
      usage: { kind: "reported", items: [{ meter: "output_images", quantity: 3n }] },
      flags: ["results_lost"],
    });
  });

  it("none can be fetched: failed, and the house knows what it cost", async () => {
    const { outcome, whole } = await run({
      api: (_request, response) =>
        sendJson(response, 200, syncAnswer([contentOf("http://10.0.0.1/1")], { image_count: 1 })),
    });
    expect(whole).toEqual([]);
    expect(outcome).toMatchObject({
      kind: "failed",
      code: "result_unavailable",
      cost: [{ meter: "output_images", quantity: 1n }],
    });
  });

  it("A13: pictures without usage: missing, not zero", async () => {
    const { outcome } = await run({
      api: (_request, response, origin) =>
        sendJson(response, 200, { output: { choices: [contentOf(`${origin}/pictures/1`)] } }),
    });
    expect(outcome).toMatchObject({
      kind: "made",
      usage: { kind: "missing", reason: "absent" },
      usageText: null,
    });
  });

  it("an error inside a 200 is judged by its code", async () => {
    const api =
      (code: string): World["api"] =>
      (_request, response) =>
        sendJson(response, 200, { request_id: "req-1", code, message: "no" });
    expect((await run({ api: api("DataInspectionFailed") })).outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
      vendorRequestId: "req-1",
    });
    expect((await run({ api: api("Arrearage") })).outcome.kind).toBe("our_account");
    expect((await run({ api: api("InternalError") })).outcome).toMatchObject({
      kind: "failed",
      code: "vendor_failed",
    });
  });

  it("a 200 with neither picture nor error is no image", async () => {
    const { outcome } = await run({
      api: (_request, response) => sendJson(response, 200, syncAnswer([], undefined)),
    });
    expect(outcome).toMatchObject({ kind: "refused", code: "no_image" });
    expect(outcome).not.toHaveProperty("cost");
  });

  it.each([
    { law: "HTML", type: "text/html", body: "<html>sorry</html>" },
    { law: "garbage", type: "application/json", body: "{]" },
    { law: "half a body", type: "application/json", body: '{"output":{"choices":[' },
    { law: "nothing", type: "application/json", body: "" },
    { law: "a list", type: "application/json", body: "[1]" },
    { law: "more than any answer", type: "application/json", body: `"${"x".repeat(1_100_000)}"` },
  ])("a 200 of $law: unknown", async ({ type, body }) => {
    const { outcome } = await run({
      api: (_request, response) => {
        response.writeHead(200, { "content-type": type });
        response.end(body);
      },
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable", status: 200 });
  });

  it("cut, reset and silence are unknown", async () => {
    const cut = await run({
      api: (_request, response) => {
        response.writeHead(200, { "content-length": 900 });
        response.write("{", () => response.destroy());
      },
    });
    expect(cut.outcome).toMatchObject({ kind: "unknown", why: "cut" });
    const reset = await run({ api: (_request, response) => response.socket?.resetAndDestroy() });
    expect(reset.outcome).toMatchObject({ kind: "unknown", why: "reset" });
    const deadline = new AbortController();
    const silent = await run({ deadline, api: () => deadline.abort() });
    expect(silent.outcome).toMatchObject({ kind: "unknown", why: "timeout" });
  });

  it("our deadline had passed before a byte left: unspent", async () => {
    const deadline = new AbortController();
    deadline.abort();
    const { outcome, calls } = await run({ deadline, api: () => undefined });
    expect(outcome).toMatchObject({ kind: "unspent", why: "unreachable" });
    expect(calls).toEqual([]);
  });
});
