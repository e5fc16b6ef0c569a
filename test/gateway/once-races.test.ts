import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { Ending } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { codeOf, receiptOf } from "./once-bench.ts";
import { expectRefusal } from "./raw-client.ts";
import { until } from "./sandbox.ts";
import { made, type StagedCall, type StagedGateway, startStaged } from "./staged-gateway.ts";

/** Once per intent, at every moment at which something else may happen: between any two steps of a call. */

const KEY = { "idempotency-key": "order-1" };
const COST = "0.03";

let gateway: StagedGateway;
afterEach(() => gateway.close());

/** The open hold, which recovery would end. */
async function openHold() {
  const [hold] = await gateway.ledger.openHolds();
  if (hold === undefined) throw new Error("no hold is open");
  return hold;
}

/** Ends every open hold as a recovery does. */
async function recoverAll(): Promise<void> {
  for (const hold of await gateway.ledger.openHolds()) {
    await gateway.ledger.end(recoveredVoid(hold));
  }
}

async function hangUp(request: ClientRequest): Promise<void> {
  const closed = new Promise((resolve) => request.on("close", resolve));
  request.destroy();
  await closed;
}

/** Waits until the gateway has said so. */
function logged(text: string): Promise<void> {
  return until(() => gateway.logged.includes(text));
}

/** Keeps the endings, and answers what the test says. */
function stageEnd(kind: "lost" | "spooled"): Ending[] {
  const endings: Ending[] = [];
  gateway.stageEnd = async (ending) => {
    endings.push(ending);
    return { kind };
  };
  return endings;
}

describe("the ledger says how a call ended, whatever lies in the folder", () => {
  it("late: recovery was first, so the first caller pays nothing and the key gives the error", async () => {
    gateway = await startStaged();
    const first = gateway.order(KEY);
    const call = await gateway.called();
    await recoverAll();
    call.make();
    const answer = await first;
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).usage.cost_details).toMatchObject({ total: "0", basis: "none" });
    const again = await gateway.order(KEY);
    expectRefusal(again, "outcome_unknown");
    expect(receiptOf(again)).toBe(receiptOf(answer));
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, "0"]);
  });

  it("lost, then recovered: broken off at first, in progress until recovery, then the error", async () => {
    gateway = await startStaged({ waitForSameMs: 20 });
    stageEnd("lost");
    const first = gateway.order(KEY);
    (await gateway.called()).make();
    expectRefusal(await first, "outcome_unknown");
    gateway.stageEnd = undefined;
    expectRefusal(await gateway.order(KEY), "idempotency_in_progress");
    await recoverAll();
    expectRefusal(await gateway.order(KEY), "outcome_unknown");
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, "0"]);
  });

  it("lost, but committed after all: the charge comes with its pictures", async () => {
    gateway = await startStaged();
    const endings = stageEnd("lost");
    const first = gateway.order(KEY);
    (await gateway.called()).make();
    expectRefusal(await first, "outcome_unknown");
    gateway.stageEnd = undefined;
    const [settlement] = endings;
    if (settlement === undefined) throw new Error("nothing was to be committed");
    await gateway.ledger.end(settlement);
    const again = await gateway.order(KEY);
    expect(again.status).toBe(200);
    expect(JSON.parse(again.text).data[0].b64_json.length).toBeGreaterThan(100);
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("spooled: who asks again waits until the ledger has it", async () => {
    gateway = await startStaged();
    const endings = stageEnd("spooled");
    const first = gateway.order(KEY);
    (await gateway.called()).make();
    const answer = await first;
    expect(answer.status).toBe(200);
    gateway.stageEnd = undefined;
    const again = gateway.order(KEY);
    for (const ending of endings) await gateway.ledger.end(ending);
    expect((await again).text).toBe(answer.text);
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("a bug of ours while it ends: voided, exposed, and told again as what it was", async () => {
    gateway = await startStaged();
    let failures = 0;
    gateway.stageEnd = (ending) => {
      failures += 1;
      if (failures === 1) throw new Error("a bug");
      return gateway.ledger.end(ending);
    };
    const first = gateway.order(KEY);
    (await gateway.called()).make();
    expectRefusal(await first, "internal_error");
    const again = await gateway.order(KEY);
    expectRefusal(again, "internal_error");
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, "0"]);
  });
});

