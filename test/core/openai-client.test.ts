import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { call, usage, vendor, whole } from "./openai-call.ts";
import {
  acceptedFor,
  callTo,
  fixture,
  type Handler,
  recordingSink,
  serve,
} from "./vendor-bench.ts";

describe("a call to OpenAI", () => {
  it("goes out once, with our key, the asked fields and the headers passed on", async () => {
    await using server = await serve(whole(`{"created":1,"data":[{"b64_json":"AAAA"}]}`));
    const accepted = await acceptedFor("gpt-image-2", { quality: "low" });
    await vendor.dispatch(
      callTo("openai", {
        origin: `${server.origin}/v1`,
        accepted,
        headers: { "x-emulate": "slow=1", authorization: "Bearer theirs" },
      }),
      recordingSink(),
    );
    expect(server.seen).toHaveLength(1);
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: "POST", url: "/v1/images/generations" });
    expect(seen?.headers).toMatchObject({
      authorization: "Bearer test-key",
      "content-type": "application/json",
      "accept-encoding": "identity",
      "x-emulate": "slow=1",
    });
    expect(JSON.parse(seen?.body ?? "")).toEqual({
      model: "gpt-image-2",
      prompt: "a matte blue mug",
      quality: "low",
    });
  });

  it("a recorded answer is made: picture untouched, usage read, facts passed on", async () => {
    const { body } = await fixture("openai/fixtures/made-low-1456x624");
    const { outcome, whole: pictures } = await call(whole(JSON.stringify(body, undefined, 2)));
    expect(pictures).toEqual([Object.values(JSON.parse(JSON.stringify(body)).data[0])[0]]);
    expect(outcome).toEqual({
      kind: "made",
      status: 200,
      vendorRequestId: "req_1",
      usageText: JSON.stringify(JSON.parse(JSON.stringify(body)).usage),
      images: 1,
      usage: {
        kind: "reported",
        items: [
          { meter: "text_input_tokens", quantity: 15n },
          { meter: "image_input_tokens", quantity: 0n },
          { meter: "image_output_tokens", quantity: 82n },
          { meter: "text_output_tokens", quantity: 0n },
        ],
      },
      servedModel: null,
      answer: {
        created: 1_785_216_905,
        top: { background: "opaque", output_format: "png", quality: "low", size: "1456x624" },
        perImage: [{}],
      },
      flags: [],
    });
  });

  it("several pictures come in order, each with its own fields", async () => {
    const data = [
      { b64_json: "AAAA", revised_prompt: "one" },
      { revised_prompt: "two", b64_json: "BBBBCCCC" },
    ];
    const body = JSON.stringify({ usage, data, created: 5, model: "gpt-image-2-codex" });
    const { outcome, whole: pictures } = await call(whole(body), { n: 2 });
    expect(pictures).toEqual(["AAAA", "BBBBCCCC"]);
    expect(outcome).toMatchObject({
      kind: "made",
      images: 2,
      servedModel: "gpt-image-2-codex",
      answer: {
        created: 5,
        top: {},
        perImage: [{ revised_prompt: "one" }, { revised_prompt: "two" }],
      },
      flags: [],
    });
  });

  it("a large picture passes whole, in pieces, at the sink's pace and however the vendor writes it", async () => {
    const picture = Buffer.alloc(1_500_000, 7).toString("base64");
    const body = JSON.stringify({ created: 1, data: [{ b64_json: picture }], usage });
    const handler: Handler = async (_request, response) => {
      response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
      for (let at = 0; at < body.length; at += 99_991) {
        if (!response.write(body.slice(at, at + 99_991))) await once(response, "drain");
      }
      response.end();
    };
    const { outcome, whole: pictures } = await call(handler, { slowSink: true });
    expect(outcome.kind).toBe("made");
    expect(pictures[0] === picture).toBe(true);
  });

  it("slashes that a JSON writer escaped are the picture's slashes", async () => {
    const text = String.raw`{"created":1,"data":[{"b64_json":"\/\/AA+\/="}]}`;
    expect((await call(whole(text))).whole).toEqual(["//AA+/="]);
    const other = String.raw`{"created":1,"data":[{"b64_json":"\u002fAAA"}]}`;
    expect((await call(whole(other))).outcome).toMatchObject({
      kind: "unknown",
      why: "unreadable",
    });
  });

  it.each<[string, object, string]>([
    ["absent", {}, "absent"],
    ["null", { usage: null }, "absent"],
    ["empty", { usage: {} }, "empty"],
    ["malformed", { usage: { output_tokens: "196" } }, "malformed"],
    ["contradictory", { usage: { ...usage, total_tokens: 1 } }, "contradictory"],
  ])(
    "a picture whose usage is %s is made all the same, its usage missing",
    async (_n, more, reason) => {
      const { outcome } = await call(
        whole(JSON.stringify({ data: [{ b64_json: "AAAA" }], ...more })),
      );
      expect(outcome).toMatchObject({ kind: "made", usage: { kind: "missing", reason } });
    },
  );

  it("fewer or more pictures than asked are flagged, never hidden", async () => {
    const one = whole(`{"created":1,"data":[{"b64_json":"AAAA"}]}`);
    const two = whole(`{"created":1,"data":[{"b64_json":"AAAA"},{"b64_json":"BBBB"}]}`);
    expect((await call(one, { n: 2 })).outcome).toMatchObject({
      images: 1,
      flags: ["images_fewer_than_asked"],
    });
    expect((await call(two, { n: 1 })).outcome).toMatchObject({
      images: 2,
      flags: ["images_more_than_asked"],
    });
  });

  it("output tokens beside the published law are flagged, a token saved an image is not", async () => {
    const answer = (output: number): Handler =>
      whole(
        JSON.stringify({
          data: [{ b64_json: "AAAA" }, { b64_json: "BBBB" }],
          quality: "low",
          size: "1024x1024",
          usage: { ...usage, output_tokens: output, total_tokens: 42 + output },
        }),
      );
    for (const [output, flags] of [
      [392, []],
      [390, []],
      [389, ["token_law_deviation"]],
      [393, ["token_law_deviation"]],
    ] as const) {
      expect((await call(answer(output), { n: 2 })).outcome).toMatchObject({ kind: "made", flags });
    }
  });

  it("a value too large to be a fact is dropped from the answer, and that is flagged", async () => {
    const top = { note: "x".repeat(5_000), size: "1024x1024" };
    const body = JSON.stringify({ created: 1, data: [{ b64_json: "AAAA" }], ...top });
    expect((await call(whole(body))).outcome).toMatchObject({
      answer: { top: { size: "1024x1024" } },
      flags: ["answer_field_dropped"],
    });
  });

  it("an answer that doesn't say when it was made gets our own time", async () => {
    const before = Math.floor(Date.now() / 1_000);
    for (const created of [undefined, "soon", -1, 1.5, 1e300]) {
      const body = JSON.stringify({ created, data: [{ b64_json: "AAAA" }] });
      const { outcome } = await call(whole(body));
      if (outcome.kind !== "made") throw new Error(outcome.kind);
      expect(outcome.answer.created).toBeGreaterThanOrEqual(before);
    }
  });
});

