import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "../gateway/sandbox.ts";

/** OpenAI's own client gives up waiting and asks again, without any key: what it was charged for, it gets. */

const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" } as const;
// The client gives up after a second and asks again within another half; the vendor takes 1.6 s.
const TIMEOUT_MS = 1_000;
const SLOW = "slow=1600";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  // The emulator's picture is drawn, the tokenizer loaded: from here on the times are the test's.
  await sandbox.generate(ORDER);
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

function client(headers: Readonly<Record<string, string>>): OpenAI {
  return new OpenAI({
    apiKey: sandbox.apiKey,
    baseURL: `${sandbox.gateway.url}/v1`,
    timeout: TIMEOUT_MS,
    maxRetries: 2,
    defaultHeaders: { "x-emulate": SLOW, ...headers },
  });
}

async function settled(): Promise<string> {
  return (await sandbox.get("/v1/credits")).body.settled;
}

describe("a client that timed out and asks again", () => {
  it("adopts its own call: one call, one charge, one picture", async () => {
    const before = await settled();
    expect(before).toBe("0.005985");
    const { data: answer, response } = await client({}).images.generate(ORDER).withResponse();
    expect(response.headers.get("x-spotmeter-adopted")).toBe("true");
    expect(answer.data?.[0]?.b64_json?.length).toBeGreaterThan(100);
    expect(answer.usage).toMatchObject({ cost: 0.005985 });
    expect(await sandbox.calls()).toHaveLength(1);
    expect(await settled()).toBe("0.01197");
  });

  it("finds it under its Idempotency-Key just as well", async () => {
    const { data: answer, response } = await client({ "idempotency-key": "order-1" })
      .images.generate(ORDER)
      .withResponse();
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(answer.data?.[0]?.b64_json?.length).toBeGreaterThan(100);
    expect(await sandbox.calls()).toHaveLength(1);
    // 3 x 0.005985
    expect(await settled()).toBe("0.017955");
  });

  it("pays twice where adoption is turned off: that is what it does elsewhere", async () => {
    const asked = client({ "x-spotmeter-adopt": "no" }).images.generate(ORDER, { maxRetries: 1 });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(await sandbox.calls()).toHaveLength(2);
  });
});

describe("a key that stands for another order", () => {
  it("is an error of the client's that it doesn't repeat", async () => {
    const refused = client({ "idempotency-key": "order-1" }).images.generate({ ...ORDER, n: 2 });
    await expect(refused).rejects.toMatchObject({ status: 422, code: "idempotency_key_reused" });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.UnprocessableEntityError);
    expect(await sandbox.calls()).toEqual([]);
  });
});
