import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Bytes that wait: in memory while they are few, beyond that in a temporary file that has no name any more,
 * so that a crash leaves nothing behind. Written once from front to back, read as often as needed.
 */

/** Up to here bytes rest in memory. */
const MEMORY_BYTES_MAX = 64 * 1024;
/** A whole number of three-byte groups, so that a reader may encode each piece as base64 by itself. */
const READ_BYTES = 3 * 64 * 1024;

/** What all resting files of this process may take up on the disk together. */
export const RESTING_FILE_BYTES_MAX = 2 * 1024 ** 3;

/** The disk share of this process is used up: these bytes can't rest. */
export class RestingQuotaExceeded extends Error {
  override readonly name = "RestingQuotaExceeded";
}

/** A share of the disk, taken by appending and given back by disposing. */
export class RestingQuota {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws RestingQuotaExceeded when it doesn't fit; nothing is taken then. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new RestingQuotaExceeded(
        `${bytes} more bytes do not fit beside ${this.#bytes} of ${this.#bytesMax}`,
      );
    }
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

const processQuota = new RestingQuota(RESTING_FILE_BYTES_MAX);

export class RestingBytes {
  readonly #quota: RestingQuota;
  #memory: Buffer[] = [];
  #file: FileHandle | undefined;
  #taken = 0;
  #length = 0;
  #disposed = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(quota: RestingQuota = processQuota) {
    this.#quota = quota;
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds at the end. Order is the order of the calls, awaited or not; the buffer must stay untouched until
   * the promise resolves.
   *
   * @throws RestingQuotaExceeded, or what the file system says. After that every append rejects.
   */
  append(bytes: Buffer): Promise<void> {
    this.#tail = this.#tail.then(() => this.#write(bytes));
    return this.#tail;
  }

  /**
   * Everything appended by the time that the reader gets there, from a byte on; ends when it has caught up.
   * Every piece but the last is a multiple of three bytes long once the bytes rest in a file.
   */
  async *read(from = 0): AsyncGenerator<Buffer, void, undefined> {
    let at = from;
    while (at < this.#length) {
      this.#assertOpen();
      const piece =
        this.#file === undefined ? this.#fromMemory(at) : await fromFile(this.#file, at);
      yield piece;
      at += piece.length;
    }
  }

  /** Gives memory, file and quota back. Reading or appending afterwards throws. May be called twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#memory = [];
    // An append may be on its way to the disk: it ends first. The file has no name, so that a failing
    // close loses nothing that anybody could still want.
    void this.#tail
      .catch(() => undefined)
      .then(() => this.#file?.close())
      .catch(() => undefined)
      .finally(() => this.#quota.give(this.#taken));
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#assertOpen();
    if (this.#file === undefined && this.#length + bytes.length <= MEMORY_BYTES_MAX) {
      // A copy: the buffer may be a small view of a large block of the socket's.
      this.#memory.push(Buffer.from(bytes));
    } else {
      await this.#toFile(bytes);
    }
    this.#length += bytes.length;
  }

  async #toFile(bytes: Buffer): Promise<void> {
    if (this.#file !== undefined) return this.#put(this.#file, bytes, this.#length);
    const file = await openNameless();
    try {
      await this.#put(file, Buffer.concat([...this.#memory, bytes]), 0);
    } catch (cause) {
      await file.close();
      throw cause;
    }
    this.#file = file;
    this.#memory = [];
  }

  async #put(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
    this.#quota.take(bytes.length);
    this.#taken += bytes.length;
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  #fromMemory(at: number): Buffer {
    return Buffer.concat(this.#memory).subarray(at);
  }

  #assertOpen(): void {
    if (this.#disposed) throw new Error("these bytes were disposed of");
  }
}

async function fromFile(file: FileHandle, at: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let filled = 0;
  while (filled < READ_BYTES) {
    const { bytesRead } = await file.read(buffer, filled, READ_BYTES - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  if (filled === 0) throw new Error("a resting file is shorter than what was written to it");
  return buffer.subarray(0, filled);
}

/** Owner-only, never an existing file, and without a name before the first byte is in it. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `spotmeter-${randomBytes(16).toString("hex")}`);
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await unlink(path);
  } catch (cause) {
    await file.close();
    throw cause;
  }
  return file;
}