describe("a 200 of OpenAI's without a picture", () => {
  it.each([
    ["no data", `{"created":1}`],
    ["empty data", `{"created":1,"data":[]}`],
    ["data null", `{"created":1,"data":null}`],
    ["an empty picture", `{"created":1,"data":[{"b64_json":""}]}`],
    ["a picture null", `{"created":1,"data":[{"b64_json":null}]}`],
    ["an empty item", `{"created":1,"data":[{}]}`],
    ["items that are none", `{"created":1,"data":[null,7,"x",[]]}`],
  ])("%s is refused with no_image and begins nothing", async (_name, body) => {
    const { outcome, whole: pictures, open } = await call(whole(body));
    expect(outcome).toMatchObject({ kind: "refused", code: "no_image" });
    expect([...pictures, ...open]).toEqual([]);
  });

  it("what its usage reports is the house's cost", async () => {
    const { outcome } = await call(whole(JSON.stringify({ data: [], usage })));
    expect(outcome).toMatchObject({
      kind: "refused",
      cost: [
        { meter: "text_input_tokens", quantity: 42n },
        { meter: "image_output_tokens", quantity: 392n },
      ],
      usageText: JSON.stringify(usage),
    });
    expect((await call(whole(`{"data":[]}`))).outcome).not.toHaveProperty("cost");
  });

  it("an error inside it is judged by its code: moderation, our account, else the vendor failed", async () => {
    const failed = (code: string) => whole(JSON.stringify({ error: { code, message: "No." } }));
    expect((await call(failed("moderation_blocked"))).outcome).toMatchObject({
      kind: "refused",
      code: "moderation_blocked",
    });
    expect((await call(failed("insufficient_quota"))).outcome).toMatchObject({
      kind: "our_account",
    });
    expect((await call(failed("server_error"))).outcome).toMatchObject({
      kind: "failed",
      code: "vendor_failed",
      message: "No.",
    });
  });
});
