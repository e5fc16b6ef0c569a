import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** What the house is ready to lose or to owe (MONEY §5), whatever its customers may spend. */

const HIGH = { model: "gpt-image-2", prompt: MUG, quality: "high", size: "1024x1024" };
const LOW = { ...HIGH, quality: "low" };

let sandbox: Sandbox;
beforeAll(async () => {
  // Long enough for a thousand holds to be asked for, short for those that wait for a hanging vendor.
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "12000" } });
});
afterAll(() => sandbox.close());

async function account(
  houseLimits?: object,
): Promise<{ readonly id: string; readonly key: string }> {
  const { body } = await sandbox.admin("POST", "/accounts", {
    name: "shop",
    ...(houseLimits === undefined ? {} : { house_limits: houseLimits }),
  });
  const made = await sandbox.admin("POST", "/keys", { account_id: body.id, name: "k" });
  return { id: body.id, key: made.body.key };
}

describe("vendor cost a day", () => {
  it("a hanging vendor and 1,000 calls at once under 5 USD: at most 23 are dispatched", async () => {
    // 79 bytes + 6 at 5 USD a million and 7,024 tokens at 30: 0.000425 + 0.21072 = 0.211145 each.
    // 23 of them are 4.856335 USD, and a 24th would be 5.06748.
    const { key } = await account({ vendor_cost_per_day: "5", exposure_per_hour: "1000" });
    await sandbox.forgetCalls();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => sandbox.generate(HIGH, "hang", key)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(await sandbox.calls()).toHaveLength(23);
    expect(answers.filter(({ status }) => status === 424)).toHaveLength(23);
    expect(refused).toHaveLength(977);
    for (const { headers, body } of refused) {
      expect(headers.get("x-should-retry")).toBe("false");
      expect(body.error).toMatchObject({
        code: "vendor_cost_limit",
        limit: "vendor_cost_per_day",
      });
    }
    // Nobody knows what they cost: the exposures go on counting at their maximum.
    const again = await sandbox.generate(HIGH, undefined, key);
    expect(again.status).toBe(429);
    expect(await sandbox.calls()).toHaveLength(23);
  }, 60_000);
});

describe("exposure an hour", () => {
  it("opens the breaker once too much is lost, and a correction closes it again", async () => {
    const { id, key } = await account({ exposure_per_hour: "0.01" });
    // Each cut answer may cost the house 0.006305: after two of them 0.01 is gone.
    for (let call = 0; call < 2; call += 1) {
      expect((await sandbox.generate(LOW, "status=500", key)).status).toBe(424);
    }
    const refused = await sandbox.generate(LOW, undefined, key);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(refused.body.error).toMatchObject({
      code: "exposure_limit",
      limit: "exposure_per_hour",
    });
    const { body } = await sandbox.admin("GET", `/exposures?open=true&account_id=${id}`);
    expect(body.data).toMatchObject([{ amount: "0.006305" }, { amount: "0.006305" }]);
    const closed = await sandbox.admin("POST", `/exposures/${body.data[0].receipt_id}/close`, {
      billed: "0",
      reason: "not on the bill",
    });
    expect(closed.status).toBe(200);
    expect((await sandbox.generate(LOW, undefined, key)).status).toBe(200);
  });

  it("is 5 USD where nobody has said otherwise", async () => {
    const { id } = await account();
    expect((await sandbox.admin("GET", `/accounts/${id}`)).body.house_limits).toEqual({
      exposure_per_hour: "5",
    });
  });
});