describe("while the first request runs", () => {
  it("the same one is told to come back, and the client may repeat it by itself", async () => {
    gateway = await startStaged({ waitForSameMs: 20 });
    const first = gateway.order(KEY);
    const call = await gateway.called();
    const early = await gateway.order(KEY);
    const error = expectRefusal(early, "idempotency_in_progress", "Idempotency-Key");
    expect(early.status).toBe(409);
    expect(early.headers["retry-after"]).toBe("5");
    expect(early.headers["x-should-retry"]).toBe("true");
    call.make();
    const answer = await first;
    expect(error["receipt_id"]).toBe(receiptOf(answer));
    expect((await gateway.order(KEY)).text).toBe(answer.text);
    expect(gateway.calls()).toBe(1);
  });
});

describe("while the ledger is away", () => {
  it("who waits goes on waiting: a 503 would make its client ask, and pay, once more", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const call = await gateway.called();
    await hangUp(request);
    await logged("offered");
    gateway.awayReads = 2;
    const adopter = gateway.order();
    await until(() => gateway.awayReads === 0);
    call.make();
    expect((await adopter).headers["x-spotmeter-adopted"]).toBe("true");
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });
});

describe("what can't be kept", () => {
  it("is made, charged and flagged; its key is told that the pictures are gone", async () => {
    gateway = await startStaged({ resultBytesMax: 10 });
    const first = gateway.order(KEY);
    (await gateway.called()).make();
    const answer = await first;
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).data[0].b64_json.length).toBeGreaterThan(100);
    expect(gateway.logged).toContain("not kept");
    const receipt = await gateway.receipt(receiptOf(answer));
    expect(receipt).toMatchObject({ status: "settled", total: COST, flags: ["not_replayable"] });
    const again = await gateway.order(KEY);
    expect(expectRefusal(again, "result_unavailable")["receipt_id"]).toBe(receiptOf(answer));
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("of a client that left and may be adopted: the next one gets pictures of its own", async () => {
    gateway = await startStaged({ resultBytesMax: 10 });
    const request = gateway.open();
    const call = await gateway.called();
    await hangUp(request);
    await logged("offered");
    call.make();
    await until(async () => (await gateway.ledger.openHolds()).length === 0);
    const next = gateway.order();
    (await gateway.called()).make();
    expect((await next).headers["x-spotmeter-adopted"]).toBeUndefined();
    expect(await gateway.settled()).toBe("0.06");
  });
});

