import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { RestingBytes } from "../vendors/wire/resting-bytes.ts";

/** So long, in all, a client may slow the vendor down; after that its bytes rest in a file (DESIGN §10). */
const SLOWING_MS_MAX = 5_000;
/** A client that takes nothing for so long is given up. */
const STALL_MS_MAX = 120_000;

/**
 * The way to one client. The vendor is paused for a client that lags a little; one that lags more reads
 * the rest from a temporary file at its own pace, and one that has gone is written to no more. Whoever
 * writes here never waits for the client longer than five seconds in all.
 */
export class ClientStream {
  readonly #response: ServerResponse;
  readonly #slowingMsMax: number;
  #slowedMs = 0;
  #waiting: Promise<void> | undefined;
  #resting: RestingBytes | undefined;
  #restingEnded = false;
  #wake: (() => void) | undefined;
  #gone = false;

  constructor(response: ServerResponse, slowingMsMax: number = SLOWING_MS_MAX) {
    this.#response = response;
    this.#slowingMsMax = slowingMsMax;
    // It may have hung up while its order was being prepared: no event tells of it any more.
    this.#gone = response.destroyed;
    response.on("close", () => {
      this.#gone ||= !response.writableFinished;
      this.#wake?.();
    });
    response.on("error", () => this.breakOff());
  }

  /** The client hung up, or was given up, before it had everything. */
  get gone(): boolean {
    return this.#gone;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (!this.#gone) this.#response.writeHead(status, headers);
  }

  /** Passes bytes on. A promise asks the writer to wait; the buffer must stay untouched. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#gone) return undefined;
    if (this.#resting !== undefined) return this.#rest(this.#resting, bytes);
    if (this.#response.write(bytes)) return undefined;
    // Writers that don't wait for each other share one wait: there is one file, and one that reads it.
    this.#waiting ??= this.#waitForClient().finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  /** Passes the last bytes on. Everything else happens at the client's pace. */
  end(tail: Buffer): void {
    if (this.#gone) return;
    if (this.#resting === undefined) {
      this.#response.end(tail);
      return;
    }
    void this.#rest(this.#resting, tail).then(() => {
      this.#restingEnded = true;
      this.#wake?.();
    });
  }

  /** Ends the answer so that nobody can take it for a whole one. */
  breakOff(): void {
    this.#gone = true;
    this.#response.destroy();
    this.#wake?.();
  }

  async #waitForClient(): Promise<void> {
    const began = performance.now();
    const drained = await this.#drained(this.#slowingMsMax - this.#slowedMs);
    this.#slowedMs += performance.now() - began;
    // What has been ended is all in the socket's own hands; nothing more can come.
    if (drained || this.#gone || this.#response.writableEnded) return;
    this.#resting = new RestingBytes();
    void this.#pump(this.#resting);
  }

  async #rest(resting: RestingBytes, bytes: Buffer): Promise<void> {
    try {
      await resting.append(bytes);
      this.#wake?.();
    } catch {
      // No room left to wait in, or disposed of because the client went: the call itself goes on.
      this.breakOff();
    }
  }

  /** Feeds a lagging client from its file until it has everything or has gone. */
  async #pump(resting: RestingBytes): Promise<void> {
    let at = 0;
    try {
      while (!this.#gone) {
        const ended = this.#restingEnded;
        at = await this.#feed(resting, at);
        if (ended && at === resting.length) {
          this.#response.end();
          return;
        }
        if (!this.#restingEnded && at === resting.length) await this.#woken();
      }
    } catch {
      this.breakOff();
    } finally {
      resting.dispose();
    }
  }

  /** Passes on what rests there now, at the client's pace; returns how far it got. */
  async #feed(resting: RestingBytes, from: number): Promise<number> {
    let at = from;
    for await (const piece of resting.read(from)) {
      if (!(await this.#drained(STALL_MS_MAX))) this.breakOff();
      if (this.#gone) return at;
      this.#response.write(piece);
      at += piece.length;
    }
    return at;
  }

  /** True once the client has taken what was written; false when it took longer. */
  async #drained(withinMs: number): Promise<boolean> {
    if (!this.#response.writableNeedDrain || this.#gone) return true;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.max(0, withinMs));
    try {
      await Promise.race([
        once(this.#response, "drain", { signal: stop.signal }),
        once(this.#response, "close", { signal: stop.signal }),
      ]);
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
      if (this.#restingEnded || this.#gone) this.#wake();
    });
  }
}
