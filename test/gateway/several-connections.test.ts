import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { type RunningGateway, startGateway } from "../../src/start/gateway.ts";
import { sendJson, serve } from "../core/vendor-bench.ts";
import { baseUrls, openaiReply } from "./replay-vendor.ts";
import { askerOf, MUG, testConfig, until } from "./sandbox.ts";

/** Several connections of one vendor behind one gateway, each with a vendor that answers when it is told to. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const MADE = openaiReply({ quality: "low", counts: [21, 0, 196, 0] });

/** A vendor that keeps every call open until a test answers it. */
async function heldVendor() {
  const open: ServerResponse[] = [];
  const server = await serve((_request, response) => {
    open.push(response);
  });
  return {
    baseUrl: `${server.origin}/v1`,
    /** What was asked so far, answered or not. */
    seen: server.seen,
    /** Answers the oldest open call, waiting for one to come. */
    answer: async (say: (response: ServerResponse) => void = made) => {
      await until(() => open.length > 0);
      const response = open.shift();
      if (response !== undefined) say(response);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const made = (response: ServerResponse) => sendJson(response, 200, MADE.body(""));

let emulator: RunningEmulator;
let home: string;
let a: Awaited<ReturnType<typeof heldVendor>>;
let b: Awaited<ReturnType<typeof heldVendor>>;
let gateway: RunningGateway | undefined;
beforeAll(async () => {
  emulator = await startEmulator({ latencyMs: 0, pictures: "small" });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  [a, b] = [await heldVendor(), await heldVendor()];
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** Starts a gateway whose `spotmeter.yaml` lists what is given, each line one connection. */
async function start(listed: readonly object[], environment: Record<string, string> = {}) {
  const file = join(home, "spotmeter.yaml");
  writeFileSync(file, JSON.stringify({ connections: listed }));
  const said: string[] = [];
  const config = testConfig({
    SPOTMETER_HOME: home,
    SPOTMETER_CONFIG: file,
    ...baseUrls(emulator.url),
    ...environment,
  });
  gateway = await startGateway(config, { say: (line) => said.push(line) });
  const { url, adminToken, sandbox } = gateway;
  const ask = askerOf({ url, adminToken, apiKey: sandbox?.apiKey ?? "" }, emulator.url);
  await ask.forgetCalls();
  return { ...ask, url, said, apiKey: sandbox?.apiKey ?? "" };
}

const openai = (id: string, of: object = {}) => ({
  id,
  vendor: "openai",
  key: `env ${id.toUpperCase().replaceAll("-", "_")}_KEY`,
  ...of,
});

describe("two connections with room for one call each", () => {
  const pair = () => [
    openai("team-a", { base_url: a.baseUrl, limits: { concurrent: 1 } }),
    openai("team-b", { base_url: b.baseUrl, limits: { concurrent: 1 } }),
  ];

  it("are filled by free capacity; a third call waits, holds no money, and goes where room is first", async () => {
    const { generate, admin } = await start(pair());
    const orders = [generate(ORDER)];
    await until(() => a.seen.length === 1);
    orders.push(generate(ORDER));
    await until(() => b.seen.length === 1);
    orders.push(generate(ORDER));
    await until(() => gateway?.callsInFlight() === 3);
    const holds = (await admin("GET", "/holds")).body.data;
    expect(holds.map((hold: { connection: string }) => hold.connection)).toEqual([
      "team-b",
      "team-a",
    ]);
    await b.answer();
    await until(() => b.seen.length === 2);
    await b.answer();
    await a.answer();
    const answers = await Promise.all(orders);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const receipts = await Promise.all(
      answers.map(({ headers }) => admin("GET", `/receipts/${headers.get("x-receipt-id")}`)),
    );
    expect(receipts.map(({ body }) => [body.connection, body.total])).toEqual([
      ["team-a", "0.005985"],
      ["team-b", "0.005985"],
      ["team-b", "0.005985"],
    ]);
    expect([a.seen.length, b.seen.length]).toEqual([1, 2]);
  });

  it("a repetition stays on its connection, though the other is free", async () => {
    const { generate, admin } = await start(pair());
    const answer = generate(ORDER);
    await a.answer((response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "0" });
      response.end(
        JSON.stringify({ error: { message: "slow down", code: "rate_limit_exceeded" } }),
      );
    });
    await a.answer();
    const { status, headers } = await answer;
    expect(status).toBe(200);
    const receipt = (await admin("GET", `/receipts/${headers.get("x-receipt-id")}`)).body;
    expect(receipt.connection).toBe("team-a");
    expect(receipt.attempts.map((each: { outcome: string }) => each.outcome)).toEqual([
      "unspent",
      "made",
    ]);
    expect([a.seen.length, b.seen.length]).toEqual([2, 0]);
  });

  it("a client that leaves while it waits orders nothing, and the next one goes instead", async () => {
    const { generate, admin, url, apiKey } = await start(pair());
    const orders = [generate(ORDER), generate(ORDER)];
    await until(() => a.seen.length + b.seen.length === 2);
    const client = new AbortController();
    const left = fetch(`${url}/v1/images/generations`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(ORDER),
      signal: client.signal,
    });
    await until(() => gateway?.callsInFlight() === 3);
    client.abort();
    await expect(left).rejects.toThrow();
    await until(() => gateway?.callsInFlight() === 2);
    orders.push(generate(ORDER));
    await a.answer();
    await a.answer();
    await b.answer();
    expect((await Promise.all(orders)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect([a.seen.length, b.seen.length]).toEqual([2, 1]);
    expect((await admin("GET", "/holds")).body.data).toEqual([]);
  });
});

describe("images a minute", () => {
  it("an order above every connection's minute is refused before any spend, its quote too", async () => {
    const { generate, quote, get } = await start([
      openai("team-a", { base_url: a.baseUrl, limits: { images_per_minute: 2 } }),
      openai("team-b", { base_url: b.baseUrl, limits: { images_per_minute: 3 } }),
    ]);
    for (const ask of [generate, quote]) {
      const { status, body } = await ask({ ...ORDER, n: 4 });
      expect([status, body.error.code, body.error.param]).toEqual([400, "unsupported_n", "n"]);
      expect(body.error).toMatchObject({ sent: 4, allowed: 3 });
    }
    expect((await get("/v1/credits")).body).toMatchObject({ settled: "0", held: "0" });
  });

  it("an order that only one connection's minute can carry goes there", async () => {
    const { generate, quote } = await start([
      openai("team-a", { base_url: a.baseUrl, limits: { images_per_minute: 2 } }),
      openai("team-b", { base_url: b.baseUrl, limits: { images_per_minute: 3 } }),
    ]);
    expect((await quote({ ...ORDER, n: 3 })).status).toBe(200);
    const answer = generate({ ...ORDER, n: 3 });
    const three = openaiReply({ n: 3, quality: "low", counts: [63, 0, 588, 0] });
    await b.answer((response) => sendJson(response, 200, three.body("")));
    // 3 x (21 x 5 + 196 x 30) per million = 3 x 0.005985.
    expect((await answer).body.usage.cost_details.total).toBe("0.017955");
    expect([a.seen.length, b.seen.length]).toEqual([0, 1]);
  });

  it("are given back when the hold is refused", async () => {
    const { generate, admin } = await start([
      openai("team-a", { base_url: a.baseUrl, limits: { images_per_minute: 1 } }),
    ]);
    const account = await admin("POST", "/accounts", { name: "poor", limits: { day: "0.001" } });
    const { key } = (await admin("POST", "/keys", { account_id: account.body.id, name: "k" })).body;
    const refused = await generate(ORDER, undefined, key);
    expect([refused.status, refused.body.error.code]).toEqual([402, "budget_exceeded"]);
    // Were its image still counted, this order would wait for a minute.
    const answer = generate(ORDER);
    await a.answer();
    expect((await answer).status).toBe(200);
    expect(a.seen).toHaveLength(1);
  });

  it("a repetition without room in the minute is not sent: what the vendor said stands", async () => {
    const { generate, admin } = await start([
      openai("team-a", { base_url: a.baseUrl, limits: { images_per_minute: 1 } }),
    ]);
    const answer = generate(ORDER);
    await a.answer((response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "0" });
      response.end(
        JSON.stringify({ error: { message: "slow down", code: "rate_limit_exceeded" } }),
      );
    });
    const { status, body, headers } = await answer;
    expect([status, body.error.code]).toEqual([429, "vendor_busy"]);
    const receipt = await admin("GET", `/receipts/${headers.get("x-receipt-id")}`);
    expect(receipt.body).toMatchObject({ status: "voided", total: "0" });
    expect(receipt.body.attempts).toHaveLength(1);
    expect(a.seen).toHaveLength(1);
  });
});

describe("a connection for some accounts only", () => {
  it("is open to them; for any other its vendor's models are not there", async () => {
    const before = await start([]);
    const account = await before.admin("POST", "/accounts", { name: "team" });
    const made = await before.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
    await gateway?.close();
    const { id } = account.body;
    const { generate, quote, get, said } = await start([
      openai("team-a", { base_url: a.baseUrl, accounts: [id] }),
    ]);
    const why = "no connection to openai is open to this account";
    for (const ask of [generate, quote]) {
      const { status, body } = await ask(ORDER);
      expect([status, body.error.code]).toEqual([404, "model_not_available"]);
      expect(body.error.message).toBe(`model=gpt-image-2: ${why}`);
    }
    const shown = async (key?: string) => (await get("/v1/models/gpt-image-2", key)).body;
    expect(await shown()).toMatchObject({ available: false, unavailable_because: why });
    expect(await shown(made.body.key)).toMatchObject({
      available: true,
      unavailable_because: null,
    });
    // Other vendors are there as ever, and the banner offers no order that would be refused.
    expect((await generate({ model: "seedream-4-0", prompt: MUG })).status).toBe(200);
    expect(said.join("\n")).toContain(
      `The usual example can't be ordered: model=gpt-image-2: ${why}`,
    );
    const answer = generate(ORDER, undefined, made.body.key);
    await a.answer();
    expect((await answer).status).toBe(200);
  });
});
