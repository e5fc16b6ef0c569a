import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";
import { type SeededHome, seedHome } from "./seeded-home.ts";

/**
 * Real traffic of two accounts, rated again over HTTP. With 21 text tokens gpt-image-2 at 1024x1024 is 0.005985
 * (low), 0.052785 (medium), 0.210825 (high); the shop pays ten percent and a tenth of a cent on top. A corrected
 * price of seedream-4-0 is 0.025 in the place of 0.03.
 */
const RIGHT = "seedream-4-0@2025-08-28.1";
const CORRECTION = `prices:
  seedream-4-0:
    - id: ${RIGHT}
      effective_from: 2025-08-28
      source: our contract
      usd_each: { output_images: "0.025" }
`;
const HIGH = { model: "gpt-image-2", prompt: MUG, size: "1024x1024", quality: "high" };

let home: SeededHome;
let sandbox: Sandbox;
/** The shop's call. */
let receipt = "";
let days: { readonly from: string; readonly to: string };
const today = (): string => new Date().toISOString().slice(0, 10);

beforeAll(async () => {
  const margin = { basisPoints: 1_000, fixed: parseUsd("0.001") };
  home = await seedHome({ shop: { settings: { margin } }, plain: {} });
  const before = await startSandbox({ home: home.home });
  const from = today();
  const make = (name: string, body: object, emulate?: string) =>
    before.generate(body, emulate, home.of(name).key);
  receipt = (await make("shop", HIGH)).headers.get("x-receipt-id") ?? "";
  await make("plain", HIGH);
  await make("plain", { ...HIGH, n: 2, quality: "medium" });
  await make("plain", { model: "seedream-4-0", prompt: MUG });
  await make("plain", HIGH, "status=500");
  await before.close();
  days = { from, to: today() };
  const file = join(home.home, "spotmeter.yaml");
  writeFileSync(file, CORRECTION);
  sandbox = await startSandbox({ home: home.home, environment: { SPOTMETER_CONFIG: file } });
});
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const house = (body: object) => sandbox.admin("POST", "/what-if", { ...days, ...body });
async function own(name: string, body: object) {
  const response = await fetch(`${sandbox.gateway.url}/v1/what-if`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${home.of(name).key}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ ...days, ...body }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the test looks into it
  return { status: response.status, body: (await response.json()) as any };
}

describe("POST /admin/v1/what-if", () => {
  it("rates settled requests again and says what each figure rests on", async () => {
    const { status, body } = await house({ set: { quality: "low" } });
    expect(status).toBe(200);
    // paid 0.2329075 (0.210825 x 1.1 + 0.001) + 0.210825 + 0.10557 = 0.5493025
    // low  0.0075835 (0.005985 x 1.1 + 0.001) + 0.005985 + 0.01197 = 0.0255385
    expect(body).toMatchObject({
      ...{ object: "what_if", ...days, choice: { set: { quality: "low" } }, imported: null },
      ...{ requests: 3, images: 4, actual: "0.5493025", what_if: "0.0255385" },
      // 0.0255385 / 0.5493025 = 0.046492…
      ...{ difference: "-0.523764", percent: "-95.35", kept_ratio_break_even: "0.0465" },
      found: { actual: { usage: 3 }, what_if: { expected: 3 } },
      blocked: [{ code: "unsupported_parameter", count: 1, images: 1, actual: "0.03" }],
      left_out: { voided: 1, open: 0, other_models: 0 },
      emulated: true,
    });
    expect(body.levers.map((each: { text: string }) => each.text)).toEqual([
      expect.stringMatching(
        /^quality high → low on key \S+: −\$0\.225324 \(97 %\), if every picture were kept; gone at a kept ratio of 0\.04$/,
      ),
      expect.stringMatching(/^quality high → low on key \S+: −\$0\.20484 \(97 %\)/),
      expect.stringMatching(/^quality medium → low on key \S+: −\$0\.0936 \(89 %\)/),
    ]);
  });

  it("may be of one account, and finds levers where no choice is named", async () => {
    const { accountId: account_id } = home.of("plain");
    const { body } = await house({ account_id });
    expect(body).toMatchObject({
      ...{ choice: null, requests: 3, actual: "0.346395" },
      ...{ what_if: null, difference: null, percent: null, kept_ratio_break_even: null },
    });
    expect(body.levers[0]).toMatchObject({
      ...{ change: "quality high → medium", kind: "tier", model: "gpt-image-2", quality: "high" },
      ...{ requests: 1, actual: "0.210825", what_if: "0.052785", difference: "-0.15804" },
    });
  });

  it("by another price version recharges what was measured, of that model alone", async () => {
    const { body } = await house({ price_version: RIGHT });
    expect(body).toMatchObject({
      ...{ requests: 1, actual: "0.03", what_if: "0.025", difference: "-0.005" },
      ...{ found: { what_if: { recharged: 1 } }, left_out: { other_models: 3 } },
    });
  });

  it("takes charges as corrections left them; the choice that was made differs by nothing", async () => {
    const { accountId: account_id } = home.of("shop");
    await sandbox.admin("POST", "/corrections", {
      ...{ corrects: `${receipt}.end`, amount: "0.2", reason: "test" },
    });
    const { body } = await house({ account_id, set: { quality: "high" } });
    expect(body).toMatchObject({ actual: "0.2", what_if: "0.2", difference: "0", percent: "0" });
    expect(body.found).toEqual({ actual: { usage: 1 }, what_if: { unchanged: 1 } });
  });

  it.each([
    [{ from: "2026-11-02", to: "2026-11-01" }, 400, "from"],
    [{ from: "soon" }, 400, "from"],
    [{ set: {} }, 400, "set"],
    [{ set: { quality: "lowest" } }, 400, "set.quality"],
    [{ model: "gpt-image-22" }, 404, "model"],
    [{ auto: { band: "superb" } }, 400, "auto.band"],
    [{ auto: { max_cost: "cheap" } }, 400, "auto.max_cost"],
    [{ model: "gpt-image-2", auto: {} }, 400, "model"],
    [{ quality: "low" }, 400, "quality"],
    [{ account_id: "acct_none" }, 404, "account_id"],
    [{ key_id: "key_none" }, 404, "key_id"],
  ])("%j is refused with %i, naming %s", async (body, status, param) => {
    const answer = await house(body);
    expect(answer.status).toBe(status);
    expect(answer.body.error.param).toBe(param);
  });
});

describe("POST /v1/what-if", () => {
  it("is of the key's own account, whatever it asks", async () => {
    const { body } = await own("shop", { model: "seedream-4-0" });
    // 0.03 x 1.1 + 0.001, by the price of the day that is in force now: 0.025 x 1.1 + 0.001
    expect(body).toMatchObject({ requests: 1, actual: "0.2", what_if: "0.0285" });
    const other = await own("shop", { account_id: home.of("plain").accountId });
    expect(other.status).toBe(400);
    expect((await own("shop", { key_id: "key_none" })).status).toBe(404);
  });
});
