import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { audit, idsOf } from "./probe-bench.ts";
import { type Instead, type Passing, refusal, startFront } from "./probe-front.ts";

/** What a target does that no plan foresees: named, waited for or stopped at, and nothing that is known is lost. */

let vendor: RunningEmulator;
beforeAll(async () => {
  vendor = await startEmulator({ pictures: "small", latencyMs: 0 });
});
afterAll(() => vendor.close());

const front = (spoil: (passing: Passing) => Instead | undefined) => startFront(vendor.url, spoil);
const atImage = (index: number, instead: Instead) => (passing: Passing) =>
  passing.what === "image" && passing.index === index ? instead : undefined;
const MODELS = ["gpt-image-2"];
/** base, repeat, tier, several, long_1, long_2, edit, mask, four impossible ones. */
const CALLS = 12;

describe("a target that is busy", () => {
  it("is waited for as long as it says, the wait is told, and the same call goes out again", async () => {
    await using shop = await front(atImage(3, refusal(429, "slow down", { "retry-after": "7" })));
    const waits: number[] = [];
    const told: string[] = [];
    const found = await audit({ url: shop.url, key: "k" }, MODELS, {
      pause: async (ms) => {
        waits.push(ms);
      },
      tell: (event) => {
        if (event.kind === "waits") told.push(`${event.call.id} ${event.ms}`);
      },
    });
    expect([waits, told]).toEqual([[7_000], ["tier 7000"]]);
    expect(idsOf(found, "consistent")).toHaveLength(16);
    expect(shop.seen.image).toBe(CALLS + 1);
  });

  it.each([
    ["again and again", { "retry-after": "1" }, 6],
    ["for longer than anybody waits", { "retry-after": "3600" }, 1],
  ])("%s: stopped, and what is known is judged", async (_how, headers, tries) => {
    await using shop = await front(({ what, index }) =>
      what === "image" && index > 2 ? refusal(429, "slow down", headers) : undefined,
    );
    const found = await audit({ url: shop.url, key: "k" }, MODELS);
    expect(found.run.stopped?.code).toBe("rate_limited");
    expect(shop.seen.image).toBe(2 + tries);
    expect(idsOf(found, "inconsistent")).toEqual([]);
    expect(idsOf(found, "consistent")).toContain("idempotency");
  });
});

