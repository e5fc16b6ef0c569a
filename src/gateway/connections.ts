import { Refusal } from "../refusals.ts";
import { allows, type ConnectedVendor } from "./connected-vendor.ts";
import { ConnectionQueue, type Place, type Waiter } from "./connection-queue.ts";

/** So long a call waits for a connection with room before it is refused. Nothing is held for it meanwhile. */
const WAIT_MS_MAX = 30_000;
/** What a refused caller is told to wait. */
const RETRY_AFTER_SECONDS = 5;

/** A call's place on a connection. Both halves of `using`: leaving the scope gives it back. */
export type Lease = Disposable & {
  /** The same for every sending of the call. */
  readonly connected: ConnectedVendor;
  /**
   * Said right before each sending: from then on its images count against the connection's minute. False for
   * a repetition for which the minute has no room: it must not be sent. A repetition may be of some images
   * only.
   */
  readonly send: (images?: number) => boolean;
  /** Takes places for more calls of the same request, up to `most`, as many as are free now; says how many. */
  readonly widen: (most: number) => number;
  /** The call has ended: its place is free, and images never sent are given back. Twice does no harm. */
  readonly release: () => void;
};

/** What a call needs a connection for. */
export type LeaseRequest = {
  readonly vendor: string;
  /** The account's id and those of all above it. */
  readonly accountPath: readonly string[];
  /** Images asked for in one sending, at least 1. */
  readonly images: number;
  /** The client's going away: who isn't there any more waits for nothing. */
  readonly signal: AbortSignal;
  /** A call of a run stands behind those that somebody waits for, and waits as long as it takes. */
  readonly isOfRun?: boolean;
};

/** Time as the connections see it: milliseconds of a clock that never runs backwards, and an alarm to set. */
export type Clock = {
  readonly nowMs: () => number;
  /** Acts once after so many milliseconds; the function returned takes it back. */
  readonly later: (ms: number, act: () => void) => () => void;
};

const processClock: Clock = {
  nowMs: () => performance.now(),
  later: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Every connection of this process, and what is on its way over each. Capacity is counted here and nowhere
 * else: several gateway processes with the same credentials divide the limits between them.
 */
export class Connections {
  /** In their order of listing. */
  readonly all: readonly ConnectedVendor[];
  readonly #rooms: ReadonlyMap<string, WaitingRoom>;

  constructor(all: readonly ConnectedVendor[], clock: Clock = processClock) {
    this.all = all;
    const vendors = new Set(all.map(({ vendor }) => vendor.id));
    this.#rooms = new Map(
      [...vendors].map((id) => {
        const connections = all.filter(({ vendor }) => vendor.id === id);
        return [id, new WaitingRoom(connections, clock)];
      }),
    );
  }

  /** The connections of a vendor that an account may use, in their order of listing. */
  allowed(vendor: string, accountPath: readonly string[]): readonly ConnectedVendor[] {
    return this.all.filter((each) => each.vendor.id === vendor && allows(each, accountPath));
  }

  /**
   * Takes a place on the connection with the most free capacity, waiting in the queue's order where none has
   * any. `find-model.ts` has proved before that one may be used and can carry the images.
   *
   * @throws Refusal `connection_busy` after 30 s (a call of a run: never for that), or when the client leaves while it waits.
   */
  async take(request: LeaseRequest): Promise<Lease> {
    const room = this.#rooms.get(request.vendor);
    if (room === undefined) throw new Error(`no connection of vendor ${request.vendor}`);
    return room.take(request);
  }
}

/** Those who wait for the connections of one vendor: the queue with promises and alarms around it. */
class WaitingRoom {
  readonly #queue: ConnectionQueue;
  readonly #clock: Clock;
  readonly #whenGranted = new Map<Waiter, (place: Place) => void>();
  #cancelWake: () => void = () => undefined;

  constructor(connections: readonly ConnectedVendor[], clock: Clock) {
    this.#queue = new ConnectionQueue(connections);
    this.#clock = clock;
  }

  take({ accountPath, images, signal, isOfRun = false }: LeaseRequest): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const mayUse = (connected: ConnectedVendor) => allows(connected, accountPath);
      const waiter = this.#queue.join({ mayUse, images, isOfRun });
      const leave = (why: string) => {
        stopWaiting();
        this.#queue.leave(waiter);
        reject(busy(why));
        // Whoever came later may go now.
        this.#serve();
      };
      const left = () => leave("the client left while its request waited for a connection");
      const cancelDeadline = isOfRun
        ? () => undefined
        : this.#clock.later(WAIT_MS_MAX, () =>
            leave(`every connection to this vendor was busy for ${WAIT_MS_MAX / 1_000} s`),
          );
      const stopWaiting = () => {
        this.#whenGranted.delete(waiter);
        cancelDeadline();
        signal.removeEventListener("abort", left);
      };
      this.#whenGranted.set(waiter, (place) => {
        stopWaiting();
        resolve(this.#lease(place));
      });
      signal.addEventListener("abort", left);
      this.#serve();
      // It may have left before: then it is served at once or not at all.
      if (signal.aborted && this.#whenGranted.has(waiter)) left();
    });
  }

  #serve(): void {
    this.#cancelWake();
    const nowMs = this.#clock.nowMs();
    for (const { waiter, place } of this.#queue.serve(nowMs))
      this.#whenGranted.get(waiter)?.(place);
    const next = this.#queue.nextServeMs(nowMs);
    // An alarm may ring a little early; serving then finds no room and sets it anew.
    if (next !== undefined) {
      this.#cancelWake = this.#clock.later(Math.ceil(next - nowMs), () => this.#serve());
    }
  }

  #lease(place: Place): Lease {
    const release = () => {
      place.release();
      this.#serve();
    };
    return {
      connected: place.connected,
      send: (images) => place.send(this.#clock.nowMs(), images),
      widen: (most) => place.widen(most),
      release,
      [Symbol.dispose]: release,
    };
  }
}

function busy(why: string): Refusal {
  return new Refusal("connection_busy", `${why}; nothing was sent and nothing charged`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
