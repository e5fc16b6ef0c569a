import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { type RunningGateway, startGateway } from "../../src/start/gateway.ts";
import { serve } from "../core/vendor-bench.ts";
import { baseUrls } from "./replay-vendor.ts";
import { askerOf, MUG, startSandbox, testConfig } from "./sandbox.ts";

/** Sandbox and live never mix: ledgers, keys, vendors, switches. "Live" here calls emulators on loopback. */

const LIVE_KEYS = { OPENAI_API_KEY: "sk-live-test-1", GEMINI_API_KEY: "live-test-2" };
const AS_OF = "2026-11-22";
const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

let emulator: RunningEmulator;
let home: string;
beforeAll(async () => {
  emulator = await startEmulator({ latencyMs: 0, pictures: "small" });
});
afterAll(() => emulator.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-test-"));
  return () => rmSync(home, { recursive: true, force: true });
});

function start(environment: Readonly<Record<string, string>>): Promise<RunningGateway> {
  const config = testConfig({ SPOTMETER_HOME: home, ...environment });
  return startGateway(config, { say: () => undefined });
}

/** A live gateway with an account's key. */
async function live(environment: Readonly<Record<string, string>> = {}) {
  const gateway = await start({
    ...baseUrls(emulator.url),
    ...LIVE_KEYS,
    SPOTMETER_AS_OF: AS_OF,
    ...environment,
  });
  const { url, adminToken } = gateway;
  const { admin } = askerOf({ url, adminToken, apiKey: "" }, emulator.url);
  const account = (await admin("POST", "/accounts", { name: "shop" })).body;
  const key = (await admin("POST", "/keys", { account_id: account.id, name: "k" })).body.key;
  const ask = askerOf({ url, adminToken, apiKey: key }, emulator.url);
  await ask.forgetCalls();
  return { gateway, account, key: key as string, ask };
}

describe("ledgers", () => {
  it("of one home are two files, and what the sandbox spent is no live debt", async () => {
    const sandbox = await startSandbox({ home });
    expect((await sandbox.generate(ORDER)).status).toBe(200);
    await sandbox.close();
    const { gateway, ask } = await live();
    expect((await ask.get("/v1/credits")).body).toMatchObject({ settled: "0", emulated: false });
    expect((await ask.admin("GET", "/accounts")).body.data).toHaveLength(1);
    await gateway.close();
    expect(existsSync(join(home, "sandbox.sqlite"))).toBe(true);
    expect(existsSync(join(home, "live.sqlite"))).toBe(true);
  });

  it.each([
    ["sandbox", "live"],
    ["live", "sandbox"],
  ])("a %s ledger under the name of a %s one is refused at start", async (from, to) => {
    const environments: Record<string, Record<string, string>> = {
      sandbox: baseUrls(emulator.url),
      live: { ...baseUrls(emulator.url), ...LIVE_KEYS },
    };
    await (await start(environments[from] ?? {})).close();
    renameSync(join(home, `${from}.sqlite`), join(home, `${to}.sqlite`));
    await expect(start(environments[to] ?? {})).rejects.toMatchObject({
      name: "StartError",
      message: expect.stringContaining(from),
    });
    // The refused start let everything go: the right world opens after it.
    renameSync(join(home, `${to}.sqlite`), join(home, `${from}.sqlite`));
    await (await start(environments[from] ?? {})).close();
  });
});

