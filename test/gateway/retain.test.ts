import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { send } from "./raw-client.ts";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Accounts that keep no answers: `retain: none`. */

const low = { model: "gpt-image-2", prompt: MUG, size: "1024x1024", quality: "low" } as const;

let sandbox: Sandbox;
let account: string;
let key: string;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  await sandbox.forgetCalls();
  const root = await sandbox.admin("POST", "/accounts", { name: "clinic", retain: "none" });
  expect(root.body.retain).toBe("none");
  const below = await sandbox.admin("POST", "/accounts", { name: "ward", parent_id: root.body.id });
  expect(below.body.retain).toBeNull();
  account = root.body.id;
  const made = await sandbox.admin("POST", "/keys", { account_id: below.body.id, name: "k" });
  key = made.body.key;
});
afterAll(() => sandbox.close());

async function order(headers: Record<string, string>, body: unknown = low) {
  const { url } = sandbox.gateway;
  const all = { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers };
  const answer = await send(url, { headers: all, body: JSON.stringify(body) });
  return { ...answer, body: JSON.parse(answer.text) };
}

function kept(): string[] {
  const folder = join(sandbox.home, "results");
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.includes("rcpt_"))
    : [];
}

describe("an account that keeps no answers", () => {
  it("pays once per Idempotency-Key all the same; the repetition is told where the receipt is", async () => {
    const idempotent = { "idempotency-key": "mug-1" };
    const first = await order(idempotent);
    expect(first.status).toBe(200);
    expect(first.headers["x-spotmeter-retain"]).toBe("none");
    const again = await order(idempotent);
    expect([again.status, again.body.error.code]).toEqual([424, "result_unavailable"]);
    expect(again.headers["x-spotmeter-retain"]).toBe("none");
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(again.body.error.receipt_id).toBe(first.headers["x-receipt-id"]);
    expect(await sandbox.calls()).toHaveLength(1);
    expect((await sandbox.get("/v1/credits", key)).body.settled).toBe("0.005985");
    const receipt = await sandbox.get(`/v1/receipts/${first.headers["x-receipt-id"]}`, key);
    expect(receipt.body.flags).toEqual(["not_retained"]);
    expect(kept()).toEqual([]);
  });

  it("says nothing of it where nobody relies on it", async () => {
    const answer = await order({});
    expect(answer.headers).not.toHaveProperty("x-spotmeter-retain");
    const receipt = await sandbox.get(`/v1/receipts/${answer.headers["x-receipt-id"]}`, key);
    expect(receipt.body.flags).toEqual([]);
  });

  it("lets no call be taken over: a client that left and asks again pays for a new one", async () => {
    const leaving = new AbortController();
    const left = fetch(`${sandbox.gateway.url}/v1/images/generations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-emulate": "slow=300",
      },
      body: JSON.stringify(low),
      signal: leaving.signal,
    }).catch(() => undefined);
    await until(async () => (await sandbox.calls()).length === 1);
    leaving.abort();
    await left;
    const again = await order({});
    expect(again.status).toBe(200);
    expect(again.headers).not.toHaveProperty("x-spotmeter-adopted");
    expect(await sandbox.calls()).toHaveLength(2);
    expect(kept()).toEqual([]);
  });

  it("has no URLs: refused before anything is spent, quotes included", async () => {
    const { status, body } = await order({}, { ...low, response_format: "url" });
    expect([status, body.error.code, body.error.param]).toEqual([
      400,
      "unsupported_combination",
      "response_format",
    ]);
    expect(body.error.message).toContain("retain: none");
    expect((await sandbox.quote({ ...low, response_format: "url" }, key)).status).toBe(400);
    expect(await sandbox.calls()).toEqual([]);
  });

  it("keeps them again once its owner says so; what was not kept stays gone", async () => {
    await order({ "idempotency-key": "mug-2" });
    const changed = await sandbox.admin("PATCH", `/accounts/${account}`, { retain: null });
    expect(changed.body.retain).toBeNull();
    const gone = await order({ "idempotency-key": "mug-2" });
    expect([gone.status, gone.headers["x-spotmeter-retain"]]).toEqual([424, undefined]);
    const [first, again] = [
      await order({ "idempotency-key": "mug-3" }),
      await order({ "idempotency-key": "mug-3" }),
    ];
    expect(again.text).toBe(first.text);
  });

  it("gives out nothing that it kept before", async () => {
    await sandbox.admin("PATCH", `/accounts/${account}`, { retain: null });
    const first = await order({ "idempotency-key": "mug-4" });
    await sandbox.admin("PATCH", `/accounts/${account}`, { retain: "none" });
    const again = await order({ "idempotency-key": "mug-4" });
    expect(first.status).toBe(200);
    expect([again.status, again.body.error.code]).toEqual([424, "result_unavailable"]);
  });

  it.each([[{ retain: "all" }], [{ retain: true }]])("can't say %j", async (change) => {
    const { status, body } = await sandbox.admin("PATCH", `/accounts/${account}`, change);
    expect([status, body.error.param]).toEqual([400, "retain"]);
  });

  it("is said of accounts, not of keys", async () => {
    const { status, body } = await sandbox.admin("POST", "/keys", {
      ...{ account_id: account, name: "k", retain: "none" },
    });
    expect([status, body.error.message]).toEqual([400, "retain: only accounts have it"]);
  });
});
