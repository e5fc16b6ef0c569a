import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatUsd, type PicoUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { type Answered, MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Limits hold under concurrency (P9). */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const CEILING = "0.006305";
const CHARGE = "0.005985";
const FIVE_CEILINGS = "0.031525";
const CALLS = 64;

let sandbox: Sandbox;
beforeAll(async () => {
  // Long enough for every hold of a round to be asked for, short for those that wait for a hanging vendor.
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "3000" } });
});
afterAll(() => sandbox.close());

async function account(of: object, funds?: string): Promise<string> {
  const { body } = await sandbox.admin("POST", "/accounts", { name: "shop", ...of });
  if (funds !== undefined) {
    await sandbox.admin("POST", `/accounts/${body.id}/fund`, { amount: funds });
  }
  const made = await sandbox.admin("POST", "/keys", { account_id: body.id, name: "k" });
  return made.body.key;
}

function all(key: string, emulate: string): Promise<Answered[]> {
  const call = () => sandbox.generate(ORDER, emulate, key);
  return Promise.all(Array.from({ length: CALLS }, call));
}

describe(`${CALLS} calls at once on money for exactly five ceilings`, () => {
  it.each([
    { limit: "prepaid", of: { prepaid: true }, funds: FIVE_CEILINGS },
    { limit: "day", of: { limits: { day: FIVE_CEILINGS } }, funds: undefined },
    { limit: "month", of: { limits: { month: FIVE_CEILINGS } }, funds: undefined },
    { limit: "total", of: { limits: { total: FIVE_CEILINGS } }, funds: undefined },
  ])("$limit: five are held and called, 59 are refused, and all is given back", async (given) => {
    const key = await account(given.of, given.funds);
    await sandbox.forgetCalls();
    const answers = await all(key, "hang");
    const refused = answers.filter(({ status }) => status === 402);
    expect(refused).toHaveLength(CALLS - 5);
    for (const { body } of refused) {
      expect(body.error).toMatchObject({
        code: "budget_exceeded",
        limit: given.limit,
        required: CEILING,
        available: "0",
      });
    }
    expect(answers.filter(({ status }) => status === 424)).toHaveLength(5);
    expect(await sandbox.calls()).toHaveLength(5);
    const { body } = await sandbox.get("/v1/credits", key);
    expect([body.settled, body.held]).toEqual(["0", "0"]);
    if (given.limit === "prepaid") expect(body.available).toBe(FIVE_CEILINGS);
  });

  it("settled and held never exceed what was funded, at any moment", async () => {
    const key = await account({ prepaid: true }, FIVE_CEILINGS);
    let over = false;
    const worst: PicoUsd[] = [];
    const watch = until(async () => {
      const { body } = await sandbox.get("/v1/credits", key);
      const used = (parseUsd(body.settled) + parseUsd(body.held)) as PicoUsd;
      worst.push(used);
      expect(used + parseUsd(body.available)).toBe(parseUsd(FIVE_CEILINGS));
      return over;
    });
    const answers = await all(key, "slow=40");
    over = true;
    await watch;
    expect(worst.every((used) => used <= parseUsd(FIVE_CEILINGS))).toBe(true);
    const made = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 402);
    expect(made.length + refused.length).toBe(CALLS);
    // Five ceilings fit from the start; a sixth hold needs what five settlements release.
    expect(made.length).toBeGreaterThanOrEqual(5);
    for (const { body } of refused) {
      expect(body.error).toMatchObject({ limit: "prepaid", required: CEILING });
      expect(parseUsd(body.error.available)).toBeLessThan(parseUsd(CEILING));
    }
    const { body } = await sandbox.get("/v1/credits", key);
    const settled = (parseUsd(CHARGE) * BigInt(made.length)) as PicoUsd;
    expect(body).toMatchObject({ settled: formatUsd(settled), held: "0" });
  });
});
