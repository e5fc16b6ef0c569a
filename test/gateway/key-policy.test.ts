import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkKey, makeKey } from "../../src/gateway/api-keys.ts";
import type { KeyPolicy } from "../../src/ledger/accounts-port.ts";
import { startGateway } from "../../src/start/gateway.ts";
import { type Answered, MUG, type Sandbox, startSandbox, testConfig } from "./sandbox.ts";

/** What an owner sets at a key: when it ends, what it may call, how fast, and what stands for `auto`. */

const LOW = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const FLAT = { model: "seedream-4-0", prompt: MUG };

const folder = mkdtempSync(join(tmpdir(), "spotmeter-policy-"));
const settings = join(folder, "spotmeter.yaml");
let sandbox: Sandbox;
let account = "";
beforeAll(async () => {
  writeFileSync(settings, "auto_as: { quality: medium, size: 1024x1536 }\n");
  sandbox = await startSandbox({ environment: { SPOTMETER_CONFIG: settings } });
  account = (await sandbox.admin("POST", "/accounts", { name: "a" })).body.id;
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

async function newKey(of: object, on = account): Promise<{ readonly id: string; key: string }> {
  const made = await sandbox.admin("POST", "/keys", { account_id: on, name: "k", ...of });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
}

const change = (id: string, body: object) => sandbox.admin("PATCH", `/keys/${id}`, body);

describe("expiry", () => {
  const expiresMs = Date.parse("2027-01-31T00:00:00Z");
  const { id, key, sha256 } = makeKey("sandbox");
  const policy: KeyPolicy = {
    ...{ id, sha256, accountId: "acct_1", rootId: "acct_1", name: "k", createdMs: 0 },
    ...{ revokedMs: null, limits: {}, settings: { expiresMs } },
    ...{ margin: null, retain: null },
    ...{ accountPath: ["acct_1"], autoAs: { by: {} } },
  };
  const ledger = { findKey: async () => policy };

  it("opens until the instant, and nothing from it on", async () => {
    await expect(checkKey(key, "sandbox", ledger, expiresMs - 1)).resolves.toBe(policy);
    await expect(checkKey(key, "sandbox", ledger, expiresMs)).rejects.toMatchObject({
      code: "expired_api_key",
      message: "this API key expired at 2027-01-31T00:00:00.000Z",
    });
  });

  it("is 401 on every route, and can be taken back", async () => {
    const made = await newKey({ expires_at: "2999-01-31T01:00:00+01:00" });
    const shown = (await sandbox.admin("GET", `/keys/${made.id}`)).body;
    expect(shown).toMatchObject({ expires_at: "2999-01-31T00:00:00.000Z", expired: false });
    await change(made.id, { expires_at: "2026-01-01T00:00:00Z" });
    const answers = [
      await sandbox.generate(LOW, undefined, made.key),
      await sandbox.quote(LOW, made.key),
      await sandbox.get("/v1/models", made.key),
      await sandbox.get("/v1/credits", made.key),
    ];
    for (const { status, body } of answers) {
      expect([status, body.error.code]).toEqual([401, "expired_api_key"]);
    }
    expect((await change(made.id, { expires_at: null })).body.expired).toBe(false);
    expect((await sandbox.quote(LOW, made.key)).status).toBe(200);
  });
});

describe("allowed models", () => {
  it("are kept by their ids; others are 403 before any quote, and shown as not available", async () => {
    const made = await newKey({ models: ["seedream-4.0", "openai/gpt-image-2"] });
    const { body: shown } = await sandbox.admin("GET", `/keys/${made.id}`);
    expect(shown.allowed_models).toEqual(["seedream-4-0", "gpt-image-2"]);
    await sandbox.forgetCalls();
    const asked = { model: "qwen-image-2.0", prompt: MUG };
    for (const answer of [
      await sandbox.generate(asked, undefined, made.key),
      await sandbox.quote(asked, made.key),
    ]) {
      expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([403, "false"]);
      expect(answer.body.error).toMatchObject({
        type: "permission_error",
        code: "model_not_allowed",
        param: "model",
        sent: "qwen-image-2.0",
        allowed: ["seedream-4-0", "gpt-image-2"],
      });
    }
    expect(await sandbox.calls()).toEqual([]);
    const one = (await sandbox.get("/v1/models/qwen-image-2.0", made.key)).body;
    expect(one).toMatchObject({
      available: false,
      unavailable_because: "this key may not call it",
    });
    const list = (await sandbox.get("/v1/models", made.key)).body.data;
    const open = list.filter((model: { available: boolean }) => model.available);
    // auto chooses among those that the key may call.
    expect(open.map((model: { id: string }) => model.id)).toEqual([
      "gpt-image-2",
      "seedream-4-0",
      "auto",
    ]);
    expect((await sandbox.generate(FLAT, undefined, made.key)).status).toBe(200);
  });

  it("a refusal suggests none that the key may not call", async () => {
    const asked = { ...FLAT, n: 2 };
    const free = await sandbox.quote(asked, (await newKey({})).key);
    expect(free.body.error.suggested_model).toEqual(expect.any(String));
    const bound = await sandbox.quote(
      asked,
      (await newKey({ allowed_models: ["seedream-4-0", "seedream-4-5"] })).key,
    );
    expect(bound.body.error.code).toBe("unsupported_n");
    expect(bound.body.error).not.toHaveProperty("suggested_model");
  });

  it.each([
    [{ allowed_models: ["gpt-image-22"] }, "allowed_models.0", ["gpt-image-2"]],
    [{ allowed_models: ["seedream-4-0", "zzzzzzzzzz"] }, "allowed_models.1", undefined],
    [{ allowed_models: [] }, "allowed_models", undefined],
    [{ expires_at: "2027-01-31" }, "expires_at", undefined],
    [{ expires_at: "30d" }, "expires_at", undefined],
    [{ expires_at: "2020-01-01T00:00:00Z" }, "expires_at", undefined],
    [{ rate_limit: {} }, "rate_limit", undefined],
    [{ rate_limit: { requests_per_minute: 0 } }, "rate_limit.requests_per_minute", undefined],
    [{ tpm_limit: 5 }, "tpm_limit", ["rate_limit.images_per_minute"]],
    [{ margin: { fixed: "1" } }, "margin", undefined],
    [{ house_limits: { exposure_per_hour: "1" } }, "house_limits", undefined],
    [{ tags: { shop: 1 } }, "tags.shop", undefined],
    [JSON.parse('{"tags":{"__proto__":"x"}}'), "tags.__proto__", undefined],
    [JSON.parse('{"constructor":"x"}'), "constructor", undefined],
  ])("%j is invalid_value of %s", async (of, param, allowed) => {
    const { status, body } = await sandbox.admin("POST", "/keys", {
      account_id: account,
      name: "k",
      ...of,
    });
    expect([status, body.error.code, body.error.param]).toEqual([400, "invalid_value", param]);
    expect(body.error.allowed).toEqual(allowed);
  });
});

describe("a rate limit", () => {
  /** What a key of these settings is answered, all within one clock minute. */
  async function withinOneMinute(
    of: object,
    ask: (key: string) => Promise<readonly Answered[]>,
  ): Promise<readonly Answered[]> {
    const { key } = await newKey(of);
    const minute = () => Math.floor(Date.now() / 60_000);
    const began = minute();
    const answers = await ask(key);
    return minute() === began ? answers : withinOneMinute(of, ask);
  }

  const rateOf = ({ headers }: Answered, what: "requests" | "images") => [
    headers.get(`x-ratelimit-limit-${what}`),
    headers.get(`x-ratelimit-remaining-${what}`),
  ];

  it("counts accepted orders; the next is 429 with retry-after, and holds nothing", async () => {
    const of = { rpm_limit: 2 };
    const [one, two, three] = await withinOneMinute(of, async (key) => [
      await sandbox.generate(FLAT, undefined, key),
      await sandbox.generate(FLAT, undefined, key),
      await sandbox.generate(FLAT, undefined, key),
    ]);
    if (one === undefined || two === undefined || three === undefined) throw new Error("three");
    expect([one.status, two.status, three.status]).toEqual([200, 200, 429]);
    expect([one, two, three].map((answer) => rateOf(answer, "requests"))).toEqual([
      ["2", "1"],
      ["2", "0"],
      ["2", "0"],
    ]);
    expect(rateOf(one, "images")).toEqual([null, null]);
    expect(three.body.error).toMatchObject({ type: "rate_limit_error", code: "rate_limited" });
    expect(three.headers.get("x-should-retry")).toBe("true");
    const seconds = Number(three.headers.get("retry-after"));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(three.headers.get("x-ratelimit-reset-requests")).toBe(`${seconds}s`);
  });

  it("counts images; an order that never fits is 400, because waiting would not help", async () => {
    const of = { rate_limit: { images_per_minute: 3 } };
    const [two, again, four] = await withinOneMinute(of, async (key) => [
      await sandbox.generate({ ...LOW, n: 2 }, undefined, key),
      await sandbox.generate({ ...LOW, n: 2 }, undefined, key),
      await sandbox.generate({ ...LOW, n: 4 }, undefined, key),
    ]);
    if (two === undefined || again === undefined || four === undefined) throw new Error("three");
    expect([two.status, again.status, four.status]).toEqual([200, 429, 400]);
    expect(rateOf(two, "images")).toEqual(["3", "1"]);
    expect(rateOf(again, "images")).toEqual(["3", "1"]);
    expect(four.body.error).toMatchObject({ code: "unsupported_n", allowed: { min: 1, max: 3 } });
  });

  it("an answer after the hold carries it too, whatever became of the call", async () => {
    const [failed] = await withinOneMinute({ rpm_limit: 5 }, async (key) => [
      await sandbox.generate(FLAT, "status=500", key),
    ]);
    expect([failed?.status, failed?.headers.get("x-ratelimit-remaining-requests")]).toEqual([
      424,
      "4",
    ]);
  });
});

describe("tags of a key", () => {
  it("are on every call, under the tags of the call itself", async () => {
    const { key } = await newKey({ tags: { shop: "mugs", stage: "test" } });
    const { body } = await sandbox.generate({ ...LOW, tags: { stage: "live" } }, undefined, key);
    const receipt = await sandbox.get(`/v1/receipts/${body.usage.cost_details.receipt_id}`, key);
    expect(receipt.body.tags).toEqual({ shop: "mugs", stage: "live" });
  });
});

describe("an owner's defaults stand for what is left open or called auto", () => {
  it("key over account over spotmeter.yaml; shown on quote, receipt and wire", async () => {
    const team = (
      await sandbox.admin("POST", "/accounts", {
        name: "team",
        parent_id: account,
        auto_as: { quality: "high", size: "1024x1024" },
      })
    ).body.id;
    const { key } = await newKey({ auto_as: { quality: "low" } }, team);
    const asked = { model: "gpt-image-2", prompt: MUG, quality: "auto" };
    const resolved = [
      { param: "quality", asked: "auto", sent: "low", by: "key" },
      { param: "size", asked: null, sent: "1024x1024", by: "account" },
    ];
    const quote = (await sandbox.quote(asked, key)).body;
    expect(quote.resolved).toEqual(resolved);
    // Nothing is open any more: the ceiling is that of low at 1024x1024.
    expect(quote).toMatchObject({ ceiling: { total: "0.006305" }, warnings: [] });
    const kinds = quote.levers.map(({ kind }: { readonly kind: string }) => kind);
    expect(kinds).not.toContain("name_quality");
    expect(kinds).not.toContain("name_size");
    await sandbox.forgetCalls();
    const { body } = await sandbox.generate(asked, undefined, key);
    expect(body.usage.cost_details).toMatchObject({ total: "0.005985", ceiling: "0.006305" });
    const [call] = await sandbox.calls();
    expect(call?.body).toMatchObject({ quality: "low", size: "1024x1024" });
    const id = body.usage.cost_details.receipt_id;
    expect((await sandbox.get(`/v1/receipts/${id}`, key)).body.resolved).toEqual(resolved);
  });

  it("the file's own come last", async () => {
    const { key } = await newKey({});
    const { body } = await sandbox.quote({ model: "gpt-image-2", prompt: MUG }, key);
    expect(body.resolved).toEqual([
      { param: "quality", asked: null, sent: "medium", by: "config" },
      { param: "size", asked: null, sent: "1024x1536", by: "config" },
    ]);
  });

  it("what the caller names is never touched", async () => {
    const { key } = await newKey({ auto_as: { quality: "high", size: "2048x2048" } });
    const { body } = await sandbox.quote(LOW, key);
    expect(body).toMatchObject({ resolved: [], ceiling: { total: "0.006305" } });
    const labelled = { model: "gemini-3-pro-image", prompt: MUG, resolution: "1K" };
    expect((await sandbox.quote(labelled, key)).body.resolved).toEqual([]);
  });

  it("a default that the model can't do is not applied, and the call goes out as it was", async () => {
    // seedream-4-0 has no quality and makes nothing below 921,600 pixels.
    const { key } = await newKey({ auto_as: { quality: "low", size: "512" } });
    await sandbox.forgetCalls();
    const { status, body } = await sandbox.generate(FLAT, undefined, key);
    expect(status).toBe(200);
    const id = body.usage.cost_details.receipt_id;
    expect((await sandbox.get(`/v1/receipts/${id}`, key)).body.resolved).toEqual([]);
    const [call] = await sandbox.calls();
    expect(call?.body).not.toHaveProperty("size");
  });

  it.each([
    ["auto_as: { quality: hihg }", "1 auto_as.quality: auto_as.quality=hihg: no model has"],
    ["models: []\nauto_as:\n  size: huge", "3 auto_as.size: auto_as.size=huge: no model makes"],
    ["auto_as: { n: 2 }", "1 auto_as.n: unknown field"],
    ["auto_as: low", "1 auto_as: Invalid input"],
  ])("spotmeter.yaml %j ends the start, naming file, line and field", async (text, message) => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, text);
    const config = testConfig({ SPOTMETER_CONFIG: file, SPOTMETER_HOME: join(folder, "none") });
    const start = startGateway(config, { say: () => undefined });
    await expect(start).rejects.toThrow(`${file}:${message}`);
    expect(existsSync(config.home)).toBe(false);
  });
});
