import { randomUUID } from "node:crypto";
import type { PictureFormat } from "./picture.ts";

type Stored = {
  readonly file: Uint8Array;
  readonly format: PictureFormat;
  readonly expiresAtMs: number;
};

/** Vendors that answer with URLs keep the file for 24 hours (alibaba.md §0.5, byteplus.md §2, 2026-11-22). */
const LIFE_MS = 86_400_000;
const STORE_BYTES_MAX = 268_435_456;

/** Pictures that are fetched by URL. In memory; the oldest go when 256 MiB are full. */
export class PictureStore {
  readonly #pictures = new Map<string, Stored>();
  readonly #nowMs: () => number;
  #bytes = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Keeps a file and returns its path, with the expiry in the query as the vendors have it. */
  put(file: Uint8Array, format: PictureFormat): string {
    const name = `${randomUUID()}.${format}`;
    const expiresAtMs = this.#nowMs() + LIFE_MS;
    this.#pictures.set(name, { file, format, expiresAtMs });
    this.#bytes += file.byteLength;
    for (const [oldest, { file: old }] of this.#pictures) {
      if (this.#bytes <= STORE_BYTES_MAX) break;
      this.#pictures.delete(oldest);
      this.#bytes -= old.byteLength;
    }
    return `/__pictures/${name}?Expires=${Math.floor(expiresAtMs / 1_000)}`;
  }

  /** The file, unless it never existed, has expired or had to make room. */
  get(name: string): { readonly file: Uint8Array; readonly format: PictureFormat } | undefined {
    const stored = this.#pictures.get(name);
    return stored !== undefined && stored.expiresAtMs > this.#nowMs() ? stored : undefined;
  }
}
