import { describe, expect, it } from "vitest";
import { inOurWords, limitsInOurWords } from "../../src/http/admin/known-words.ts";

/** Words of other gateways: read where they mean the same, refused naming ours where they don't. */

describe("a word that means the same is read as ours", () => {
  it.each([
    { said: { max_budget: "10" }, means: { limits: { total: "10" } } },
    { said: { max_budget: "10", budget_duration: "1d" }, means: { limits: { day: "10" } } },
    { said: { max_budget: "10", budget_duration: "1mo" }, means: { limits: { month: "10" } } },
    { said: { max_budget: "10", budget_duration: null }, means: { limits: { total: "10" } } },
    {
      said: { max_budget: "10", budget_duration: "1mo", limits: { day: "1" } },
      means: { limits: { day: "1", month: "10" } },
    },
    {
      said: { limits: { max_budget: "10", budget_duration: "1d" } },
      means: { limits: { day: "10" } },
    },
    { said: { limits: { daily: "1", monthly: "9" } }, means: { limits: { day: "1", month: "9" } } },
    { said: { limits: { "1d": "1", "1mo": "9" } }, means: { limits: { day: "1", month: "9" } } },
    { said: { max_budget: null }, means: { limits: { total: null } } },
    { said: { rpm_limit: 6 }, means: { rate_limit: { requests_per_minute: 6 } } },
    {
      said: { rate_limit: { rpm_limit: 6, images_per_minute: 9 } },
      means: { rate_limit: { requests_per_minute: 6, images_per_minute: 9 } },
    },
    { said: { models: ["a"] }, means: { allowed_models: ["a"] } },
    { said: { name: "k", limits: { day: "1" } }, means: { name: "k", limits: { day: "1" } } },
  ])("$said", ({ said, means }) => {
    expect(inOurWords(said, "key")).toEqual(means);
  });

  it("values that are no object, and words that nobody knows, are left to the schema", () => {
    expect(inOurWords([1], "account")).toEqual([1]);
    expect(inOurWords({ limits: "10", colour: "red" }, "account")).toEqual({
      limits: "10",
      colour: "red",
    });
    expect(limitsInOurWords({ hour: "1" })).toEqual({ hour: "1" });
  });

  it("what only keys have is no word of accounts", () => {
    const said = { models: ["a"], rpm_limit: 6 };
    expect(inOurWords(said, "account")).toEqual(said);
  });
});

describe("a word that means something else is refused, naming ours", () => {
  const days = ["1d", "1mo"];
  it.each([
    { said: { max_budget: "1", budget_duration: "30d" }, param: "budget_duration", allowed: days },
    { said: { max_budget: "1", budget_duration: "24h" }, param: "budget_duration", allowed: days },
    { said: { max_budget: "1", budget_duration: 30 }, param: "budget_duration", allowed: days },
    { said: { limits: { "7d": "1" } }, param: "limits.7d", allowed: days },
    { said: { limits: { "1M": "1" } }, param: "limits.1M", allowed: days },
    { said: { soft_budget: "1" }, param: "soft_budget", allowed: ["limits"] },
    { said: { limits: { soft_budget: "1" } }, param: "limits.soft_budget", allowed: ["limits"] },
    { said: { tpm_limit: 9 }, param: "tpm_limit", allowed: ["rate_limit.images_per_minute"] },
    {
      said: { rate_limit: { tpm_limit: 9 } },
      param: "rate_limit.tpm_limit",
      allowed: ["rate_limit.images_per_minute"],
    },
    { said: { duration: "30d" }, param: "duration", allowed: ["expires_at"] },
    { said: { expires_in: "30d" }, param: "expires_in", allowed: ["expires_at"] },
    { said: { metadata: {} }, param: "metadata", allowed: ["tags"] },
  ])("$said", ({ said, param, allowed }) => {
    expect(() => inOurWords(said, "key")).toThrow(
      expect.objectContaining({
        code: "invalid_value",
        details: expect.objectContaining({ param, allowed }),
      }),
    );
  });
});

describe("the same said twice is refused: neither is dropped", () => {
  it.each([
    [{ max_budget: "1", limits: { max_budget: "2" } }, "max_budget"],
    [{ max_budget: "1", limits: { total: "2" } }, "limits.max_budget"],
    [{ max_budget: "1", limits: null }, "max_budget"],
    [{ rpm_limit: 1, rate_limit: null }, "rpm_limit"],
    [{ rpm_limit: 1, rate_limit: 6 }, "rpm_limit"],
    [{ max_budget: "1", budget_duration: "1d", limits: { day: "2" } }, "limits.max_budget"],
    [{ limits: { day: "1", daily: "2" } }, "limits.daily"],
    [{ limits: { daily: "1", "1d": "2" } }, "limits.1d"],
    [{ rpm_limit: 1, rate_limit: { requests_per_minute: 2 } }, "rate_limit.rpm_limit"],
    [{ rpm_limit: 1, rate_limit: { rpm_limit: 2 } }, "rpm_limit"],
    [{ models: ["a"], allowed_models: ["b"] }, "models"],
    [{ budget_duration: "1d" }, "max_budget"],
  ])("%j", (said, param) => {
    expect(() => inOurWords(said, "key")).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param }) }),
    );
  });
});