describe("a target that says no", () => {
  it.each([401, 402, 403])("%s ends the run; earlier calls are judged", async (status) => {
    await using shop = await front(atImage(4, refusal(status, "not with this key: my-key")));
    const found = await audit({ url: shop.url, key: "my-key" }, MODELS);
    expect(found.run.stopped).toEqual({
      code: "key_without_rights",
      message: `it answers ${status}: not with this key: ***`,
    });
    expect(shop.seen.image).toBe(4);
    expect(idsOf(found, "consistent")).toContain("honours_quality");
    expect(JSON.stringify(found.checks)).not.toContain("my-key");
  });

  it("a model that it does not make costs one call, and the next model is asked all the same", async () => {
    await using shop = await front(atImage(1, refusal(404, "no such model here")));
    const found = await audit({ url: shop.url, key: "k" }, ["gpt-image-2", "gpt-image-2.5-flare"]);
    expect(found.run.models.map(({ records }) => records.length)).toEqual([1, CALLS]);
    const first = found.checks.filter(({ model }) => model === "gpt-image-2");
    expect(first.filter(({ verdict }) => verdict === "inconsistent")).toEqual([]);
    const second = found.checks.filter(({ model }) => model === "gpt-image-2.5-flare");
    expect(second.filter(({ verdict }) => verdict === "consistent")).toHaveLength(16);
  });

  it("a connection that breaks ends the run and is named", async () => {
    await using shop = await front(atImage(5, "drop"));
    const found = await audit({ url: shop.url, key: "k" }, MODELS);
    expect(found.run.stopped?.code).toBe("unreachable");
    expect(found.run.stopped?.message).toMatch(/^it can't be reached: /);
    expect(found.run.models[0]?.records).toHaveLength(5);
    expect(idsOf(found, "inconsistent")).toEqual([]);
  });
});

describe("a target that changes", () => {
  it("its answer's shape: recorded with call and fields, and what is missing can't be told", async () => {
    const change = (body: string) => {
      const { usage: _usage, ...rest } = JSON.parse(body);
      return JSON.stringify(rest);
    };
    await using shop = await front(atImage(3, { change }));
    const found = await audit({ url: shop.url, key: "k" }, MODELS);
    expect(found.run.shapeChanges.map(({ call }) => call)).toEqual(["tier"]);
    expect(found.run.shapeChanges[0]?.was).toContain("usage(");
    expect(found.run.shapeChanges[0]?.is).not.toContain("usage(");
    expect(idsOf(found, "inconsistent")).toEqual([]);
    expect(idsOf(found, "cannot_tell")).toContain("honours_quality");
  });

  it("a balance that moves between calls is somebody else's too: nothing is built on it", async () => {
    let more = 0;
    await using shop = await front(({ what, index }) => {
      if (what !== "credits") return undefined;
      // Somebody spends a cent after the fourth reading, and goes on.
      if (index > 4) more += 10;
      const change = (body: string) =>
        body.replace(
          /"total_usage":([\d.]+)/,
          (_all, used) => `"total_usage":${+used + more / 1_000}`,
        );
      return { change };
    });
    const found = await audit({ url: shop.url, key: "k" }, MODELS);
    expect(idsOf(found, "inconsistent")).toEqual([]);
    expect(found.run.balanceUnusable).toMatch(/moved while nothing was sent/);
    expect(idsOf(found, "cannot_tell")).toEqual(["failed_calls", "idempotency"]);
  });

  it("no balance anywhere: prices by its own word, the rest can't be told", async () => {
    await using shop = await front(({ what }) =>
      what === "credits" ? refusal(404, "nothing here") : undefined,
    );
    const found = await audit({ url: shop.url, key: "k" }, MODELS);
    expect(found.run.balanceUnusable).toBe("no balance of a known shape can be read");
    // The repetition says the first call's price again: 0.039828 + 0.001715.
    expect([formatUsd(found.run.spent.amount), found.run.spent.by]).toEqual(["0.041543", "claims"]);
    expect(idsOf(found, "cannot_tell")).toEqual(["failed_calls", "idempotency"]);
  });
});

describe("an operator", () => {
  it("who stops keeps what is known; nothing more is sent", async () => {
    await using shop = await front(() => undefined);
    const stop = new AbortController();
    const found = await audit({ url: shop.url, key: "k" }, MODELS, {
      signal: stop.signal,
      tell: (event) => {
        if (event.kind === "answered" && event.record.call.id === "tier") stop.abort();
      },
    });
    expect(found.run.stopped).toEqual({ code: "interrupted", message: "stopped by the operator" });
    expect(shop.seen.image).toBe(3);
    expect(idsOf(found, "consistent")).toContain("honours_size");
  });

  it("pays no more than the worst case: a gateway that takes more is not asked again", async () => {
    const change = (body: string) => body.replace(/"total_usage":[\d.]+/, '"total_usage":5');
    // Without prices of its own the balance is all there is to go by.
    await using silent = await front(({ what, index }) => {
      if (what === "image") return { change: (body) => body.replace(/,"cost":[\d.]+/, "") };
      return index === 3 ? { change } : undefined;
    });
    const found = await audit({ url: silent.url, key: "k" }, MODELS);
    expect(found.run.stopped?.code).toBe("over_budget");
    expect(silent.seen.image).toBe(1);
  });

  it("may name where the balance is", async () => {
    await using shop = await front(() => undefined);
    const at = { url: shop.url, key: "k", creditsPath: "/v1/credits" };
    expect((await audit(at, MODELS)).run.spent.by).toBe("balance");
    const wrong = await audit({ ...at, creditsPath: "/v1/models" }, MODELS);
    expect(wrong.run.spent.by).toBe("claims");
  });
});
