import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { audit, auditLiar, idsOf, planOf } from "./probe-bench.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

/** An audit over HTTP: of the gateway that lies on request, and of ours. Every lie caught, no false alarm. */

let vendor: RunningEmulator;
beforeAll(async () => {
  vendor = await startEmulator({ pictures: "small", latencyMs: 0 });
});
afterAll(() => vendor.close());

describe("an honest gateway", () => {
  it.each(["gpt-image-2", "gpt-image-2.5-flare", "gpt-image-1.5"])(
    "%s: all consistent, and spent what was quoted to the picodollar",
    async (model) => {
      const found = await auditLiar(vendor.url, [], model);
      expect(found.checks.filter(({ verdict }) => verdict !== "consistent")).toEqual([]);
      const { spent, stopped, shapeChanges } = found.run;
      expect({ spent: formatUsd(spent.amount), by: spent.by, stopped, shapeChanges }).toEqual({
        spent: formatUsd(planOf(model).expected),
        ...{ by: "balance", stopped: null, shapeChanges: [] },
      });
    },
  );
});

it("gpt-image-1-mini: all consistent; its edits' text follows no published law, so the sum may differ", async () => {
  const found = await auditLiar(vendor.url, [], "gpt-image-1-mini");
  expect(found.checks.filter(({ verdict }) => verdict !== "consistent")).toEqual([]);
});

describe("each lie is caught by its check, and by no other", () => {
  it.each([
    ["accepts-anything", "refuses_impossible"],
    ["n-once", "bills_n_and_prompt"],
    ["off-law", "usage_law"],
    ["cache-discount", "cache_discount"],
    ["image-at-text-rate", "image_rate"],
    ["charges-failed", "failed_calls"],
    ["charges-twice", "idempotency"],
    ["leaks-url", "no_leaks"],
    ["other-model", "same_model"],
    ["drops=size", "honours_size"],
    ["drops=n", "honours_n"],
    ["drops=quality", "honours_quality"],
    ["drops=output_format", "honours_output_format"],
    ["drops=background", "honours_background"],
    ["drops=mask", "honours_mask"],
    ["drops=seed", "refuses_impossible"],
  ])("%s: %s", async (lie, check) => {
    expect(idsOf(await auditLiar(vendor.url, [lie]), "inconsistent")).toEqual([check]);
  });

  it.each([
    // Without a rate for text out of its own, and where a dearer tier has the same tokens.
    ["gpt-image-2.5-flare", "image-at-text-rate", "image_rate"],
    ["gpt-image-2.5-flare", "other-model", "same_model"],
    ["gpt-image-1-mini", "image-at-text-rate", "image_rate"],
    ["gpt-image-1-mini", "other-model", "same_model"],
    ["gpt-image-1.5", "drops=size", "honours_size"],
  ])("%s, %s: %s", async (model, lie, check) => {
    expect(idsOf(await auditLiar(vendor.url, [lie], model), "inconsistent")).toEqual([check]);
  });
});

describe("two lies at once", () => {
  it.each([
    [
      ["charges-failed", "charges-twice"],
      ["failed_calls", "idempotency"],
    ],
    [
      ["image-at-text-rate", "cache-discount"],
      ["cache_discount", "image_rate"],
    ],
    [
      ["off-law", "n-once"],
      ["usage_law", "bills_n_and_prompt"],
    ],
    [
      ["other-model", "charges-failed"],
      ["failed_calls", "same_model"],
    ],
    [
      ["drops=background", "drops=output_format"],
      ["honours_output_format", "honours_background"],
    ],
    [
      ["drops=size", "n-once"],
      ["honours_size", "bills_n_and_prompt"],
    ],
    [
      ["leaks-url", "charges-twice"],
      ["idempotency", "no_leaks"],
    ],
    [
      ["accepts-anything", "charges-twice"],
      ["refuses_impossible", "idempotency"],
    ],
    [
      ["drops=size", "accepts-anything"],
      ["refuses_impossible", "honours_size"],
    ],
    // What one lie hides of another is said to be unknown, not made up.
    [["accepts-anything", "drops=mask"], ["refuses_impossible"]],
    [["drops=n", "n-once"], ["honours_n"]],
    [["other-model", "off-law"], ["usage_law"]],
  ])("%j: %j", async (lies, checks) => {
    expect(idsOf(await auditLiar(vendor.url, lies), "inconsistent")).toEqual(checks);
  });
});

describe("our own gateway in its sandbox", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  it("all consistent where a law is published, and nothing inconsistent for any vendor's models", async () => {
    const models = ["gpt-image-2.5-flare", "gpt-image-2.6-flare", "gemini-3.1-flash-lite-image"];
    const flat = ["seedream-4-0", "qwen-image-3.0", "wan2.7-image"];
    const found = await audit({ url: sandbox.gateway.url, key: sandbox.apiKey }, [
      ...models,
      ...flat,
    ]);
    expect(found.checks.filter(({ verdict }) => verdict === "inconsistent")).toEqual([]);
    const untold = (model: string) =>
      found.checks
        .filter((check) => check.model === model && check.verdict === "cannot_tell")
        .map(({ id }) => id);
    expect(untold("gpt-image-2.5-flare")).toEqual([]);
    // Its law is not published.
    expect(untold("gpt-image-2.6-flare")).toEqual(["honours_quality", "usage_law", "same_model"]);
    expect(found.run.spent.by).toBe("balance");
    expect(found.run.models.every(({ records }) => records.every((r) => r.answer.sandbox))).toBe(
      true,
    );
  });

  it("a margin that the owner takes is told as one, and is no lie", async () => {
    const margin = { basis_points: 1_500, fixed: "0.0002" };
    const account = await sandbox.admin("POST", "/accounts", { name: "resold", margin });
    const key = { account_id: account.body.id, name: "audited" };
    const made = await sandbox.admin("POST", "/keys", key);
    const found = await audit({ url: sandbox.gateway.url, key: made.body.key }, ["gpt-image-2"]);
    expect(idsOf(found, "inconsistent")).toEqual([]);
    expect(found.checks.find(({ id }) => id === "cost")?.why).toBe(
      "every price is 115.00 % of the published rates and 0.0002 a call, and the balance moves by them",
    );
  });
});
