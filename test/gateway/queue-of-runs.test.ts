import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConnectedVendor } from "../../src/gateway/connected-vendor.ts";
import { ConnectionQueue, RUN_SHARE, type Waiter } from "../../src/gateway/connection-queue.ts";
import { connectedVendor } from "./fake-connections.ts";

/** Calls of runs wait behind those that somebody waits for, and are never starved by them. */

const everywhere = () => true;

function queueOf(connections: number, concurrent = 1): ConnectionQueue {
  const lines = Array.from({ length: connections }, (_, index) =>
    connectedVendor(`c${index}`, { concurrent }),
  );
  return new ConnectionQueue(lines);
}

describe("calls of runs and others over one connection", () => {
  it("a call that somebody waits for goes before a run's that came earlier", () => {
    const queue = queueOf(1);
    queue.join({ mayUse: everywhere, images: 1 });
    const [first] = queue.serve(0);
    const ofRun = queue.join({ mayUse: everywhere, images: 1, isOfRun: true });
    const other = queue.join({ mayUse: everywhere, images: 1 });
    first?.place.release();
    const [second] = queue.serve(0);
    expect(second?.waiter).toBe(other);
    second?.place.release();
    expect(queue.serve(0)[0]?.waiter).toBe(ofRun);
  });

  it("with both waiting all the time the eighth of every eight grants is the run's", () => {
    const queue = queueOf(1);
    let went = "";
    for (let grant = 0; grant < 24; grant += 1) {
      for (const isOfRun of [true, false]) queue.join({ mayUse: everywhere, images: 1, isOfRun });
      const [granted] = queue.serve(0);
      went += granted?.waiter.isOfRun === true ? "R" : "i";
      granted?.place.release();
    }
    expect(RUN_SHARE).toBe(8);
    expect(went).toBe("iiiiiiiRiiiiiiiRiiiiiiiR");
  });

  it("a run's call that needs more room than is free is not starved by small ones that would fit", () => {
    const queue = new ConnectionQueue([connectedVendor("a", { imagesPerMinute: 4 })]);
    const large = queue.join({ mayUse: everywhere, images: 4, isOfRun: true });
    for (let call = 0; call < 40; call += 1) queue.join({ mayUse: everywhere, images: 1 });
    let nowMs = 0;
    const went: Waiter[] = [];
    while (!went.includes(large)) {
      for (const { waiter, place } of queue.serve(nowMs)) {
        place.send(nowMs);
        place.release();
        went.push(waiter);
      }
      nowMs += 60_000;
    }
    // Four in the first minute, three in the second: the eighth place is the run's, in the third.
    expect(went).toHaveLength(8);
  });

  it("whoever may use which connection: of any eight grants while a run waits for one, one is a run's", () => {
    const ask = fc.record({
      isOfRun: fc.boolean(),
      open: fc.subarray(["c0", "c1", "c2"], { minLength: 1 }),
    });
    const steps = fc.array(fc.oneof(ask, fc.nat(20)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (played) => {
        const books = new Books(queueOf(3));
        for (const step of played) {
          if (typeof step === "number") books.end(step);
          else books.ask(step);
          expect(Math.max(0, ...books.serve())).toBeLessThan(RUN_SHARE);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Counts beside a queue how many others passed the runs that wait, by connection. */
class Books {
  readonly #queue: ConnectionQueue;
  readonly #held: (() => void)[] = [];
  readonly #ofRuns = new Set<Waiter>();
  readonly #passedOver = new Map<string, number>();

  constructor(queue: ConnectionQueue) {
    this.#queue = queue;
  }

  ask({ isOfRun, open }: { readonly isOfRun: boolean; readonly open: readonly string[] }): void {
    const mayUse = ({ connection }: ConnectedVendor) => open.includes(connection.id);
    const waiter = this.#queue.join({ mayUse, images: 1, isOfRun });
    if (isOfRun) this.#ofRuns.add(waiter);
  }

  end(which: number): void {
    this.#held.splice(which % Math.max(1, this.#held.length), 1)[0]?.();
  }

  serve(): number[] {
    return this.#queue.serve(0).map(({ waiter, place }) => {
      this.#held.push(place.release);
      this.#ofRuns.delete(waiter);
      const { id } = place.connected.connection;
      const before = waiter.isOfRun || !this.#runWaitsFor(id) ? -1 : this.#passedOver.get(id);
      const passed = (before ?? 0) + 1;
      this.#passedOver.set(id, passed);
      return passed;
    });
  }

  #runWaitsFor(id: string): boolean {
    const waits = ({ lines }: Waiter) => lines.some((each) => each.connected.connection.id === id);
    return [...this.#ofRuns].some(waits);
  }
}
