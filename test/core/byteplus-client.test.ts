import { describe, expect, it } from "vitest";
import { byteplusVendor } from "../../src/vendors/byteplus/client.ts";
import type { Outcome } from "../../src/vendors/port.ts";
import {
  acceptedFor,
  callTo,
  fixture,
  type Handler,
  recordingSink,
  sendJson,
  serve,
} from "./vendor-bench.ts";

const vendor = byteplusVendor();

async function call(
  handler: Handler,
  given: { readonly signal?: AbortSignal; readonly model?: string } = {},
): Promise<{ readonly outcome: Outcome; readonly whole: string[]; readonly open: string[] }> {
  await using server = await serve(handler);
  const sink = recordingSink();
  const accepted = await acceptedFor(given.model ?? "seedream-4-5", {
    size: { kind: "pixels", width: 2048, height: 2048 },
  });
  const to = { origin: `${server.origin}/api/v3`, accepted };
  const outcome = await vendor.dispatch(
    callTo("byteplus", given.signal === undefined ? to : { ...to, signal: given.signal }),
    sink,
  );
  return { outcome, whole: sink.whole, open: sink.open };
}

async function recorded(name: string): Promise<Handler> {
  const { status, body } = await fixture(`byteplus/fixtures/${name}`);
  return (_request, response) => {
    response.setHeader("x-request-id", "0217");
    sendJson(response, status, body);
  };
}

function answer(body: object): Handler {
  return (_request, response) => sendJson(response, 200, body);
}

describe("a call to BytePlus", () => {
  it("goes out once to the v3 path with our key", async () => {
    await using server = await serve(await recorded("made-4.5-2048x2048"));
    const accepted = await acceptedFor("seedream-4-5");
    const to = { origin: `${server.origin}/api/v3`, accepted };
    await vendor.dispatch(callTo("byteplus", to), recordingSink());
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ method: "POST", url: "/api/v3/images/generations" });
    expect(server.seen[0]?.headers).toMatchObject({ authorization: "Bearer test-key" });
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({
      model: "seedream-4-5-251128",
      prompt: "a matte blue mug",
      response_format: "b64_json",
      watermark: false,
    });
  });

  it("a documented answer is made, with the model that served and the picture's size", async () => {
    const { outcome, whole } = await call(await recorded("made-4.5-2048x2048"));
    expect(whole).toHaveLength(1);
    expect(outcome).toEqual({
      kind: "made",
      status: 200,
      vendorRequestId: "0217",
      usageText: `{"generated_images":1,"output_tokens":16384,"total_tokens":16384}`,
      images: 1,
      usage: {
        kind: "reported",
        items: [{ meter: "output_images", quantity: 1n, areaPixels: 4_194_304n }],
      },
      servedModel: "seedream-4-5-251128",
      answer: { created: 1_767_000_000, top: {}, perImage: [{ size: "2048x2048" }] },
      flags: [],
    });
  });

  it("5.0-pro's answer counts its references and names its format", async () => {
    const { outcome } = await call(await recorded("made-pro-2048x2048"), {
      model: "seedream-5-0-pro",
    });
    expect(outcome).toMatchObject({
      kind: "made",
      servedModel: "dola-seedream-5-0-pro-260628",
      usage: { items: [{ meter: "output_images", quantity: 1n, areaPixels: 4_194_304n }] },
      answer: { perImage: [{ size: "2048x2048", output_format: "png" }] },
    });
  });

  it("another size than asked is flagged and billed as it is", async () => {
    const body = {
      data: [{ b64_json: "AAAA", size: "2816x1584" }],
      usage: { generated_images: 1 },
    };
    expect((await call(answer(body))).outcome).toMatchObject({
      flags: ["size_differs"],
      // 2,816 x 1,584
      usage: { items: [{ areaPixels: 4_460_544n }] },
    });
  });

  it("a slot that failed beside pictures is flagged and neither delivered nor billed", async () => {
    const { outcome, whole } = await call(await recorded("made-4.5-group-3-of-4"));
    expect(whole).toHaveLength(3);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 3,
      flags: ["images_more_than_asked", "image_failed"],
      answer: { perImage: [{ size: "2048x2048" }, { size: "2048x2048" }, { size: "2048x2048" }] },
    });
    if (outcome.kind !== "made" || outcome.usage.kind === "missing") throw new Error("not made");
    expect(outcome.usage.items).toHaveLength(3);
  });

  it.each([
    ["absent", undefined, "absent"],
    ["empty", {}, "empty"],
    ["without a count", { output_tokens: 16_384 }, "contradictory"],
    ["zero", { generated_images: 0, output_tokens: 0, total_tokens: 0 }, "contradictory"],
    ["malformed", { generated_images: "1" }, "malformed"],
  ])("a picture whose usage is %s is made, its usage missing", async (_name, usage, reason) => {
    const { outcome } = await call(answer({ data: [{ b64_json: "AAAA" }], usage }));
    expect(outcome).toMatchObject({ kind: "made", usage: { kind: "missing", reason } });
  });
});

