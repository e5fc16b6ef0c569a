import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { benchOf, codeOf, type Gateways, ORDER, receiptOf } from "./once-bench.ts";
import { expectRefusal } from "./raw-client.ts";
import { MUG, until } from "./sandbox.ts";

const COST = "0.005985";
/** Answers 3 gateways: a dozen of the same requests over both doors. */
const DOORS = ["first", "second", "first", "second", "first"] as const;

/**
 * Once per intent (P8), whatever stores the ledger and however many gateways share it: every request with a
 * key may come in at another door than the one before.
 */
export function onceContract(name: string, open: () => Promise<Gateways>): void {
  describe(`once per Idempotency-Key: ${name}`, () => {
    let gateways: Gateways;
    let bench: ReturnType<typeof benchOf>;
    beforeAll(async () => {
      gateways = await open();
      bench = benchOf(gateways);
    });
    afterAll(() => gateways.close());
    beforeEach(() => bench.forgetCalls());

    const KEY = { "idempotency-key": "order-1" };

    it("the same request again: one call, one charge, the same bytes, cost and receipt", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order(KEY);
      const again = await shopper.order(KEY, ORDER, "second");
      expect([first.status, again.status]).toEqual([200, 200]);
      expect(again.text).toBe(first.text);
      for (const header of ["content-type", "x-cost-usd", "x-cost-basis", "x-cost-ceiling-usd"]) {
        expect(again.headers[header], header).toBe(first.headers[header]);
      }
      expect(receiptOf(again)).toBe(receiptOf(first));
      expect(again.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
      expect(again.headers["x-spotmeter-sandbox"]).toBe("true");
      expect(again.headers["content-length"]).toBe(String(Buffer.byteLength(first.text)));
      expect(first.headers["idempotent-replayed"]).toBeUndefined();
      expect(again.headers["idempotent-replayed"]).toBe("true");
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
      expect(await shopper.receipt(receiptOf(first))).toMatchObject({
        status: "settled",
        flags: [],
      });
    });

    it("the same body in another order, with other spaces and nulls, on the path without /v1", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order(KEY);
      const turned = Object.fromEntries(Object.entries(ORDER).reverse());
      const again = await shopper.order(KEY, JSON.stringify({ seed: null, ...turned }, null, 3));
      expect(again.text).toBe(first.text);
      const { url } = gateways.second;
      const bare = await fetch(`${url}/images/generations`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${shopper.key}`,
          "content-type": "application/json",
          ...KEY,
        },
        body: JSON.stringify(ORDER),
      });
      expect(await bare.text()).toBe(first.text);
      expect(await bench.callCount()).toBe(1);
    });

    it("five at once: one call, one charge, five same answers", async () => {
      const shopper = await bench.newShopper();
      const answers = await Promise.all(
        DOORS.map((door) => shopper.order({ ...KEY, "x-emulate": "slow=200" }, ORDER, door)),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(new Set(answers.map(receiptOf)).size).toBe(1);
      const replayed = answers.filter(({ headers }) => headers["idempotent-replayed"] === "true");
      expect(replayed).toHaveLength(4);
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
    });

    it("another body under the same key is refused for good, and names the receipt", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order(KEY);
      const other = await shopper.order(KEY, { ...ORDER, n: 2 }, "second");
      const error = expectRefusal(other, "idempotency_key_reused", "Idempotency-Key");
      expect(error["receipt_id"]).toBe(receiptOf(first));
      expect(await bench.callCount()).toBe(1);
    });

    it("another API key, of the same account or not, has Idempotency-Keys of its own", async () => {
      const shopper = await bench.newShopper();
      const others = [await shopper.sibling(), await bench.newShopper()];
      const first = await shopper.order(KEY);
      for (const other of others) {
        const answer = await other.order(KEY);
        expect(answer.status).toBe(200);
        expect(receiptOf(answer)).not.toBe(receiptOf(first));
      }
      expect(await bench.callCount()).toBe(3);
    });

    it("what cost nobody anything frees the key, also for another body", async () => {
      const shopper = await bench.newShopper();
      const refused = [
        await shopper.order(KEY, { ...ORDER, size: "1x1" }),
        await shopper.order({ ...KEY, "x-emulate": "moderation" }, ORDER, "second"),
        await shopper.order({ ...KEY, "x-emulate": "status=503" }, { ...ORDER, n: 2 }),
        await shopper.order({ ...KEY, "x-emulate": "failed" }),
      ];
      expect(refused.map(codeOf)).toEqual([
        "unsupported_size",
        "moderation_blocked",
        "vendor_busy",
        "vendor_failed",
      ]);
      const made = await shopper.order(KEY, ORDER, "second");
      expect(made.status).toBe(200);
      expect(made.headers["idempotent-replayed"]).toBeUndefined();
      expect((await shopper.order(KEY)).text).toBe(made.text);
      expect(await shopper.settled()).toBe(COST);
    });

    it("same requests that wait for one that is refused are made in its place, one after the other", async () => {
      const shopper = await bench.newShopper();
      const emulate = "moderation,slow=50";
      const answers = await Promise.all(
        DOORS.map((door) => shopper.order({ ...KEY, "x-emulate": emulate }, ORDER, door)),
      );
      expect(answers.map(codeOf)).toEqual(DOORS.map(() => "moderation_blocked"));
      expect(new Set(answers.map(receiptOf)).size).toBe(5);
      expect(await shopper.settled()).toBe("0");
    });

    it("an unknown outcome sticks: the same error again, and never a second call", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order({ ...KEY, "x-emulate": "status=500" });
      const again = await shopper.order(KEY, ORDER, "second");
      expectRefusal(first, "outcome_unknown");
      expectRefusal(again, "outcome_unknown");
      expect(again.text).toBe(first.text);
      expect(receiptOf(again)).toBe(receiptOf(first));
      expect(again.headers["idempotent-replayed"]).toBe("true");
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe("0");
      // Another intent may be tried at once.
      expect((await shopper.order({ "idempotency-key": "order-2" })).status).toBe(200);
    });

    it("a refusal that cost the house something sticks too, in the vendor's words", async () => {
      const shopper = await bench.newShopper();
      const order = { model: "gemini-3-pro-image", prompt: MUG };
      const first = await shopper.order({ ...KEY, "x-emulate": "no-image" }, order);
      const again = await shopper.order(KEY, order, "second");
      expectRefusal(first, "no_image");
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(await bench.callCount()).toBe(1);
    });

    it("a sticking error whose answer is lost is told from the ledger", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order({ ...KEY, "x-emulate": "cut" });
      bench.loseResults();
      const again = await shopper.order(KEY, ORDER, "second");
      expectRefusal(first, "outcome_unknown");
      expect(expectRefusal(again, "outcome_unknown")["receipt_id"]).toBe(receiptOf(first));
      expect(again.headers["idempotent-replayed"]).toBe("true");
      expect(receiptOf(again)).toBe(receiptOf(first));
      expect(await bench.callCount()).toBe(1);
    });

    it("pictures that are no longer kept: refused with their receipt, nothing charged again", async () => {
      const shopper = await bench.newShopper();
      const first = await shopper.order(KEY);
      bench.loseResults();
      const again = await shopper.order(KEY, ORDER, "second");
      expect(expectRefusal(again, "result_unavailable")["receipt_id"]).toBe(receiptOf(first));
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
    });

    it("a client that hung up finds its pictures under its key", async () => {
      const shopper = await bench.newShopper();
      await shopper.orderAndLeave({ ...KEY, "x-emulate": "slow=200" });
      const again = await shopper.order(KEY, ORDER, "second");
      expect(again.status).toBe(200);
      expect(JSON.parse(again.text).usage.cost_details.total).toBe(COST);
      expect(await shopper.receipt(receiptOf(again))).toMatchObject({ flags: ["client_gone"] });
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
    });

    it("one that waited and hung up is dropped, and changes nothing", async () => {
      const shopper = await bench.newShopper();
      const slow = { ...KEY, "x-emulate": "slow=300" };
      const first = shopper.order(slow);
      await until(async () => (await bench.callCount()) === 1);
      const waiter = new AbortController();
      const waiting = fetch(`${gateways.first.url}/v1/images/generations`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${shopper.key}`,
          "content-type": "application/json",
          ...KEY,
        },
        body: JSON.stringify(ORDER),
        signal: waiter.signal,
      });
      waiter.abort();
      await expect(waiting).rejects.toThrow();
      expect((await first).status).toBe(200);
      expect(await bench.callCount()).toBe(1);
      expect(await shopper.settled()).toBe(COST);
    });

    it.each([
      ["empty", ""],
      ["256 characters", "k".repeat(256)],
      ["a space", "order 1"],
      ["not ASCII", "ordér"],
    ])("a key that is %s is refused by name, before anything is held", async (_name, key) => {
      const shopper = await bench.newShopper();
      const answer = await shopper.order({ "idempotency-key": key });
      expectRefusal(answer, "invalid_value", "Idempotency-Key");
      expect(await bench.callCount()).toBe(0);
    });

    it.each(["k", "k".repeat(255), '!"#$%&()*+,-./:;<=>?@[]^_`{|}~'])(
      "%s is a key",
      async (key) => {
        const shopper = await bench.newShopper();
        const first = await shopper.order({ "idempotency-key": key });
        const again = await shopper.order({ "idempotency-key": key });
        expect([first.status, again.text]).toEqual([200, first.text]);
      },
    );

    it("no kept file holds a word of the prompt", async () => {
      const shopper = await bench.newShopper();
      const word = "unmistakable-zebra";
      await shopper.order(KEY, { ...ORDER, prompt: word });
      await shopper.order(
        { "idempotency-key": "order-2", "x-emulate": "cut" },
        { ...ORDER, prompt: word },
      );
      const files = globSync(`${gateways.results}/*/*`);
      expect(files.length).toBeGreaterThanOrEqual(2);
      for (const file of files) expect(readFileSync(file, "latin1")).not.toContain(word);
    });
  });
}
