import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pace } from "../../src/gateway/connected-vendor.ts";
import {
  ConnectionQueue,
  type Line,
  type Place,
  type Waiter,
} from "../../src/gateway/connection-queue.ts";
import { connectedVendor } from "./fake-connections.ts";

/** One thing that happens at a vendor's connections; indexes wrap around what there is. */
type Step =
  | { readonly kind: "ask"; readonly images: number; readonly open: readonly boolean[] }
  | { readonly kind: "leave" | "send" | "release"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number };

type Sent = { readonly id: string; readonly images: number; readonly atMs: number };
type Held = { readonly id: string; readonly images: number; readonly place: Place };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("ask"),
      images: fc.integer({ min: 1, max: 6 }),
      open: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("leave" as const, "send" as const, "release" as const),
      which: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("pass"),
      ms: fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom(1, 59_999, 60_000)),
    }),
  },
);
const limit = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });
const paces = fc.array(fc.record({ imagesPerMinute: limit(12), concurrent: limit(3) }), {
  minLength: 1,
  maxLength: 3,
});

/** Plays steps against a queue and keeps books of its own on what happened. */
class Bench {
  readonly queue: ConnectionQueue;
  readonly sent: Sent[] = [];
  waiting: Waiter[] = [];
  held: Held[] = [];
  nowMs = 0;

  constructor(of: readonly Pace[]) {
    this.queue = new ConnectionQueue(of.map((pace, index) => connectedVendor(`c${index}`, pace)));
  }

  play(next: Step): void {
    switch (next.kind) {
      case "pass":
        this.nowMs += next.ms;
        break;
      case "ask":
        this.#ask(next);
        break;
      case "leave": {
        const waiter = this.waiting[next.which % this.waiting.length];
        if (waiter === undefined) break;
        this.queue.leave(waiter);
        this.waiting = this.waiting.filter((each) => each !== waiter);
        break;
      }
      case "send": {
        const held = this.held[next.which % this.held.length];
        if (held?.place.send(this.nowMs) === true) this.sent.push({ ...held, atMs: this.nowMs });
        break;
      }
      case "release": {
        const held = this.held[next.which % this.held.length];
        held?.place.release();
        this.held = this.held.filter((each) => each !== held);
        break;
      }
      default:
        next satisfies never;
    }
  }

  #ask({ images, open }: Extract<Step, { kind: "ask" }>): void {
    const mayUse = ({ connection }: { readonly connection: { readonly id: string } }) =>
      open[Number(connection.id.slice(1))] === true;
    const carried = this.queue.lines.some(
      ({ connected }) => mayUse(connected) && images <= (connected.pace.imagesPerMinute ?? images),
    );
    if (!carried) return;
    this.waiting.push(this.queue.join({ mayUse, images }));
  }

  serve(): readonly { readonly waiter: Waiter; readonly id: string }[] {
    return this.queue.serve(this.nowMs).map(({ waiter, place }) => {
      const { id } = place.connected.connection;
      this.held.push({ id, images: waiter.images, place });
      this.waiting = this.waiting.filter((each) => each !== waiter);
      return { waiter, id };
    });
  }
}

function played(check: (bench: Bench, next: Step) => void): void {
  fc.assert(
    fc.property(paces, fc.array(step, { maxLength: 80 }), (of, steps) => {
      const bench = new Bench(of);
      for (const next of steps) {
        bench.play(next);
        check(bench, next);
      }
    }),
    { numRuns: 500 },
  );
}

const idOf = ({ connected }: Line): string => connected.connection.id;

