import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { googleVendor } from "../../src/vendors/google/client.ts";
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

const USAGE = {
  promptTokenCount: 22,
  candidatesTokenCount: 1216,
  totalTokenCount: 1417,
  thoughtsTokenCount: 179,
  candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1120 }],
};

/** An answer with these parts. */
function answerOf(parts: unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }],
    usageMetadata: USAGE,
    modelVersion: "gemini-3-pro-image",
    responseId: "resp-1",
    ...more,
  };
}

function picture(data: string, more: Record<string, unknown> = {}): unknown {
  return { inlineData: { mimeType: "image/jpeg", data }, ...more };
}

type Run = { readonly outcome: Outcome; readonly whole: string[]; readonly open: string[] };

async function run(
  handler: Handler,
  options: { readonly signal?: AbortSignal; readonly wait?: () => Promise<void> } = {},
): Promise<Run & { readonly seen: { url: string; body: string; headers: object }[] }> {
  await using server = await serve(handler);
  const sink = recordingSink(options.wait);
  const accepted = await acceptedFor("gemini-3-pro-image");
  const { signal } = options;
  const call = callTo("google", {
    origin: server.origin,
    accepted,
    headers: { "x-emulate": "slow=10" },
    ...(signal === undefined ? {} : { signal }),
  });
  const outcome = await googleVendor().dispatch(call, sink);
  return { outcome, whole: sink.whole, open: sink.open, seen: server.seen };
}

const answering =
  (body: unknown): Handler =>
  (_request, response) =>
    sendJson(response, 200, body);

function startJson(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
}

describe("a Gemini call that made an image", () => {
  it("hands the picture on untouched and reads usage, model and id", async () => {
    const { body } = await fixture("google/fixtures/pro-1k");
    const { usageMetadata } = body;
    const { outcome, whole, seen } = await run(answering(body));
    expect(whole).toEqual(["/9j/4AAQSkZJRg+="]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 1,
      status: 200,
      servedModel: "gemini-3-pro-image",
      vendorRequestId: "8cxparnuJ-aCg8UPx8HfwQM",
      flags: [],
      usage: {
        kind: "reported",
        items: [
          { meter: "text_input_tokens", quantity: 22n },
          { meter: "image_output_tokens", quantity: 1120n },
          { meter: "text_output_tokens", quantity: 275n },
        ],
      },
    });
    expect(JSON.parse(outcome.usageText ?? "")).toEqual(usageMetadata);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      url: "/v1beta/models/gemini-3-pro-image:generateContent",
      headers: { "x-goog-api-key": "test-key", "x-emulate": "slow=10" },
    });
  });

  it("finds pictures in any part, in both spellings, and skips empty ones", async () => {
    const parts = [
      { text: "first a word" },
      picture(""),
      { inline_data: { mime_type: "image/png", data: "AAAA" } },
      { text: "" },
      {},
    ];
    const { outcome, whole } = await run(answering(answerOf(parts)));
    expect(whole).toEqual(["AAAA"]);
    expect(outcome).toMatchObject({ kind: "made", images: 1 });
  });

  it("drafts come as ordinary pictures, in order; the last is final", async () => {
    const parts = [
      picture("ZHJhZnQx", { thoughtSignature: "c2ln" }),
      picture("ZHJhZnQy", { thought: true }),
      picture("ZmluYWw="),
    ];
    const { outcome, whole } = await run(answering(answerOf(parts)));
    expect(whole).toEqual(["ZHJhZnQx", "ZHJhZnQy", "ZmluYWw="]);
    expect(outcome).toMatchObject({ kind: "made", images: 3 });
    expect(googleVendor().sendsDrafts).toBe(true);
  });

  it("megabytes of thought signature are thrown away, in either order", async () => {
    const signature = "c2ln".repeat(1024 * 1024);
    const parts = [
      { text: "", thoughtSignature: signature },
      { thoughtSignature: signature, inlineData: { data: "QUJD" } },
      { inlineData: { data: "REVG" }, thought_signature: signature },
    ];
    const { outcome, whole } = await run(answering(answerOf(parts)));
    expect(whole).toEqual(["QUJD", "REVG"]);
    expect(outcome.kind).toBe("made");
  });

  it("a picture whose base64 is written with JSON escapes is base64 behind the sink", async () => {
    const json = JSON.stringify(answerOf([picture("@")])).replace("@", "a\\/b\\u002bc\\u003d=");
    const { whole } = await run(async (_request, response) => {
      startJson(response);
      // Byte by byte, so that every escape is cut somewhere.
      for (const byte of Buffer.from(json)) {
        response.write(Buffer.of(byte));
        await sleep(0);
      }
      response.end();
    });
    expect(whole).toEqual(["a/b+c=="]);
  });

  it("the vendor waits while the sink asks for time, and no byte is lost", async () => {
    const data = "QUJD".repeat(200_000);
    const { whole, outcome } = await run(answering(answerOf([picture(data)])), {
      wait: () => sleep(1),
    });
    expect(outcome.kind).toBe("made");
    expect(whole).toEqual([data]);
  });

  it("usage that is missing is missing, whatever the picture", async () => {
    const { outcome } = await run(answering(answerOf([picture("AAAA")], { usageMetadata: {} })));
    expect(outcome).toMatchObject({ kind: "made", usage: { kind: "missing", reason: "empty" } });
    const absent = await run(answering(answerOf([picture("AAAA")], { usageMetadata: undefined })));
    expect(absent.outcome).toMatchObject({
      usage: { kind: "missing", reason: "absent" },
      usageText: null,
    });
  });

  it.each([
    {
      law: "image tokens that are no whole number of pictures",
      more: {
        usageMetadata: {
          ...USAGE,
          candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1121 }],
        },
      },
      flag: "token_law_deviation",
    },
    {
      law: "another service tier",
      more: { usageMetadata: { ...USAGE, serviceTier: "flex" } },
      flag: "service_tier_not_standard",
    },
  ])("flags $law", async ({ more, flag }) => {
    const { outcome } = await run(answering(answerOf([picture("AAAA")], more)));
    expect(outcome).toMatchObject({ kind: "made", flags: [flag] });
  });
});

