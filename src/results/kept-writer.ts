import { setTimeout as sleep } from "node:timers/promises";
import { trailer } from "./kept-file.ts";
import type { ResultHead, ResultWriter } from "./port.ts";

/** So much may wait for the disk before whoever writes is asked to wait too. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
/** So long, in all, the disk may slow an answer down; after that the answer isn't kept. */
const SLOWING_MS_MAX = 5_000;
/** So long the last bytes may take to be on the disk. */
const SEAL_MS_MAX = 10_000;

/** A file, or whatever takes bytes like one, in their order. */
export type PlacedFile = {
  readonly write: (
    bytes: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesWritten: number }>;
  /** Resolves once all of it is there to stay. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Where a writer's bytes go. */
export type Place = {
  /** Makes the file that nobody reads yet. @throws when there is no room for it. */
  readonly open: () => Promise<PlacedFile>;
  /** Counts bytes that are about to be written. @throws when they are too many. */
  readonly take: (bytes: number) => void;
  /** Gives the whole file, closed and on the disk, its lasting name; resolves once that is on the disk too. */
  readonly publish: () => Promise<void>;
  /** Removes the file that nobody reads, and what it counted. */
  readonly remove: (bytes: number) => Promise<void>;
  /** Is told once why an answer isn't kept. */
  readonly failed: (cause: unknown) => void;
  readonly slowingMsMax?: number;
  readonly sealMsMax?: number;
};

/** Writes one answer beside its way to the client. What goes wrong here never goes wrong for the call. */
export class KeptWriter implements ResultWriter {
  readonly #place: Place;
  #work: Promise<void> = Promise.resolve();
  #file: PlacedFile | undefined;
  #length = 0;
  #backlog = 0;
  #slowedMs = 0;
  #failed = false;
  #sealed = false;

  constructor(place: Place) {
    this.#place = place;
  }

  write(bytes: Buffer): Promise<void> | undefined {
    this.#queue(bytes);
    return this.#backlog < BACKLOG_BYTES_MAX || this.#failed ? undefined : this.#waitForDisk();
  }

  async seal(head: ResultHead, tail: Buffer): Promise<boolean> {
    this.#queue(tail);
    const sealed = this.#then(() => this.#finish(head));
    const inTime = await within(sealed, this.#place.sealMsMax ?? SEAL_MS_MAX);
    if (!inTime) this.#fail(new Error("the disk took too long to take the end of an answer"));
    return !this.#failed;
  }

  async discard(): Promise<void> {
    if (this.#sealed) return;
    this.#failed = true;
    await this.#then(() => this.#remove(), "always");
  }

  #queue(bytes: Buffer): void {
    this.#backlog += bytes.length;
    void this.#then(async () => {
      await this.#append(bytes);
      this.#backlog -= bytes.length;
    });
  }

  /** One step after the other; after a failure only those that always have to be. */
  #then(step: () => Promise<void>, when: "while_good" | "always" = "while_good"): Promise<void> {
    this.#work = this.#work
      .then(() => (this.#failed && when === "while_good" ? undefined : step()))
      .catch((cause: unknown) => this.#fail(cause));
    return this.#work;
  }

  #fail(cause: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#place.failed(cause);
    void this.#then(() => this.#remove(), "always");
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#file ??= await this.#place.open();
    this.#place.take(bytes.length);
    const position = this.#length;
    this.#length += bytes.length;
    let done = 0;
    while (done < bytes.length) {
      const left = bytes.length - done;
      const { bytesWritten } = await this.#file.write(bytes, done, left, position + done);
      done += bytesWritten;
    }
  }

  async #finish(head: ResultHead): Promise<void> {
    await this.#append(trailer(head, this.#length));
    await this.#file?.sync();
    await this.#close();
    // It may have taken too long meanwhile, and be given up.
    if (this.#failed) return;
    await this.#place.publish();
    this.#sealed = true;
  }

  async #remove(): Promise<void> {
    const bytes = this.#length;
    this.#length = 0;
    await this.#close();
    await this.#place.remove(bytes);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #waitForDisk(): Promise<void> {
    const began = performance.now();
    const patienceMs = (this.#place.slowingMsMax ?? SLOWING_MS_MAX) - this.#slowedMs;
    const inTime = await within(this.#work, Math.max(0, patienceMs));
    this.#slowedMs += performance.now() - began;
    if (!inTime) this.#fail(new Error("the disk is slower than the vendor"));
  }
}

/** Whether the work ended before its time was up. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const done = new AbortController();
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(ms, false, { signal: done.signal }).catch(() => false),
    ]);
  } finally {
    done.abort();
  }
}
