import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AcceptedOrder } from "../../src/gates/accept.ts";
import { content, expectGeminiRefusal } from "./gemini-client.ts";
import { bytesOf, restingFiles } from "./intake-bench.ts";
import { encoded, pngOf } from "./pictures.ts";
import type { RawAnswer } from "./raw-client.ts";
import { MUG, until } from "./sandbox.ts";
import { made, type StagedGateway, startStaged } from "./staged-gateway.ts";

/** Pictures in a request of Gemini's contract: what becomes of them on their way to the vendor. */

let staged: StagedGateway;
beforeAll(async () => {
  staged = await startStaged();
});
afterAll(() => staged.close());
afterEach(() => until(() => restingFiles() === 0));

const small = encoded("png", [64, 48]);
const wide = encoded("jpeg", [200, 100]);
/** Too large to rest in memory. */
const large = pngOf({ width: 900, height: 900, data: randomBytes(300_000) });

function inline(picture: Buffer, mimeType = "image/png"): object {
  return { inlineData: { mimeType, data: picture.toString("base64") } };
}

/** The order that reached the vendor, what its pictures held then, and the answer. */
async function reached(body: unknown): Promise<{
  readonly accepted: AcceptedOrder;
  readonly pictures: readonly Buffer[];
  readonly answer: RawAnswer;
}> {
  const asked = content(staged, { body });
  const { accepted, answer, sink } = await staged.called();
  const pictures = [];
  for (const reference of accepted.order.references ?? []) pictures.push(await bytesOf(reference));
  sink.begin({ model: null });
  void sink.piece(Buffer.from(small.toString("base64"), "latin1"));
  sink.end();
  answer(made);
  return { accepted, pictures, answer: await asked };
}

describe("pictures that come along", () => {
  it("become references in their order, whatever stands between them, byte by byte", async () => {
    const parts = [inline(small), { text: MUG }, inline(wide, "image/jpeg"), inline(large)];
    const { accepted, pictures, answer } = await reached({ contents: [{ parts }] });
    expect(answer.status).toBe(200);
    expect(accepted.order.prompt).toBe(MUG);
    expect(accepted.order.references).toMatchObject([
      { format: "png", width: 64, height: 48, bytes: small.length },
      { format: "jpeg", width: 200, height: 100, bytes: wide.length },
      { format: "png", width: 900, height: 900, bytes: large.length },
    ]);
    expect(
      pictures.map((picture, index) => picture.equals([small, wide, large][index] ?? picture)),
    ).toEqual([true, true, true]);
  });

  it("are read in snake_case, in a part by itself, with JSON's escapes, by their bytes and not their type", async () => {
    const data = JSON.stringify(wide.toString("base64"))
      .replaceAll("/", "\\/")
      .replaceAll("=", "\\u003d");
    const part = `{"inline_data":{"mime_type":"image/png","data":${data}}}`;
    const body = `{"contents":{"parts":[{"text":"a mug"},${part}]}}`;
    const { accepted, pictures } = await reached(body);
    expect(accepted.order.references).toMatchObject([{ format: "jpeg", width: 200 }]);
    expect(pictures[0]?.equals(wide)).toBe(true);
  });

  it("make another order: the same words with another picture are not the same request", async () => {
    const parts = (picture: Buffer) => ({
      contents: [{ parts: [{ text: MUG }, inline(picture)] }],
    });
    const headers = { "idempotency-key": "with-a-picture" };
    const first = content(staged, { body: parts(small), headers });
    const call = await staged.called();
    call.make();
    expect((await first).status).toBe(200);
    const again = await content(staged, { body: parts(small), headers });
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const other = await content(staged, { body: parts(wide), headers });
    expectGeminiRefusal(other, "idempotency_key_reused");
  });
});

describe("pictures that are none", () => {
  it.each<[string, string, "invalid_image" | "invalid_json" | "invalid_value"]>([
    ["no picture at all", Buffer.from("hello").toString("base64"), "invalid_image"],
    ["nothing", "", "invalid_image"],
    ["no base64", "%%%%", "invalid_image"],
    ["half a picture", small.subarray(0, 20).toString("base64"), "invalid_image"],
  ])("%s", async (_name, data, code) => {
    const calls = staged.calls();
    const parts = [{ text: MUG }, { inlineData: { mimeType: "image/png", data } }];
    const answer = await content(staged, { body: { contents: [{ parts }] } });
    expectGeminiRefusal(answer, code);
    expect(answer.text).toContain("picture 1");
    expect(staged.calls()).toBe(calls);
  });

  it("a name that stands twice: which picture was meant can't be known", async () => {
    const data = small.toString("base64");
    const body = `{"contents":[{"parts":[{"text":"a mug"},{"inlineData":{"mimeType":"image/png","data":"${data}","data":"${data}"}}]}]}`;
    expectGeminiRefusal(await content(staged, { body }), "invalid_json", "contents");
  });

  it("seventeen of them, all here or some elsewhere", async () => {
    const elsewhere = { fileData: { fileUri: "https://127.0.0.1:9/a.png" } };
    for (const last of [inline(small), elsewhere]) {
      const sixteen = Array.from({ length: 16 }, () => inline(small));
      const parts = [{ text: MUG }, ...sixteen, last];
      const answer = await content(staged, { body: { contents: [{ parts }] } });
      const said = expectGeminiRefusal(answer, "too_many_images", "contents");
      expect(said["allowed"]).toBe('{"max":16}');
    }
  });

  it("one at a private address is never asked for", async () => {
    const fileData = { fileUri: "https://127.0.0.1:9/a.png", mimeType: "image/*" };
    const body = { contents: [{ parts: [{ text: MUG }, { fileData }] }] };
    const answer = await content(staged, { body });
    expectGeminiRefusal(answer, "image_unreachable", "contents[0].parts[1].fileData.fileUri");
    expect(answer.text).not.toContain("127.0.0.1");
  });

  it("nothing rests on the disk when a later field is refused", async () => {
    const parts = [inline(large), { text: MUG }];
    const answer = await content(staged, { body: { contents: [{ parts }], quality: "high" } });
    expectGeminiRefusal(answer, "unknown_parameter", "quality");
  });
});
