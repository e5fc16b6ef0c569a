import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

const OPENAI = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
const GOOGLE = { model: "gemini-3-pro-image", prompt: MUG };
const ALIBABA = { model: "qwen-image-2.0", prompt: MUG };
const ALIBABA_TASK = { model: "wan2.2-t2i-flash", prompt: MUG };
const ARK = { model: "seedream-4-0", prompt: MUG };
const EVERY = [OPENAI, GOOGLE, ALIBABA, ALIBABA_TASK, ARK];
// Ceilings worked out by hand; flat ones are their price.
const CEILING: Record<string, string> = {
  "gpt-image-2": "0.006305",
  // 79 bytes x 2 + 3 x 1120 x 120 + 1500 x 12, all per million: 0.000158 + 0.4032 + 0.018
  "gemini-3-pro-image": "0.421358",
  "qwen-image-2.0": "0.035",
  "wan2.2-t2i-flash": "0.025",
  "seedream-4-0": "0.03",
};

let sandbox: Sandbox;
beforeAll(async () => {
  // A short deadline, so that a hanging vendor doesn't hold the suite up; longer than a throttled wait of 1 s.
  sandbox = await startSandbox({ environment: { VENDOR_TIMEOUT_MS: "2000" } });
  // All these faults together come to more than the house would lose in an hour.
  const [demo] = (await sandbox.admin("GET", "/accounts")).body.data;
  const more = { house_limits: { exposure_per_hour: "1000" } };
  expect((await sandbox.admin("PATCH", `/accounts/${demo.id}`, more)).status).toBe(200);
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.forgetCalls());

/** The house's receipt of the newest call, whatever it was answered. */
async function receiptOf(answer: { headers: Headers }) {
  const { body } = await sandbox.admin("GET", `/receipts/${answer.headers.get("x-receipt-id")}`);
  return body;
}

async function nothingHeld(): Promise<void> {
  expect((await sandbox.admin("GET", "/holds")).body.data).toEqual([]);
}

describe("missing usage is billed at the ceiling and flagged, never at zero", () => {
  const cases = EVERY.flatMap((asked) =>
    (
      [
        ["no-usage", "absent"],
        ["empty-usage", "empty"],
        ["zero-details", "zero_details"],
        ["bad-usage", "malformed"],
      ] as const
    ).map(([emulate, reason]) => ({ asked, emulate, reason })),
  );
  it.each(cases)("$asked.model with $emulate", async ({ asked, emulate, reason }) => {
    const answer = await sandbox.generate(asked, emulate);
    expect(answer.status).toBe(200);
    expect(answer.body.data[0].b64_json.length).toBeGreaterThan(100);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ status: "settled", basis: "ceiling", released: "0" });
    expect(receipt.total).toBe(CEILING[asked.model]);
    expect(receipt.flags).toContain("charged_at_ceiling");
    // A flat count of zero beside an image contradicts itself rather than its details.
    const flatZero = emulate === "zero-details" && "output_images" === receipt.lines[0].meter;
    expect(receipt.reason).toBe(flatZero ? "contradictory" : reason);
  });
});

describe("a failed generation is never charged", () => {
  const cases = EVERY.flatMap((asked) => [
    { asked, emulate: "moderation", status: 400, code: "moderation_blocked", exposed: false },
    { asked, emulate: "no-image", status: 422, code: "no_image", exposed: false },
    { asked, emulate: "status=400", status: 400, code: "vendor_rejected", exposed: false },
    { asked, emulate: "status=401", status: 424, code: "vendor_account", exposed: false },
    { asked, emulate: "status=403", status: 424, code: "vendor_account", exposed: false },
    { asked, emulate: "status=500", status: 424, code: "outcome_unknown", exposed: true },
    { asked, emulate: "status=503", status: 503, code: "vendor_busy", exposed: false },
    { asked, emulate: "cut", status: 424, code: "outcome_unknown", exposed: true },
    { asked, emulate: "hang", status: 424, code: "outcome_unknown", exposed: true },
  ]);
  it.each(cases)("$asked.model with $emulate is $status $code", async (expected) => {
    const answer = await sandbox.generate(expected.asked, expected.emulate);
    expect([answer.status, answer.body.error.code]).toEqual([expected.status, expected.code]);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ status: "voided", basis: "none", total: "0", lines: [] });
    expect(receipt.released).toBe(receipt.ceiling);
    if (expected.exposed) expect(receipt.exposure.amount).toBe(receipt.ceiling);
    else expect(receipt.exposure).toBeNull();
    await nothingHeld();
  });

  it.each([ALIBABA, ALIBABA_TASK, ARK, OPENAI])("$model: a failure inside a 200", async (asked) => {
    const answer = await sandbox.generate(asked, "failed");
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await receiptOf(answer)).toMatchObject({ status: "voided", total: "0" });
    await nothingHeld();
  });

  it("Gemini's refusals cost the house the tokens that the vendor reports", async () => {
    const receipt = await receiptOf(await sandbox.generate(GOOGLE, "moderation"));
    expect(receipt.total).toBe("0");
    const blocked = await receiptOf(await sandbox.generate(GOOGLE, "no-image"));
    expect(Number(blocked.vendor_cost.total)).toBeGreaterThan(0);
    expect(blocked.total).toBe("0");
  });

  it("a throttled call is repeated once when told to, under the same hold", async () => {
    const answer = await sandbox.generate(OPENAI, "status=429");
    expect([answer.status, answer.body.error.code]).toEqual([429, "vendor_busy"]);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    const { attempts } = await receiptOf(answer);
    expect(attempts).toHaveLength(2);
    expect(await sandbox.calls()).toHaveLength(2);
  });
});

