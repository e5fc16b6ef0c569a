import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";
import { type SeededHome, seedHome } from "./seeded-home.ts";

/**
 * Pictures at 0.03 USD, which turn out to be 0.025: one of an account with ten percent and a tenth of a cent
 * on top, two of one without.
 */
const WRONG = "seedream-4-0@2025-08-28";
const RIGHT = `${WRONG}.1`;
const CORRECTION = `prices:
  seedream-4-0:
    - id: ${RIGHT}
      effective_from: 2025-08-28
      source: our contract
      usd_each: { output_images: "0.025" }
`;
const ORDER = { model: "seedream-4-0", prompt: MUG };

/** The UTC day on which the first call is made. */
const first = new Date().toISOString().slice(0, 10);

let home: SeededHome;
let sandbox: Sandbox;
beforeAll(async () => {
  const margin = { basisPoints: 1_000, fixed: parseUsd("0.001") };
  home = await seedHome({ shop: { settings: { margin } }, plain: { funds: "1" } });
  const before = await startSandbox({ home: home.home });
  await before.generate(ORDER, undefined, home.of("shop").key);
  await before.generate(ORDER, undefined, home.of("plain").key);
  await before.generate(ORDER, "no-usage", home.of("plain").key);
  await before.close();
  const file = join(home.home, "spotmeter.yaml");
  writeFileSync(file, CORRECTION);
  sandbox = await startSandbox({ home: home.home, environment: { SPOTMETER_CONFIG: file } });
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const post = (body: object) => sandbox.admin("POST", "/reprice", body);
const creditsOf = async (name: string) =>
  (await sandbox.get("/v1/credits", home.of(name).key)).body;

const charges = {
  corrected: 3,
  // 0.034 + 0.03 + 0.03; and 0.025 + 0.0025 + 0.001, 0.025, 0.025
  before: "0.094",
  after: "0.0785",
  difference: "-0.0155",
  unchanged: 0,
  kept: {},
};
const costs = { ...charges, before: "0.09", after: "0.075", difference: "-0.015" };

describe("POST /admin/v1/reprice", () => {
  it("is a dry run unless it is to be applied", async () => {
    const { status, body } = await post({ from: WRONG, to: RIGHT });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "repricing",
      from: WRONG,
      to: RIGHT,
      since: null,
      account_id: null,
      applied: false,
      currency: "USD",
      calls: 3,
      charges,
      vendor_costs: costs,
      data_left_out: 0,
      emulated: true,
    });
    const { accountId } = home.of("shop");
    const shop = body.data.find((row: { account_id: string }) => row.account_id === accountId);
    expect(shop).toEqual({
      receipt_id: expect.stringMatching(/^rcpt_/),
      account_id: accountId,
      charge: { before: "0.034", after: "0.0285", change: "correct", because: null },
      vendor_cost: { before: "0.03", after: "0.025", change: "correct", because: null },
    });
    expect(await creditsOf("plain")).toMatchObject({ settled: "0.06", available: "0.94" });
  });

  it("may be of one account, and from a day on", async () => {
    const { accountId: account_id } = home.of("shop");
    const shop = await post({ from: WRONG, to: RIGHT, account_id });
    expect(shop.body).toMatchObject({ calls: 1, account_id, charges: { difference: "-0.0055" } });
    const later = await post({ from: WRONG, to: RIGHT, since: "9999-12-31" });
    expect(later.body).toMatchObject({ calls: 0, since: "9999-12-31", data: [] });
  });

  it.each([
    ["a version nobody knows", { from: WRONG, to: `${WRONG}.9` }, "invalid_value", "to"],
    [
      "another model's version",
      { from: "qwen-image-2.0@2026-03-03", to: RIGHT },
      "invalid_value",
      "from",
    ],
    ["the same version", { from: RIGHT, to: RIGHT }, "invalid_value", "from"],
    ["one that nothing was billed by", { from: `${WRONG}.7`, to: RIGHT }, "invalid_value", "from"],
    ["no day", { from: WRONG, to: RIGHT, since: "yesterday" }, "invalid_value", "since"],
    [
      "an unknown account",
      { from: WRONG, to: RIGHT, account_id: "acct_no" },
      "not_found",
      "account_id",
    ],
    ["an unknown field", { from: WRONG, to: RIGHT, dry: true }, "invalid_value", "dry"],
  ])("refuses %s", async (_law, body, code, param) => {
    const refused = await post(body);
    expect(refused.status).toBe(code === "not_found" ? 404 : 400);
    expect(refused.body.error).toMatchObject({ code, param });
  });

  it("is the master key's", async () => {
    const response = await fetch(`${sandbox.gateway.url}/admin/v1/reprice`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${home.of("plain").key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ from: WRONG, to: RIGHT, apply: true }),
    });
    expect(response.status).toBe(403);
  });

  it("applied, gives back what was charged too much; applied again, nothing more", async () => {
    const apply = { from: WRONG, to: RIGHT, apply: true };
    expect((await post(apply)).body).toMatchObject({ applied: true, charges, vendor_costs: costs });
    const credits = { settled: "0.05", held: "0", available: "0.95" };
    expect(await creditsOf("plain")).toMatchObject(credits);
    expect(await creditsOf("shop")).toMatchObject({ settled: "0.0285" });
    const none = { corrected: 0, before: "0", after: "0", difference: "0", unchanged: 3, kept: {} };
    expect((await post(apply)).body).toMatchObject({ charges: none, vendor_costs: none });
    expect(await creditsOf("plain")).toMatchObject(credits);
    const usage = await sandbox.admin("GET", `/usage?by=model&from=${first}`);
    expect(usage.body.total).toMatchObject({ charge: "0.0785", vendor_cost: "0.075" });
  });

  it("leaves new calls to the corrected version, which is in force", async () => {
    const answer = await sandbox.generate(ORDER, undefined, home.of("plain").key);
    expect(answer.body.usage.cost_details).toMatchObject({ total: "0.025", price_version: RIGHT });
    expect((await post({ from: WRONG, to: RIGHT })).body.calls).toBe(3);
  });
});
