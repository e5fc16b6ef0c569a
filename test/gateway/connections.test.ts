import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { Connections, type Lease } from "../../src/gateway/connections.ts";
import { refusalAnswer } from "../../src/http/error-answer.ts";
import { Refusal } from "../../src/refusals.ts";
import { connectedVendor, FakeClock } from "./fake-connections.ts";

/** The wait for a connection, on a clock that only the test moves. */

const TEAM = "acct_team";

function world(...of: Parameters<typeof connectedVendor>[]) {
  const clock = new FakeClock();
  const connections = new Connections(
    of.map((each) => connectedVendor(...each)),
    clock,
  );
  const log: string[] = [];
  const take = (name: string, asked: { account?: string; images?: number } = {}) => {
    const { account = TEAM, images = 1 } = asked;
    const client = new AbortController();
    const lease = connections
      .take({ vendor: "vendor", accountPath: [account], images, signal: client.signal })
      .then(
        (taken) => {
          log.push(`${name} ${taken.connected.connection.id}`);
          return taken;
        },
        (cause: unknown) => {
          log.push(`${name} ${cause instanceof Refusal ? cause.code : String(cause)}`);
          return undefined;
        },
      );
    return { lease, client };
  };
  return { clock, connections, log, take };
}

/** Lets promises that are settled already tell so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

async function leased(taken: { readonly lease: Promise<Lease | undefined> }): Promise<Lease> {
  const lease = await taken.lease;
  if (lease === undefined) throw new Error("no lease");
  return lease;
}

describe("a call takes a connection", () => {
  it("at once where one has room, and gives it back when its scope ends", async () => {
    const { connections, log, take } = world(["a", { concurrent: 1 }]);
    {
      using lease = await leased(take("first"));
      expect(lease.connected).toBe(connections.all[0]);
      expect(lease.send()).toBe(true);
    }
    await leased(take("second"));
    expect(log).toEqual(["first a", "second a"]);
  });

  it("after those who came before it, as calls end", async () => {
    const { log, take } = world(["a", { concurrent: 1 }], ["b", { concurrent: 1 }]);
    const [first, second] = [await leased(take("1")), await leased(take("2"))];
    for (const name of ["3", "4", "5"]) take(name);
    await settled();
    expect(log).toEqual(["1 a", "2 b"]);
    second.release();
    first.release();
    await settled();
    expect(log).toEqual(["1 a", "2 b", "3 b", "4 a"]);
    // Given back already: it frees nothing a second time.
    second.release();
    await settled();
    expect(log).toHaveLength(4);
  });

  it("when the minute has room again, to the millisecond", async () => {
    const { clock, log, take } = world(["a", { imagesPerMinute: 2 }]);
    const first = await leased(take("1", { images: 2 }));
    clock.pass(1_500);
    first.send();
    first.release();
    clock.pass(40_000);
    take("2", { images: 2 });
    // 1,500 + 60,000 = 61,500; it is 41,500 now.
    clock.pass(19_999);
    await settled();
    expect(log).toEqual(["1 a"]);
    clock.pass(1);
    await settled();
    expect(log).toEqual(["1 a", "2 a"]);
  });

  it("only one that its account may use, itself or by an account above it", async () => {
    const { connections, log, take } = world(
      ["a", { concurrent: 1, accounts: ["acct_shop"] }],
      ["b", { concurrent: 1, accounts: [TEAM] }],
    );
    const allowed = (...path: string[]) =>
      connections.allowed("vendor", path).map(({ connection }) => connection.id);
    expect(allowed(TEAM)).toEqual(["b"]);
    expect(allowed("acct_child", TEAM)).toEqual(["b"]);
    expect(allowed("acct_other")).toEqual([]);
    await leased(take("1"));
    take("2");
    await leased(take("shop", { account: "acct_shop" }));
    expect(log).toEqual(["1 b", "shop a"]);
  });

  it("of its own vendor only", async () => {
    const { connections, log, take } = world(
      ["other", { vendor: { id: "other" } }],
      ["a", { concurrent: 1 }],
    );
    await leased(take("1"));
    expect(log).toEqual(["1 a"]);
    expect(connections.allowed("other", [TEAM])).toHaveLength(1);
    expect(connections.allowed("nobody", [TEAM])).toEqual([]);
  });
});

describe("the wait ends", () => {
  it("after 30 s with 429 connection_busy, to be tried again; those behind it go on waiting", async () => {
    const { clock, log, take, connections } = world(["a", { concurrent: 1 }]);
    const first = await leased(take("1"));
    take("2");
    clock.pass(10_000);
    take("3");
    clock.pass(19_999);
    await settled();
    expect(log).toEqual(["1 a"]);
    clock.pass(1);
    await settled();
    expect(log).toEqual(["1 a", "2 connection_busy"]);
    first.release();
    await settled();
    expect(log.at(-1)).toBe("3 a");
    const refused = connections.take({
      vendor: "vendor",
      accountPath: [TEAM],
      images: 1,
      signal: new AbortController().signal,
    });
    clock.pass(30_000);
    const cause: unknown = await refused.catch((why: unknown) => why);
    if (!(cause instanceof Refusal)) throw new Error("not refused");
    const answer = refusalAnswer(cause);
    expect(answer).toMatchObject({
      status: 429,
      headers: { "x-should-retry": "true", "retry-after": "5" },
    });
    expect(JSON.parse(answer.body).error).toMatchObject({
      type: "rate_limit_error",
      code: "connection_busy",
      message:
        "every connection to this vendor was busy for 30 s; nothing was sent and nothing charged",
    });
  });

  it("when its client leaves: the queue closes up and nothing is counted", async () => {
    const { log, take } = world(["a", { imagesPerMinute: 2 }]);
    const first = await leased(take("1", { images: 2 }));
    const large = take("2", { images: 2 });
    take("3");
    take("4");
    large.client.abort();
    await settled();
    expect(log).toEqual(["1 a", "2 connection_busy"]);
    // Never sent: both images are given back, and those of the call that left were never taken.
    first.release();
    await settled();
    expect(log.slice(2)).toEqual(["3 a", "4 a"]);
  });

  it("when the first in the queue leaves, whoever fits behind it goes at once", async () => {
    const { log, take } = world(["a", { imagesPerMinute: 3 }]);
    (await leased(take("1", { images: 2 }))).send();
    const large = take("2", { images: 3 });
    take("3");
    await settled();
    expect(log).toEqual(["1 a"]);
    large.client.abort();
    await settled();
    expect(log).toEqual(["1 a", "2 connection_busy", "3 a"]);
  });

  it("at once for a client that left before and would have to wait", async () => {
    const { connections, take } = world(["a", { concurrent: 1 }]);
    const asked = { vendor: "vendor", accountPath: [TEAM], images: 1, signal: AbortSignal.abort() };
    // With room it goes on, as a call whose client leaves while it is prepared does.
    const lease = await connections.take(asked);
    await expect(connections.take(asked)).rejects.toMatchObject({ code: "connection_busy" });
    lease.release();
    await leased(take("next"));
  });

  it("and leaves no alarm and no listener behind, however it ended", async () => {
    const { clock, take } = world(["a", { concurrent: 1, imagesPerMinute: 1 }]);
    const first = take("1");
    const lease = await leased(first);
    expect(clock.alarms).toBe(0);
    lease.send();
    const [second, third] = [take("2"), take("3")];
    // Each has its own 30 s, and both the minute's end.
    expect(clock.alarms).toBe(3);
    second.client.abort();
    expect(clock.alarms).toBe(2);
    clock.pass(30_000);
    await third.lease;
    expect(clock.alarms).toBe(0);
    for (const { client } of [first, second, third]) {
      expect(getEventListeners(client.signal, "abort")).toEqual([]);
    }
  });
});

it("a clock that rings early serves nobody early", async () => {
  const early: (() => void)[] = [];
  let nowMs = 0;
  const connections = new Connections([connectedVendor("a", { imagesPerMinute: 1 })], {
    nowMs: () => nowMs,
    later: (_ms, act) => {
      early.push(act);
      return () => undefined;
    },
  });
  const asked = {
    vendor: "vendor",
    accountPath: [TEAM],
    images: 1,
    signal: new AbortController().signal,
  };
  (await connections.take(asked)).send();
  let isTaken = false;
  const second = connections.take(asked).then(() => {
    isTaken = true;
  });
  const ringLast = () => early.at(-1)?.();
  nowMs = 59_999.5;
  ringLast();
  await settled();
  expect(isTaken).toBe(false);
  nowMs = 60_000;
  ringLast();
  await second;
});