/** A key whose losses end no other test's hour: a root may lose 5 USD within one. */
async function keyOfItsOwn(): Promise<string> {
  const account = await sandbox.admin("POST", "/accounts", { name: "a" });
  const made = await sandbox.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
  return made.body.key;
}

describe("the ceiling holds", () => {
  it.each([OPENAI, GOOGLE])("$model: usage above it is an overrun of the house", async (asked) => {
    const answer = await sandbox.generate(asked, "overrun", await keyOfItsOwn());
    expect(answer.status).toBe(200);
    const receipt = await receiptOf(answer);
    expect(receipt.total).toBe(CEILING[asked.model]);
    expect(receipt.flags).toContain("overrun");
    expect(Number(receipt.overrun)).toBeGreaterThan(0);
    expect(receipt.lines.at(-1)).toMatchObject({ meter: "overrun", amount: `-${receipt.overrun}` });
  });

  it("a flat count above the images that came charges those, the rest is exposure", async () => {
    const receipt = await receiptOf(await sandbox.generate(ARK, "overrun", await keyOfItsOwn()));
    expect(receipt.total).toBe("0.03");
    expect(receipt.flags).toContain("counted_not_delivered");
    expect(Number(receipt.exposure.amount)).toBeGreaterThan(0);
  });

  it("another model served: the lower of both prices, said on the receipt", async () => {
    const receipt = await receiptOf(await sandbox.generate(ARK, "other-model"));
    expect(receipt.served_model).not.toBe("seedream-4-0-250828");
    expect(receipt.flags).toContain("model_substituted");
    expect(receipt.total).toBe("0.03");
  });

  it("fewer images than asked are charged as such", async () => {
    const answer = await sandbox.generate({ ...OPENAI, n: 3 }, "partial=2");
    expect(answer.body.data).toHaveLength(2);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ images_made: 2, images_delivered: 2, status: "settled" });
  });
});

describe("the client's own troubles change nothing about the money", () => {
  it("gone after dispatch: the call is carried on and settled in full", async () => {
    const hangUp = new AbortController();
    const gone = fetch(`${sandbox.gateway.url}/v1/images/generations`, {
      method: "POST",
      signal: hangUp.signal,
      headers: {
        authorization: `Bearer ${sandbox.apiKey}`,
        "content-type": "application/json",
        "x-emulate": "slow=400",
      },
      body: JSON.stringify(OPENAI),
    });
    await until(async () => (await sandbox.calls()).length === 1 || (await openHolds()) === 1);
    hangUp.abort();
    await expect(gone).rejects.toThrow();
    const before = (await sandbox.get("/v1/credits")).body.settled;
    await until(async () => (await openHolds()) === 0);
    const after = (await sandbox.get("/v1/credits")).body.settled;
    expect(after).not.toBe(before);
  });

  it("not reading: settled while the answer waits, then read whole", async () => {
    const answer = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
      const request = httpRequest(
        `${sandbox.gateway.url}/v1/images/generations`,
        {
          method: "POST",
          headers: {
            authorization: `Bearer ${sandbox.apiKey}`,
            "content-type": "application/json",
          },
        },
        resolve, // and never a listener for data: the socket fills up
      );
      request.on("error", reject);
      request.end(JSON.stringify({ ...OPENAI, n: 4 }));
    });
    await until(async () => (await openHolds()) === 0);
    const id = String(answer.headers["x-receipt-id"]);
    expect((await sandbox.admin("GET", `/receipts/${id}`)).body.status).toBe("settled");
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(JSON.parse(Buffer.concat(chunks).toString()).data).toHaveLength(4);
  });
});

async function openHolds(): Promise<number> {
  return (await sandbox.admin("GET", "/holds")).body.data.length;
}

/** Asks again until it is so; the suite's own time limit ends a wait that never does. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}
