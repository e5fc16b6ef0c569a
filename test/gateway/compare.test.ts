import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encoded } from "./pictures.ts";
import { type Answered, MUG, type Sandbox, startSandbox } from "./sandbox.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  // After the end of the models that 2026-12-01 takes away, with every table of ratings known.
  sandbox = await startSandbox({ environment: { SPOTMETER_AS_OF: "2026-12-02" } });
});
afterAll(() => sandbox.close());

async function compare(body: object, path = "/v1/images/compare"): Promise<Answered> {
  const response = await fetch(`${sandbox.gateway.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ prompt: MUG, ...body }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** The ranked ones in a line each. */
function ranked({ body }: Answered): string[] {
  return body.models
    .filter(({ rank }: { rank: number | null }) => rank !== null)
    .map(
      // biome-ignore lint/suspicious/noExplicitAny: an answer as it came
      ({ rank, model, quality, expected, ceiling, band }: any) =>
        `${rank} ${model}${quality === null ? "" : `:${quality}`} ${expected.total} <= ${ceiling.total} ${band}`,
    );
}

function costs({ body }: Answered): object {
  // biome-ignore lint/suspicious/noExplicitAny: an answer as it came
  const entries = body.requirements.map(({ param, value, without, costs: usd }: any) => [
    `${param}=${value}`,
    `${usd} more than ${without?.model} ${without?.total}`,
  ]);
  return Object.fromEntries(entries);
}

describe("draft, 1024x1024, no references", () => {
  it("the cheapest tier of any model is first, rated or not", async () => {
    const answer = await compare({ size: "1024x1024", spotmeter: { band: "draft" } });
    expect(answer.status).toBe(200);
    expect(ranked(answer).slice(0, 6)).toEqual([
      // 21 text tokens at 5 USD and 196 image tokens at 30 USD a million; at most 79 + 6 text tokens.
      "1 gpt-image-2:low 0.005985 <= 0.006305 draft",
      "2 gpt-image-2.5-flare:low 0.005985 <= 0.006305 draft",
      "3 gpt-image-2.5-sunburst:low 0.005985 <= 0.006305 draft",
      // 439 image tokens.
      "4 gpt-image-2.5-flare:medium 0.013275 <= 0.013595 draft",
      "5 gpt-image-2.5-sunburst:medium 0.013275 <= 0.013595 draft",
      "6 z-image-turbo 0.015 <= 0.015 draft",
    ]);
    expect(answer.body.ratings_are).toBe(
      "votes of strangers on general prompts, not on your pictures",
    );
    const [first, second] = answer.body.models;
    expect(first.rating).toEqual({
      board: "arena-text",
      score: 1381,
      ci: 5,
      tier: "medium",
      resolution: null,
      date: "2026-08-24",
      at_least: false,
      not_counted: "rated at quality medium only, which is dearer",
    });
    expect(second.rating).toBeNull();
    expect(first.blocked_by).toEqual([]);
  });
});

describe("fine, 1536x1024, 3 references", () => {
  const picture = `data:image/png;base64,${encoded("png", [1024, 1024]).toString("base64")}`;
  const images = [1, 2, 3].map(() => ({ image_url: picture }));

  it("ranks those that edits are rated fine for, and prices each requirement", async () => {
    const answer = await compare({ size: "1536x1024", images, spotmeter: { band: "fine" } });
    expect(ranked(answer)).toEqual([
      // 0.045 and two references at 0.003: the first is free.
      "1 seedream-5-0-pro 0.051 <= 0.051 fine",
      // 24 text tokens at 5, 3 x 1,024 image tokens at 8, 1,372 output tokens at 30 USD a million;
      // at most 79 + 6 + 3 text tokens and 3 x 1,536 image tokens.
      "2 gpt-image-2:medium 0.065856 <= 0.078464 finest",
      // 5,488 output tokens.
      "3 gpt-image-2:high 0.189336 <= 0.201944 finest",
    ]);
    expect(answer.body).toMatchObject({ mode: "edit", board: "Arena, image edit" });
    expect(costs(answer)).toEqual({
      "size=1536x1024": "0 more than seedream-5-0-pro 0.051",
      // Without pictures the board of generations speaks: 0.051 - 0.04.
      "image=3 references": "0.011 more than qwen-image-3.0-pro 0.04",
      // 0.051 - 0.018.
      "band=fine": "0.033 more than seedream-5-0-flash 0.018",
    });
  });
});

describe("exact, 2048x2048, with a seed", () => {
  it("ranks those that take a seed, and says what blocks each other one", async () => {
    const asked = { size: "2048x2048", seed: 7, spotmeter: { exact_size: true } };
    const answer = await compare(asked, "/images/compare");
    expect(ranked(answer).slice(0, 2)).toEqual([
      "1 z-image-turbo 0.015 <= 0.015 draft",
      "2 qwen-image-3.0 0.03 <= 0.03 draft",
    ]);
    expect(costs(answer)).toEqual({
      "size=2048x2048": "0 more than z-image-turbo 0.015",
      // 21 x 0.000005 + 397 x 0.00003 = 0.012015; 0.015 - 0.012015.
      "seed=7": "0.002985 more than gpt-image-2 0.012015",
      "exact_size=true": "0 more than z-image-turbo 0.015",
    });
    // biome-ignore lint/suspicious/noExplicitAny: an answer as it came
    const of = (model: string) => answer.body.models.find((each: any) => each.model === model);
    expect(of("seedream-4-0")).toMatchObject({
      rank: null,
      expected: null,
      blocked_by: [{ code: "unsupported_parameter", param: "seed", sent: 7, allowed: null }],
    });
    expect(of("gpt-image-1")).toMatchObject({
      blocked_by: [{ param: "seed" }, { param: "size" }, { code: "life_cycle", param: "model" }],
    });
    // Priced, but by hearsay: by name only.
    expect(of("seedream-3-0")).toMatchObject({
      rank: null,
      expected: { total: "0.03" },
      blocked_by: [{ code: "weak_price", param: "model", sent: "third" }],
      marks: ["third"],
    });
  });
});

describe("more than one image", () => {
  it("totals are the request's, one image is its share rounded up", async () => {
    const asked = { n: 3, size: "1024x1024", spotmeter: { allow: ["gpt-image-2"] } };
    const answer = await compare({ ...asked, quality: "low" });
    // The prompt is billed with every image: 3 x 0.005985 and 3 x 0.006305.
    expect(answer.body.models[0]).toMatchObject({
      expected: { total: "0.017955", per_image: "0.005985" },
      ceiling: { total: "0.018915", per_image: "0.006305" },
    });
    expect(costs(answer)).toMatchObject({
      "n=3 in one call": "0 more than gpt-image-2 0.017955",
      "quality=low": "0 more than gpt-image-2 0.017955",
    });
  });

  it("calls of one image each cost each their own", async () => {
    // 15 words and thoughts as in every quote of it: 3 x 0.03401625.
    const asked = {
      n: 3,
      size: "1024x1024",
      spotmeter: { allow: ["gemini-3.1-flash-lite-image"] },
    };
    const answer = await compare({ ...asked, fan_out: true });
    expect(answer.body.models.filter(({ rank }: { rank: number | null }) => rank !== null)).toEqual(
      [expect.objectContaining({ expected: { total: "0.10204875", per_image: "0.03401625" } })],
    );
  });
});

describe("what can't be compared is refused by name", () => {
  it.each<[string, object, string, string]>([
    ["a model", { model: "gpt-image-2" }, "unsupported_combination", "model"],
    ["an unknown preset", { model: "auto/none" }, "unknown_model", "model"],
    ["an unknown band", { spotmeter: { band: "best" } }, "invalid_value", "spotmeter.band"],
    [
      "an unknown model in allow",
      { spotmeter: { allow: ["gpt-imgae-2"] } },
      "invalid_value",
      "spotmeter.allow",
    ],
    ["one in deny", { spotmeter: { deny: ["nothing"] } }, "invalid_value", "spotmeter.deny"],
    [
      "one in at_least",
      { spotmeter: { at_least: "nothing" } },
      "invalid_value",
      "spotmeter.at_least",
    ],
    [
      "at_least of a model that nobody rates",
      { spotmeter: { at_least: "qwen-image-2.0" } },
      "invalid_value",
      "spotmeter.at_least",
    ],
    [
      "at_least of no tier of a model with tiers",
      { spotmeter: { at_least: "gpt-image-2" } },
      "invalid_value",
      "spotmeter.at_least",
    ],
    [
      "at_least of a tier below the rated one",
      { spotmeter: { at_least: "gpt-image-2:low" } },
      "invalid_value",
      "spotmeter.at_least",
    ],
    [
      "allow and deny that leave nothing",
      { spotmeter: { allow: ["gpt-image-2"], deny: ["openai/gpt-image-2"] } },
      "unsupported_combination",
      "spotmeter.deny",
    ],
    [
      "a region that nothing is in",
      { spotmeter: { regions: ["mars"] } },
      "invalid_value",
      "spotmeter.regions",
    ],
    [
      "an exact size of nothing",
      { spotmeter: { exact_size: true } },
      "unsupported_combination",
      "spotmeter.exact_size",
    ],
    [
      "a cost as a number",
      { spotmeter: { max_cost: 0.05 } },
      "invalid_value",
      "spotmeter.max_cost",
    ],
    ["no cost at all", { spotmeter: { max_cost: "0.00" } }, "invalid_value", "spotmeter.max_cost"],
    ["an unknown constraint", { spotmeter: { bands: "fine" } }, "invalid_value", "spotmeter"],
    ["an unknown parameter", { sise: "1024x1024" }, "unknown_parameter", "sise"],
  ])("%s", async (_law, asked, code, param) => {
    const { status, body } = await compare(asked);
    expect([body.error.code, body.error.param]).toEqual([code, param]);
    expect(status).toBe(code === "unknown_model" ? 404 : 400);
  });

  it("a request that nothing can do is answered all the same: every model with what blocks it", async () => {
    const { status, body } = await compare({ size: "16x16" });
    expect(status).toBe(200);
    expect(body.models.every(({ rank }: { rank: number | null }) => rank === null)).toBe(true);
    expect(body.requirements).toMatchObject([
      { param: "size", with: null, without: { model: "gpt-image-2", quality: "low" }, costs: null },
    ]);
  });
});
