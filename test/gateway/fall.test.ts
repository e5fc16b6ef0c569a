import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** Two flat prices of 0.03 at any size; the first by its id is Alibaba's. */
const EQUALS = { allow: ["qwen-image-3.0", "seedream-4-0"] };
const order = { model: "auto", prompt: MUG, size: "1024x1024", spotmeter: EQUALS };

/** A vendor that is there, and says the same to everybody. */
class BusyVendor {
  readonly #server: Server;
  calls = 0;
  status = 503;

  constructor() {
    this.#server = createServer((request, response) => {
      this.calls += 1;
      request.resume();
      response.writeHead(this.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ code: "ServiceUnavailable", message: "busy" }));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("a vendor that is busy", () => {
  const vendor = new BusyVendor();
  let sandbox: Sandbox;
  beforeAll(async () => {
    const environment = {
      DASHSCOPE_BASE_URL: await vendor.listen(),
      SPOTMETER_AS_OF: "2026-12-02",
    };
    sandbox = await startSandbox({ environment });
  });
  afterAll(async () => {
    await sandbox.close();
    vendor.close();
  });
  beforeEach(() => {
    vendor.calls = 0;
    vendor.status = 503;
  });

  const receipt = async (id: string | null) => (await sandbox.get(`/v1/receipts/${id}`)).body;

  it("the next candidate makes the picture, by its own price, and both receipts tell of it", async () => {
    const { status, headers, body } = await sandbox.generate(order);
    expect([status, vendor.calls]).toEqual([200, 1]);
    expect(headers.get("x-spotmeter-route")).toBe("seedream-4-0");
    const { cost_details: cost } = body.usage;
    expect(cost).toMatchObject({ total: "0.03", route: { chosen: "seedream-4-0" } });
    const made = await receipt(headers.get("x-receipt-id"));
    expect(made).toMatchObject({
      status: "settled",
      model: "seedream-4-0",
      vendor: "byteplus",
      total: "0.03",
      price_version: cost.price_version,
      route: { requested: "auto", preset: null, chosen: "seedream-4-0", runner_up: null },
    });
    const [first, second] = made.route.reasons;
    expect(second).toBe(
      "the next of 1 capable (a model at a tier counts as one): 0.03 USD expected",
    );
    const before = /receipt (rcpt_\w+)$/.exec(first)?.[1] ?? "none";
    expect(first).toBe(
      `not qwen-image-3.0: its vendor was overloaded; nothing was spent, receipt ${before}`,
    );
    expect(await receipt(before)).toMatchObject({
      status: "voided",
      model: "qwen-image-3.0",
      code: "vendor_busy",
      total: "0",
      route: { chosen: "qwen-image-3.0", runner_up: { model: "seedream-4-0", total: "0.03" } },
    });
  });

  it("a named model never falls", async () => {
    const named = { model: "qwen-image-3.0", prompt: MUG, size: "1024x1024" };
    const { status, body } = await sandbox.generate(named);
    expect([status, body.error.code]).toEqual([503, "vendor_busy"]);
  });

  it("none whose ceiling is above what was held first", async () => {
    await sandbox.forgetCalls();
    const dearer = { allow: ["qwen-image-3.0", "qwen-image-2.0", "gemini-3.1-flash-lite-image"] };
    const { status, body } = await sandbox.generate({ ...order, spotmeter: dearer });
    expect([status, body.error.code]).toEqual([503, "vendor_busy"]);
    expect(await sandbox.calls()).toEqual([]);
  });

  it("nothing but unspent: an outcome that may have cost something is the end of it", async () => {
    vendor.status = 500;
    await sandbox.forgetCalls();
    const { status, body } = await sandbox.generate(order);
    expect([status, body.error.code]).toEqual([424, "outcome_unknown"]);
    expect(await sandbox.calls()).toEqual([]);
  });

  it("the same Idempotency-Key finds the answer of the one that made it, and calls nobody", async () => {
    const once = async () => {
      const response = await fetch(`${sandbox.gateway.url}/v1/images/generations`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${sandbox.apiKey}`,
          "content-type": "application/json",
          "idempotency-key": "fall-1",
        },
        body: JSON.stringify({ ...order, user: "idempotent" }),
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    };
    const first = await once();
    expect([first.status, first.headers.get("x-spotmeter-route")]).toEqual([200, "seedream-4-0"]);
    await sandbox.forgetCalls();
    vendor.calls = 0;
    const second = await once();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(second.headers.get("x-receipt-id")).toBe(first.headers.get("x-receipt-id"));
    expect(second.body).toBe(first.body);
    expect([vendor.calls, await sandbox.calls()]).toEqual([0, []]);
  });

  it("with a stream, with URLs and with a fan-out all the same", async () => {
    const streamed = await fetch(`${sandbox.gateway.url}/v1/images/generations`, {
      method: "POST",
      headers: { authorization: `Bearer ${sandbox.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ ...order, stream: true }),
    });
    expect(await streamed.text()).toContain('"chosen":"seedream-4-0"');
    const urls = await sandbox.generate({ ...order, response_format: "url" });
    expect(urls.body.data[0].url).toContain("/v1/results/");
    const spread = await sandbox.generate({ ...order, n: 2, fan_out: true });
    expect(spread.body.usage.cost_details).toMatchObject({
      total: "0.06",
      route: { chosen: "seedream-4-0" },
    });
  });

  it("what a budget holds just once is enough: the first hold is gone when the second is made", async () => {
    const account = (await sandbox.admin("POST", "/accounts", { name: "small", prepaid: true }))
      .body;
    const funds = { amount: "0.03" };
    await sandbox.admin("POST", `/accounts/${account.id}/fund`, funds);
    const key = (
      await sandbox.admin("POST", "/keys", { account_id: account.id, name: "small key" })
    ).body.key;
    const { status, headers } = await sandbox.generate(order, undefined, key);
    expect([status, headers.get("x-spotmeter-route")]).toEqual([200, "seedream-4-0"]);
    expect((await sandbox.get("/v1/credits", key)).body).toMatchObject({
      settled: "0.03",
      held: "0",
      available: "0",
    });
  });

  it("verify computes every bill again, and nothing is held any more", async () => {
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, holds_open: 0, first_discrepancy: null });
  });
});

describe("a vendor that can't be reached", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    // A port that was free a moment ago: nobody listens.
    const gone = new BusyVendor();
    const url = await gone.listen();
    gone.close();
    const environment = { DASHSCOPE_BASE_URL: url, SPOTMETER_AS_OF: "2026-12-02" };
    sandbox = await startSandbox({ environment });
  });
  afterAll(() => sandbox.close());

  it("is passed over with all its models", async () => {
    const allow = ["qwen-image-3.0", "wan2.7-image", "seedream-4-0"];
    const { status, headers, body } = await sandbox.generate({ ...order, spotmeter: { allow } });
    expect([status, headers.get("x-spotmeter-route")]).toEqual([200, "seedream-4-0"]);
    const [first, second] = body.usage.cost_details.route.reasons;
    expect(first).toContain("not qwen-image-3.0: its vendor could not be reached");
    // wan2.7-image was not even tried.
    expect(second).toContain("the next of 1 capable");
  });

  it("where it has all candidates, the caller is told so", async () => {
    const allow = ["qwen-image-3.0", "wan2.7-image"];
    const { status, body } = await sandbox.generate({ ...order, spotmeter: { allow } });
    expect([status, body.error.code]).toEqual([503, "vendor_unreachable"]);
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, holds_open: 0 });
  });
});
