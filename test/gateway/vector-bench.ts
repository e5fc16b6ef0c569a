import { expect } from "vitest";
import { type ReplayVendor, type Reply, startReplayVendor } from "./replay-vendor.ts";
import { type Answered, MUG, type Sandbox, startSandbox } from "./sandbox.ts";

/** What the test vectors of `vendors/*.md` stand on: a replaying vendor behind a whole gateway. */

export type Vector = {
  readonly name: string;
  readonly asked: { readonly model: string; readonly [param: string]: unknown };
  readonly reply: Reply;
  readonly charge: string;
  readonly ceiling: string;
};

export type VectorBench = {
  readonly vendor: ReplayVendor;
  readonly sandbox: Sandbox;
  /** Orders it; the house's receipt beside the answer. */
  readonly order: (
    asked: Record<string, unknown>,
    reply: Reply,
  ) => Promise<{ readonly answer: Answered; readonly receipt: Answered["body"] }>;
  /** One paid call; answer, receipt and vendor cost agree with the vector to the last digit. */
  readonly expectCharged: (
    vector: Vector,
  ) => Promise<{ readonly answer: Answered; readonly receipt: Answered["body"] }>;
  readonly close: () => Promise<void>;
};

export async function startVectorBench(): Promise<VectorBench> {
  const vendor = await startReplayVendor();
  const sandbox = await startSandbox({ environment: vendor.environment });
  const order: VectorBench["order"] = async (asked, reply) => {
    vendor.play(reply);
    const answer = await sandbox.generate({ prompt: MUG, ...asked });
    const id = answer.headers.get("x-receipt-id");
    const { body: receipt } = await sandbox.admin("GET", `/receipts/${id}`);
    return { answer, receipt };
  };
  const expectCharged: VectorBench["expectCharged"] = async (vector) => {
    const { asked, reply, charge, ceiling } = vector;
    const { answer, receipt } = await order(asked, reply);
    expect(answer.status, JSON.stringify(answer.body.error)).toBe(200);
    expect(answer.body.usage.cost_details).toMatchObject({ total: charge, ceiling });
    expect(String(answer.body.usage.cost)).toBe(charge);
    expect(receipt).toMatchObject({
      status: "settled",
      total: charge,
      ceiling,
      overrun: "0",
      exposure: null,
      vendor_cost: { total: charge },
    });
    expect(vendor.paid()).toHaveLength(1);
    return { answer, receipt };
  };
  const close = async (): Promise<void> => {
    await sandbox.close();
    await vendor[Symbol.asyncDispose]();
  };
  return { vendor, sandbox, order, expectCharged, close };
}