describe("a Gemini 200 without an image is never charged", () => {
  it("a filtered picture is moderation, with its token cost", async () => {
    const { body } = await fixture("google/fixtures/image-safety");
    const { outcome, whole } = await run(answering(body));
    expect(whole).toEqual([]);
    expect(outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
      status: 200,
      cost: [
        { meter: "text_input_tokens", quantity: 271n },
        { meter: "text_output_tokens", quantity: 180n },
      ],
    });
  });

  it("a blocked prompt is moderation", async () => {
    const { body } = await fixture("google/fixtures/prompt-blocked");
    expect((await run(answering(body))).outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
      message: "the vendor blocked this picture (PROHIBITED_CONTENT)",
    });
  });

  it("a text answer is no image, in the model's words", async () => {
    const { body } = await fixture("google/fixtures/text-answer");
    expect((await run(answering(body))).outcome).toMatchObject({
      kind: "refused",
      code: "no_image",
      message: "the model answered without an image (STOP): A mug is a cup with a handle.",
    });
  });

  it.each(["NO_IMAGE", "MAX_TOKENS", "OTHER"])("%s is no image", async (finishReason) => {
    const { outcome } = await run(answering({ candidates: [{ finishReason }] }));
    expect(outcome).toMatchObject({ kind: "refused", code: "no_image" });
    expect(outcome).not.toHaveProperty("cost");
  });

  it("an error inside it is a failed call, in redacted words", async () => {
    const error = {
      code: 500,
      message: "Internal, see https://example.test/1",
      status: "INTERNAL",
    };
    expect((await run(answering({ error }))).outcome).toMatchObject({
      kind: "failed",
      code: "vendor_failed",
      message: "Internal, see [url]",
    });
  });

  it("a sketch inside a thought is no final picture, even when nothing follows it", async () => {
    const { outcome } = await run(answering(answerOf([picture("c2tldGNo", { thought: true })])));
    expect(outcome).toMatchObject({ kind: "refused", code: "no_image" });
  });
});

describe("a Gemini answer that didn't come whole", () => {
  const whole = JSON.stringify(answerOf([picture("QUJD".repeat(5_000))]));

  it("cut inside the picture: unknown, and the picture was never ended", async () => {
    const { outcome, whole: ended } = await run((_request, response) => {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": whole.length,
      });
      response.write(whole.slice(0, 9_000), () => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "cut", status: 200 });
    expect(ended).toEqual([]);
  });

  it("half a JSON under a clean end: unknown", async () => {
    const { outcome } = await run((_request, response) => {
      startJson(response);
      response.end(whole.slice(0, -2));
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable" });
  });

  it.each([
    ["HTML", "text/html", "<html>sorry</html>"],
    ["garbage", "application/json", "{]"],
    ["JSON of another shape", "application/json", '{"candidates":"none"}'],
    ["nothing", "application/json", ""],
    ["an empty object", "application/json", "{}"],
    ["a bad escape in a picture", "application/json", whole.replace("QUJD", "QU\\n")],
  ])("a 200 of %s: unknown", async (_case, type, body) => {
    const { outcome } = await run((_request, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(body);
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "unreadable", status: 200 });
  });

  it("reset before the first byte of an answer: unknown", async () => {
    const { outcome } = await run((_request, response) => {
      response.socket?.resetAndDestroy();
    });
    expect(outcome).toMatchObject({ kind: "unknown", why: "reset", status: null });
  });

  it("our deadline passes while the vendor is silent: unknown", async () => {
    const deadline = new AbortController();
    const { outcome } = await run(() => deadline.abort(), { signal: deadline.signal });
    expect(outcome).toMatchObject({ kind: "unknown", why: "timeout" });
  });

  it("our deadline had passed before a byte left: unspent", async () => {
    const { outcome, seen } = await run(() => undefined, { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ kind: "unspent", why: "unreachable", status: null });
    expect(seen).toEqual([]);
  });

  it("nobody listens there: unspent", async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    const accepted = await acceptedFor("gemini-3-pro-image");
    const call = callTo("google", { origin: server.origin, accepted });
    expect(await googleVendor().dispatch(call, recordingSink())).toMatchObject({
      kind: "unspent",
      why: "unreachable",
    });
  });

  it("a bad status decides though its body is cut", async () => {
    const { outcome } = await run((_request, response) => {
      response.writeHead(503, { "content-length": 500 });
      response.write("{", () => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: "unspent", why: "overloaded", status: 503 });
  });

  it("a slow answer is an answer", async () => {
    const { outcome } = await run(async (_request, response) => {
      startJson(response);
      for (let at = 0; at < whole.length; at += 2_000) {
        response.write(whole.slice(at, at + 2_000));
        await sleep(2);
      }
      response.end();
    });
    expect(outcome.kind).toBe("made");
  });
});