describe("a 200 of BytePlus' without a picture", () => {
  it("moderation in a slot is refused, and free", async () => {
    const { outcome } = await call(await recorded("failed-200-item"));
    expect(outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
      message: "The request failed because the output image may contain sensitive information.",
      status: 200,
    });
    expect(outcome).not.toHaveProperty("cost");
  });

  it("an error at the top is the vendor's failure", async () => {
    const { outcome, open, whole } = await call(await recorded("failed-200-top"));
    expect(outcome).toMatchObject({ kind: "failed", code: "vendor_failed" });
    expect([...open, ...whole]).toEqual([]);
  });

  it("arrears are our account, also inside a 200", async () => {
    const { outcome } = await call(
      answer({ error: { code: "AccountOverdueError", message: "x" } }),
    );
    expect(outcome).toMatchObject({ kind: "our_account" });
  });

  it("moderation decides before any other slot's error", async () => {
    const data = [
      { error: { code: "InternalServiceError", message: "a" } },
      { error: { code: "OutputImageSensitiveContentDetected", message: "b" } },
    ];
    expect((await call(answer({ data }))).outcome).toMatchObject({ code: "moderation_blocked" });
  });

  it("without an error it is no_image; pictures that it counted are a known cost", async () => {
    expect(
      (await call(answer({ data: [], usage: { generated_images: 0 } }))).outcome,
    ).toMatchObject({
      kind: "refused",
      code: "no_image",
    });
    expect(
      (await call(answer({ data: [], usage: { generated_images: 1 } }))).outcome,
    ).toMatchObject({
      kind: "refused",
      code: "no_image",
      cost: [{ meter: "output_images", quantity: 1n }],
    });
  });
});

describe("an answer of BytePlus' that didn't come whole", () => {
  it.each<[string, Handler, object]>([
    [
      "a page",
      (_request, response) => void response.setHeader("content-type", "text/html").end("<html>"),
      { kind: "unknown", why: "unreadable" },
    ],
    [
      "half a body",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": 999 });
        response.write(`{"data":[{"b64_json":"AAAA`, () => response.destroy());
      },
      { kind: "unknown", why: "cut" },
    ],
    [
      "a reset",
      (_request, response) => void response.socket?.resetAndDestroy(),
      { kind: "unknown", why: "reset" },
    ],
    [
      "an internal error, which may have run",
      (_request, response) => sendJson(response, 500, { error: { code: "InternalServiceError" } }),
      { kind: "unknown", why: "server_error" },
    ],
  ])("%s", async (_name, handler, outcome) => {
    expect((await call(handler)).outcome).toMatchObject(outcome);
  });

  it("a hang until the deadline is unknown: timeout", async () => {
    const abort = new AbortController();
    const { outcome } = await call(() => abort.abort(), { signal: abort.signal });
    expect(outcome).toMatchObject({ kind: "unknown", why: "timeout" });
  });
});

describe("pictures at an address, as a reseller sends them", () => {
  it("of which one can't be fetched stay in the usage, each with its own area", async () => {
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUg==", "base64");
    const { outcome, whole } = await call((request, response) => {
      if (request.method === "GET") {
        response.writeHead(200, { "content-type": "image/png", "content-length": png.length });
        response.end(png);
        return;
      }
      const origin = `http://${request.headers.host}`;
      sendJson(response, 200, {
        data: [
          { url: "http://10.0.0.1/x.png", size: "1024x1024" },
          { url: `${origin}/ok.png`, size: "2048x2048" },
        ],
        usage: { generated_images: 2 },
      });
    });
    expect(whole).toEqual([png.toString("base64")]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      usage: {
        items: [
          { meter: "output_images", quantity: 1n, areaPixels: 1_048_576n },
          { meter: "output_images", quantity: 1n, areaPixels: 4_194_304n },
        ],
      },
      flags: ["results_lost", "size_differs"],
      answer: { perImage: [{ size: "2048x2048" }] },
    });
    if (outcome.kind === "made") expect(outcome.answer.perImage[0]).not.toHaveProperty("url");
  });
});
