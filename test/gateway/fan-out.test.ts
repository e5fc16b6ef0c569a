import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verify } from "../../src/audit/verify.ts";
import { ledgerFile } from "../../src/ledger/open.ts";
import { MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** One request, several vendor calls, one hold (MONEY §2). */

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(() => sandbox.forgetCalls());

afterAll(() => sandbox.close());

const four = { model: "gemini-2.5-flash-image", prompt: MUG, n: 4, fan_out: true };

async function receiptOf(answer: { headers: Headers }) {
  const { body } = await sandbox.get(`/v1/receipts/${answer.headers.get("x-receipt-id")}`);
  return body;
}

describe("fan-out", () => {
  it("makes four images by four calls of a model that makes one a call, each charged by its own usage", async () => {
    const answer = await sandbox.generate(four);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(4);
    // 10 words at 0.30 USD a million and 1,290 image tokens at 30 USD a million, four times.
    expect(answer.body.usage.cost_details.total).toBe("0.154812");
    expect(answer.body.usage.cost_details.lines).toEqual(
      Array.from({ length: 4 }, () => [
        {
          meter: "text_input_tokens",
          quantity: "10",
          unit_price: "0.0000003",
          amount: "0.000003",
        },
        { meter: "image_output_tokens", quantity: "1290", unit_price: "0.00003", amount: "0.0387" },
      ]).flat(),
    );
    expect(answer.body.failures).toBeUndefined();
    const calls = await sandbox.calls();
    expect(calls).toHaveLength(4);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ images_made: 4, images_delivered: 4, basis: "usage" });
    expect(receipt.usage).toHaveLength(4);
  });

  it("bills exactly the three that came when the fourth fails, and lists what failed", async () => {
    const answer = await sandbox.generate(four, "partial=3");
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(3);
    expect(answer.body.usage.cost_details.total).toBe("0.116109");
    expect(answer.body.failures).toMatchObject([{ index: 3, code: "vendor_failed" }]);
    const receipt = await receiptOf(answer);
    expect(receipt).toMatchObject({ total: "0.116109", images_made: 3, images_delivered: 3 });
    expect(receipt.flags).toContain("images_fewer_than_asked");
  });

  it("charges nothing when every leg fails, and answers with the first leg's error", async () => {
    const answer = await sandbox.generate(four, "moderation");
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe("moderation_blocked");
    expect(await sandbox.calls()).toHaveLength(4);
    expect(await receiptOf(answer)).toMatchObject({ status: "voided", total: "0" });
  });

  it("charges a leg without usage at one leg's ceiling", async () => {
    const answer = await sandbox.generate(four, "no-usage");
    const { ceiling, total, basis } = answer.body.usage.cost_details;
    expect({ total, basis }).toEqual({ total: ceiling, basis: "ceiling" });
  });

  it("fears one leg's ceiling for each leg of which nobody knows what it cost", async () => {
    const answer = await sandbox.generate(four, "cut");
    expect(answer.body.error.code).toBe("outcome_unknown");
    const id = answer.headers.get("x-receipt-id");
    const { body } = await sandbox.admin("GET", `/receipts/${id}`);
    expect(body).toMatchObject({
      total: "0",
      exposure: { amount: "0.1798948", reason: "cut" },
      vendor_cost: { total: "0" },
    });
  });

  it("holds what as many calls of one image would", async () => {
    const one = await sandbox.quote({ ...four, n: 1 });
    const all = await sandbox.quote(four);
    expect(one.body.ceiling.total).toBe("0.0449737");
    expect(all.body.ceiling.total).toBe("0.1798948");
  });

  it("keeps to the most images of a request, and says which", async () => {
    const answer = await sandbox.quote({ ...four, n: 11 });
    expect(answer.body.error).toMatchObject({ code: "unsupported_n", allowed: { max: 10 } });
    const without = await sandbox.quote({ ...four, fan_out: false });
    expect(without.body.error.message).toContain('"fan_out": true');
  });

  it("is recomputed leg by leg from the journal", async () => {
    const found = await verify({ file: ledgerFile(sandbox.home, "sandbox") });
    expect(found).toMatchObject({ ok: true, first_discrepancy: null });
  });
});
