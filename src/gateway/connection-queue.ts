import { type ConnectedVendor, carries } from "./connected-vendor.ts";
import { SlidingMinute } from "./sliding-minute.ts";

/** Stands for no limit on calls: more than any that can be set, so that connections without one share too. */
const CALLS_UNLIMITED = 1_000_000;

/** Of so many grants over one connection for which a call of a run waits too, at least one is the run's. */
export const RUN_SHARE = 8;

/** One that waits for a connection. */
export type Waiter = {
  /** The connections that may carry it, in their order of listing. Never empty. */
  readonly lines: readonly Line[];
  readonly images: number;
  /** Nobody sits before a screen and waits for it: it lets calls pass that somebody does wait for. */
  readonly isOfRun: boolean;
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
  #passedOver = 0;

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

  /** A call of a run has let so many others pass here that the next place is a run's. */
  get isDueToRun(): boolean {
    return this.#passedOver >= RUN_SHARE - 1;
  }

  /** Counts a grant against those of runs. @param runWaits a call of a run waits for this connection. */
  count(waiter: Waiter, runWaits: boolean): void {
    this.#passedOver = !waiter.isOfRun && runWaits ? this.#passedOver + 1 : 0;
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

type Granted = { readonly waiter: Waiter; readonly place: Place };

/**
 * Who may go next over the connections of one vendor. Decides, and neither waits nor reads a clock.
 *
 * Among the connections that may carry a call, the one with the most free capacity takes it; the first listed
 * of those with equally much. Calls go in the order in which they came: nobody takes a connection for which
 * somebody who came earlier still waits, even where only a smaller call would fit. A call that may not use any
 * connection that is waited for passes.
 *
 * Calls of runs stand behind all others, whenever they came. They are never starved: over each connection at least
 * one of `RUN_SHARE` grants goes to them while they wait for it.
 */
export class ConnectionQueue {
  readonly lines: readonly Line[];
  readonly #waiting = new Set<Waiter>();
  readonly #runsWaiting = new Set<Waiter>();

  constructor(connections: readonly ConnectedVendor[]) {
    this.lines = connections.map((connected) => new Line(connected));
  }

  /** Joins the end. @throws Error when none of the connections could ever carry it: asked before, never here. */
  join(asked: {
    readonly mayUse: (connected: ConnectedVendor) => boolean;
    readonly images: number;
    readonly isOfRun?: boolean;
  }): Waiter {
    const { images, isOfRun = false } = asked;
    const lines = this.lines.filter(
      ({ connected }) => asked.mayUse(connected) && carries(connected, images),
    );
    if (lines.length === 0) throw new Error(`no connection carries a call of ${images} images`);
    const waiter = { lines, images, isOfRun };
    this.#setOf(waiter).add(waiter);
    return waiter;
  }

  leave(waiter: Waiter): void {
    this.#setOf(waiter).delete(waiter);
  }

  /** Grants what can be granted now, in order. */
  serve(nowMs: number): readonly Granted[] {
    const granted: Granted[] = [];
    for (;;) {
      const next = this.#grantNext(nowMs);
      if (next === undefined) return granted;
      granted.push(next);
    }
  }

  #grantNext(nowMs: number): Granted | undefined {
    const waitedFor = new Set<Line>();
    for (const { waiter, lines } of this.#inOrder()) {
      if (waitedFor.size === this.lines.length) return undefined;
      const open = lines.filter((line) => !waitedFor.has(line));
      const line = mostFree(open, waiter.images, nowMs);
      if (line !== undefined) return this.#grant(waiter, line);
      for (const each of lines) waitedFor.add(each);
    }
    return undefined;
  }

  /** A call of a run whose turn has come, then those that somebody waits for, then the other calls of runs. */
  *#inOrder(): Generator<{ readonly waiter: Waiter; readonly lines: readonly Line[] }> {
    for (const line of this.lines.filter((each) => each.isDueToRun)) {
      const [waiter] = this.#runsWaitingFor(line);
      // It waits for the connection that is due to it, and for no other one before its time.
      if (waiter !== undefined) yield { waiter, lines: [line] };
    }
    for (const waiting of [this.#waiting, this.#runsWaiting]) {
      for (const waiter of waiting) yield { waiter, lines: waiter.lines };
    }
  }

  #runsWaitingFor(line: Line): readonly Waiter[] {
    return [...this.#runsWaiting].filter(({ lines }) => lines.includes(line));
  }

  #grant(waiter: Waiter, line: Line): Granted {
    this.leave(waiter);
    line.count(waiter, this.#runsWaitingFor(line).length > 0);
    return { waiter, place: line.grant(waiter.images) };
  }

  #setOf({ isOfRun }: Waiter): Set<Waiter> {
    return isOfRun ? this.#runsWaiting : this.#waiting;
  }

  /** When serving again could grant something by time alone; undefined when nobody waits, or only for a call's end. */
  nextServeMs(nowMs: number): number | undefined {
    if (this.#waiting.size + this.#runsWaiting.size === 0) return undefined;
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
