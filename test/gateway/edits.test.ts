import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formOf, formType, restingFiles } from "./intake-bench.ts";
import { encoded, heavyPng, pngOf } from "./pictures.ts";
import { send } from "./raw-client.ts";
import { type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Pictures stay as long as their call and no longer, and make a request the same as another or not. */

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const PROMPT = "Recolor this mug: matte cobalt-blue, nothing else.";
const ASKED = { model: "gpt-image-2", prompt: PROMPT, quality: "low", size: "1024x1024" };
const fields = Object.entries(ASKED).map(([name, body]) => ({ name, body }));

function formWith(...images: readonly Buffer[]): Buffer {
  const parts = images.map((body) => ({ name: "image[]", body, filename: "blob" }));
  return formOf([...parts, ...fields]);
}

function edit(body: Buffer, headers: Record<string, string> = {}, type = formType()) {
  const authorization = `Bearer ${sandbox.apiKey}`;
  return send(sandbox.gateway.url, {
    path: "/v1/images/edits",
    headers: { authorization, "content-type": type, ...headers },
    body,
  });
}

describe("an edit through the whole gateway", () => {
  // Text: 12 tokens of the prompt, 6 of the frame, 1 a picture. Pictures: 1,024 tokens of 8 USD a million each.
  // Output: 196 of 30 USD a million, 0.00588. With one: 19 × 0.000005 + 1,024 × 0.000008 + 0.00588 = 0.014167.
  it.each([
    [1, "0.014167", 19, 1_024, 1_043],
    [2, "0.022364", 20, 2_048, 2_068],
    [3, "0.030561", 21, 3_072, 3_093],
  ])("with %i pictures of 1024x1024 costs %s", async (count, cost, text, image, tokens) => {
    const files = Array.from({ length: count }, () => encoded("png", [1_024, 1_024]));
    const answer = await edit(formWith(...files));
    const { data, usage } = JSON.parse(answer.text);
    expect([answer.status, data.length, String(usage.cost)]).toEqual([200, 1, cost]);
    expect(usage.input_tokens).toBe(tokens);
    expect(usage.input_tokens_details).toEqual({ text_tokens: text, image_tokens: image });
    const receipt = await sandbox.get(`/v1/receipts/${answer.headers["x-receipt-id"]}`);
    expect(receipt.body).toMatchObject({ status: "settled", total: cost });
  });

  it("with a mask costs what it costs without: vendors publish no count for it", async () => {
    const mask = pngOf({ width: 1_024, height: 1_024, colourType: 6 });
    const files = [
      { name: "mask", body: mask },
      { name: "image", body: encoded("png", [1_024, 1_024]) },
    ];
    await sandbox.forgetCalls();
    const answer = await edit(formOf([...files, ...fields]));
    expect([answer.status, String(JSON.parse(answer.text).usage.cost)]).toEqual([200, "0.014167"]);
    const [call] = await sandbox.calls();
    expect(Object.keys(call?.body ?? {})).toEqual(expect.arrayContaining(["image#0", "mask#1"]));
  });

  it("is quoted for what it then costs, as a form and as JSON", async () => {
    const file = encoded("png", [1_024, 1_024]);
    const url = `data:image/png;base64,${file.toString("base64")}`;
    const path = "/v1/images/quote";
    const authorization = `Bearer ${sandbox.apiKey}`;
    const json = await sandbox.quote({ ...ASKED, images: [{ image_url: url }] });
    const headers = { authorization, "content-type": formType() };
    const form = await send(sandbox.gateway.url, { path, headers, body: formWith(file) });
    expect(json.body.expected.total).toBe("0.014167");
    expect(JSON.parse(form.text)).toEqual(json.body);
  });

  it.each([
    "gemini-2.5-flash-image",
    "qwen-image-edit-plus",
    "wan2.7-image",
    "seedream-4-5",
    "seedream-5-0-pro",
  ])("%s reads pictures from a form and from JSON, for the same price", async (model) => {
    const file = encoded("jpeg", [1_024, 1_024]);
    const parts = Object.entries({ model, prompt: PROMPT }).map(([name, body]) => ({ name, body }));
    const form = await edit(formOf([...parts, { name: "image", body: file }]));
    const image = `data:image/jpeg;base64,${file.toString("base64")}`;
    const body = Buffer.from(JSON.stringify({ model, prompt: PROMPT, image }));
    const json = await edit(body, {}, "application/json");
    expect([form.status, json.status], form.text.slice(0, 300)).toEqual([200, 200]);
    const [a, b] = [form, json].map((answer) => JSON.parse(answer.text).usage.cost);
    expect(a).toBeGreaterThan(0);
    expect(b).toBe(a);
  });
});

describe("the pictures of an edit", () => {
  beforeEach(() => sandbox.forgetCalls());

  it("rest while the vendor works, and are given back when the call is over", async () => {
    const answer = edit(formWith(heavyPng(300_000), heavyPng(20_000)), { "x-emulate": "slow=600" });
    await until(async () => (await sandbox.calls()).length === 1);
    // The small one rests in memory.
    expect(restingFiles()).toBeGreaterThanOrEqual(1);
    expect((await answer).status).toBe(200);
    await until(() => restingFiles() === 0 && sandbox.gateway.callsInFlight() === 0);
  });

  it("are given back when the vendor fails, too", async () => {
    const answer = await edit(formWith(heavyPng(300_000)), { "x-emulate": "status=500" });
    expect(answer.status).toBe(424);
    await until(() => restingFiles() === 0);
  });

  it("stay until the call is over when their client has left, and the call is charged", async () => {
    const before = (await sandbox.get("/v1/credits")).body.settled;
    const request = httpRequest(`${sandbox.gateway.url}/v1/images/edits`, {
      method: "POST",
      agent: false,
      headers: {
        authorization: `Bearer ${sandbox.apiKey}`,
        "content-type": formType(),
        "x-emulate": "slow=600",
      },
    });
    request.on("error", () => undefined);
    request.end(formWith(heavyPng(300_000)));
    await until(async () => (await sandbox.calls()).length === 1);
    request.destroy();
    await until(() => restingFiles() === 0 && sandbox.gateway.callsInFlight() === 0);
    expect((await sandbox.get("/v1/credits")).body.settled).not.toBe(before);
  });
});

describe("an edit with an Idempotency-Key", () => {
  const headers = { "idempotency-key": "one-mug-in-blue" };
  const picture = heavyPng(100_000);

  it("is paid for once, as a form or as JSON, whatever the boundary", async () => {
    await sandbox.forgetCalls();
    const first = await edit(formWith(picture), headers);
    expect(first.status).toBe(200);
    const url = `data:image/png;base64,${picture.toString("base64")}`;
    const json = Buffer.from(JSON.stringify({ ...ASKED, images: [{ image_url: url }] }));
    const parts = [{ name: "image", body: picture }, ...fields.toReversed()];
    const again = [
      await edit(formOf(parts, "another"), headers, formType("another")),
      await edit(json, headers, "application/json"),
    ];
    for (const answer of again) {
      expect(answer.headers["idempotent-replayed"]).toBe("true");
      expect(answer.text).toBe(first.text);
    }
    expect(await sandbox.calls()).toHaveLength(1);
  });

  it("with another picture is another request: 422", async () => {
    const other = await edit(formWith(heavyPng(100_001)), headers);
    expect(other.status).toBe(422);
    expect(JSON.parse(other.text).error.code).toBe("idempotency_key_reused");
  });

  it("is another request than a generation of the same words", async () => {
    const path = "/v1/images/generations";
    const json = { authorization: `Bearer ${sandbox.apiKey}`, "content-type": "application/json" };
    const body = JSON.stringify(ASKED);
    const answer = await send(sandbox.gateway.url, {
      path,
      headers: { ...json, ...headers },
      body,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers["idempotent-replayed"]).toBeUndefined();
  });
});

describe("a client that asks first", () => {
  it("sends its form after 100 Continue, and gets its picture", async () => {
    const body = formWith(heavyPng(200_000));
    const request = httpRequest(`${sandbox.gateway.url}/v1/images/edits`, {
      method: "POST",
      agent: false,
      headers: {
        authorization: `Bearer ${sandbox.apiKey}`,
        "content-type": formType(),
        "content-length": body.length,
        expect: "100-continue",
      },
    });
    request.flushHeaders();
    await once(request, "continue");
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    expect(response.statusCode).toBe(200);
  });
});
