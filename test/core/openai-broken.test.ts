import { describe, expect, it } from "vitest";
import { call, usage, vendor, whole } from "./openai-call.ts";
import {
  acceptedFor,
  callTo,
  fixture,
  type Handler,
  recordingSink,
  sendJson,
  serve,
} from "./vendor-bench.ts";

describe("an answer of OpenAI's that nobody can rely on", () => {
  it.each([
    ["a page with status 200", "<html>sorry</html>", "text/html"],
    ["JSON that calls itself text", `{"data":[{"b64_json":"AAAA"}]}`, "text/plain"],
    ["an event stream", "data: {}\n\n", "text/event-stream"],
    ["an empty body", "", "application/json"],
    ["a page that calls itself JSON", "<html>sorry</html>", "application/json"],
    ["a body cut inside the picture", `{"data":[{"b64_json":"AAAA`, "application/json"],
    ["a body cut after the picture", `{"data":[{"b64_json":"AAAA"}`, "application/json"],
    ["two answers in one", `{"data":[{"b64_json":"AAAA"}]}{}`, "application/json"],
    ["a picture twice", `{"data":[{"b64_json":"AAAA","b64_json":"BBBB"}]}`, "application/json"],
    ["pictures replaced", `{"data":[{"b64_json":"AAAA"}],"data":[]}`, "application/json"],
    ["a list", `[{"b64_json":"AAAA"}]`, "application/json"],
    ["a megabyte of prose", `{"x":"${"y".repeat(1_100_000)}"}`, "application/json"],
  ])("%s is unknown: unreadable", async (_name, body, type) => {
    const { outcome } = await call(whole(body, type));
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable", status: 200 });
  });

  it.each([201, 202, 204])("status %i is unknown: unreadable", async (status) => {
    const { outcome } = await call((_request, response) => sendJson(response, status, {}));
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable", status });
  });

  it("a body shorter than its length is unknown: cut, and its picture stays open", async () => {
    const {
      outcome,
      whole: pictures,
      open,
    } = await call((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 9_999 });
      response.write(`{"data":[{"b64_json":"AAAA`, () => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "cut", status: 200 });
    expect([pictures, open]).toEqual([[], ["AAAA"]]);
  });

  it("cut after a whole picture it is still unknown: its usage never came", async () => {
    const { outcome, whole: pictures } = await call((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(`{"data":[{"b64_json":"AAAA"}],`, () => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "cut" });
    expect(pictures).toEqual(["AAAA"]);
  });

  it("a reset before the head is unknown: reset", async () => {
    const { outcome } = await call((_request, response) => void response.socket?.resetAndDestroy());
    expect(outcome).toEqual({
      kind: "unknown",
      why: "reset",
      status: null,
      vendorRequestId: null,
      usageText: null,
    });
  });

  it("a vendor that says nothing until the deadline is unknown: timeout", async () => {
    const abort = new AbortController();
    const { outcome } = await call(() => abort.abort(), { signal: abort.signal });
    expect(outcome).toMatchObject({ kind: "unknown", why: "timeout", status: null });
  });

  it("a deadline in the middle of the picture is unknown: timeout", async () => {
    const abort = new AbortController();
    const { outcome } = await call(
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write(`{"data":[{"b64_json":"AAAA`, () => setTimeout(() => abort.abort(), 50));
      },
      { signal: abort.signal },
    );
    expect(outcome).toMatchObject({ kind: "unknown", why: "timeout", status: 200 });
  });

  it("before the first byte everything is unspent: nobody listens, or the deadline has passed", async () => {
    const accepted = await acceptedFor("gpt-image-2");
    const closed = await serve(() => undefined);
    await closed[Symbol.asyncDispose]();
    const origin = `${closed.origin}/v1`;
    expect(
      await vendor.dispatch(callTo("openai", { origin, accepted }), recordingSink()),
    ).toMatchObject({ kind: "unspent", why: "unreachable", status: null });
    const { outcome } = await call(whole("{}"), { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ kind: "unspent", why: "unreachable" });
  });
});

