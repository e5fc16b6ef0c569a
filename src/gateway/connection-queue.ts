import { type ConnectedVendor, carries } from "./connected-vendor.ts";
import { SlidingMinute } from "./sliding-minute.ts";

/** Stands for no limit on calls: more than any that can be set, so that connections without one share too. */
const CALLS_UNLIMITED = 1_000_000;

/** One that waits for a connection. */
export type Waiter = {
  /** The connections that may carry it, in their order of listing. Never empty. */
  readonly lines: readonly Line[];
  readonly images: number;
};

/**
 * One connection and what is on its way over it. The minute counts what was sent; what was granted and not
 * sent yet is reserved, so that both together never exceed the limit, however late a call leaves.
 */
export class Line {
  readonly connected: ConnectedVendor;
  readonly #minute = new SlidingMinute();
  #calls = 0;
  #reserved = 0;

  constructor(connected: ConnectedVendor) {
    this.connected = connected;
  }

  /** Free capacity: how many more calls of so many images could go now. */
  freeCalls(images: number, nowMs: number): number {
    const { concurrent, imagesPerMinute } = this.connected.pace;
    const calls = (concurrent ?? CALLS_UNLIMITED) - this.#calls;
    if (imagesPerMinute === undefined) return calls;
    const free = imagesPerMinute - this.#reserved - this.#minute.imagesAt(nowMs);
    return Math.min(calls, Math.floor(free / images));
  }

  /** When time alone makes room next, always later than now; undefined when only the end of a call does. */
  nextRoomMs(nowMs: number): number | undefined {
    if (this.connected.pace.imagesPerMinute === undefined) return undefined;
    return this.#minute.nextPassingMs(nowMs);
  }

  grant(images: number): Place {
    this.#calls += 1;
    this.#reserved += images;
    let state: "granted" | "sent" | "ended" = "granted";
    let calls = 1;
    return {
      connected: this.connected,
      send: (nowMs, again = images) => {
        if (state === "ended") throw new Error("a call is sent over a place that it gave back");
        const first = state === "granted";
        if (first) this.#reserved -= images;
        else if (!this.#hasRoomAgain(again, nowMs)) return false;
        state = "sent";
        this.#minute.send(first ? images : again, nowMs);
        return true;
      },
      widen: (most) => {
        const free = (this.connected.pace.concurrent ?? CALLS_UNLIMITED) - this.#calls;
        const taken = state === "ended" ? 0 : Math.max(0, Math.min(most, free));
        this.#calls += taken;
        calls += taken;
        return taken;
      },
      release: () => {
        if (state === "ended") return;
        if (state === "granted") this.#reserved -= images;
        state = "ended";
        this.#calls -= calls;
      },
    };
  }

  /** Room in the minute alone: the call's place among those in flight is its own already. */
  #hasRoomAgain(images: number, nowMs: number): boolean {
    const { imagesPerMinute } = this.connected.pace;
    if (imagesPerMinute === undefined) return true;
    return images <= imagesPerMinute - this.#reserved - this.#minute.imagesAt(nowMs);
  }
}

/** A call's place on a connection, from the grant to the end of the call. */
export type Place = {
  readonly connected: ConnectedVendor;
  /** Counts its images from now on for a minute. False, and counts nothing, for a repetition (of `again` images) without room. */
  readonly send: (nowMs: number, again?: number) => boolean;
  /** Takes up to `most` places more for calls of the same request, as many as are free; says how many. */
  readonly widen: (most: number) => number;
  /** Frees its places; images that were never sent are given back. A second time does nothing. */
  readonly release: () => void;
};

/**
 * Who may go next over the connections of one vendor. Decides, and neither waits nor reads a clock.
 *
 * Among the connections that may carry a call, the one with the most free capacity takes it; the first listed
 * of those with equally much. Calls go in the order in which they came: nobody takes a connection for which
 * somebody who came earlier still waits, even where only a smaller call would fit. A call that may not use any
 * connection that is waited for passes.
 */
export class ConnectionQueue {
  readonly lines: readonly Line[];
  readonly #waiting = new Set<Waiter>();

  constructor(connections: readonly ConnectedVendor[]) {
    this.lines = connections.map((connected) => new Line(connected));
  }

  /** Joins the end. @throws Error when none of the connections could ever carry it: asked before, never here. */
  join(asked: {
    readonly mayUse: (connected: ConnectedVendor) => boolean;
    readonly images: number;
  }): Waiter {
    const { images } = asked;
    const lines = this.lines.filter(
      ({ connected }) => asked.mayUse(connected) && carries(connected, images),
    );
    if (lines.length === 0) throw new Error(`no connection carries a call of ${images} images`);
    const waiter = { lines, images };
    this.#waiting.add(waiter);
    return waiter;
  }

  leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  /** Grants what can be granted now, in order of arrival. */
  serve(nowMs: number): readonly { readonly waiter: Waiter; readonly place: Place }[] {
    const granted: { readonly waiter: Waiter; readonly place: Place }[] = [];
    const waitedFor = new Set<Line>();
    for (const waiter of this.#waiting) {
      if (waitedFor.size === this.lines.length) break;
      const open = waiter.lines.filter((line) => !waitedFor.has(line));
      const line = mostFree(open, waiter.images, nowMs);
      if (line === undefined) {
        for (const each of waiter.lines) waitedFor.add(each);
      } else {
        this.#waiting.delete(waiter);
        granted.push({ waiter, place: line.grant(waiter.images) });
      }
    }
    return granted;
  }

  /** When serving again could grant something by time alone; undefined when nobody waits, or only for a call's end. */
  nextServeMs(nowMs: number): number | undefined {
    if (this.#waiting.size === 0) return undefined;
    const instants = this.lines.flatMap((line) => line.nextRoomMs(nowMs) ?? []);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }
}

function mostFree(lines: readonly Line[], images: number, nowMs: number): Line | undefined {
  let best: { readonly line: Line; readonly free: number } | undefined;
  for (const line of lines) {
    const free = line.freeCalls(images, nowMs);
    if (free >= 1 && (best === undefined || free > best.free)) best = { line, free };
  }
  return best?.line;
}
