import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { benchOf, codeOf, type Gateways, ORDER, receiptOf } from "./once-bench.ts";
import { expectRefusal } from "./raw-client.ts";
import { until } from "./sandbox.ts";

const COST = "0.005985";
const TWICE = "0.01197";
const SLOW = { "x-emulate": "slow=200" };

/**
 * Adoption (MONEY §7): the call of a client that left with nothing goes to the next one that asks the same
 * without a key, whatever stores the ledger and at whichever gateway.
 */
export function adoptionContract(name: string, open: () => Promise<Gateways>): void {
  describe(`adoption: ${name}`, () => {
    let gateways: Gateways;
    let bench: ReturnType<typeof benchOf>;
    beforeAll(async () => {
      gateways = await open();
      bench = benchOf(gateways);
    });
    afterAll(() => gateways.close());
    beforeEach(() => bench.forgetCalls());

    it("a call that still runs: its answer, its receipt, no second call, no second charge", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave(SLOW);
      const adopter = await shopper.order({}, ORDER, "second");
      expect(adopter.status).toBe(200);
      expect(adopter.headers["x-spotmeter-adopted"]).toBe("true");
      expect(adopter.headers["idempotent-replayed"]).toBeUndefined();
      const { data, usage } = JSON.parse(adopter.text);
      expect(Buffer.from(data[0].b64_json, "base64").toString("latin1", 1, 4)).toBe("PNG");
      expect(usage.cost_details).toMatchObject({ total: COST, receipt_id: receiptOf(adopter) });
      expect(adopter.headers["x-cost-usd"]).toBe(COST);
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
      expect(await shopper.receipt(receiptOf(adopter))).toMatchObject({ status: "settled" });
    });

    it("a call that has ended meanwhile, once: the third request is a call of its own", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave(SLOW);
      await until(async () => (await bench.openHolds()).length === 0);
      const adopter = await shopper.order({}, ORDER, "second");
      const third = await shopper.order();
      expect([adopter.status, third.status]).toEqual([200, 200]);
      expect(adopter.headers["x-spotmeter-adopted"]).toBe("true");
      expect(third.headers["x-spotmeter-adopted"]).toBeUndefined();
      expect(receiptOf(third)).not.toBe(receiptOf(adopter));
      expect(await bench.callCount()).toBe(2);
      expect(await shopper.settled()).toBe(TWICE);
    });

    it("whoever took it over leaves too: the third has it, for one call and one charge", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ "x-emulate": "slow=1500" });
      await shopper.waitAndLeave(400);
      await shopper.waitAndLeave(400);
      await until(async () => (await bench.openHolds()).length === 0);
      const last = await shopper.order();
      expect([last.status, last.headers["x-spotmeter-adopted"]]).toEqual([200, "true"]);
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
      // It was given to somebody: the next one is made.
      expect((await shopper.order()).headers["x-spotmeter-adopted"]).toBeUndefined();
    });

    it("two that come for one call at once: one adopts it, the other is made", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave(SLOW);
      const answers = await Promise.all([
        shopper.order({}, ORDER, "first"),
        shopper.order({}, ORDER, "second"),
      ]);
      const adopted = answers.map(({ headers }) => headers["x-spotmeter-adopted"] ?? "no");
      expect(adopted.toSorted()).toEqual(["no", "true"]);
      expect(new Set(answers.map(receiptOf)).size).toBe(2);
      expect(await bench.callCount()).toBe(2);
      expect(await shopper.settled()).toBe(TWICE);
    });

    it("identical parallel requests are never merged: three pictures, three charges", async () => {
      const shopper = await bench.newShopper();
      const answers = await Promise.all(
        (["first", "second", "first"] as const).map((door) => shopper.order(SLOW, ORDER, door)),
      );
      expect(new Set(answers.map(receiptOf)).size).toBe(3);
      expect(await bench.callCount()).toBe(3);
      // 3 x 0.005985
      expect(await shopper.settled()).toBe("0.017955");
    });

    it("another body, another API key: not the same request", async () => {
      const shopper = await bench.newShopper();
      const sibling = await shopper.sibling();
      await shopper.orderAndLeave(SLOW);
      const answers = [await shopper.order({}, { ...ORDER, user: "u-1" }), await sibling.order()];
      for (const { headers } of answers) expect(headers["x-spotmeter-adopted"]).toBeUndefined();
      expect(await bench.callCount()).toBe(3);
    });

    it("x-spotmeter-adopt: no neither offers a call nor takes one", async () => {
      const no = { "x-spotmeter-adopt": "no" };
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ ...SLOW, ...no });
      expect((await shopper.order()).headers["x-spotmeter-adopted"]).toBeUndefined();
      await shopper.orderAndLeave(SLOW);
      expect((await shopper.order(no)).headers["x-spotmeter-adopted"]).toBeUndefined();
      expect(await bench.callCount()).toBe(4);
      // The second one that left is there still.
      expect((await shopper.order()).headers["x-spotmeter-adopted"]).toBe("true");
      expect(await bench.callCount()).toBe(4);
    });

    it("another value of it is refused by name", async () => {
      const shopper = await bench.newShopper();
      const answer = await shopper.order({ "x-spotmeter-adopt": "maybe" });
      const error = expectRefusal(answer, "invalid_value", "x-spotmeter-adopt");
      expect(error["allowed"]).toEqual(["yes", "no"]);
    });

    it("a call with an Idempotency-Key is its key's alone", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ ...SLOW, "idempotency-key": "order-1" });
      expect((await shopper.order()).headers["x-spotmeter-adopted"]).toBeUndefined();
      await shopper.orderAndLeave(SLOW);
      const keyed = await shopper.order({ "idempotency-key": "order-2" });
      expect(keyed.headers["x-spotmeter-adopted"]).toBeUndefined();
      expect(await bench.callCount()).toBe(4);
    });

    it("a call that comes to nothing after it was adopted: its error, nothing charged", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ "x-emulate": "hang" });
      const adopter = await shopper.order({}, ORDER, "second");
      const error = expectRefusal(adopter, "outcome_unknown");
      expect(error.message).toContain("did not answer in time");
      expect(adopter.headers["x-spotmeter-adopted"]).toBe("true");
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe("0");
    });

    it("one that had come to nothing before is nobody's: the next request is made", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ "x-emulate": "moderation,slow=100" });
      await until(async () => (await bench.openHolds()).length === 0);
      const next = await shopper.order();
      expect([next.status, next.headers["x-spotmeter-adopted"]]).toEqual([200, undefined]);
      expect(await shopper.settled()).toBe(COST);
    });

    it("pictures that can't be had any more: new ones are made, as for any request without a key", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave(SLOW);
      await until(async () => (await bench.openHolds()).length === 0);
      bench.loseResults();
      const next = await shopper.order({}, ORDER, "second");
      expect([next.status, next.headers["x-spotmeter-adopted"]]).toEqual([200, undefined]);
      expect(await bench.callCount()).toBe(2);
    });

    it("a refusal before the hold is none of its business", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave(SLOW);
      expect(codeOf(await shopper.order({}, { ...ORDER, size: "1x1" }))).toBe("unsupported_size");
      expect((await shopper.order()).headers["x-spotmeter-adopted"]).toBe("true");
    });
  });
}