describe("an error's body", () => {
  it("brings status, request id and redacted words", async () => {
    const { status, body } = await fixture("openai/fixtures/error-400-size");
    const { outcome } = await call((_request, response) => {
      response.setHeader("x-request-id", "req_9");
      sendJson(response, status, body);
    });
    expect(outcome).toEqual({
      kind: "refused",
      code: "vendor_rejected",
      message:
        "Invalid size '512x512'. Requested resolution is below the current minimum pixel budget.",
      param: "size",
      status: 400,
      vendorRequestId: "req_9",
      usageText: null,
    });
  });

  it("throttling brings the vendor's own seconds", async () => {
    const { status, body } = await fixture("openai/fixtures/error-429-rate");
    const { outcome } = await call((_request, response) => {
      response.setHeader("retry-after", "3");
      sendJson(response, status, body);
    });
    expect(outcome).toMatchObject({ kind: "unspent", why: "throttled", retryAfterSeconds: 3 });
  });

  it.each([
    [400, { kind: "refused", code: "vendor_rejected" }],
    [401, { kind: "our_account" }],
    [429, { kind: "unspent", why: "throttled" }],
    [500, { kind: "unknown", why: "server_error" }],
    [503, { kind: "unspent", why: "overloaded" }],
  ])(
    "cut short or endless, %i alone decides: no 4xx was ever paid for",
    async (status, outcome) => {
      const cut = await call((_request, response) => {
        response.writeHead(status, { "content-type": "application/json", "content-length": 99 });
        response.write(`{"error":{"code":"mod`, () => response.destroy());
      });
      expect(cut.outcome).toMatchObject(outcome);
      const endless = await call((_request, response) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.on("error", () => undefined);
        const flood = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
          if (!response.destroyed) response.once("drain", flood);
        };
        flood();
      });
      expect(endless.outcome).toMatchObject(outcome);
    },
  );
});

describe("pictures at an address, as a reseller sends them", () => {
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUg==", "base64");

  /** Answers the call with these items and serves `/ok.png`. */
  function reseller(items: (origin: string) => readonly object[]): Handler {
    return (request, response) => {
      if (request.url === "/ok.png") {
        response.writeHead(200, { "content-type": "image/png", "content-length": png.length });
        response.end(png);
        return;
      }
      if (request.method === "GET") return sendJson(response, 404, {});
      const origin = `http://${request.headers.host}`;
      sendJson(response, 200, { created: 1, data: items(origin), usage });
    };
  }

  it("are fetched after the others and told apart from them", async () => {
    const { outcome, whole: pictures } = await call(
      reseller((origin) => [
        { url: `${origin}/ok.png`, note: "fetched" },
        { b64_json: "AAAA", url: "", note: "sent" },
      ]),
      { n: 2 },
    );
    expect(pictures).toEqual(["AAAA", png.toString("base64")]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 2,
      answer: { perImage: [{ note: "sent" }, { note: "fetched" }] },
    });
    expect(JSON.stringify(outcome, (_key, value) => String(value))).not.toContain("ok.png");
  });

  it("that can't be fetched leave a known cost and no charge", async () => {
    const { outcome } = await call(reseller(() => [{ url: "http://10.0.0.1/x.png" }]));
    expect(outcome).toMatchObject({
      kind: "failed",
      code: "result_unavailable",
      cost: [
        { meter: "text_input_tokens", quantity: 42n },
        { meter: "image_output_tokens", quantity: 392n },
      ],
    });
  });

  it("of which one can't be fetched are billed by usage, and flagged", async () => {
    const { outcome } = await call(
      reseller((origin) => [{ url: `${origin}/ok.png` }, { url: "http://10.0.0.1/x.png" }]),
      { n: 2 },
    );
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      usage: {
        items: [
          { meter: "text_input_tokens", quantity: 42n },
          { meter: "image_input_tokens", quantity: 0n },
          { meter: "image_output_tokens", quantity: 392n },
          { meter: "text_output_tokens", quantity: 0n },
        ],
      },
      flags: ["images_fewer_than_asked", "results_lost"],
    });
  });
});