describe("a client that leaves", () => {
  /** The answer's head has left: more than 64 KB of the first picture are there. */
  async function committed(request: ClientRequest, { sink }: StagedCall) {
    const response = once(request, "response");
    sink.begin({ model: null });
    await sink.piece(Buffer.alloc(100_000, "A"));
    return (await response) as [IncomingMessage];
  }

  it("while its settlement is committed is offered all the same, with all of its answer", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const committing = new AbortController();
    const go = new AbortController();
    gateway.stageEnd = async (ending) => {
      committing.abort();
      await once(go.signal, "abort");
      return gateway.ledger.end(ending);
    };
    (await gateway.called()).make();
    await until(() => committing.signal.aborted);
    await hangUp(request);
    // The gateway has seen it too: its own side of the connection is closed.
    await until(async () => (await gateway.connections()) === 0);
    expect(gateway.logged).not.toContain("offered");
    go.abort();
    await logged("offered");
    const adopter = await gateway.order();
    expect(adopter.headers["x-spotmeter-adopted"]).toBe("true");
    expect(JSON.parse(adopter.text).data[0].b64_json.length).toBeGreaterThan(100);
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("after the commit point is settled, flagged, and not adopted", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const call = await gateway.called();
    const [response] = await committed(request, call);
    await hangUp(request);
    await until(async () => (await gateway.connections()) === 0);
    call.sink.end();
    call.answer(made);
    const id = String(response.headers["x-receipt-id"]);
    await until(async () => (await gateway.receipt(id))["status"] === "settled");
    expect(await gateway.receipt(id)).toMatchObject({ flags: ["client_gone"], total: COST });
    const next = gateway.order();
    (await gateway.called()).make();
    expect((await next).headers["x-spotmeter-adopted"]).toBeUndefined();
    expect(await gateway.settled()).toBe("0.06");
  });

  it("after the commit point, with a key: the key has every byte, those of before too", async () => {
    gateway = await startStaged();
    const request = gateway.open(KEY);
    const call = await gateway.called();
    const [response] = await committed(request, call);
    await hangUp(request);
    await call.sink.piece(Buffer.alloc(60_000, "B"));
    call.sink.end();
    call.answer(made);
    const again = await gateway.order(KEY);
    expect(receiptOf(again)).toBe(String(response.headers["x-receipt-id"]));
    const expected = "A".repeat(100_000) + "B".repeat(60_000);
    expect(JSON.parse(again.text).data[0].b64_json === expected).toBe(true);
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("before a byte of a large picture came: the adopter has all of it", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const call = await gateway.called();
    call.sink.begin({ model: null });
    await call.sink.piece(Buffer.alloc(40_000, "A"));
    await hangUp(request);
    await logged("offered");
    const adopter = gateway.order();
    await call.sink.piece(Buffer.alloc(400_000, "B"));
    call.sink.end();
    call.answer(made);
    const { headers, text } = await adopter;
    expect(headers["x-spotmeter-adopted"]).toBe("true");
    const expected = "A".repeat(40_000) + "B".repeat(400_000);
    expect(JSON.parse(text).data[0].b64_json === expected).toBe(true);
    expect([gateway.calls(), await gateway.settled()]).toEqual([1, COST]);
  });

  it("whose call can't be offered is settled, and the next request is made", async () => {
    gateway = await startStaged();
    gateway.refuseOffers = true;
    const request = gateway.open();
    const call = await gateway.called();
    await hangUp(request);
    await logged("a call could not be offered for adoption");
    call.make();
    await until(async () => (await gateway.ledger.openHolds()).length === 0);
    const next = gateway.order();
    (await gateway.called()).make();
    expect((await next).status).toBe(200);
    expect(await gateway.settled()).toBe("0.06");
  });

  it("and whose adopter leaves too, with nothing, is offered again: the third request has its answer, at one charge", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const call = await gateway.called();
    await hangUp(request);
    await logged("offered");
    const adopter = gateway.open();
    await logged("adopted");
    await hangUp(adopter);
    await until(() => gateway.logged.filter((text) => text === "offered").length === 2);
    const third = gateway.order();
    await until(() => gateway.logged.filter((text) => text === "adopted").length === 2);
    call.make();
    expect((await third).headers["x-spotmeter-adopted"]).toBe("true");
    expect(gateway.calls()).toBe(1);
    expect(await gateway.settled()).toBe("0.03");
  });

  it("whose adopted call recovery ends: the adopter is told, and nobody pays", async () => {
    gateway = await startStaged();
    const request = gateway.open();
    const call = await gateway.called();
    await hangUp(request);
    await logged("offered");
    const adopter = gateway.order();
    await logged("adopted");
    const hold = await openHold();
    await gateway.ledger.end(recoveredVoid(hold));
    call.make();
    const answer = await adopter;
    expect(codeOf(answer)).toBe("outcome_unknown");
    expect(receiptOf(answer)).toBe(hold.holdId);
    expect(answer.headers["x-spotmeter-adopted"]).toBe("true");
    expect(await gateway.settled()).toBe("0");
  });
});
