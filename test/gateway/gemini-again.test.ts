import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { content, expectGeminiRefusal, PLAIN } from "./gemini-client.ts";
import { type RawAnswer, send } from "./raw-client.ts";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Requests in Gemini's contract that were made before, and the list of its models. */

/** 21 x 0.000005 + 196 x 0.00003 = 0.005985 USD. */
const LOW = { ...PLAIN, spotmeter: { quality: "low", size: "1024x1024" } };
const EVENTS = "streamGenerateContent?alt=sse";

let sandbox: Sandbox;
let door: { readonly url: string; readonly apiKey: string };
beforeAll(async () => {
  sandbox = await startSandbox();
  door = { url: sandbox.gateway.url, apiKey: sandbox.apiKey };
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

async function settled(key: string): Promise<string> {
  return (await sandbox.get("/v1/credits", key)).body.settled;
}

/** A key of an account that nobody else uses. */
async function newAccount(): Promise<typeof door> {
  const account = await sandbox.admin("POST", "/accounts", { name: "a" });
  const made = await sandbox.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
  return { url: door.url, apiKey: made.body.key };
}

describe("the same request again", () => {
  it.each(["generateContent", "streamGenerateContent", EVENTS])(
    "%s with an Idempotency-Key: the same answer byte by byte, one call, one charge",
    async (method) => {
      const own = await newAccount();
      const headers = { "idempotency-key": `again-${method}` };
      const body = { ...LOW, spotmeter: { ...LOW.spotmeter, user: method } };
      const given = { model: "gpt-image-2", method, headers };
      const first = await content(own, { ...given, body });
      // The other spelling, another order of fields: the same order.
      const again = await content(own, {
        ...given,
        version: "/v1",
        body: { spotmeter: body.spotmeter, generation_config: {}, contents: MUG },
      });
      expect([first.status, again.status]).toEqual([200, 200]);
      expect(again.text).toBe(first.text);
      expect(again.headers["idempotent-replayed"]).toBe("true");
      expect(again.headers["content-type"]).toBe(first.headers["content-type"]);
      expect(await sandbox.calls()).toHaveLength(1);
      expect(await settled(own.apiKey)).toBe("0.005985");
    },
  );

  it("another order under the key is 422", async () => {
    const headers = { "idempotency-key": "reused" };
    expect((await content(door, { headers })).status).toBe(200);
    const answer = await content(door, { model: "gpt-image-2", headers });
    expectGeminiRefusal(answer, "idempotency_key_reused");
  });

  it("a client that left with nothing: the next one adopts its call, on its own surface", async () => {
    const body = { ...LOW, spotmeter: { ...LOW.spotmeter, user: "leaves" } };
    const path = `/v1beta/models/gpt-image-2:${EVENTS}`;
    const request = httpRequest(`${door.url}${path}`, {
      method: "POST",
      agent: false,
      headers: {
        "x-goog-api-key": door.apiKey,
        "content-type": "application/json",
        "x-emulate": "slow=300",
      },
    });
    request.on("error", () => undefined);
    request.end(JSON.stringify(body));
    await until(async () => (await sandbox.calls()).length === 1);
    const closed = new Promise((resolve) => request.on("close", resolve));
    request.destroy();
    await closed;
    const plain = await content(door, { model: "gpt-image-2", body });
    expect(plain.headers["x-spotmeter-adopted"]).toBeUndefined();
    const events = await content(door, { model: "gpt-image-2", method: EVENTS, body });
    expect(events.headers["x-spotmeter-adopted"]).toBe("true");
    expect(events.headers["content-type"]).toBe("text/event-stream");
    expect(events.text.startsWith('data: {"candidates"')).toBe(true);
    expect(await sandbox.calls()).toHaveLength(2);
  });
});

describe("GET /v1beta/models", () => {
  const list = (query: string): Promise<RawAnswer> =>
    send(door.url, { method: "GET", path: `/v1beta/models${query}` });

  it("Google's shape, page by page, each model once, the key in the query", async () => {
    const names: string[] = [];
    let token = "";
    do {
      const answer = await list(`?key=${sandbox.apiKey}&pageSize=20${token}`);
      const { models, nextPageToken } = JSON.parse(answer.text);
      expect(models.length).toBeLessThanOrEqual(20);
      names.push(...models.map((model: { name: string }) => model.name));
      token = nextPageToken === undefined ? "" : `&pageToken=${nextPageToken}`;
    } while (token !== "");
    expect(names).toEqual(
      expect.arrayContaining(["models/gemini-3-pro-image", "models/seedream-4-0"]),
    );
    expect(new Set(names).size).toBe(names.length);
    const { data } = (await sandbox.get("/v1/models")).body;
    expect(names).toHaveLength(data.length);
  });

  it("one model, with what the catalog says of it", async () => {
    const answer = await list(`/gemini-3-pro-image?key=${sandbox.apiKey}`);
    expect(JSON.parse(answer.text)).toMatchObject({
      name: "models/gemini-3-pro-image",
      displayName: "Nano Banana Pro",
      inputTokenLimit: 65_536,
      supportedGenerationMethods: ["generateContent"],
      spotmeter: { object: "model", capabilities: { images_per_call_max: 1 } },
    });
  });

  it("a model that can't be called has no methods", async () => {
    const answer = await list(`/imagen-4.0-generate-001?key=${sandbox.apiKey}`);
    expect(JSON.parse(answer.text)).toMatchObject({ supportedGenerationMethods: [] });
  });
});
