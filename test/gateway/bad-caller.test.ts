import { once } from "node:events";
import { IncomingMessage } from "node:http";
import { connect, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJson } from "../../src/http/read-body.ts";
import { errorsSeen, expectNoInsides, expectRefusal, send, sendText } from "./raw-client.ts";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Who may not, who can't pay, and who speaks HTTP badly. */

const MASTER_KEY = "a-master-key-of-this-test-only";
const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { MASTER_KEY } });
});
afterAll(async () => {
  expect((await sandbox.admin("GET", "/holds")).body.data).toEqual([]);
  for (const text of errorsSeen) {
    for (const secret of [MASTER_KEY, sandbox.apiKey, sandbox.gateway.adminToken]) {
      expect(text).not.toContain(secret);
    }
  }
  await sandbox.close();
});

function order(headers: Record<string, string>, body: unknown = ORDER) {
  return send(sandbox.gateway.url, {
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function bearer(key: string): { readonly authorization: string } {
  return { authorization: `Bearer ${key}` };
}

/** An account with its key. */
async function account(of: { readonly prepaid: boolean; readonly funds?: string }) {
  const { body } = await sandbox.admin("POST", "/accounts", { name: "a", prepaid: of.prepaid });
  const id: string = body.id;
  if (of.funds !== undefined) {
    await sandbox.admin("POST", `/accounts/${id}/fund`, { amount: of.funds });
  }
  const made = await sandbox.admin("POST", "/keys", { account_id: id, name: "k" });
  return { id, keyId: made.body.id as string, key: made.body.key as string };
}

describe("a key", () => {
  it.each([
    ["none", {}, "missing_api_key"],
    ["an empty one", { authorization: "Bearer " }, "missing_api_key"],
    ["another scheme", { authorization: "Basic c206c20=" }, "missing_api_key"],
    ["somebody's OpenAI key", bearer("sk-proj-abcdefghijklmnopqrstuvwxyz"), "invalid_api_key"],
    ["nonsense", { "api-key": "x" }, "invalid_api_key"],
    [
      "the right form, of nobody",
      bearer(`sm_sandbox_${"0".repeat(26)}_${"A".repeat(43)}`),
      "invalid_api_key",
    ],
    ["a live key", bearer(`sm_live_${"0".repeat(26)}_${"A".repeat(43)}`), "live_key"],
    ["the master key", bearer(MASTER_KEY), "invalid_api_key"],
  ] as const)("%s is refused before anything else", async (_name, headers, code) => {
    await sandbox.forgetCalls();
    expectRefusal(await order(headers), code);
    expectRefusal(await order(headers, { model: 7 }), code);
    expect(await sandbox.calls()).toEqual([]);
  });

  it("right id, wrong secret is refused and not told apart", async () => {
    const last = sandbox.apiKey.endsWith("A") ? "B" : "A";
    const wrong = await order(bearer(sandbox.apiKey.slice(0, -1) + last));
    const unknown = await order(bearer(`sm_sandbox_${"0".repeat(26)}_${"A".repeat(43)}`));
    expectRefusal(wrong, "invalid_api_key");
    expect(JSON.parse(wrong.text)).toEqual(JSON.parse(unknown.text));
  });

  it.each(["api-key", "x-goog-api-key"])("is as good in %s", async (header) => {
    expectRefusal(await order({ [header]: sandbox.apiKey }, {}), "missing_parameter");
  });

  it("is worth nothing from the moment that it is revoked", async () => {
    const { key, keyId } = await account({ prepaid: false });
    expect((await sandbox.generate(ORDER, undefined, key)).status).toBe(200);
    expect((await sandbox.admin("DELETE", `/keys/${keyId}`)).body.revoked).toBe(true);
    expectRefusal(await order(bearer(key)), "revoked_api_key");
    const credits = await send(sandbox.gateway.url, {
      method: "GET",
      path: "/v1/credits",
      headers: bearer(key),
    });
    expectRefusal(credits, "revoked_api_key");
  });

  it("opens no receipt of another account", async () => {
    const { body } = await sandbox.generate(ORDER);
    const id: string = body.usage.cost_details.receipt_id;
    const { key } = await account({ prepaid: false });
    for (const path of [`/v1/receipts/${id}`, `/v1/generation?id=${id}`, "/v1/receipts/rcpt_no"]) {
      const answer = await send(sandbox.gateway.url, { method: "GET", path, headers: bearer(key) });
      expectRefusal(answer, "not_found", "id");
    }
  });
});

describe("the admin routes", () => {
  const routes = [
    ["GET", "/accounts"],
    ["POST", "/accounts"],
    ["GET", "/keys"],
    ["POST", "/keys"],
    ["GET", "/holds"],
    ["GET", "/receipts/x"],
    ["GET", "/accounts/x"],
    ["PATCH", "/accounts/x"],
    ["POST", "/accounts/x/move"],
    ["GET", "/keys/x"],
    ["PATCH", "/keys/x"],
    ["GET", "/exposures"],
    ["POST", "/exposures/x/close"],
    ["GET", "/overruns"],
    ["GET", "/corrections"],
    ["POST", "/corrections"],
    ["GET", "/alerts"],
    ["POST", "/accounts/x/fund"],
    ["PUT", "/accounts/x/limits"],
    ["DELETE", "/keys/x"],
    ["GET", "/no-such-route"],
  ] as const;
  it.each(routes)("%s %s: 403 with an API key, 401 with none", async (method, path) => {
    const at = { method, path: `/admin/v1${path}` };
    const headers = bearer(sandbox.apiKey);
    expectRefusal(await send(sandbox.gateway.url, { ...at, headers }), "master_key_required");
    expectRefusal(await send(sandbox.gateway.url, at), "missing_api_key");
  });

  it("open with MASTER_KEY, of which nothing is written down", async () => {
    const headers = bearer(MASTER_KEY);
    const answer = await send(sandbox.gateway.url, {
      method: "GET",
      path: "/admin/v1/accounts",
      headers,
    });
    expect(answer.status).toBe(200);
    const almost = await send(sandbox.gateway.url, {
      method: "GET",
      path: "/admin/v1/accounts",
      headers: bearer(MASTER_KEY.slice(0, -1)),
    });
    expectRefusal(almost, "master_key_required");
  });

  it.each([
    ["/accounts", {}, "name"],
    ["/accounts", { name: "" }, "name"],
    ["/accounts", { name: "a", prepaid: "yes" }, "prepaid"],
    ["/accounts", { name: "a", limits: { day: 10 } }, "limits.day"],
    ["/accounts", { name: "a", limits: { day: "1e3" } }, "limits.day"],
    ["/accounts", { name: "a", limits: { hour: "1" } }, "limits.hour"],
    ["/accounts", { name: "a", colour: "blue" }, "colour"],
    ["/keys", { name: "k" }, "account_id"],
  ])("%s with %o is invalid_value of %s", async (path, body, param) => {
    const answer = await send(sandbox.gateway.url, {
      path: `/admin/v1${path}`,
      headers: { ...bearer(MASTER_KEY), "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expectRefusal(answer, "invalid_value", param);
  });

  it.each(["0", "-1", "1000000", "0.0000000000001", "1e2", 5, null])(
    "a funding of %j is refused",
    async (amount) => {
      const { id } = await account({ prepaid: true });
      const { status, body } = await sandbox.admin("POST", `/accounts/${id}/fund`, { amount });
      expect([status, body.error.code]).toEqual([400, "invalid_value"]);
    },
  );
});

describe("no funds", () => {
  it("402 names limit, required and available, and nobody is called", async () => {
    const { key } = await account({ prepaid: true });
    await sandbox.forgetCalls();
    const answer = await order(bearer(key));
    const error = expectRefusal(answer, "budget_exceeded");
    expect(error).toMatchObject({ limit: "prepaid", required: "0.006305", available: "0" });
    expect(answer.headers["x-receipt-id"]).toBeUndefined();
    expect(await sandbox.calls()).toEqual([]);
  });

  it("a picodollar below the ceiling is not enough; the ceiling is", async () => {
    const below = await account({ prepaid: true, funds: "0.006304999999" });
    const error = expectRefusal(await order(bearer(below.key)), "budget_exceeded");
    expect(error).toMatchObject({ required: "0.006305", available: "0.006304999999" });
    const exact = await account({ prepaid: true, funds: "0.006305" });
    expect((await sandbox.generate(ORDER, undefined, exact.key)).status).toBe(200);
    const left = await sandbox.get("/v1/credits", exact.key);
    expect(left.body).toMatchObject({ settled: "0.005985", held: "0", available: "0.00032" });
  });

  it("names the open parameter that makes the worst case so dear", async () => {
    const { key } = await account({ prepaid: true, funds: "0.1" });
    const error = expectRefusal(
      await order(bearer(key), { model: "gpt-image-2", prompt: MUG }),
      "budget_exceeded",
    );
    expect(error).toMatchObject({ required: "0.711995", available: "0.1" });
    expect(error.message).toContain("quality was left open");
  });
});

describe("HTTP spoken badly", () => {
  it("headers over 16 KiB are refused without a word of ours", async () => {
    const head = `GET /v1/credits HTTP/1.1\r\nhost: x\r\nx-long: ${"y".repeat(20_000)}\r\n\r\n`;
    const answer = await sendText(sandbox.gateway.url, head);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expectNoInsides(answer);
  });

  it.each([
    ["no HTTP at all", "hello\r\n\r\n"],
    ["a bad request line", "GET  HTTP/1.1\r\n\r\n"],
    ["a bare CR in a header", "GET / HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n"],
    ["two lengths", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"],
    [
      "a length and chunks: smuggling",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
    ["HTTP/1.1 without a host", "GET /v1/models HTTP/1.1\r\n\r\n"],
  ])("%s is 400 and closed", async (_name, text) => {
    const answer = await sendText(sandbox.gateway.url, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expectNoInsides(answer);
  });

  it.each([
    "/",
    "/v2/images/generations",
    "/v1/images",
    "/v1/images/variations",
    "/../../etc/passwd",
    "/v1/receipts/",
    "/%00",
  ])("%s is not_found", async (path) => {
    const headers = bearer(sandbox.apiKey);
    expectRefusal(await send(sandbox.gateway.url, { method: "GET", path, headers }), "not_found");
  });

  it.each([
    ["GET", "/v1/images/generations", ["POST"]],
    ["PUT", "/images/generations", ["POST"]],
    ["GET", "/v1/images/quote", ["POST"]],
    ["DELETE", "/v1/models", ["GET"]],
    ["POST", "/v1/credits", ["GET"]],
    ["PATCH", "/v1/receipts/rcpt_x", ["GET"]],
    ["POST", "/healthz", ["GET"]],
    ["POST", "/openapi.json", ["GET"]],
  ])("%s %s is method_not_allowed, naming %j", async (method, path, allowed) => {
    const headers = bearer(sandbox.apiKey);
    const answer = await send(sandbox.gateway.url, { method, path, headers });
    expect(expectRefusal(answer, "method_not_allowed")["allowed"]).toEqual(allowed);
  });

  it("a path that can't be decoded is answered all the same", async () => {
    const answer = await sendText(
      sandbox.gateway.url,
      `GET /v1/models/%E0%A4%A HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sandbox.apiKey}\r\nconnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expectNoInsides(answer);
  });
});

describe("a body that doesn't come", () => {
  it("in time is invalid_json", async () => {
    const request = new IncomingMessage(new Socket());
    request.headers["content-type"] = "application/json";
    request.push('{"model":');
    const read = readJson(request, 1_000, 20);
    await expect(read).rejects.toMatchObject({ name: "Refusal", code: "invalid_json" });
    request.destroy();
  });

  it("whole, because the client hung up, holds nothing and alarms nobody", async () => {
    const { hostname, port } = new URL(sandbox.gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    await sandbox.forgetCalls();
    socket.write(
      `POST /v1/images/generations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sandbox.apiKey}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"model":"gpt-image-2"`,
    );
    await until(() => sandbox.gateway.callsInFlight() === 1);
    socket.destroy();
    await until(() => sandbox.gateway.callsInFlight() === 0);
    expect(await sandbox.calls()).toEqual([]);
  });
});