describe("live", () => {
  it("refuses a sandbox key as such, and the sandbox a live one", async () => {
    const sandbox = await startSandbox();
    const { gateway, key, ask } = await live();
    const inLive = await ask.generate(ORDER, undefined, sandbox.apiKey);
    expect([inLive.status, inLive.body.error.code]).toEqual([401, "sandbox_key"]);
    const inSandbox = await sandbox.generate(ORDER, undefined, key);
    expect([inSandbox.status, inSandbox.body.error.code]).toEqual([401, "live_key"]);
    expect(key).toMatch(/^sm_live_/);
    expect(sandbox.apiKey).toMatch(/^sm_sandbox_/);
    await gateway.close();
    await sandbox.close();
  });

  it("forwards no x-emulate, says nothing of a sandbox, and its receipts are not emulated", async () => {
    const { gateway, ask } = await live();
    const answer = await ask.generate(ORDER, "moderation");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-spotmeter-sandbox")).toBeNull();
    const receipt = await ask.get(`/v1/receipts/${answer.headers.get("x-receipt-id")}`);
    expect(receipt.body).toMatchObject({ emulated: false, total: "0.005985", as_of: AS_OF });
    expect((await ask.quote(ORDER)).body.emulated).toBe(false);
    expect(JSON.stringify(await ask.calls())).not.toContain("x-emulate");
    await gateway.close();
  });

  it("refuses a retired model and names what took its place; the sandbox serves it with a warning", async () => {
    const { gateway, ask } = await live();
    const order = { model: "gemini-2.5-flash-image", prompt: MUG };
    const { status, body } = await ask.generate(order);
    expect([status, body.error.code]).toEqual([404, "model_retired"]);
    expect(body.error.suggested_model).toMatch(/^gemini-/);
    expect(await ask.calls()).toEqual([]);
    await gateway.close();
    const sandbox = await startSandbox({ environment: { SPOTMETER_AS_OF: AS_OF } });
    expect((await sandbox.quote(order)).body.warnings.join()).toContain("2026-10-02");
    expect((await sandbox.generate(order)).status).toBe(200);
    await sandbox.close();
  });

  it("answers for vendors with keys only", async () => {
    const { gateway, ask } = await live();
    for (const model of ["seedream-4-0", "qwen-image-2.0"]) {
      const { status, body } = await ask.generate({ model, prompt: MUG });
      expect([status, body.error.code]).toEqual([404, "model_not_available"]);
    }
    expect(await ask.calls()).toEqual([]);
    await gateway.close();
  });

  it("gives an account without a balance or a limit 10 USD a day", async () => {
    const { gateway, account, ask } = await live();
    expect(account.limits).toEqual({ day: "10" });
    const create = (body: object) => ask.admin("POST", "/accounts", { name: "a", ...body });
    expect((await create({ prepaid: true })).body.limits).toEqual({});
    expect((await create({ limits: { month: "5" } })).body.limits).toEqual({ month: "5" });
    expect((await create({ prepaid: false, limits: {} })).body.limits).toEqual({ day: "10" });
    // What stands below a root is bounded by it.
    expect((await create({ parent_id: account.id })).body).toMatchObject({
      limits: {},
      available: "10",
    });
    await gateway.close();
    const sandbox = await startSandbox();
    expect((await sandbox.admin("POST", "/accounts", { name: "a" })).body.limits).toEqual({});
    await sandbox.close();
  });
});

describe("a start that would mix them is refused", () => {
  it.each([
    ["live without a key", { SPOTMETER_MODE: "live" }, "SPOTMETER_MODE=live needs the key"],
    [
      "a key in the clear",
      { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://example.com/v1" },
      "OPENAI_BASE_URL: plain http is for loopback only",
    ],
    [
      "plain http to a private network",
      { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://10.0.0.7/v1" },
      "OPENAI_BASE_URL: plain http is for loopback only",
    ],
    [
      "a name that only looks like loopback",
      { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://127.0.0.1.example.com/v1" },
      "OPENAI_BASE_URL: plain http is for loopback only",
    ],
    [
      "a sandbox that leaves this machine",
      { ARK_BASE_URL: "https://ark.example.com/api/v3" },
      "ARK_BASE_URL points outside this machine",
    ],
    [
      "another day's prices at a real vendor",
      { OPENAI_API_KEY: "sk-1", SPOTMETER_AS_OF: "2026-06-01" },
      "SPOTMETER_AS_OF is refused while openai is called outside this machine",
    ],
  ])("%s", async (_name, environment, message) => {
    await expect(start(environment)).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining(message),
    });
  });
});

describe("the sandbox", () => {
  it("sends no real key to an emulator, even where one is set", async () => {
    await using vendor = await serve((_request, response) => {
      response.end();
    });
    const gateway = await start({
      ...baseUrls(vendor.origin),
      ...LIVE_KEYS,
      SPOTMETER_MODE: "sandbox",
    });
    const { url, adminToken, sandbox } = gateway;
    const ask = askerOf({ url, adminToken, apiKey: sandbox?.apiKey ?? "" }, vendor.origin);
    await ask.generate(ORDER);
    await ask.generate({ model: "gemini-3-pro-image", prompt: MUG });
    expect(vendor.seen).toHaveLength(2);
    expect(JSON.stringify(vendor.seen)).not.toMatch(/sk-live-test-1|live-test-2/);
    await gateway.close();
  });

  it("reads the catalog as of another day and says so on every receipt", async () => {
    const sandbox = await startSandbox({ environment: { SPOTMETER_AS_OF: "2026-07-01" } });
    const answer = await sandbox.generate({ model: "gemini-2.5-flash-image", prompt: MUG });
    expect(answer.body.usage.cost_details.total).toBe("0.038703");
    const receipt = await sandbox.get(`/v1/receipts/${answer.headers.get("x-receipt-id")}`);
    expect(receipt.body).toMatchObject({ as_of: "2026-07-01" });
    expect((await sandbox.get("/healthz")).body.as_of).toBe("2026-07-01");
    await sandbox.close();
  });
});