describe("the pace of a connection", () => {
  it("in no 60 s do more images leave than its limit, however late, often or after whom they are sent", () => {
    played((bench) => {
      bench.serve();
      for (const { connected } of bench.queue.lines) {
        const { id } = connected.connection;
        const inMinute = bench.sent
          .filter((each) => each.id === id && each.atMs > bench.nowMs - 60_000)
          .reduce((sum, { images }) => sum + images, 0);
        expect(inMinute).toBeLessThanOrEqual(connected.pace.imagesPerMinute ?? inMinute);
      }
    });
  });

  it("never are more calls in flight than its limit", () => {
    played((bench) => {
      bench.serve();
      for (const { connected } of bench.queue.lines) {
        const { concurrent } = connected.pace;
        const inFlight = bench.held.filter(({ id }) => id === connected.connection.id).length;
        expect(inFlight).toBeLessThanOrEqual(concurrent ?? inFlight);
      }
    });
  });

  it("what was sent counts for 60,000 ms to the millisecond, from its sending, not from its grant", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 3 })]);
    const [line] = queue.lines;
    const ask = () => queue.join({ mayUse: () => true, images: 3 });
    ask();
    const [first] = queue.serve(0);
    // Two seconds go by between the grant and the sending: a hold was slow.
    expect(first?.place.send(2_000)).toBe(true);
    first?.place.release();
    ask();
    expect(queue.serve(61_999)).toEqual([]);
    expect(queue.nextServeMs(61_999)).toBe(62_000);
    expect(line?.freeCalls(3, 61_999)).toBe(0);
    expect(queue.serve(62_000)).toHaveLength(1);
  });

  it("images that were never sent are given back at once", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 3 })]);
    const ask = () => queue.join({ mayUse: () => true, images: 3 });
    ask();
    const [first] = queue.serve(0);
    ask();
    expect(queue.serve(0)).toEqual([]);
    first?.place.release();
    first?.place.release();
    expect(queue.serve(0)).toHaveLength(1);
    ask();
    expect(queue.serve(0)).toEqual([]);
  });

  it("a repetition counts again, and without room in the minute it is not sent", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 5 })]);
    queue.join({ mayUse: () => true, images: 2 });
    const [granted] = queue.serve(0);
    const sends = [0, 1_000, 2_000, 60_000].map((nowMs) => granted?.place.send(nowMs));
    // 2 and 2 of 5; 6 would be above; the first 2 have passed at 60,000.
    expect(sends).toEqual([true, true, false, true]);
  });

  it("nor is a repetition sent into room that was granted to another call", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 5 })]);
    const [first, second] = [2, 3].map((images) => {
      queue.join({ mayUse: () => true, images });
      return queue.serve(0)[0]?.place;
    });
    expect([first?.send(0), first?.send(1)]).toEqual([true, false]);
    // Granted, it may always be sent, and then 5 of 5 are.
    expect(second?.send(2)).toBe(true);
    // At 60,000 the first 2 have passed, and are sent again; no 2 more fit.
    expect([first?.send(60_000), first?.send(60_001)]).toEqual([true, false]);
  });

  it("a call that gave its place back can't be sent any more", () => {
    const queue = new ConnectionQueue([connectedVendor("a")]);
    queue.join({ mayUse: () => true, images: 1 });
    const [granted] = queue.serve(0);
    granted?.place.release();
    expect(() => granted?.place.send(0)).toThrow("a place that it gave back");
  });
});

