import { imageSize } from "image-size";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "../gateway/sandbox.ts";

/** OpenAI's own client, as applications use it: its types, its errors, its retries. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" } as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "3000" } });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

/** A client with its own default of two retries unless said otherwise. */
function client(options: { readonly emulate?: string; readonly maxRetries?: number } = {}): OpenAI {
  return new OpenAI({
    apiKey: sandbox.apiKey,
    baseURL: `${sandbox.gateway.url}/v1`,
    ...(options.maxRetries === undefined ? {} : { maxRetries: options.maxRetries }),
    ...(options.emulate === undefined ? {} : { defaultHeaders: { "x-emulate": options.emulate } }),
  });
}

/** The client's own error class of a refused call. */
async function refusedBy(
  given: { readonly emulate?: string; readonly maxRetries?: number },
  changed: object = {},
) {
  const asked = { ...ORDER, ...changed };
  const error = await client(given)
    .images.generate(asked)
    .then(
      () => undefined,
      (cause: unknown) => cause,
    );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe("images.generate", () => {
  it("n pictures in n entries, and the cost of all of them", async () => {
    const answer = await client().images.generate({ ...ORDER, n: 3 });
    expect(answer.data).toHaveLength(3);
    for (const { b64_json } of answer.data ?? []) {
      const size = imageSize(Buffer.from(b64_json ?? "", "base64"));
      expect(size).toMatchObject({ width: 1024, height: 1024, type: "png" });
    }
    // 3 x (21 x 0.000005 + 196 x 0.00003)
    expect(answer.usage).toMatchObject({
      input_tokens: 63,
      output_tokens: 588,
      cost_details: { total: "0.017955", basis: "usage" },
    });
    expect(answer.created).toBeGreaterThan(1_700_000_000);
  });

  it.each([
    ["png", "png"],
    ["jpeg", "jpg"],
    ["webp", "webp"],
  ] as const)("output_format %s", async (output_format, type) => {
    const answer = await client().images.generate({ ...ORDER, output_format });
    const bytes = Buffer.from(answer.data?.[0]?.b64_json ?? "", "base64");
    expect(imageSize(bytes).type).toBe(type);
    expect(answer.output_format).toBe(output_format);
  });

  it("the client's headers carry receipt, ceiling and cost", async () => {
    const { response } = await client().images.generate(ORDER).withResponse();
    expect(response.headers.get("x-receipt-id")).toMatch(/^rcpt_/);
    expect(response.headers.get("x-cost-ceiling-usd")).toBe("0.006305");
  });

  it("model auto: the cheapest that can do it, and the answer says which and why", async () => {
    const asked = {
      model: "auto",
      prompt: MUG,
      size: "1024x1024" as const,
      spotmeter: { band: "finest", allow: ["gpt-image-2", "seedream-4-0"], max_cost: "0.06" },
    };
    const { data: answer, response } = await client().images.generate(asked).withResponse();
    expect(response.headers.get("x-spotmeter-route")).toBe("gpt-image-2:medium");
    expect(answer.usage).toMatchObject({
      // 21 x 0.000005 + 1,756 x 0.00003
      cost_details: { total: "0.052785", route: { requested: "auto", chosen: "gpt-image-2" } },
    });
    const dear = { ...asked, spotmeter: { ...asked.spotmeter, max_cost: "0.01" } };
    const error = await client()
      .images.generate(dear)
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "no_capable_model", status: 400 });
    expect((await client().models.retrieve("auto")).owned_by).toBe("spotmeter");
  });

  it("lists and retrieves models", async () => {
    const ids: string[] = [];
    for await (const model of client().models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(["gpt-image-2", "seedream-4-0", "qwen-image-2.0"]));
    expect((await client().models.retrieve("seedream-4.0")).id).toBe("seedream-4-0");
  });
});

describe("a final refusal is an error of the client's, and is never repeated", () => {
  it.each([
    { emulate: "moderation", status: 400, code: "moderation_blocked" },
    { emulate: "status=400", status: 400, code: "vendor_rejected" },
    { emulate: "no-image", status: 422, code: "no_image" },
    { emulate: "status=401", status: 424, code: "vendor_account" },
    { emulate: "status=500", status: 424, code: "outcome_unknown" },
    { emulate: "cut", status: 424, code: "outcome_unknown" },
    { emulate: "hang", status: 424, code: "outcome_unknown" },
    { emulate: "failed", status: 424, code: "vendor_failed" },
  ])("$emulate: $status $code, one call", async ({ emulate, status, code }) => {
    const error = await refusedBy({ emulate });
    expect([error.status, error.code]).toEqual([status, code]);
    expect(error.requestID).toMatch(/^req_/);
    expect(await sandbox.calls()).toHaveLength(1);
  });

  it("a gate's refusal names code and parameter, and calls nobody", async () => {
    const error = await refusedBy({}, { size: "512x512" });
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "unsupported_size", param: "size", status: 400 });
    expect(error.type).toBe("invalid_request_error");
    expect(await sandbox.calls()).toEqual([]);
  });

  it("an unknown model is the client's NotFoundError, a wrong key its AuthenticationError", async () => {
    expect(await refusedBy({}, { model: "gpt-image-9" })).toBeInstanceOf(OpenAI.NotFoundError);
    const stranger = new OpenAI({ apiKey: "sk-1", baseURL: `${sandbox.gateway.url}/v1` });
    await expect(stranger.images.generate(ORDER)).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });

  it("an empty account is a 402 that the client does not repeat", async () => {
    const { body } = await sandbox.admin("POST", "/accounts", { name: "a", prepaid: true });
    const made = await sandbox.admin("POST", "/keys", { account_id: body.id, name: "k" });
    const poor = new OpenAI({ apiKey: made.body.key, baseURL: `${sandbox.gateway.url}/v1` });
    await expect(poor.images.generate(ORDER)).rejects.toMatchObject({
      status: 402,
      code: "budget_exceeded",
      type: "insufficient_quota",
    });
    expect(await sandbox.calls()).toEqual([]);
  });
});

describe("what may be repeated, the client repeats by itself", () => {
  it("429: two calls under one hold, for each try of the client", async () => {
    const error = await refusedBy({ emulate: "status=429", maxRetries: 1 });
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.code).toBe("vendor_busy");
    expect(await sandbox.calls()).toHaveLength(4);
  });

  it("503: one call for each try of the client, and nothing charged", async () => {
    const before = (await sandbox.get("/v1/credits")).body;
    const error = await refusedBy({ emulate: "status=503", maxRetries: 1 });
    expect([error.status, error.code]).toEqual([503, "vendor_busy"]);
    const calls = await sandbox.calls();
    // The gateway itself repeats only where the vendor says when to come back.
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(calls.length).toBeLessThanOrEqual(4);
    const after = (await sandbox.get("/v1/credits")).body;
    expect([after.settled, after.held]).toEqual([before.settled, "0"]);
  });

  it("a client that may not retry tries once", async () => {
    await refusedBy({ emulate: "status=503", maxRetries: 0 });
    const { length } = await sandbox.calls();
    await sandbox.forgetCalls();
    await refusedBy({ emulate: "status=503", maxRetries: 1 });
    expect(await sandbox.calls()).toHaveLength(2 * length);
  });
});