describe("who goes next", () => {
  it("nobody takes a connection that somebody who came earlier still waits for", () => {
    played((bench) => {
      const before = [...bench.waiting];
      for (const { waiter, id } of bench.serve()) {
        const earlier = before.slice(0, before.indexOf(waiter));
        const overtaken = earlier.filter(
          (each) => bench.waiting.includes(each) && each.lines.some((line) => idOf(line) === id),
        );
        expect(overtaken).toEqual([]);
      }
    });
  });

  it("nobody waits without cause: each connection has no room for it, or is waited for before it", () => {
    played((bench) => {
      bench.serve();
      const before = new Set<Line>();
      for (const waiter of bench.waiting) {
        for (const line of waiter.lines) {
          const free = line.freeCalls(waiter.images, bench.nowMs) >= 1;
          expect(free && !before.has(line)).toBe(false);
        }
        for (const line of waiter.lines) before.add(line);
      }
    });
  });

  it("by time alone nobody is served before the instant that was named, and none is named for nobody", () => {
    played((bench) => {
      bench.serve();
      const next = bench.queue.nextServeMs(bench.nowMs);
      if (bench.waiting.length === 0) expect(next).toBeUndefined();
      expect(next ?? Number.POSITIVE_INFINITY).toBeGreaterThan(bench.nowMs);
      // One ms too early, or for ever: nobody goes while nothing ends and nothing is sent.
      bench.nowMs = next === undefined ? bench.nowMs + 1_000_000 : next - 1;
      expect(bench.serve()).toEqual([]);
    });
  });

  it("calls of equal needs go in the order in which they came", () => {
    const alike = step
      .filter(({ kind }) => kind !== "leave")
      .map((each) =>
        each.kind === "ask" ? { ...each, images: 1, open: [true, true, true] } : each,
      );
    fc.assert(
      fc.property(paces, fc.array(alike, { maxLength: 80 }), (of, steps) => {
        const bench = new Bench(of);
        const [asked, went]: [Waiter[], Waiter[]] = [[], []];
        for (const next of steps) {
          bench.play(next);
          if (next.kind === "ask") asked.push(...bench.waiting.slice(-1));
          went.push(...bench.serve().map(({ waiter }) => waiter));
        }
        expect(went).toEqual(asked.slice(0, went.length));
      }),
    );
  });

  it("a large call is not starved by small ones that would fit before it", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 10 })]);
    const ask = (images: number) => queue.join({ mayUse: () => true, images });
    ask(4);
    queue.serve(0)[0]?.place.send(0);
    const large = ask(8);
    const small = ask(1);
    expect(queue.serve(30_000)).toEqual([]);
    expect(queue.serve(60_000).map(({ waiter }) => waiter)).toEqual([large, small]);
  });

  it("one that may use another connection passes one that may not", () => {
    const queue = new ConnectionQueue([
      connectedVendor("a", { concurrent: 1 }),
      connectedVendor("b", { concurrent: 1 }),
    ]);
    const only = (id: string) =>
      queue.join({ mayUse: ({ connection }) => connection.id === id, images: 1 });
    only("a");
    queue.serve(0);
    only("a");
    const other = only("b");
    const granted = queue.serve(0);
    expect(granted.map(({ waiter }) => waiter)).toEqual([other]);
    expect(granted[0]?.place.connected.connection.id).toBe("b");
  });

  it("one for which there can never be room does not join", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 3 })]);
    expect(() => queue.join({ mayUse: () => true, images: 4 })).toThrow("carries a call of 4");
    expect(() => queue.join({ mayUse: () => false, images: 1 })).toThrow("carries a call of 1");
  });
});

describe("which connection takes a call", () => {
  const taken = (queue: ConnectionQueue, calls: number, images = 1): string =>
    Array.from({ length: calls }, () => {
      queue.join({ mayUse: () => true, images });
      return queue.serve(0)[0]?.place.connected.connection.id ?? "-";
    }).join("");

  it("the one with the most free capacity, of equals the first listed", () => {
    played((bench, next) => {
      const newest = bench.waiting.at(-1);
      if (next.kind !== "ask" || bench.waiting.length !== 1 || newest === undefined) {
        bench.serve();
        return;
      }
      const free = newest.lines.map((line) => line.freeCalls(newest.images, bench.nowMs));
      const most = Math.max(...free);
      const [went] = bench.serve();
      const expected = newest.lines[free.indexOf(most)];
      expect(went?.id).toBe(most >= 1 && expected !== undefined ? idOf(expected) : undefined);
    });
  });

  it.each([
    ["calls at a time", [{ concurrent: 2 }, { concurrent: 4 }], 1, "bbabab-"],
    ["images a minute", [{ imagesPerMinute: 3 }, { imagesPerMinute: 2 }], 1, "aabab-"],
    ["whole calls that fit", [{ imagesPerMinute: 5 }, { imagesPerMinute: 4 }], 2, "abab-"],
    [
      "the scarcer of both",
      [{ imagesPerMinute: 9, concurrent: 1 }, { imagesPerMinute: 2 }],
      1,
      "bab-",
    ],
    ["no limit before any", [{ concurrent: 10_000 }, {}], 1, "bbbb"],
    ["no limit on both, in turns", [{}, {}], 1, "ababa"],
  ])("%s", (_what, of, images, order) => {
    const names = ["a", "b"];
    const queue = new ConnectionQueue(
      of.map((pace, index) => connectedVendor(names[index] ?? "", pace)),
    );
    expect(taken(queue, order.length, images)).toBe(order);
  });
});
